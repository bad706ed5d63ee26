"""What a sweep costs above its steps, and whether the page stays alive meanwhile.

    python -m benchmarks.server.sweep [--size 128] [--points 24] [--steps 40] [--rounds 4]

Two processes with the same model differ by up to a fifth for as long as they live (where their
memory lies), and a machine from one ten seconds to the next, which is more than a sweep costs.
So the worker of the swept server also does what it is compared with: in the middle of each point
it stops, takes as many steps as a point has, as `styletune paint` takes them, and goes on. What
the sweep costs is its wall time without these turns, over the turns.
"""

import argparse
import asyncio
import functools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine, worker_server
from benchmarks.common.processes import Served
from styletune.client import connect
from styletune.images import samples
from styletune.ipc.commands import WorkerConfig

TARGET = 0.05
_QUIET_S = 5.0  # to look at the page's rates while nothing is swept
# The same steps in both: no schedule, no smaller sizes first, the last step's picture.
_SESSION = """
[pictures]
content = "{content}"
styles = ["{style}"]
size = {size}
[painting]
scales = false
[optimizer]
schedule = "constant"
[controls]
average = false
"""
_PLAN = """
steps = {steps}
[[axes]]
control = "smooth"
from = 0.2
to = 0.6
count = {points}
"""


@dataclass(frozen=True, slots=True)
class Rates:
    """What a viewer gets in a second."""

    epochs: float
    pictures: float


@dataclass(frozen=True, slots=True)
class Round:
    """One sweep: its seconds, those of the turns of `paint` in it, and the cores of others."""

    sweep_s: float
    turns_s: tuple[float, ...]
    other_cores: float

    @property
    def cost(self) -> float:
        """The sweep's own time over that of as many steps by `paint`, less one."""
        return (self.sweep_s - sum(self.turns_s)) / sum(self.turns_s) - 1


class Viewer:
    """Counts what comes over both sockets, as a page does."""

    def __init__(self, url: str, token: str) -> None:
        self._url, self._token = url, token
        self.epochs = self.pictures = 0

    async def watch(self) -> None:
        async with connect(self._url, token=self._token) as client:

            async def count_epochs() -> None:
                async for _ in client.epochs():
                    self.epochs += 1

            async def count_pictures() -> None:
                async for _ in client.frames():
                    self.pictures += 1

            await asyncio.gather(count_epochs(), count_pictures())

    async def rates(self, until: "asyncio.Future[object] | asyncio.Task[object]") -> Rates:
        began, epochs, pictures = time.perf_counter(), self.epochs, self.pictures
        await asyncio.wait([until])
        seconds = time.perf_counter() - began
        return Rates((self.epochs - epochs) / seconds, (self.pictures - pictures) / seconds)


class Others:
    """Cores that programs take which are none of ours: what disturbs a round."""

    def __init__(self, pids: tuple[int | None, ...]) -> None:
        self._pids = pids
        self._began = time.perf_counter()
        self._before, self._ended_s = machine.Busy.now(pids), _ended_s()

    def cores(self) -> float:
        """On average since this was made."""
        seconds = time.perf_counter() - self._began
        strangers = machine.Busy.now(self._pids).others_since(self._before, seconds)
        return max(0.0, strangers - (_ended_s() - self._ended_s) / seconds)


def _ended_s() -> float:
    """Processor time of our processes that have ended: they count as strangers' otherwise."""
    used = os.times()
    return used.children_user + used.children_system


def paint_in_turns(job: WorkerConfig, pipe: Connection, *, turns: Path) -> None:
    """What a worker does, but in the middle of each run it paints as `paint` does.

    Runs in the worker.

    Args:
        turns: while there is such a file; the seconds of each turn are added to it.
    """
    from styletune.engine import backend
    from styletune.engine.offline import OfflinePainter
    from styletune.engine.painter import Painter
    from styletune.worker import loop

    class InTurns(OfflinePainter):
        """A studio with the worker's own painter."""

        def __init__(self, painter: Painter, steps: int) -> None:
            self._session, self._steps_taken = job.session, 0
            self.painter = self._full_size = painter
            self._schedule = [(job.session.pictures.size, steps)]

    class Interleaving(loop.PaintLoop):
        """A worker that paints a second time half-way through a run."""

        _seen = 0

        def _run_epoch(self, painter: Painter, hand: bool) -> bool:
            fine = super()._run_epoch(painter, hand)
            run = self._runs.current
            number = run.command.run  # 0: there is none
            half = run.taken >= run.command.steps // 2
            if number not in (0, self._seen) and half and turns.exists():
                self._seen = number
                began = time.perf_counter()
                for _ in InTurns(painter, run.command.steps).paint():
                    self._frames.beat(self._progress.step)
                painter.picture()
                with turns.open("a") as file:
                    print(time.perf_counter() - began, file=file)
            return fine

    backend.configure(job.session.engine.device, job.session.engine.precision)
    worker_server.work(Interleaving, job, pipe)


