"""`styletune apply`: files through a look, as fast as the machine paints them."""

import argparse
import contextlib
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command, session_config
from styletune.errors import ConfigError, FilmError, PictureError
from styletune.interrupts import catch_interrupt

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from styletune.cli.arguments import Subparsers
    from styletune.controls import ControlTable
    from styletune.looks.apply import FilePainter, Job
    from styletune.looks.file import Look
    from styletune.looks.runner import LookRunner

_INTERRUPTED = 130  # the shell's convention for a program ended by Ctrl-C


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune apply`."""
    parser = add_command(
        subparsers,
        "apply",
        run,
        "Paint pictures and films with a look: quickly, without a server.",
        epilog="examples:\n"
        "  styletune apply strokes me.jpg -o out.png\n"
        "  styletune apply gogh.keras photos/ -o painted/\n"
        "  styletune apply gogh.keras holiday.mov -o holiday.mp4 --size 512\n"
        "  styletune apply gogh.keras me.jpg -o out.png --set style.block3_conv1=0.8\n"
        "A look that ships goes by its name; `styletune train` teaches others. Films become\n"
        ".mp4, .mov, .mkv or .webm, with their sound (needs `pip install 'styletune[film]'`).\n"
        "Ctrl-C leaves what is done so far.",
    )
    parser.add_argument("look", metavar="LOOK", help="a look's file, or the name of one that ships")
    parser.add_argument(
        "input",
        metavar="INPUT",
        nargs="+",
        help="to paint: pictures, films, folders of both, or samples",
    )
    parser.add_argument(
        "-o", "--out", required=True, metavar="OUT", help="file, or folder for several"
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="CONTROL=VALUE",
        help="move a control, such as style.block3_conv1=0.8; may be repeated",
    )
    parser.add_argument(
        "--scene",
        metavar="FILE",
        help="controls as in this session file, or PNG that styletune saved, where the look has "
        "the same",
    )
    parser.add_argument(
        "--size", type=int, metavar="PX", help="longer edge of the result (default: the input's)"
    )
    parser.add_argument(
        "--quality",
        type=int,
        default=95,
        metavar="Q",
        help="of JPEG, WebP and films, 1 to 100 (default 95)",
    )
    parser.add_argument(
        "--backend",
        choices=("auto", "onnx", "keras"),
        default="auto",
        help="what computes: ONNX Runtime (default, where it is installed) or Keras",
    )
    parser.add_argument(
        "--max-megapixels",
        type=int,
        metavar="N",
        help="megapixels that a picture may have (default 50)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Paint as the options say; returns the exit code."""
    if not 1 <= arguments.quality <= 100:
        raise ConfigError(f"--quality must be in 1..100; received {arguments.quality}")
    # Only now: NumPy and Pillow take their time, and other commands start without.
    from rich.console import Console

    from styletune.images.decode import MIN_EDGE_PX
    from styletune.looks import apply, file

    if arguments.size is not None and arguments.size < MIN_EDGE_PX:
        raise ConfigError(f"--size must be at least {MIN_EDGE_PX}; received {arguments.size}")
    max_pixels = session_config(
        argparse.Namespace(max_megapixels=arguments.max_megapixels), None
    ).pictures.max_pixels
    jobs = apply.plan(arguments.input, arguments.out)
    look = file.read(file.locate(arguments.look))
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    moved = _moved_controls(arguments, look.table(), console)
    runner = _start(look, arguments.backend, console)
    painter = apply.FilePainter(
        runner,
        moved,
        size_px=arguments.size,
        quality=arguments.quality,
        max_pixels=max_pixels,
    )
    return _paint(jobs, painter, console)


def _moved_controls(
    arguments: argparse.Namespace, table: "ControlTable", console: "Console"
) -> dict[str, float]:
    """Positions that `--scene` and over them `--set` choose."""
    from styletune.images.png_metadata import EmbeddedState, describe_session
    from styletune.looks.apply import is_input, parse_setting

    moved: dict[str, float] = {}
    if arguments.scene:
        scene = session_config(argparse.Namespace(), arguments.scene)
        state = EmbeddedState(
            controls=scene.table().to_json(scene.positions()), session=describe_session(scene)
        )
        controls = state.controls_for(table)
        moved = table.check({name: at for name, at in controls.items() if name in table})
    for text in arguments.set:
        name, position = parse_setting(table, text)
        moved[name] = position
        if not is_input(table[name]):
            console.print(f"without effect on a look: {name}")
    return moved


def _start(look: "Look", backend: str, console: "Console") -> "LookRunner":
    """Load what computes, and show what it is."""
    from styletune.looks.runner import LookRunner, choose_backend

    if choose_backend(backend) == "onnx":
        runner, device = LookRunner(look, "onnx"), "CPU"
    else:
        with console.status("Loading Keras …"):
            from styletune.engine.imports import fast_import

            with fast_import():
                from styletune.engine import backend as engine

                engine.configure("auto", "float32")
            runner, device = LookRunner(look, "keras"), engine.describe()
    styles = ", ".join(look.info.styles)
    console.print(f"look {look.name} (styles: {styles}), {runner.label}, {device}")
    return runner


def _paint(jobs: "list[Job]", painter: "FilePainter", console: "Console") -> int:
    """Paint one after the other; of several, one that fails does not stop the rest."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:.1f} pictures/s"),
        TimeRemainingColumn(),
    )
    started, tried, whole = time.perf_counter(), 0, 0
    with Progress(*columns, console=console) as bar, catch_interrupt() as interrupted:
        task = bar.add_task("painting", total=len(jobs), rate=0.0, visible=not jobs[0].film)
        for job in jobs:
            if interrupted.is_set():
                break
            try:
                if job.film:
                    problem = _paint_film(job, painter, bar, interrupted.is_set)
                else:
                    painter.paint_picture(job)
                    problem = None
            except (FilmError, PictureError) as error:
                if len(jobs) == 1:
                    raise
                problem = str(error)
            if problem:
                console.print(f"styletune: {problem}")
            tried, whole = tried + 1, whole + (problem is None)
            rate = tried / (time.perf_counter() - started)
            bar.update(task, advance=1, rate=rate, visible=len(jobs) > 1 or not job.film)
        stopped = interrupted.is_set()
    seconds = time.perf_counter() - started
    place = jobs[0].out if len(jobs) == 1 else f"{jobs[0].out.parent}: {whole} of {len(jobs)}"
    console.print(f"{place} in {seconds:.1f} s{', stopped' if stopped else ''}")
    if stopped:
        return _INTERRUPTED
    return 0 if whole == len(jobs) else 1


def _paint_film(
    job: "Job", painter: "FilePainter", bar: "Progress", stopped: Callable[[], bool]
) -> str | None:
    """Paint a film under a bar of its own; what was wrong with it, in words."""
    film = painter.open_film(job.source)
    started = time.perf_counter()
    task = bar.add_task(job.source.name, total=film.frame_count, rate=0.0)
    with contextlib.closing(painter.paint_film(film, job.out, stopped)) as frames:
        for count, writer in enumerate(frames, start=1):
            if count == 1:
                size = f"{film.width} × {film.height} px"
                words = ", ".join(filter(None, (size, writer.encoder, writer.sound)))
                bar.console.print(f"{job.source.name}: {words}")
            bar.update(task, completed=count, rate=count / (time.perf_counter() - started))
    if not stopped():
        bar.update(task, total=bar.tasks[task].completed)
    return f"{job.source}: {film.problem}; the rest is painted" if film.problem else None
