"""The agent against real virtual ports, a real server, and what goes wrong between them."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from styletune.networks import NETWORKS
from tests.support.midi_hardware import NANO, PATIENCE_S, Nano, Process, Server, agent, jack, until

LAYERS = NETWORKS["lite"].default_layers
UNPLUGGED_TIMES = 20


@pytest.fixture(scope="module")
def bench() -> Iterator[None]:
    with jack():
        yield


@pytest.fixture
def server(bench: None, tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path)
    server.start()
    yield server
    server.stop()


@contextmanager
def plugged() -> Iterator[Nano]:
    nano = Nano()
    try:
        yield nano
    finally:
        nano.pull()


@pytest.fixture
def nano(bench: None) -> Iterator[Nano]:
    with plugged() as nano:
        yield nano


def stands(server: Server, name: str, value: float | bool) -> bool:
    return bool(server.controls()[name] == value)


def turn(server: Server, nano: Nano, number: int, name: str, *, start: int, end: int) -> None:
    """Turn a control step by step, and again from where it began, as a hand would do.

    On a busy machine JACK leaves out periods, and all that was sent in them: the end, or the steps
    near the control's place, without which a fader is not picked up. Five times it does not.
    """
    for _ in range(5):
        nano.sweep(number, start=start, end=end)
        with suppress(AssertionError):
            until(f"{name} at {end}", lambda: stands(server, name, end / 127), patience_s=6)
            return
    raise AssertionError(f"control {number} does not bring {name} from {start} to {end}")


def press(server: Server, nano: Nano, number: int, name: str, value: bool) -> None:
    """Press a button, again if JACK has left it out."""
    for _ in range(5):
        nano.cc(number, 127)
        nano.cc(number, 0)
        with suppress(AssertionError):
            until(name, lambda: stands(server, name, value), patience_s=3)
            return
    raise AssertionError(f"button {number} does not set {name} to {value}")


def lit(nano: Nano, number: int) -> None:
    """See the light of a button go on, pressing on if JACK has left that out."""

    def seen() -> bool:
        if (0xB0, number, 127) in nano.heard:
            return True
        for key in (number, 41):  # another state, and back: a light is told only what changes
            nano.cc(key, 127)
            nano.cc(key, 0)
            time.sleep(0.3)
        return False

    until(f"the light of {number}", seen)


def test_a_nanokontrol2_plays_all_its_controls_and_buttons(server: Server, nano: Nano) -> None:
    with agent("--url", server.url) as process:
        process.line(f"{NANO} SLIDER/KNOB plays")
        process.line("connected to")
        # Its lights show the present state.
        until("a light", lambda: nano.heard)
        defaults = server.controls()
        for place, layer in enumerate(LAYERS):
            for number, term in ((place, "content"), (16 + place, "style")):
                start, end = round(defaults[f"{term}.{layer}"] * 127), 100 + place + number // 16
                turn(server, nano, number, f"{term}.{layer}", start=start, end=end)
        press(server, nano, 32, f"content.{LAYERS[0]}.solo", True)  # S of strip 1
        press(server, nano, 49, f"style.{LAYERS[1]}.mute", True)  # M of strip 2
        press(server, nano, 66, f"freeze.{LAYERS[2]}", True)  # R of strip 3
        press(server, nano, 42, "paused", True)  # stop
        lit(nano, 32)
        lit(nano, 42)
        press(server, nano, 42, "paused", True)
        press(server, nano, 43, "paused", False)  # rewind takes the pause back

        controls = server.controls()
        for place, layer in enumerate(LAYERS):
            assert controls[f"content.{layer}"] == (100 + place) / 127
            assert controls[f"style.{layer}"] == (101 + place) / 127
        assert controls[f"content.{LAYERS[1]}.mute"] is True


@pytest.mark.long
def test_a_device_unplugged_twenty_times_plays_on(server: Server) -> None:
    fader, at = f"style.{LAYERS[0]}", 64
    with agent("--url", server.url) as process:
        process.line("connected to")
        for _ in range(UNPLUGGED_TIMES):
            with plugged() as nano:
                process.line("plays")
                turn(server, nano, 16, fader, start=at, end=at + 2)
            at += 2
            process.line("was unplugged")
        with plugged() as nano:
            process.line("plays")
            turn(server, nano, 16, fader, start=at, end=at + 5)


def test_the_server_may_restart_during_a_gesture(server: Server, nano: Nano) -> None:
    fader = f"style.{LAYERS[0]}"
    with agent("--url", server.url) as process:
        process.line("connected to")
        turn(server, nano, 16, fader, start=64, end=90)
        server.stop()
        process.line("is gone")
        for _ in range(5):  # JACK may leave some out
            nano.sweep(16, start=90, end=92)  # the newest value waits
            nano.cc(42, 127)  # a press does not
            time.sleep(0.2)
        server.start()
        process.line("presses and turns came while there was no server")
        # Where the server has kept the value, the fader is in hand again; else it is picked up.
        turn(server, nano, 16, fader, start=92, end=50)
        assert stands(server, "paused", False)


def test_a_refused_agent_prints_why_and_ends(server: Server, nano: Nano) -> None:
    with agent("--url", server.url, STYLETUNE_TOKEN="wrong" * 10) as process:
        assert "refuses (401)" in process.line("refuses")
        assert process.process.wait(PATIENCE_S) == 1


def test_a_missing_server_is_printed_once_and_waited_for(nano: Nano, tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    server.stop()
    with agent("--url", server.url) as process:
        process.line("no server at")
        server.start()
        try:
            process.line("connected to")
            assert sum("no server at" in line for line in process.lines) == 1
        finally:
            server.stop()


def test_devices_are_listed_chosen_by_part_and_monitored(nano: Nano) -> None:
    listing = Process("-m", "styletune", "midi", "--list", "--api", "jack", stdout=True)
    assert listing.line(NANO).endswith(f"{NANO} SLIDER/KNOB")
    assert listing.process.wait(PATIENCE_S) == 0
    listing.end()
    with agent("--monitor", "--port", "NANOK", stdout=True) as process:

        def heard() -> bool:
            nano.cc(16, 64)
            return any("ch 1 CC 16 = 64" in line for line in process.lines)

        until("a message in words", heard)
    other = Process("-m", "styletune", "midi", "--monitor", "--api", "jack", "--port", "theremin")
    try:
        assert "no controller with `theremin` in its name" in other.line("waiting")
    finally:
        other.end()