async def sweep_s(served: Served, url: str, plan: Path, out: Path) -> float:
    """Seconds from the first point's beginning to the last one's end, by the results' clocks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "styletune", "sweep", str(plan), "--url", url, "-o", str(out),
        env={**os.environ, "STYLETUNE_TOKEN": served.token}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    assert process.returncode == 0, said.decode()
    lines = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    # `time` is that of the picture; the first point began its own seconds before.
    return float(lines[-1]["time"] - lines[0]["time"] + lines[0]["seconds"])


async def measure(
    size: int, points: int, steps: int, rounds: int
) -> tuple[Rates, Rates, list[Round]]:
    """A viewer's rates before and during a sweep as it is, then all rounds, on one server."""
    found: list[Round] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session, plan, turns = folder / "session.toml", folder / "plan.toml", folder / "turns"
        content, style = map(samples.locate, ("harbour", "strokes"))
        session.write_text(_SESSION.format(size=size, content=content, style=style))
        plan.write_text(_PLAN.format(points=points, steps=steps))
        command = ("benchmarks.server.sweep", "--serve", str(session), str(turns))
        async with Served(folder, command=command) as served:
            url = "http" + (await served.address()).removeprefix("ws")
            viewer = Viewer(url, served.token)
            watching = asyncio.create_task(viewer.watch())
            async with connect(url, token=served.token) as client:
                await client.ready()
                await client.wait(epochs=10)
            before = await viewer.rates(asyncio.create_task(asyncio.sleep(_QUIET_S)))
            sweeping = asyncio.create_task(sweep_s(served, url, plan, folder / "first"))
            during = await viewer.rates(sweeping)
            await sweeping
            for number in range(rounds):
                turns.write_text("")
                others = Others((os.getpid(), served.pid, served.worker_pid))
                swept = await sweep_s(served, url, plan, folder / f"out{number}")
                seconds = tuple(map(float, turns.read_text().split()))
                assert len(seconds) == points, seconds
                found.append(Round(swept, seconds, others.cores()))
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    return before, during, found


def table(before: Rates, during: Rates, rounds: list[Round], title: str) -> Table:
    """Lay the rounds out, and all of them together beside the target."""
    made = Table(title=title, title_justify="left")
    for head in ("", *(f"round {n}" for n in range(1, len(rounds) + 1)), "median", "to reach"):
        made.add_column(head, justify="left" if head in ("", "to reach") else "right")

    def add(name: str, of: Callable[[Round], float], form: str = ".2f", target: str = "") -> None:
        values = [of(round_) for round_ in rounds]
        made.add_row(name, *(f"{v:{form}}" for v in values), f"{median(values):{form}}", target)

    add("the steps by paint, s", lambda r: sum(r.turns_s))
    add("the sweep without them, s", lambda r: r.sweep_s - sum(r.turns_s))
    add("more than paint", lambda r: r.cost, "+.1%", f"at most {TARGET:.0%}")
    add("cores of other programs", lambda r: r.other_cores)
    made.caption = (
        f"a viewer's epochs and pictures a second: {before.epochs:.1f} and {before.pictures:.1f} "
        f"before, {during.epochs:.1f} and {during.pictures:.1f} during a sweep (to reach: as many)"
    )
    return made


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server.sweep")
    for name, default in (("size", 128), ("points", 24), ("steps", 40), ("rounds", 4)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        session_file, turns = given.serve
        return worker_server.serve(
            session_file, functools.partial(paint_in_turns, turns=Path(turns))
        )
    found = asyncio.run(measure(given.size, given.points, given.steps, given.rounds))
    title = f"a sweep of {given.points} points × {given.steps} steps, lite, {given.size} px"
    Console(width=None if sys.stdout.isatty() else 118).print(table(*found, title))
    return 0


if __name__ == "__main__":
    sys.exit(main())
