"""`styletune render`: a take in; a film, a folder of pictures or the last picture out."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command
from styletune.errors import ConfigError
from styletune.interrupts import catch_interrupt

if TYPE_CHECKING:
    from rich.console import Console

    from styletune.cli.arguments import Subparsers
    from styletune.rendering.render import Render

_INTERRUPTED = 130


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune render`."""
    parser = add_command(
        subparsers,
        "render",
        run,
        "Paint a take again: what was recorded while playing, at any size.",
        epilog="examples:\n"
        "  styletune render 'friday night' -o friday.mp4\n"
        "  styletune render take.jsonl -o large.mp4 --size 1024 --speed 4\n"
        "  styletune render take.jsonl -o print.png --size 2048\n"
        "  styletune render take.jsonl -o pictures/ --fps 10\n"
        "Without --size it is the same pictures, on a processor bit by bit. Ctrl-C keeps what is\n"
        "done, and the same command goes on.",
    )
    parser.add_argument("take", metavar="TAKE", help="a take's name, or a file of one")
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        metavar="OUT",
        help="a film (.mp4, .mov, .mkv, .webm), a folder for pictures, or a picture: the last one",
    )
    parser.add_argument(
        "--size", type=int, metavar="PX", help="longer edge (default: as it was played)"
    )
    parser.add_argument(
        "--fps", type=int, default=25, metavar="N", help="pictures a second, at most (default 25)"
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="times faster (default 1)"
    )
    parser.add_argument(
        "--detail",
        type=int,
        default=2,
        metavar="N",
        help="steps that paint finer strokes into each picture of another size (default 2)",
    )
    parser.add_argument(
        "--network",
        choices=("lite", "vgg16", "vgg19"),
        help="another network than it was played by",
    )
    parser.add_argument("--weights", metavar="FILE", help="weights of the network")
    parser.add_argument(
        "--pictures",
        action="append",
        default=[],
        metavar="FOLDER",
        help="where source pictures lie, if not beside the take; may be given several times",
    )
    parser.add_argument("--device", metavar="NAME", help="such as cpu or gpu:0 (default: the best)")
    parser.add_argument("--data", metavar="FOLDER", help="where takes are kept, as for `serve`")


def run(arguments: argparse.Namespace) -> int:
    """Render as the options say; returns the exit code."""
    from styletune.images.decode import MAX_EDGE_PX, MIN_EDGE_PX

    if arguments.size is not None and not MIN_EDGE_PX <= arguments.size <= MAX_EDGE_PX:
        raise ConfigError(
            f"--size must be in {MIN_EDGE_PX}..{MAX_EDGE_PX}; received {arguments.size}"
        )
    if not 1 <= arguments.fps <= 120:
        raise ConfigError(f"--fps must be in 1..120; received {arguments.fps}")
    if not 0.01 <= arguments.speed <= 1000:
        raise ConfigError(f"--speed must be in 0.01..1000; received {arguments.speed}")
    if not 0 <= arguments.detail <= 100:
        raise ConfigError(f"--detail must be in 0..100; received {arguments.detail}")
    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    take = _locate(arguments.take, arguments.data)
    with console.status("Loading Keras and reading the take …"):
        from styletune.engine.imports import fast_import

        with fast_import():
            from styletune.engine import backend
            from styletune.rendering.render import Render, RenderOptions

            backend.configure(arguments.device or "auto", "float32")
        network = {"name": arguments.network, "weights": arguments.weights}
        given = {key: value for key, value in network.items() if value is not None}
        options = RenderOptions(
            size=arguments.size,
            fps=arguments.fps,
            speed=arguments.speed,
            detail=arguments.detail,
            overrides={"network": given} if given else {},
        )
        render = Render(take, Path(arguments.out), options, list(map(Path, arguments.pictures)))
    console.print(f"{take.stem}: {_describe(render)}")
    console.print(f"{backend.backend()}, {backend.describe()}")
    return _paint(render, Path(arguments.out), console)


def _locate(name: str, data: str | None) -> Path:
    """The take of that name, or the file."""
    from styletune.server.storage import takes_dir
    from styletune.takes.writer import SUFFIX

    path = Path(name)
    if path.exists() or path.suffix == SUFFIX or len(path.parts) > 1:
        return path
    folder = takes_dir(data)
    kept = folder / f"{name}{SUFFIX}"
    if not kept.exists():
        known = ", ".join(sorted(found.stem for found in folder.glob(f"*{SUFFIX}"))[-20:])
        raise ConfigError(
            f"no take `{name}` in {folder}; " + (f"there are: {known}" if known else "it is empty")
        )
    return kept


def _describe(render: "Render") -> str:
    contents = render.contents
    words = f"{_clock(contents.seconds)} long, {contents.frames} pictures, {contents.size} px"
    if not contents.complete:
        words += "; it was cut short"
    if contents.live:
        words += (
            f"; {contents.live} pictures were a learned look's, and are not in a take: the one "
        )
        words += "before stands"
    if render.begun:
        words += f"; going on at {_clock(render.begun)}"
    return words


def _paint(render: "Render", out: Path, console: "Console") -> int:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("rendering"),
        BarColumn(),
        TextColumn("{task.fields[at]}"),
        TimeRemainingColumn(),
    )
    started, last = time.perf_counter(), None
    with Progress(*columns, console=console) as bar, catch_interrupt() as interrupted:
        total = render.contents.seconds
        task = bar.add_task("rendering", total=total, at="")
        for last in render.run(interrupted.is_set):
            at = f"{_clock(last.seconds)} of {_clock(total)}, {last.width} × {last.height} px"
            bar.update(task, completed=last.seconds, at=at)
        stopped = interrupted.is_set()
    if render.unknown:
        console.print(
            f"left out, as this styletune lacks them: {', '.join(sorted(render.unknown))}"
        )
    if stopped:
        console.print("stopped; the same command goes on from here")
        return _INTERRUPTED
    console.print(f"{out} in {time.perf_counter() - started:.1f} s")
    return 0


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
