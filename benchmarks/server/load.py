"""What the web process bears: one command, one table, the bare library beside it in the same run.

    python -m benchmarks.server.load [--seconds 60]

Fifty viewers, a slow tunnel, stalled readers, a thousand moves a second, over loopback only.
The worker only pretends, so that serving is what is measured; uvicorn and websockets alone, in
their simplest form, do the same beside it. Takes about six times `--seconds` and half a minute
more. The table goes to stdout. Exit code 1 where a goal was missed.
"""
# checklist: 22, 23, 24, 25, 26

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine
from benchmarks.common.processes import Process, StandIn
from benchmarks.common.stand_in import FPS
from benchmarks.server import load_clients
from benchmarks.server.live_figures import percentile
from benchmarks.server.load_clients import At, Seen
from benchmarks.server.tunnel import Tunnel

_VIEWERS, _STALLED, _GOOD = 50, 10, 10
_SETS_PER_S = 1000.0
_PICTURE_BYTES = 60_000
_LINE_BYTES_PER_S, _LINE_DELAY_S = 600e3, 0.06  # of the tunnel; it holds 2 MiB
_REST_S = 4.0  # to learn what the server takes when nobody is there
_WIDTH = 110

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure: ours, the bare library's, and what was to be reached."""

    line: int
    name: str
    ours: float
    bare: float | None
    goal: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether ours reaches the goal."""
        return self.ours >= self.goal if self.at_least else self.ours <= self.goal


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load, and its process."""

    at: At
    pid: int

    async def under(self, load: Awaitable[T], seconds: float) -> tuple[T, float]:
        """What `load` gives, and the share of a core that the web process takes meanwhile."""
        before = machine.cpu_s(self.pid)
        result = await load
        return result, (machine.cpu_s(self.pid) - before) / seconds


async def viewers(server: Server, seconds: float) -> tuple[list[Seen], float, float]:
    """What fifty viewers see, the share of a core, and MiB more than without them."""
    before_mb = machine.resident_mb(server.pid) or 0.0
    watching = load_clients.watch(server.at, _VIEWERS, seconds)
    seen, cost = await server.under(watching, seconds + 1.0)  # connecting included
    after_mb = machine.resident_mb(server.pid) or 0.0
    return seen, cost, (after_mb - before_mb) / 1.048576


async def tunnelled(server: Server, seconds: float) -> Seen:
    """What a viewer sees at the far end of a slow tunnel."""
    async with Tunnel(
        server.at.port, bytes_per_s=_LINE_BYTES_PER_S, delay_s=_LINE_DELAY_S
    ) as tunnel:
        return await load_clients.view(server.at, seconds, port=tunnel.port)


async def beside_stalled(server: Server, seconds: float) -> tuple[list[Seen], float]:
    """What good readers see beside stalled ones, and MiB that each stalled one takes."""
    before_mb = machine.resident_mb(server.pid) or 0.0
    async with load_clients.stalled(server.at, _STALLED):
        seen = await load_clients.watch(server.at, _GOOD, seconds)
        after_mb = machine.resident_mb(server.pid) or 0.0
    return seen, (after_mb - before_mb) / 1.048576 / _STALLED


async def moved(server: Server, seconds: float) -> tuple[float, float]:
    """How long the last of very many moves took, s, and the share of a core beyond rest's."""
    _, rest = await server.under(asyncio.sleep(_REST_S), _REST_S)
    last_s, cost = await server.under(
        load_clients.move_fast(server.at, _SETS_PER_S, seconds), seconds
    )
    return last_s, cost - rest


