"""`styletune sweep`: a sweep file in, a folder of results out, on whatever paints.

What is done already is not painted again, and the report is written also after Ctrl-C.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from styletune.client import connect
from styletune.config import SessionConfig
from styletune.errors import ConfigError
from styletune.sweeps.backends.server import Backend, Job, ServerBackend, private_server
from styletune.sweeps.console import (
    MANY_POINTS,
    check_size,
    describe_work,
    format_points,
    progress,
)
from styletune.sweeps.points import lay_out
from styletune.sweeps.report.figures import require_matplotlib
from styletune.sweeps.report.html import write_report
from styletune.sweeps.results import Result, ResultsFolder
from styletune.sweeps.spec import SweepSpec, load


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
    file: Path, out: Path, options: BackendOptions, console: Console, *, yes: bool = False
) -> int:
    """Paint the sweep of a file into a folder; returns the exit code.

    Raises:
        ConfigError: the file is not valid, or not for this server; or there is no matplotlib.
        SweepError: the folder holds something else, or cannot be written.
        UnreachableError, RefusedError, WorkerError: the server.
        KeyboardInterrupt: all that was painted is kept.
    """
    require_matplotlib()
    spec = load(file)
    folder = ResultsFolder(out, spec)
    done_before = len(folder.done)
    try:
        asyncio.run(_paint(spec, folder, options, console, yes=yes))
    except BaseException as error:
        if folder.done and not isinstance(error, ConfigError):
            write_report(spec, folder)
            _print_summary(console, folder, len(folder.done) - done_before)
            console.print("the same command goes on from there")
        raise
    write_report(spec, folder)
    _print_summary(console, folder, len(folder.done) - done_before)
    return 0


async def _paint(
    spec: SweepSpec, folder: ResultsFolder, options: BackendOptions, console: Console, *, yes: bool
) -> None:
    """Paint all points that are not done."""
    async with _open_backend(options, console) as backend:
        base = folder.base or await backend.base(spec)
        layout = lay_out(spec, backend.table, base)
        done, steps = len(folder.done), spec.steps
        count = layout.count - done
        measure = count and (yes or layout.count <= MANY_POINTS)
        rate = await backend.steps_per_s(count) if measure else 0.0
        work = describe_work(count, done, steps, rate, settle=spec.settle is not None)
        check_size(count, steps, rate, work, yes=yes)
        folder.start(layout, base, _fixed(backend.painter, spec))
        todo = [point for point in layout.points() if point.key not in folder.done]
        if not todo:
            console.print(f"all {layout.count} points are painted already")
            return
        console.print(work + "; Ctrl-C keeps what is painted so far")
        jobs = [Job(point, folder.file_of(point), steps, spec.settle, spec.start) for point in todo]
        points = {point.key: point for point in todo}
        with progress(console, len(todo), steps, rate) as (on_step, on_done):

            def on_result(result: Result, png: bytes) -> None:
                folder.add(result, png)
                on_done(points[result.key], result.steps, result.total)

            await backend.paint(jobs, on_step, on_result)
        disturbed = sum(folder.done[point.key].disturbed for point in todo)
        if disturbed:
            console.print(
                f"while {disturbed} of them were painted, somebody moved something, each time; "
                "the column `disturbed` tells which"
            )


@asynccontextmanager
async def _open_backend(options: BackendOptions, console: Console) -> AsyncIterator[Backend]:
    if options.ray is not None:
        from styletune.sweeps.backends.ray import open_ray

        assert options.session is not None
        async with open_ray(options.ray, options.session, options.actors, console) as backend:
            yield backend
        return
    if options.local is not None:
        console.print("starting a server of our own …")
        connection = private_server(options.local)
    else:
        assert options.url is not None
        connection = connect(options.url, token_file=options.token_file)
    async with connection as client, ServerBackend.open(client) as server:
        yield server


def _fixed(painter: Mapping[str, Any], spec: SweepSpec) -> dict[str, Any]:
    """What paints, without the pictures and the size that the sweep itself changes."""
    fixed = dict(painter) | {name: None for name in ("content", "size") if name in spec.swept}
    fixed["styles"] = [
        None if f"style {number}" in spec.swept else name
        for number, name in enumerate(painter["styles"], 1)
    ]
    return fixed


def _print_summary(console: Console, folder: ResultsFolder, painted: int) -> None:
    total = f"{format_points(painted)} painted, {len(folder.done)} in all"
    console.print(f"{folder.path}: {total}; see index.html")
