"""`styletune sweep`: a plan in, a folder of results out, on whatever paints.

Reads the plan, opens the folder and the studio, says what it will cost, paints what is not done
yet, and lays out what there is, also after Ctrl-C or a failure.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from styletune.client import connect
from styletune.config import SessionConfig
from styletune.errors import ConfigError
from styletune.sweeps.backends.server import Job, OnStep, ServerBackend, private_server
from styletune.sweeps.points import Point, layout
from styletune.sweeps.report.html import described, write_report
from styletune.sweeps.result import Result
from styletune.sweeps.results import Folder
from styletune.sweeps.spec import SweepSpec, load

# What a sweep says on the terminal: the budget before, the progress meanwhile.


# Beyond these somebody should mean it.
MANY_POINTS = 500
LONG_S = 6 * 3600.0


def budget(console: Console, todo: int, done: int, steps: int, rate: float, *, settle: bool) -> str:
    """How much is to be painted and how long it takes, in words.

    Args:
        rate: steps a second of all that paint together; 0: not known.
    """
    parts = [f"{points(todo)} × {'up to ' if settle else ''}{steps:,} steps"]
    if done:
        parts[0] += f" ({done:,} are done)"
    if rate:
        atmost = "at most " if settle else "about "
        parts.append(f"{atmost}{duration(todo * steps / rate)} at {rate:.3g} steps a second")
    return ", ".join(parts)


def check_size(todo: int, steps: int, rate: float, text: str, *, yes: bool) -> None:
    """Let nobody begin an enormous sweep by mistake.

    Raises:
        ConfigError: it is one, and nobody said yes.
    """
    enormous = todo > MANY_POINTS or (rate and todo * steps / rate > LONG_S)
    if enormous and not yes:
        raise ConfigError(f"this sweep is enormous: {text}; add --yes to paint it")


def points(count: int) -> str:
    """So many points, in words."""
    return "1 point" if count == 1 else f"{count:,} points"


def duration(seconds: float) -> str:
    """A time as people say it: `2 h 5 min`, `3 min 20 s`, `12 s`."""
    whole = max(1, round(seconds))
    if whole >= 3600:
        return f"{whole // 3600:,} h {whole % 3600 // 60} min"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


class _TimeLeft(ProgressColumn):
    """Time left at the pace so far, and before there is one at the rate that was measured.

    Differs from rich's: points of some minutes each, as actors tell them, are a pace, too.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self._rate = rate

    def render(self, task: Task) -> Text:
        left = time_left_s(
            task.completed, task.total or 0.0, task.elapsed or 0.0, task.fields["at"], self._rate
        )
        return Text("" if left is None else f"{duration(left)} left", style="progress.remaining")


def time_left_s(
    done: float, steps: float, now_s: float, done_s: float, rate: float
) -> float | None:
    """How long the rest takes.

    Args:
        done: steps taken, up to `done_s` seconds after the beginning, of `steps` in all.
        now_s: seconds since the beginning.
        rate: steps a second, measured before; 0: not known.

    Returns:
        None: nothing is known yet, or it is finished.
    """
    if done >= steps or not (done or rate):
        return None
    whole_s = done_s / done * steps if done else steps / rate
    return max(0.0, whole_s - now_s)