async def measure(ours: Server, bare: Server, seconds: float, console: Console) -> list[Row]:
    """All of it, ours and the bare library's in turns."""
    short = max(5.0, seconds / 3)
    console.print(f"{_VIEWERS} viewers …")
    seen, cpu, memory = await viewers(ours, seconds)
    bare_seen, bare_cpu, bare_memory = await viewers(bare, seconds)
    rows = [
        Row(22, f"{_VIEWERS} viewers: fewest pictures", least(seen), least(bare_seen), 19.0,
            "fps", at_least=True),
        Row(22, "oldest of 99 %", 1e3 * oldest(seen), 1e3 * oldest(bare_seen), 50.0, "ms"),
        Row(22, "of a core", 100 * cpu, 100 * bare_cpu, 25.0, "%"),
        Row(22, "more memory", memory, bare_memory, 10.0, "MiB"),
    ]  # fmt: skip
    console.print("a slow tunnel …")
    far, bare_far = await tunnelled(ours, short), await tunnelled(bare, short)
    rows += [
        Row(23, "through a tunnel: oldest of 99 %", 1e3 * oldest([far]), 1e3 * oldest([bare_far]),
            500.0, "ms"),
    ]  # fmt: skip
    console.print("stalled readers …")
    good, each = await beside_stalled(ours, short)
    bare_good, bare_each = await beside_stalled(bare, short)
    rows += [
        Row(24, f"beside {_STALLED} stalled: fewest pictures", least(good), least(bare_good), 19.0,
            "fps", at_least=True),
        Row(24, "oldest of 99 %", 1e3 * oldest(good), 1e3 * oldest(bare_good), 50.0, "ms"),
        Row(24, "memory for each stalled", each, bare_each, 2.0, "MiB"),
    ]  # fmt: skip
    console.print(f"{_SETS_PER_S:.0f} moves a second …")
    last_s, cpu = await moved(ours, seconds)
    bare_last_s, bare_cpu = await moved(bare, seconds)
    console.print("moves, one at a time …")
    times = await load_clients.answer_times(ours.at, short)
    return [
        *rows,
        Row(25, "1,000 moves a second: last one", 1e3 * last_s, 1e3 * bare_last_s, 100.0, "ms"),
        Row(25, "of a core, beyond rest", 100 * cpu, 100 * bare_cpu, 5.0, "%"),
        Row(26, "from a move to the worker: half", 1e3 * percentile(times, 50), None, 20.0, "ms"),
        Row(26, "99 %", 1e3 * percentile(times, 99), None, 60.0, "ms"),
    ]


def least(seen: Sequence[Seen]) -> float:
    """Pictures a second of the viewer that got fewest."""
    return min(one.fps for one in seen)


def oldest(seen: Sequence[Seen]) -> float:
    """The age that 99 % of all pictures were below, s."""
    return percentile([age for one in seen for age in one.ages_s], 99)


async def run(seconds: float, console: Console) -> list[Row]:
    """Start both servers, measure, end them."""
    with tempfile.TemporaryDirectory(prefix="styletune-load-") as name:
        folder = Path(name)
        async with (
            asyncio.timeout(8 * seconds + 120),
            StandIn(folder) as ours,
            Process(
                "benchmarks.server.plain_server",
                (str(_PICTURE_BYTES), str(FPS)),
                folder / "bare.log",
            ) as bare,
        ):
            near = At(await ours.port(), ours.token)
            plain = At(int(await bare.line()), acks=False)
            return await measure(Server(near, ours.pid), Server(plain, bare.pid), seconds, console)


def table(rows: Sequence[Row], notes: Sequence[str]) -> Table:
    """Lay the rows out."""
    made = Table(title="styletune under load", caption="\n".join(notes), caption_justify="left")
    for heading in ("line", "", "styletune", "bare library", "to reach", ""):
        made.add_column(heading, justify="left" if heading in ("", "line") else "right")
    for row in rows:
        bare = "–" if row.bare is None else f"{row.bare:.1f} {row.unit}"
        sign = "≥" if row.at_least else "≤"
        met = "[green]met[/]" if row.met else "[red]missed[/]"
        made.add_row(
            str(row.line), row.name, f"{row.ours:.1f} {row.unit}", bare,
            f"{sign} {row.goal:g} {row.unit}", met,
        )  # fmt: skip
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server.load", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="(default 60)")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    rows = asyncio.run(run(arguments.seconds, Console(stderr=True, highlight=False)))
    notes = [
        f"{machine.processor()}, {machine.cores()} cores; load at the start {load:.1f}",
        machine.versions(),
        f"{arguments.seconds:g} s each; {FPS:g} pictures a second of about "
        f"{_PICTURE_BYTES // 1000} KB; the clients of both run in one process beside them",
    ]
    Console(highlight=False, width=_WIDTH).print(table(rows, notes))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
