"""How long until the show goes on, after each thing that can die. One command, one table.

    python -m benchmarks.server.recovery [--size 128] [--no-spare] [--standin]

Real processes and signals on a real server, with the real worker or with one that only pretends.
A spare worker is waited for before the real one is made to fail. Takes about two minutes. The
table goes to stdout. Exit code 1 where a goal was missed.
"""
# checklist: 27, 30, 31, 32, 33, 36

import argparse
import asyncio
import contextlib
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine
from benchmarks.common.processes import Served, StandIn
from benchmarks.common.websocket import Link
from benchmarks.server.load_clients import FADER

_PATIENCE_S = 120.0
_NAN_STEP = 100
_VALUE = 0.625


@dataclass
class Seat:
    """Somebody who watches and notes when what came.

    Attributes:
        epochs: step and `time.perf_counter()` of each, newest last.
        states: name and time of each.
        controls: of the first message.
    """

    link: Link
    epochs: list[tuple[int, float]] = field(default_factory=list)
    states: list[tuple[str, float]] = field(default_factory=list)
    controls: dict[str, Any] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Until the server closes."""
        with contextlib.suppress(ConnectionError):
            while True:
                message = json.loads(await self.link.receive())
                now = time.perf_counter()
                if message["type"] == "epoch":
                    self.epochs.append((message["step"], now))
                elif message["type"] == "state":
                    self.states.append((message["state"], now))
                elif message["type"] == "snapshot":
                    self.controls = message["controls"]
                    self.states.append((message["state"]["state"], now))
                self.news.set()

    async def until(self, found: Callable[[], float | None]) -> float:
        """Wait for something, and say when it was."""
        async with asyncio.timeout(_PATIENCE_S):
            while (at := found()) is None:
                self.news.clear()
                await self.news.wait()
        return at

    def painted(self, after: float) -> float | None:
        """When the first picture after a time came."""
        return next((at for _, at in self.epochs if at > after), None)

    def told(self, after: float, *states: str) -> float | None:
        """When one of some states was first told after a time."""
        return next((at for name, at in self.states if name in states and at > after), None)


@contextlib.asynccontextmanager
async def seated(server: Served) -> AsyncIterator[Seat]:
    """Take a seat at a server."""
    seat = Seat(await Link.open(await server.port(), "/ws", server.token))
    listening = asyncio.create_task(seat.listen())
    try:
        yield seat
    finally:
        listening.cancel()
        seat.link.close()


class Show:
    """A server that is started, killed and resumed.

    Attributes:
        spare_mb: the memory that the spare worker has resident, and its part of what is shared.
    """

    def __init__(self, folder: Path, size: int, standin: bool, spare: bool) -> None:
        self._folder = folder
        self._size = ("--size", str(size))
        self.standin = standin
        self._spare = spare and not standin
        self.spare_mb: tuple[float, float] | None = None

    def start(self, *flags: str, **environment: str) -> Served:
        """Start the server."""
        if self.standin:
            return StandIn(self._folder, *self._size)
        spare = () if self._spare else ("--no-spare",)
        return Served(self._folder, *self._size, *spare, *flags, **environment)

    async def spare(self, server: Served) -> None:
        """Wait until a spare worker is ready, where there is to be one."""
        if not self._spare:
            return
        async with asyncio.timeout(_PATIENCE_S):
            while (pid := server.spare_pid) is None:
                await asyncio.sleep(0.1)
        self.spare_mb = (machine.resident_mb(pid) or 0.0, machine.own_mb(pid) or 0.0)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def _gone(pid: int) -> float:
    async with asyncio.timeout(_PATIENCE_S):
        while _lives(pid):
            await asyncio.sleep(0.01)
    return time.perf_counter()


async def worker_dies(server: Served, seat: Seat, number: int) -> tuple[float, float]:
    """Seconds until it is told, and until there are pictures again."""
    worker = server.worker_pid
    assert worker is not None  # it has just painted
    begins = time.perf_counter()
    os.kill(worker, number)
    told = await seat.until(lambda: seat.told(begins, "restarting", "starting"))
    again = await seat.until(lambda: seat.painted(told))
    await seat.until(lambda: seat.told(told, "running"))
    return told - begins, again - begins


async def measure(show: Show) -> list[tuple[int, str, float, float]]:
    """Line of the checklist, what, seconds, and seconds to reach."""
    rows: list[tuple[int, str, float, float]] = []
    faults = {"STYLETUNE_FAULTS": "1", "STYLETUNE_FAULT": f"nan@{_NAN_STEP}"}
    async with (
        show.start(**({} if show.standin else faults)) as server,
        seated(server) as seat,
    ):
        await seat.until(lambda: seat.told(0.0, "running"))
        if not show.standin:
            rolled = await seat.until(lambda: seat.told(0.0, "rolling back"))
            running = await seat.until(lambda: seat.painted(rolled))
            rows.append((33, "not finite: pictures again", running - rolled, 2.0))
        await show.spare(server)
        told, again = await worker_dies(server, seat, signal.SIGKILL)
        rows.append((31, "worker killed: pictures again", again, 3.0 if show.standin else 20.0))
        await show.spare(server)
        told, again = await worker_dies(server, seat, signal.SIGSTOP)
        rows += [
            (32, "worker stopped: told as hung", told, 6.0),
            (32, "and replaced", again, 15.0),
        ]
        controls = {"type": "set", "controls": {FADER: _VALUE}}
        seat.link.send(json.dumps(controls))
        await asyncio.sleep(5.0)  # for a note and some checkpoints
        worker = server.worker_pid
        assert worker is not None
        begins = time.perf_counter()
        os.kill(server.pid, signal.SIGKILL)
        rows.append((36, "web process killed: worker gone", await _gone(worker) - begins, 3.0))
    begins = time.perf_counter()
    async with (
        show.start("--resume") as server,
        seated(server) as seat,
    ):
        same = await seat.until(lambda: time.perf_counter() if seat.controls else None)
        if not show.standin:
            assert seat.controls[FADER] == _VALUE, "values were lost"
            rows.append((27, "server again: the same values", same - begins, 3.0))
        await seat.until(lambda: seat.told(0.0, "running"))
        begins = time.perf_counter()
        os.kill(server.pid, signal.SIGTERM)
        rows.append((30, "SIGTERM: ended", await _gone(server.pid) - begins, 5.0))
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.server.recovery", description=__doc__
    )
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--size", type=int, default=128, metavar="PX", help="(default 128)")
    parser.add_argument("--no-spare", action="store_true", help="and no spare one")
    parser.add_argument("--standin", action="store_true", help="a worker that only pretends")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="styletune-recovery-") as name:
        show = Show(Path(name), arguments.size, arguments.standin, not arguments.no_spare)
        rows = asyncio.run(measure(show))
    worker = "a worker that only pretends" if arguments.standin else "the real worker, lite"
    notes = [f"{machine.processor()}, {machine.cores()} cores; load at the start {load:.1f}"]
    if show.spare_mb is not None:
        notes.append("the spare: {:.0f} MB resident, {:.0f} MB its own part".format(*show.spare_mb))
    made = Table(
        title=f"until the show goes on, with {worker}, {arguments.size} px",
        caption="\n".join(notes),
    )
    for heading in ("line", "", "took", "to reach", " "):
        made.add_column(heading, justify="right" if heading in ("took", "to reach") else "left")
    for line, what, took, goal in rows:
        met = "[green]met[/]" if took <= goal else "[red]missed[/]"
        made.add_row(str(line), what, f"{took:.2f} s", f"≤ {goal:g} s", met)
    Console(highlight=False, width=100).print(made)
    return 0 if all(took <= goal for _, _, took, goal in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
