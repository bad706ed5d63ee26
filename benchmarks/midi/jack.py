"""A fake controller on a real MIDI system, the agent that plays it, and what each has noted.

JACK without a sound card gives real ports. Everything that is noted carries the time of the one
clock that all processes of a machine share.
"""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from styletune.midi_agent.ports import OnMessage, Port, Ports

DEVICE = "nanoKONTROL2 bench"
NOBODYS = "nobody's nanoKONTROL2"  # as much is sent there while it is quiet: sending costs, too
KNOBS = range(16, 24)  # of the nanoKONTROL2's profile: style.1 to style.8
STORM_HZ, STORM_S = 5000, 5.0
TOKEN = "token-of-the-midi-benchmark-0123456789abcdef"

Noted = list[tuple[float, float]]  # time, value


@contextmanager
def jack() -> Iterator[int]:
    """A JACK server without a sound card; its process id."""
    name = f"styletune-bench-{os.getpid()}"
    command = ["jackd", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "256"]
    os.environ["JACK_DEFAULT_SERVER"] = name
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        yield server.pid
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def process(*arguments: str, stream: str = "stdout") -> Iterator["subprocess.Popen[str]"]:
    """A Python module in a process of its own, one of its streams to be read; ended after."""
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE if stream == "stdout" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if stream == "stderr" else subprocess.DEVNULL,
        text=True,
        env=os.environ | {"STYLETUNE_TOKEN": TOKEN},
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(60)


class Controller:
    """A fake controller."""

    def __init__(self, device: str = DEVICE) -> None:
        import rtmidi

        self._out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="fake")
        self._out.open_virtual_port(device)

    def turn(self, number: int, value: int) -> float:
        """Send one control change; returns when."""
        at = time.monotonic()
        self._out.send_message([0xB0, number, value])
        return at

    def storm(self) -> dict[int, int]:
        """5,000 messages a second for 5 s over 8 knobs; returns the last value of each."""
        last: dict[int, int] = {}
        start, sent = time.monotonic(), 0
        while (passed := time.monotonic() - start) < STORM_S:
            for step in range(sent, int(passed * STORM_HZ)):
                number, value = KNOBS[step % 8], 32 + (step // 8) % 64
                self.turn(number, value)
                last[number] = value
                sent = step + 1
            time.sleep(0.002)
        # JACK leaves out what does not fit its buffers: the hand's last place is sent again.
        for number, value in last.items():
            time.sleep(0.05)
            self.turn(number, value)
        time.sleep(0.3)
        return last

    def close(self) -> None:
        """Pull it: a JACK server that ends before its clients leaves memory behind."""
        self._out.close_port()
        self._out.delete()


def rest() -> dict[int, int]:
    """As long as a storm, but nothing is sent."""
    time.sleep(STORM_S + 0.7)
    return {}


class TappedPorts(Ports):
    """Ports that note when which value has come in, before anybody else hears of it."""

    def __init__(self, log: Path) -> None:
        super().__init__("jack")
        self._log = log.open("w", buffering=1)

    def open(self, name: str, on_message: OnMessage) -> Port | None:
        """Open a port; see `Ports.open`."""

        def tap(data: tuple[int, ...]) -> None:  # on rtmidi's thread
            at = time.monotonic()
            on_message(data)
            self._log.write(f"{at} {data[-1]}\n")

        return super().open(name, tap)


def noted(log: Path) -> Noted:
    """What was noted, in order."""
    pairs = (line.split() for line in log.read_text().splitlines())
    return [(float(at), float(value)) for at, value in pairs]


def get(url: str, path: str) -> Any:
    """What the server answers."""
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def url_of(server: "subprocess.Popen[str]") -> str:
    """Where a server that was just started is, as it says."""
    assert server.stdout is not None
    return str(server.stdout.readline()).partition("/?")[0]


def pick_up(controller: Controller, url: str) -> None:
    """Bring all knobs in hand: they stand where their controls do."""
    state = get(url, "/api/state")
    for number, layer in zip(KNOBS, state["layers"], strict=True):
        for _ in range(3):  # JACK may leave one out
            controller.turn(number, round(state["controls"][f"style.{layer}"] * 127))
            time.sleep(0.05)
    time.sleep(0.5)


def until(lines: Any, part: str) -> None:
    """Read lines up to one with `part` in it."""
    for line in lines:
        if part in line:
            return
    raise AssertionError(f"the agent ended before it said {part!r}")


def let_talk(lines: Any) -> None:
    """Wait until the agent is connected; what it says from then on is nobody's."""
    until(lines, "connected to")
    threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
