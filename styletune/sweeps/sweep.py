"""`styletune sweep`: a plan in, a folder of results out, on whatever paints.

Reads the plan, opens the folder and the studio, says what it will cost, paints what is not done
yet, and lays out what there is, also after Ctrl-C or a failure.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from styletune.client import connect
from styletune.config import SessionConfig
from styletune.errors import ConfigError
from styletune.sweeps import show
from styletune.sweeps.exhibition import described, lay_out
from styletune.sweeps.folder import Folder
from styletune.sweeps.local import private_server
from styletune.sweeps.plan import Sweep, load
from styletune.sweeps.points import layout
from styletune.sweeps.result import Result
from styletune.sweeps.studio import Job, ServerStudio


@dataclass(frozen=True, slots=True)
class Where:
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


def sweep(file: Path, out: Path, where: Where, console: Console, *, yes: bool = False) -> int:
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
            lay_out(plan, folder)
            _tell(console, folder, len(folder.done) - painted_before)
            console.print("the same command goes on from there")
        raise
    lay_out(plan, folder)
    _tell(console, folder, len(folder.done) - painted_before)
    return 0


async def _sweep(plan: Sweep, folder: Folder, where: Where, console: Console, *, yes: bool) -> None:
    async with _studio(where, console) as studio:
        base = folder.base or await studio.base(plan)
        laid = layout(plan, studio.table, base)
        done, steps = len(folder.done), plan.steps
        count = laid.count - done
        looks = count and (yes or laid.count <= show.MANY_POINTS)
        rate = await studio.steps_per_s(count) if looks else 0.0
        text = show.budget(console, count, done, steps, rate, settle=plan.settle is not None)
        show.check_size(count, steps, rate, text, yes=yes)
        folder.begin(laid, base, described(studio.painter, plan))
        todo = [point for point in laid.points() if point.key not in folder.done]
        if not todo:
            console.print(f"all {laid.count} points are painted already")
            return
        console.print(text + "; Ctrl-C keeps what is painted so far")
        jobs = [Job(point, folder.file_of(point), steps, plan.settle, plan.start) for point in todo]
        points = {point.key: point for point in todo}
        with show.progress(console, len(todo), steps, rate) as (on_step, on_done):

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
async def _studio(where: Where, console: Console) -> AsyncIterator[Any]:
    if where.ray is not None:
        from styletune.sweeps.fleet import fleet

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
    async with client as joined, ServerStudio.on(joined) as studio:
        yield studio


def _tell(console: Console, folder: Folder, painted: int) -> None:
    said = f"{show.points(painted)} painted, {len(folder.done)} in all; see index.html"
    console.print(f"{folder.path}: {said}")
