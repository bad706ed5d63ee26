"""The long run: does anything grow? One command, one table.

    python -m benchmarks.server.soak [--minutes 10]

A server with a worker that only pretends, 20 pictures a second, three viewers that come and go
and a hand that moves sliders. Memory and open files of both processes are read all along; the
slope is the median of the slopes between all readings after the first quarter, which a single
jump does not move. Eight hours: `--minutes 480`. Exit code 1 where a goal was missed.
"""
# checklist: 39

import argparse
import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine
from benchmarks.common.processes import StandIn
from benchmarks.common.stand_in import FPS
from benchmarks.server import load_clients
from benchmarks.server.load_clients import At

_VIEWERS = 3
_STAY_S = 4.0  # of a viewer, before it comes again
_MOVES_PER_S = 20.0
_READINGS = 240  # whatever the length: 30,000 pairs
_GOAL_MIB_PER_HOUR = 1.0
# The connections of the three viewers, the hand and a page that just comes or goes.
_GOAL_HANDLES = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """Memory and open files of one process at one time."""

    at_s: float
    memory_mib: float
    handles: int

    @classmethod
    def of(cls, pid: int, at_s: float) -> "Reading":
        """Read `/proc` now."""
        memory_mb = machine.resident_mb(pid) or 0.0
        return cls(at_s, memory_mb / 1.048576, len(machine.files(pid)))


def slope(readings: Sequence[Reading]) -> float:
    """MiB an hour: the median slope of all pairs.

    Source: Theil 1950, Sen 1968.
    """
    slopes = [
        (late.memory_mib - early.memory_mib) / (late.at_s - early.at_s)
        for index, early in enumerate(readings)
        for late in readings[index + 1 :]
    ]
    return 3600 * median(slopes) if slopes else 0.0


async def run(minutes: float, console: Console) -> tuple[dict[str, list[Reading]], int]:
    """Play for so long; the readings of each process, and how often a viewer came."""
    seconds = 60 * minutes
    with tempfile.TemporaryDirectory(prefix="styletune-soak-") as name:
        async with asyncio.timeout(seconds + 120), StandIn(Path(name)) as server:
            at = At(await server.port(), server.token)
            visits: list[float] = []
            playing = [
                asyncio.create_task(_come_and_go(at, visits, phase)) for phase in range(_VIEWERS)
            ]
            playing.append(asyncio.create_task(_move(at, seconds)))
            try:
                readings = await _read(server, seconds, playing, console)
            finally:
                for task in playing:
                    task.cancel()
                await asyncio.gather(*playing, return_exceptions=True)
            return readings, len(visits)


async def _come_and_go(at: At, visits: list[float], phase: int) -> None:
    await asyncio.sleep(phase * _STAY_S / _VIEWERS)
    while True:
        seen = await load_clients.view(at, _STAY_S)
        visits.append(seen.fps)


async def _move(at: At, seconds: float) -> None:
    while True:  # connecting again every minute
        await load_clients.move_fast(at, _MOVES_PER_S, min(60.0, seconds))


async def _read(
    server: StandIn, seconds: float, playing: Sequence["asyncio.Task[None]"], console: Console
) -> dict[str, list[Reading]]:
    """Readings at even times; a client that fails ends it."""
    # Listening begins before the worker has its memory.
    while (worker := server.worker_pid) is None:
        await asyncio.sleep(0.01)
    found: dict[str, list[Reading]] = {"web process": [], "worker": []}
    loop = asyncio.get_running_loop()
    begins = loop.time()
    for number in range(_READINGS):
        wait_s = begins + (number + 1) * seconds / _READINGS - loop.time()
        done, _ = await asyncio.wait(playing, timeout=max(0.0, wait_s))
        for task in done:
            task.result()
        for kind, process in (("web process", server.pid), ("worker", worker)):
            found[kind].append(Reading.of(process, loop.time() - begins))
        if number % (_READINGS // 10) == 0:
            web = found["web process"][-1]
            console.print(f"{web.at_s:.0f} s: {web.memory_mib:.1f} MiB, {web.handles} open files")
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Play, measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server.soak", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="(default 10)")
    arguments = parser.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        readings, visits = asyncio.run(
            run(arguments.minutes, Console(stderr=True, highlight=False))
        )
        return _report(readings, visits, arguments.minutes)
    return 130


def _report(readings: dict[str, list[Reading]], visits: int, minutes: float) -> int:
    made = Table(
        title=f"styletune for {minutes:g} minutes at {FPS:g} pictures a second",
        caption=f"{_VIEWERS} viewers, {visits} visits; "
        f"to reach: less than {_GOAL_MIB_PER_HOUR:g} MiB an hour, open files constant",
    )
    for heading in ("", "memory at first", "at last", "slope", "open files"):
        made.add_column(heading, justify="right" if heading else "left")
    met = True
    for kind, all_of_them in readings.items():
        settled = all_of_them[len(all_of_them) // 4 :]
        per_hour, handles = slope(settled), [reading.handles for reading in settled]
        met = met and per_hour < _GOAL_MIB_PER_HOUR and max(handles) - min(handles) <= _GOAL_HANDLES
        made.add_row(
            kind,
            f"{settled[0].memory_mib:.1f} MiB",
            f"{settled[-1].memory_mib:.1f} MiB",
            f"{per_hour:+.2f} MiB/h",
            f"{min(handles)} to {max(handles)}",
        )
    Console(highlight=False, width=100).print(made)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
