"""Hardware under load: latency, merging, and what a storm costs the painting.

A fake controller sends through a real MIDI port (of a JACK server without a sound card) to a real
`styletune midi`, and that to a real `styletune serve`. Run as: python -m benchmarks.midi
"""

import argparse
import functools
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.figures import percentile
from styletune import samples
from styletune.config import Session
from styletune.controls import ControlTable
from styletune.server import token
from styletune.server.entrance import Entrance
from styletune.server.serve import serve
from styletune.server.supervisor import Supervisor
from styletune.shared.control_block import ControlBlock
from styletune.shared.orders import Job, Report, State, Stop

_TOKEN = "token-of-the-midi-benchmark-0123456789abcdef"
_DEVICE = "nanoKONTROL2 bench"
_NOBODYS = "nobody's nanoKONTROL2"  # as much is sent there while it is quiet: sending costs, too
_KNOBS = range(16, 24)  # of the nanoKONTROL2's profile: style.1 to style.8
_STORM_HZ, _STORM_S = 5000, 5.0
_LOOK_S = 0.0002
TARGET_LATENCY_S, TARGET_PER_S, TARGET_LOSS = 0.020, 120.0, 0.02


def watch(job: Job, pipe: Connection, *, log: str) -> None:
    """A worker that writes down when it sees which position of the first style fader."""
    table: ControlTable = job.session.table()
    block = ControlBlock.attach(job.control_block, table)
    name = f"style.{table.layers[0]}"
    pipe.send(Report(State.PAUSED, device="stand-in", network="lite"))
    with Path(log).open("w") as file:
        while not (pipe.poll() and isinstance(pipe.recv(), Stop)):
            if block.newer and (state := block.read()) is not None:
                file.write(f"{time.monotonic()} {state.positions[name]}\n")
                file.flush()
            time.sleep(_LOOK_S)


def _serve(log: str) -> int:
    session = Session().replaced(
        pictures={
            "content": str(samples.locate("harbour")),
            "styles": (str(samples.locate("strokes")),),
        },
        server={"port": 0},
    )

    def make_painter(session: Session, folder: Path) -> Supervisor:
        return Supervisor(session, folder=folder, target=functools.partial(watch, log=log))

    entrance = Entrance(token=token.read(None))
    return serve(session, open_browser=False, entrance=entrance, make_painter=make_painter)


@contextmanager
def process(*arguments: str, stream: str = "stdout") -> Iterator[Any]:
    """A Python module in a process of its own; yields what it writes, ends it after."""
    started = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE if stream == "stdout" else subprocess.DEVNULL,
        stderr=subprocess.PIPE if stream == "stderr" else subprocess.DEVNULL,
        text=True,
        env=os.environ | {"STYLETUNE_TOKEN": _TOKEN},
    )
    try:
        yield started.stdout or started.stderr
    finally:
        started.terminate()
        started.wait(20)


@contextmanager
def jack() -> Iterator[None]:
    """A JACK server without a sound card."""
    name = f"styletune-bench-{os.getpid()}"
    command = ["jackd", "-n", name, "-r", "-d", "dummy", "-r", "48000", "-p", "256"]
    os.environ["JACK_DEFAULT_SERVER"] = name
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(2)
        yield
    finally:
        server.terminate()
        server.wait(20)


