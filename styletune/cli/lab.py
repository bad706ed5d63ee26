"""`styletune lab`: what each layer of the network sees of two pictures, as a page."""

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command, add_network_options, session_config
from styletune.config import OFFLINE_OPTIMIZER
from styletune.controls import LIVE_OPTIMIZERS
from styletune.errors import ConfigError
from styletune.interrupts import catch_interrupt

if TYPE_CHECKING:
    from threading import Event

    from rich.console import Console

    from styletune.cli.arguments import Subparsers
    from styletune.config import SessionConfig
    from styletune.lab.laboratory import Laboratory
    from styletune.lab.page import LabFolder
    from styletune.lab.report import Report

_INTERRUPTED = 130  # the shell's convention for a program ended by Ctrl-C


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune lab`."""
    parser = add_command(
        subparsers,
        "lab",
        run,
        "Look into each layer: what it sees, and what it paints by itself, as a page.",
        epilog="examples:\n"
        "  styletune lab harbour strokes -o lab\n"
        "  styletune lab me.jpg gogh.jpg -o lab --network vgg19 --size 384\n"
        "  styletune lab me.jpg gogh.jpg -o lab --layers block1_conv1 block3_conv1@2\n"
        "  styletune lab me.jpg gogh.jpg -o lab --optimizer adam --schedule cosine --steps 500\n"
        "Open FOLDER/index.html; it needs no network. Ctrl-C leaves what is done as a whole page.",
    )
    parser.add_argument("content", metavar="CONTENT", help="picture: a file or a sample")
    parser.add_argument("style", metavar="STYLE", help="style picture: a file or a sample")
    parser.add_argument("-o", "--out", required=True, metavar="FOLDER", help="where to write it")
    parser.add_argument(
        "--layers",
        nargs="+",
        metavar="NAME",
        help="layers to look into, such as block3_conv1, or block3_conv1@2 for the picture at half "
        "its size (default: those that the network plays)",
    )
    parser.add_argument(
        "--steps",
        type=int,
        default=200,
        metavar="N",
        help="optimisation steps of each picture that is painted (default 200)",
    )
    parser.add_argument(
        "--optimizer",
        choices=(OFFLINE_OPTIMIZER, *LIVE_OPTIMIZERS),
        default=OFFLINE_OPTIMIZER,
        help=f"what takes the steps (default {OFFLINE_OPTIMIZER})",
    )
    parser.add_argument(
        "--schedule",
        choices=("constant", "cosine", "exponential"),
        help="of the learning rate of adam and gd (default exponential)",
    )
    add_network_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the page as the options say; returns the exit code."""
    if arguments.steps < 1:
        raise ConfigError(f"--steps must be at least 1; received {arguments.steps}")
    arguments.style = [arguments.style]
    session = session_config(arguments, None).with_overrides(
        optimizer={"name": arguments.optimizer, "schedule": arguments.schedule},
        network={"layers": arguments.layers and tuple(arguments.layers)},
    )
    from rich.console import Console

    from styletune.lab.page import LabFolder

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if arguments.schedule and arguments.optimizer == OFFLINE_OPTIMIZER:
        console.print(f"--schedule has no effect: {OFFLINE_OPTIMIZER} has no learning rate")
    folder = LabFolder(Path(arguments.out))
    started = time.perf_counter()
    with catch_interrupt() as interrupted:
        laboratory = _prepare(session, arguments.steps, console)
        report = _begin(session, arguments.steps, laboratory, folder)
        _fill(report, laboratory, arguments.steps, interrupted, console)
        stopped = interrupted.is_set()
    seconds = time.perf_counter() - started
    console.print(
        f"{folder.path / 'index.html'} in {seconds:.1f} s{', stopped' if stopped else ''}"
    )
    return _INTERRUPTED if stopped else 0


def _prepare(session: "SessionConfig", steps: int, console: "Console") -> "Laboratory":
    """Load what computes, and show what it is."""
    with console.status("Loading Keras and building the model …"):
        # Only now: Keras takes seconds, and bad arguments should not wait for it.
        from styletune.engine.imports import fast_import

        with fast_import():
            from styletune.engine import backend
            from styletune.lab.laboratory import Laboratory

            backend.configure(session.engine.device, session.engine.precision)
        laboratory = Laboratory(session, steps)
        painter = laboratory.painter
        console.print(
            f"{session.network.name} ({painter.weights_label}), {backend.backend()}, "
            f"{backend.describe()}, {painter.width} × {painter.height} px"
        )
    with console.status("Compiling and calibrating …"):
        laboratory.calibrate()
    return laboratory


def _begin(
    session: "SessionConfig", steps: int, laboratory: "Laboratory", folder: "LabFolder"
) -> "Report":
    """Begin the page."""
    from styletune.lab.page import Page
    from styletune.lab.report import Report
    from styletune.networks import network_title

    painter, optimizer = laboratory.painter, session.optimizer
    by = optimizer.name
    if by != OFFLINE_OPTIMIZER:
        by += f", learning rate {optimizer.schedule}"
    page = Page(
        network=session.network.name,
        content=Path(session.pictures.content).stem,
        style=Path(session.pictures.styles[0]).stem,
        subtitle=f"What {len(laboratory.layers)} layers of {network_title(session.network.name)} "
        f"see of these two pictures at {painter.width} × {painter.height} px, and what each of "
        f"them paints by itself in {steps} steps ({by}).",
        width=painter.width,
        height=painter.height,
    )
    return Report(laboratory, folder, page)


def _fill(
    report: "Report",
    laboratory: "Laboratory",
    steps: int,
    interrupted: "Event",
    console: "Console",
) -> None:
    """Add all layers, then all reconstructions, until Ctrl-C is pressed, under a progress bar."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    from styletune.lab.laboratory import SOURCES

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    planned = [(layer, term) for layer in laboratory.layers for term in SOURCES]
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("looking", total=len(laboratory.layers))
        for layer in laboratory.layers:
            if interrupted.is_set():
                return
            report.add_layer(layer)
            bar.advance(task)
        bar.remove_task(task)
        task = bar.add_task("painting", total=steps * len(planned))
        for number, (layer, term) in enumerate(planned):
            if interrupted.is_set():
                return
            bar.update(task, description=f"{layer}, {term} alone")
            done = number * steps
            for now in report.reconstruct(term, layer, interrupted.is_set):
                bar.update(task, completed=done + min(now.step, steps))
            bar.update(task, completed=done + steps)
