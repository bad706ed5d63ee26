"""`styletune paint`: a picture and its styles in, one out, without a server.

Runs the engine in this process and shows progress and loss. Ctrl-C keeps what is painted so far.
"""

import argparse
import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.cli.arguments import (
    add_command,
    add_picture_arguments,
    add_session_options,
    session_config,
)
from styletune.config import OFFLINE_OPTIMIZER
from styletune.controls import LIVE_OPTIMIZERS
from styletune.errors import ConfigError
from styletune.interrupts import catch_interrupt

if TYPE_CHECKING:
    from rich.console import Console

    from styletune.cli.arguments import Subparsers
    from styletune.config import SessionConfig
    from styletune.engine.offline import OfflinePainter

# Where no session file says otherwise. No control moves here, so that L-BFGS, which loses its
# memory when one does, may be used; benchmarks.quality.time_to_quality measures the gain.
DEFAULTS: dict[str, dict[str, object]] = {
    "optimizer": {"name": OFFLINE_OPTIMIZER},
    "painting": {"init": "tinted"},
    # What is kept should be free of the last step's grain.
    "controls": {"average": True},
}


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune paint`."""
    parser = add_command(
        subparsers,
        "paint",
        run,
        "Paint one picture and write it to a file.",
        epilog="examples:\n"
        "  styletune paint me.jpg gogh.jpg -o out.png\n"
        "  styletune paint harbour woodcut -o out.png --size 512 --steps 300\n"
        "  styletune paint me.jpg gogh.jpg hokusai.jpg -o out.png\n"
        "  styletune paint me.jpg --session show.toml -o out.png\n"
        "A name such as harbour is one of the sample pictures.",
    )
    add_picture_arguments(parser)
    parser.add_argument("-o", "--out", required=True, metavar="OUT.png", help="where to write it")
    parser.add_argument(
        "--steps", type=int, default=200, metavar="N", help="optimisation steps (default 200)"
    )
    parser.add_argument(
        "--optimizer",
        choices=(OFFLINE_OPTIMIZER, *LIVE_OPTIMIZERS),
        help="what takes the steps (default lbfgs, or the session file's)",
    )
    parser.add_argument(
        "--schedule",
        choices=("constant", "cosine", "exponential"),
        help="of the learning rate of adam and gd (default exponential)",
    )
    parser.add_argument(
        "--no-scales", action="store_true", help="paint at the full size from the start"
    )
    parser.add_argument(
        "--session",
        metavar="SESSION.toml",
        help="settings from a session file, or from a PNG that styletune saved",
    )
    add_session_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Paint as the options say; returns the exit code."""
    from rich.console import Console

    from styletune import memory
    from styletune.looks import choice

    if arguments.steps < 1:
        raise ConfigError(f"--steps must be at least 1; received {arguments.steps}")
    if not arguments.style and arguments.session is None:
        raise ConfigError("name a STYLE to paint in, or a session file that does with --session")
    session = session_config(arguments, arguments.session)
    if arguments.session is None:
        session = session.with_overrides(**DEFAULTS)
    session = session.with_overrides(
        optimizer={"name": arguments.optimizer, "schedule": arguments.schedule},
        painting={"init": arguments.init, "scales": False if arguments.no_scales else None},
    )
    if session.painting.init == "look":
        choice.read_for(session, choice.find(session))  # now: Keras takes seconds
    memory.check_session(session)
    console = Console(stderr=True, highlight=False)
    if arguments.schedule and session.optimizer.name == OFFLINE_OPTIMIZER:
        console.print(f"--schedule has no effect: {OFFLINE_OPTIMIZER} has no learning rate")
    paint(session, Path(arguments.out), arguments.steps, console)
    return 0


def paint(session: "SessionConfig", out: Path, steps: int, console: "Console") -> None:
    """Paint the session's content in its styles and write `out`.

    Args:
        out: `.png` (with the settings inside), `.jpg` or `.webp`; written whole or not at all.
        steps: optimisation steps of all scales together, at least 1.
        console: for people; nothing goes to stdout.

    Raises:
        PictureError: a picture cannot be used, or `out` not be written so.
        StorageError: `out` cannot be written.
        WeightsError: the network's weights are not available.
        WorkerError: the painting diverged and could not be saved.
    """
    from styletune.images import encode  # Pillow, only where it is used

    encode.check_name(out)
    with console.status("Loading Keras and building the model …"):
        # Only now: Keras takes seconds, and bad arguments should not wait for it.
        from styletune.engine.imports import fast_import

        with fast_import():
            from styletune.engine import backend
            from styletune.engine.offline import OfflinePainter
            from styletune.images.png_metadata import describe_session

            backend.configure(session.engine.device, session.engine.precision)
        offline = OfflinePainter(session, steps)
        painter = offline.painter
        console.print(
            f"{session.network.name} ({painter.weights_label}), {backend.backend()}, "
            f"{backend.describe()}, {painter.width} × {painter.height} px"
        )
        console.print(f"{session.optimizer.name}, sizes {', '.join(map(str, offline.scales))}")
        if session.network.name == "lite":
            console.print("`--network vgg19` paints with VGG, where its weights can be had")
    with console.status("Compiling and calibrating …"):
        if session.painting.calibrate:
            offline.calibrate()
    console.print(f"painting {steps} steps; Ctrl-C keeps what is painted so far")
    started = time.perf_counter()
    _run_steps(offline, steps, console)
    state = {
        "controls": session.table().to_json(session.positions()),
        "session": describe_session(session),
        "steps": offline.steps_taken,
        "weights": painter.weights_label,
    }
    encode.write(out, offline.picture(), state)
    seconds = time.perf_counter() - started
    console.print(f"{out}: {offline.steps_taken} steps in {seconds:.1f} s")


def _run_steps(offline: "OfflinePainter", steps: int, console: "Console") -> None:
    """Paint until all steps are done or Ctrl-C is pressed, under a progress bar."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("painting"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4g}"),
        TimeRemainingColumn(),
    )
    with (
        Progress(*columns, console=console) as bar,
        catch_interrupt() as interrupted,
        contextlib.closing(offline.paint(interrupted.is_set)) as progress,
    ):
        task = bar.add_task("painting", total=steps, loss=float("nan"))
        for now in progress:
            bar.update(task, completed=min(now.step, steps), loss=now.loss)
            if interrupted.is_set():
                console.print(f"stopped after {offline.steps_taken} steps")
                break