@contextmanager
def progress(
    console: Console, todo: int, steps: int, rate: float
) -> Iterator[tuple[OnStep, OnStep]]:
    """Show a bar; yields what to call at each step, and what to call when a point is done.

    Args:
        rate: steps a second of all that paint together; 0: not known.
    """
    columns = (
        TextColumn("{task.fields[point]}"),
        BarColumn(),
        TextColumn("{task.fields[done]}/{task.fields[todo]}"),
        TextColumn("{task.fields[loss]}"),
        _TimeLeft(rate),
    )
    under_way: dict[int, int] = {}  # steps by the point's index: several may be painted at a time
    finished = 0
    with Progress(*columns, console=console) as bar:
        task = bar.add_task(
            "sweep", total=todo * steps, point="", done=0, todo=todo, loss="", at=0.0
        )
        began = time.monotonic()

        def step(point: Point, steps_done: int, loss: float) -> None:
            under_way[point.index] = steps_done
            bar.update(
                task,
                completed=finished * steps + sum(under_way.values()),
                at=time.monotonic() - began,
                point=" ".join(f"{n}={label}" if n else label for n, label in point.labels.items()),
                loss=f"loss {loss:.4g}",
            )

        def done(point: Point, steps_done: int, loss: float) -> None:
            nonlocal finished
            finished += 1
            under_way.pop(point.index, None)
            completed = finished * steps + sum(under_way.values())
            at = time.monotonic() - began
            bar.update(task, completed=completed, done=finished, at=at, loss=f"loss {loss:.4g}")

        yield step, done


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """What paints: exactly one of a server's URL, a server of one's own, and Ray.

    Attributes:
        local: arguments of `styletune serve`, for a server of one's own.
        ray: address of a cluster; empty: this machine.
        session: what Ray's actors paint.
        actors: how many of them at most; None: as many as the cluster has room for.
    """

    url: str | None = None
    token_file: str | None = None
    local: Sequence[str] | None = None
    ray: str | None = None
    session: SessionConfig | None = None
    actors: int | None = None


def sweep(
    file: Path, out: Path, where: BackendOptions, console: Console, *, yes: bool = False
) -> int:
    """Paint the sweep of a file into a folder; returns the exit code.

    Raises:
        ConfigError: the file, or what it asks of this server, is not valid.
        SweepError: the folder holds something else, or cannot be written.
        UnreachableError, RefusedError, WorkerError: the server.
        KeyboardInterrupt: all that was painted is kept.
    """
    plan = load(file)
    folder = Folder(out, plan)
    painted_before = len(folder.done)
    try:
        asyncio.run(_sweep(plan, folder, where, console, yes=yes))
    except BaseException as error:
        if folder.done and not isinstance(error, ConfigError):
            write_report(plan, folder)
            _tell(console, folder, len(folder.done) - painted_before)
            console.print("the same command goes on from there")
        raise
    write_report(plan, folder)
    _tell(console, folder, len(folder.done) - painted_before)
    return 0


async def _sweep(
    plan: SweepSpec, folder: Folder, where: BackendOptions, console: Console, *, yes: bool
) -> None:
    async with _studio(where, console) as studio:
        base = folder.base or await studio.base(plan)
        laid = layout(plan, studio.table, base)
        done, steps = len(folder.done), plan.steps
        count = laid.count - done
        looks = count and (yes or laid.count <= MANY_POINTS)
        rate = await studio.steps_per_s(count) if looks else 0.0
        text = budget(console, count, done, steps, rate, settle=plan.settle is not None)
        check_size(count, steps, rate, text, yes=yes)
        folder.begin(laid, base, described(studio.painter, plan))
        todo = [point for point in laid.points() if point.key not in folder.done]
        if not todo:
            console.print(f"all {laid.count} points are painted already")
            return
        console.print(text + "; Ctrl-C keeps what is painted so far")
        jobs = [Job(point, folder.file_of(point), steps, plan.settle, plan.start) for point in todo]
        points = {point.key: point for point in todo}
        with progress(console, len(todo), steps, rate) as (on_step, on_done):

            def keep(result: Result, png: bytes) -> None:
                folder.keep(result, png)
                on_done(points[result.key], result.steps, result.total)

            await studio.paint(jobs, on_step, keep)
        disturbed = sum(folder.done[point.key].disturbed for point in todo)
        if disturbed:
            console.print(
                f"while {disturbed} of them were painted, somebody moved something, each time; "
                "the column `disturbed` tells which"
            )


@asynccontextmanager
async def _studio(where: BackendOptions, console: Console) -> AsyncIterator[Any]:
    if where.ray is not None:
        from styletune.sweeps.backends.ray import fleet

        assert where.session is not None
        async with fleet(where.ray, where.session, where.actors, console) as studio:
            yield studio
        return
    if where.local is not None:
        console.print("starting a server of our own …")
        client = private_server(where.local)
    else:
        assert where.url is not None
        client = connect(where.url, token_file=where.token_file)
    async with client as joined, ServerBackend.on(joined) as studio:
        yield studio


def _tell(console: Console, folder: Folder, painted: int) -> None:
    said = f"{points(painted)} painted, {len(folder.done)} in all; see index.html"
    console.print(f"{folder.path}: {said}")
