"""A fake controller on a real MIDI system, and the processes that it plays.

JACK without a sound card gives real ports. All times are of the one monotonic clock that all
processes of a machine share.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx

from styletune.midi_agent.ports import OnMessage, Port, Ports

DEVICE = "nanoKONTROL2 bench"
UNCONNECTED = "unconnected nanoKONTROL2"  # no agent opens it: sending alone costs, too
KNOBS = range(16, 24)  # of the nanoKONTROL2's profile: style.1 to style.8
FLOOD_HZ, FLOOD_S = 5000, 5.0
TOKEN = "token-of-the-midi-benchmark-0123456789abcdef"

Events = list[tuple[float, float]]  # time, value


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
    """A Python module in a process of its own, one of its streams to be read; stopped after."""
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

    def flood(self) -> dict[int, int]:
        """Send 5,000 messages a second for 5 s over 8 knobs; returns the last value of each."""
        last: dict[int, int] = {}
        start, sent = time.monotonic(), 0
        while (passed := time.monotonic() - start) < FLOOD_S:
            for step in range(sent, int(passed * FLOOD_HZ)):
                number, value = KNOBS[step % 8], 32 + (step // 8) % 64
                self.turn(number, value)
                last[number] = value
                sent = step + 1
            time.sleep(0.002)
        # JACK leaves out what does not fit its buffers: the last values are sent again.
        for number, value in last.items():
            time.sleep(0.05)
            self.turn(number, value)
        time.sleep(0.3)
        return last

    def pick_up(self, url: str) -> None:
        """Bring all knobs to where their controls are, past the soft takeover."""
        state = get(url, "/api/state")
        for number, layer in zip(KNOBS, state["layers"], strict=True):
            for _ in range(3):  # JACK may leave one out
                self.turn(number, round(state["controls"][f"style.{layer}"] * 127))
                time.sleep(0.05)
        time.sleep(0.5)

    def close(self) -> None:
        """Unplug it: a JACK server that ends before its clients leaves memory behind."""
        self._out.close_port()
        self._out.delete()


class RecordingPorts(Ports):
    """Ports that log when which value has come in, before it is handled."""

    def __init__(self, log: Path) -> None:
        super().__init__("jack")
        self._log = log.open("w", encoding="utf-8", buffering=1)

    def open(self, name: str, on_message: OnMessage) -> Port | None:
        """Open a port; see `Ports.open`."""

        def record(data: tuple[int, ...]) -> None:  # on rtmidi's thread
            at = time.monotonic()
            on_message(data)
            self._log.write(f"{at} {data[-1]}\n")

        return super().open(name, record)


def read_events(log: Path) -> Events:
    """What was logged, in order."""
    pairs = (line.split() for line in log.read_text(encoding="utf-8").splitlines())
    return [(float(at), float(value)) for at, value in pairs]


def get(url: str, path: str) -> Any:
    """The server's JSON at a path."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.get(url + path, headers=headers, timeout=10, trust_env=False).json()


def base_url(server: "subprocess.Popen[str]") -> str:
    """The address of a server that was just started, as it prints it."""
    assert server.stdout is not None
    return server.stdout.readline().partition("/?")[0]


def wait_for_line(lines: Iterable[str] | None, part: str) -> None:
    """Read lines up to one with `part` in it."""
    for line in lines or ():
        if part in line:
            return
    raise AssertionError(f"the agent ended before it printed {part!r}")


def wait_for_connection(lines: IO[str] | None) -> None:
    """Wait until the agent is connected; what it prints from then on is thrown away."""
    assert lines is not None
    wait_for_line(lines, "connected to")
    threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
