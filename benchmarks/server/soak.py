"""The long run: does anything grow?

    python -m benchmarks.server.soak [--minutes 10]

A server with a stand-in worker, 20 pictures a second, three viewers that come and go and a client
that moves a fader. Memory and open files of both processes are read all along; the slope is the
median of the slopes between all readings after the first quarter, which a single jump does not
move. Eight hours: --minutes 480. Exit code 1 where a target was missed.
"""
# checklist: 39

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from rich.console import Console

from benchmarks.common import machine, report
from benchmarks.common.processes import StandInServer
from benchmarks.common.stand_in import FPS
from benchmarks.server import load_clients
from benchmarks.server.load_clients import Endpoint

_VIEWERS = 3
_VISIT_S = 4.0  # of a viewer, before it comes again
_MOVES_PER_S = 20.0
_READINGS = 240  # whatever the length: 30,000 pairs
_TARGET_MIB_PER_HOUR = 1.0
# The connections of the three viewers, the client of controls and one that just comes or goes.
_TARGET_DESCRIPTORS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """Memory and open files of one process at one time."""

    at_s: float
    memory_mib: float
    descriptors: int

    @classmethod
    def of(cls, pid: int, at_s: float) -> "Reading":
        """Take a reading now."""
        memory_mib = machine.resident_mb(pid) * machine.MIB_PER_MB
        return cls(at_s, memory_mib, machine.descriptors(pid))


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
    """Serve for so long; the readings of each process, and how many visits there were."""
    seconds = 60 * minutes
    with tempfile.TemporaryDirectory(prefix="styletune-soak-") as name:
        async with asyncio.timeout(seconds + 120), StandInServer(Path(name)) as server:
            endpoint = Endpoint(await server.port(), server.token)
            visits: list[float] = []
            clients = [
                asyncio.create_task(_come_and_go(endpoint, visits, phase))
                for phase in range(_VIEWERS)
            ]
            clients.append(asyncio.create_task(_move(endpoint, seconds)))
            try:
                readings = await _read(server, seconds, clients, console)
            finally:
                for task in clients:
                    task.cancel()
                await asyncio.gather(*clients, return_exceptions=True)
            return readings, len(visits)


async def _come_and_go(endpoint: Endpoint, visits: list[float], phase: int) -> None:
    await asyncio.sleep(phase * _VISIT_S / _VIEWERS)
    while True:
        received = await load_clients.run_viewer(endpoint, _VISIT_S)
        visits.append(received.fps)


async def _move(endpoint: Endpoint, seconds: float) -> None:
    while True:  # connecting again every minute
        await load_clients.send_sets(endpoint, _MOVES_PER_S, min(60.0, seconds))


async def _read(
    server: StandInServer, seconds: float, clients: Sequence["asyncio.Task[None]"], console: Console
) -> dict[str, list[Reading]]:
    """Readings at even times; a client that fails ends it."""
    # The server listens before the worker has its memory.
    while (worker := server.worker_pid) is None:
        await asyncio.sleep(0.01)
    found: dict[str, list[Reading]] = {"web process": [], "worker": []}
    loop = asyncio.get_running_loop()
    begins = loop.time()
    for number in range(_READINGS):
        wait_s = begins + (number + 1) * seconds / _READINGS - loop.time()
        done, _ = await asyncio.wait(clients, timeout=max(0.0, wait_s))
        for task in done:
            task.result()
        for kind, process in (("web process", server.pid), ("worker", worker)):
            found[kind].append(Reading.of(process, loop.time() - begins))
        if number % (_READINGS // 10) == 0:
            web = found["web process"][-1]
            console.print(
                f"{web.at_s:.0f} s: {web.memory_mib:.1f} MiB, {web.descriptors} open files"
            )
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("server.soak", __doc__)
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="(default 10)")
    arguments = parser.parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        readings, visits = asyncio.run(run(arguments.minutes, report.progress_console()))
        return _print(readings, visits, arguments.minutes)
    return 130


def _print(readings: dict[str, list[Reading]], visits: int, minutes: float) -> int:
    note = (
        f"{_VIEWERS} viewers, {visits} visits; to reach: less than "
        f"{_TARGET_MIB_PER_HOUR:g} MiB an hour, open files constant"
    )
    made = report.new_table(
        f"styletune for {minutes:g} minutes at {FPS:g} pictures a second",
        ("", "memory at first", "at last", "slope", "open files"),
        (note,),
    )
    met = True
    for kind, taken in readings.items():
        settled = taken[len(taken) // 4 :]
        per_hour, descriptors = slope(settled), [reading.descriptors for reading in settled]
        met = (
            met
            and per_hour < _TARGET_MIB_PER_HOUR
            and max(descriptors) - min(descriptors) <= _TARGET_DESCRIPTORS
        )
        made.add_row(
            kind,
            f"{settled[0].memory_mib:.1f} MiB",
            f"{settled[-1].memory_mib:.1f} MiB",
            f"{per_hour:+.2f} MiB/h",
            f"{min(descriptors)} to {max(descriptors)}",
        )
    report.print_table(made)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