class Controller:
    """A fake controller, and a second ear at its port that notes when a message is there."""

    def __init__(self, device: str = _DEVICE) -> None:
        import rtmidi

        self.out = rtmidi.MidiOut(rtmidi.API_UNIX_JACK, name="fake")
        self.out.open_virtual_port(device)
        self.at_port: list[tuple[float, int, int]] = []
        self._ear = rtmidi.MidiIn(rtmidi.API_UNIX_JACK, name="ear")
        self._ear.set_callback(
            lambda event, _: self.at_port.append((time.monotonic(), event[0][1], event[0][2]))
        )
        number = next(n for n, port in enumerate(self._ear.get_ports()) if device in port)
        self._ear.open_port(number)

    def turn(self, number: int, value: int) -> None:
        """Send one control change."""
        self.out.send_message([0xB0, number, value])

    def storm(self) -> dict[int, int]:
        """5,000 messages a second for 5 s over 8 knobs; returns the last value of each."""
        last: dict[int, int] = {}
        start, sent = time.monotonic(), 0
        while (passed := time.monotonic() - start) < _STORM_S:
            for step in range(sent, int(passed * _STORM_HZ)):
                number, value = 16 + step % 8, 32 + (step // 8) % 64
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


def _get(url: str, path: str) -> Any:
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {_TOKEN}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def _pick_up(controller: Controller, url: str) -> None:
    """Bring all knobs in hand: they stand where their controls do."""
    controls, layers = _get(url, "/api/state")["controls"], _get(url, "/api/state")["layers"]
    for number, layer in zip(_KNOBS, layers, strict=True):
        controller.turn(number, round(controls[f"style.{layer}"] * 127))
    time.sleep(0.5)


def _agent(url: str) -> Any:
    arguments = ("--api", "jack", "--url", url, "--port", "bench")
    return process("styletune", "midi", *arguments, stream="stderr")


def latency(turns: int) -> list[float]:
    """Seconds from a message at the agent's port to the worker's control block."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "seen"
        with process("benchmarks.midi", "--serve", str(log)) as said:
            url = said.readline().partition("/?")[0]
            controller = Controller()
            with _agent(url) as lines:
                _until(lines, "connected to")
                time.sleep(1)
                _pick_up(controller, url)
                controller.at_port.clear()
                for turn in range(turns):
                    controller.turn(16, 40 + turn % 60)
                    time.sleep(0.030)
                time.sleep(0.5)
        seen = [
            (float(at), float(place)) for at, place in map(str.split, log.read_text().splitlines())
        ]
    return _paired(controller.at_port, seen)


def _paired(sent: list[tuple[float, int, int]], seen: list[tuple[float, float]]) -> list[float]:
    """Time from each message to the first sight of its position, or of a newer one's, after it."""
    times = []
    for index, (at, _, _) in enumerate(sent):
        newer = {round(value / 127, 6) for _, _, value in sent[index : index + 8]}
        arrived = next((s for s, place in seen if s >= at and round(place, 6) in newer), None)
        if arrived is not None:
            times.append(arrived - at)
    return times


def storms(rounds: int, network_px: int) -> dict[str, Any]:
    """What storms do to a real painting: last values, messages a second, steps lost."""
    quiet, loud, rates = [], [], []
    with process(
        "styletune", "serve", "--no-browser", "--port", "0", "--size", str(network_px)
    ) as said:
        url = said.readline().partition("/?")[0]
        controller, other = Controller(), Controller(_NOBODYS)
        with _agent(url) as lines:
            threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
            while _get(url, "/api/state")["epoch"] is None:
                time.sleep(0.5)
            time.sleep(5)
            _pick_up(controller, url)
            right = 0
            last: dict[int, int] = {}
            for _ in range(rounds):
                quiet.append(_steps_per_s(url, other.storm))
                before = _moves(url)
                last.clear()
                loud.append(_steps_per_s(url, lambda: last.update(controller.storm())))
                rates.append((_moves(url) - before) / 8 / _STORM_S)
                state = _get(url, "/api/state")
                right += sum(
                    abs(state["controls"][f"style.{layer}"] - last[number] / 127) < 1e-6
                    for number, layer in zip(_KNOBS, state["layers"], strict=True)
                )
    return {"quiet": quiet, "loud": loud, "rates": rates, "right": right, "of": 8 * rounds}


def _steps_per_s(url: str, during: Any) -> float:
    start, before = time.monotonic(), _get(url, "/api/state")["epoch"]["step"]
    during()
    steps = _get(url, "/api/state")["epoch"]["step"] - before
    return float(steps / (time.monotonic() - start))


def _moves(url: str) -> int:
    """How many moves the server has obeyed: each raises the revision by one."""
    return int(_get(url, "/api/state")["rev"])


def _until(lines: Any, part: str) -> None:
    for line in lines:
        if part in line:
            return
    raise AssertionError(f"the agent ended before it said {part!r}")


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.midi")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--turns", type=int, default=300, help="for the latency (default 300)")
    parser.add_argument("--rounds", type=int, default=4, help="quiet and storm (default 4)")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args()
    if arguments.serve:
        return _serve(arguments.serve)
    with jack():
        times = latency(arguments.turns)
        storm = storms(arguments.rounds, arguments.size)
    lost = 1 - median(storm["loud"]) / median(storm["quiet"])
    table = Table(
        title="hardware", caption=f"{machine.processor()}, {machine.cores()} cores; lite at "
        f"{arguments.size} px; a storm: {_STORM_HZ} CC/s for {_STORM_S:g} s over 8 knobs",
        title_justify="left", caption_justify="left",
    )  # fmt: skip
    for head in ("", "measured", "to reach"):
        table.add_column(head)
    p50, p95 = (percentile(times, at) * 1e3 for at in (50, 95))
    table.add_row("agent's port to control block, p50", f"{p50:.1f} ms", "")
    table.add_row("the same, p95", f"{p95:.1f} ms", f"{TARGET_LATENCY_S * 1e3:.0f} ms")
    table.add_row("turns that arrived", f"{len(times)} of {arguments.turns}", "")
    table.add_row("storm: last values right", f"{storm['right']} of {storm['of']}", "all")
    table.add_row(
        "storm: messages/s of a knob", f"{max(storm['rates']):.0f}", f"{TARGET_PER_S:.0f}"
    )
    table.add_row("storm: steps lost", f"{lost:.1%}", f"{TARGET_LOSS:.0%}")
    table.add_row("steps/s quiet", " ".join(f"{rate:.2f}" for rate in storm["quiet"]), "")
    table.add_row("steps/s in the storm", " ".join(f"{rate:.2f}" for rate in storm["loud"]), "")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
