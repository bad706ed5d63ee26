"""What a sweep costs above its steps, and whether the page stays alive meanwhile.

`python -m benchmarks.sweep [--size 128] [--points 24] [--steps 40] [--rounds 2]`: in turn, the
steps of all points by `styletune paint` in one process, and the sweep on a running server with a
viewer.
"""

import argparse
import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import machine
from benchmarks.processes import Served
from styletune.client import connect

TARGET = 0.05
_QUIET_S = 5.0  # to look at the page's rates while nothing is swept
# The same steps in both: no schedule, no smaller sizes first, the last step's picture.
_SESSION = """
[pictures]
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
    """One turn: seconds of both, a viewer's rates beside and during the sweep, cores of others."""

    paint_s: float
    sweep_s: float
    before: Rates
    during: Rates
    other_cores: float


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


def paint_s(session: Path, folder: Path, steps: int) -> float:
    """Seconds that `styletune paint` takes for its steps, by its own count: without its start."""
    command = [
        sys.executable,
        "-m",
        "styletune",
        "paint",
        "harbour",
        "strokes",
        "--optimizer",
        "adam",
    ]
    done = subprocess.run(
        [*command, "--session", str(session), "--steps", str(steps), "-o", str(folder / "o.png")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = re.search(r"steps in ([0-9.]+) s", done.stderr.replace("\n", " "))
    assert found is not None, done.stderr
    return float(found[1])


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


async def measure(size: int, points: int, steps: int, rounds: int) -> list[Round]:
    """All rounds, on one server; it is paused while `paint` has the machine."""
    found: list[Round] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        session, plan = folder / "session.toml", folder / "plan.toml"
        session.write_text(_SESSION.format(size=size))
        plan.write_text(_PLAN.format(points=points, steps=steps))
        async with Served(folder, str(session)) as served:
            url = "http" + (await served.address()).removeprefix("ws")
            viewer = Viewer(url, served.token)
            watching = asyncio.create_task(viewer.watch())
            async with connect(url, token=served.token) as client:
                await client.ready()
                for number in range(rounds):
                    await client.set({"paused": True})
                    others = Others((os.getpid(), served.pid, served.worker_pid))
                    painted = await asyncio.to_thread(paint_s, session, folder, points * steps)
                    await client.set({"paused": False})
                    await client.wait(epochs=3)
                    before = await viewer.rates(asyncio.create_task(asyncio.sleep(_QUIET_S)))
                    sweeping = asyncio.create_task(
                        sweep_s(served, url, plan, folder / f"out{number}")
                    )
                    during = await viewer.rates(sweeping)
                    swept = await sweeping
                    found.append(Round(painted, swept, before, during, others.cores()))
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    return found


def table(rounds: list[Round], points: int, steps: int, size: int) -> Table:
    """Lay the rounds out, and the least disturbed of each beside the target."""
    made = Table(title=f"a sweep of {points} points × {steps} steps, lite, {size} px")
    for head in ("", *(f"round {n}" for n in range(1, len(rounds) + 1)), "best", "to reach"):
        made.add_column(head, justify="left" if head in ("", "to reach") else "right")
    paint, swept = min(r.paint_s for r in rounds), min(r.sweep_s for r in rounds)
    rows = [
        ("styletune paint, s", [r.paint_s for r in rounds], f"{paint:.2f}", ""),
        ("the sweep, s", [r.sweep_s for r in rounds], f"{swept:.2f}", ""),
        ("epochs a second, before", [r.before.epochs for r in rounds], "", ""),
        ("epochs a second, during", [r.during.epochs for r in rounds], "", "the same"),
        ("pictures a second, before", [r.before.pictures for r in rounds], "", ""),
        ("pictures a second, during", [r.during.pictures for r in rounds], "", "the same"),
    ]
    for name, values, best, target in rows:
        made.add_row(name, *(f"{value:.2f}" for value in values), best, target)
    made.add_row("cores of other programs", *(f"{r.other_cores:.2f}" for r in rounds), "", "")
    costs = [f"{r.sweep_s / r.paint_s - 1:+.1%}" for r in rounds]
    made.add_row("more than paint", *costs, f"{swept / paint - 1:+.1%}", f"at most {TARGET:.0%}")
    return made


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name, default in (("size", 128), ("points", 24), ("steps", 40), ("rounds", 2)):
        parser.add_argument(f"--{name}", type=int, default=default, metavar="N")
    given = parser.parse_args()
    rounds = asyncio.run(measure(given.size, given.points, given.steps, given.rounds))
    Console().print(table(rounds, given.points, given.steps, given.size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
