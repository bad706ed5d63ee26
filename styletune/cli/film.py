"""`styletune film`: how a painting came about, from the picture before its first step."""

import argparse
import contextlib
import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from styletune.cli.arguments import (
    add_command,
    add_picture_arguments,
    add_session_options,
    session_config,
)
from styletune.config import OFFLINE_OPTIMIZER, SessionConfig
from styletune.control_values import term_amounts, term_weights
from styletune.controls import LIVE_OPTIMIZERS
from styletune.errors import ConfigError
from styletune.interrupts import catch_interrupt
from styletune.networks import NETWORKS, network_title

if TYPE_CHECKING:
    from rich.console import Console

    from styletune.cli.arguments import Subparsers
    from styletune.films.frames import Picture

RECIPE = "gradient-descent-2017"
_RECIPES_NETWORK = "vgg19"
_RECIPES_STEPS, _RECIPES_RATE = 10, 10  # between two frames; frames a second
_FIXED_BY_RECIPE = ("optimizer", "init", "look", "seconds", "fps")
_EACH = "each"
_TOGETHER = "all.mp4"
_SECONDS, _MAX_SECONDS = 10.0, 3600
_FPS, _MAX_FPS = 25, 120
_ENDED = object()
_INTERRUPTED = 130  # the shell's convention for a program ended by Ctrl-C


class Painting(Protocol):
    """What is filmed: an `OfflinePainter`, or a recipe."""

    @property
    def steps_taken(self) -> int:
        """So far."""

    def paint(
        self, should_stop: Callable[[], bool], stops: Collection[int]
    ) -> Generator[object, None, None]:
        """Paint, yielding at each of `stops` or more often."""

    def picture(self) -> "Picture":
        """What is painted."""


@dataclass(frozen=True, slots=True)
class Film:
    """One film: what is painted, what stands below it, and the file or folder that it becomes."""

    out: str
    title: tuple[str, str]
    painting: Painting


@dataclass(frozen=True, slots=True)
class Pace:
    """After which steps a frame is shown, and how many frames a second."""

    stops: Sequence[int]
    rate: int


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune film`."""
    parser = add_command(
        subparsers,
        "film",
        run,
        "Film a painting from its first step.",
        epilog="examples:\n"
        "  styletune film me.jpg gogh.jpg -o film.mp4\n"
        "  styletune film harbour woodcut --layers block2_conv1@2 -o hatching.mp4\n"
        "  styletune film me.jpg gogh.jpg --layers each --optimizer gd -o films/\n"
        "  styletune film me.jpg gogh.jpg --steps 500 --seconds 20 -o frames/\n"
        "  styletune film me.jpg gogh.jpg --recipe gradient-descent-2017 \\\n"
        "    --weights vgg19.h5 --layers block2_conv1 -o plain.mp4\n"
        "The first frame is the picture before the first step. Early steps, which hold the\n"
        "change, are shown one by one, later ones by the same factor from frame to frame.\n"
        "OUT is a film (.mp4, .mov, .mkv, .webm; needs `pip install 'styletune[film]'`) or a\n"
        "folder for PNGs. Ctrl-C leaves a whole film of what is painted so far.",
    )
    add_picture_arguments(parser)
    parser.add_argument(
        "-o",
        "--out",
        required=True,
        metavar="OUT",
        help="film, or folder for PNGs; with --layers each a folder for films",
    )
    parser.add_argument(
        "--layers",
        nargs="+",
        metavar="NAME",
        help="take the style of these layers alone, with nothing that holds the content; `each`: a "
        "film for each layer of the session, and all.mp4 with all of them side by side",
    )
    parser.add_argument(
        "--steps", type=int, default=2000, metavar="N", help="optimisation steps (default 2000)"
    )
    parser.add_argument(
        "--optimizer",
        choices=(OFFLINE_OPTIMIZER, *LIVE_OPTIMIZERS),
        help="what takes the steps (default adam, or the session file's)",
    )
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help=f"how long the film is (default {_SECONDS:g}); less where there are too few steps, "
        "for none is shown twice",
    )
    parser.add_argument(
        "--fps", type=int, metavar="N", help=f"frames a second, 1 to 120 (default {_FPS})"
    )
    parser.add_argument(
        "--recipe",
        choices=(RECIPE,),
        help="paint as published, to the letter: plain steps down the gradient of one layer's Gram "
        "matrix in VGG-19, each 100 long, every tenth a frame at 10 a second",
    )
    parser.add_argument(
        "--session",
        metavar="SESSION.toml",
        help="settings from a session file, or from a PNG that styletune saved",
    )
    add_session_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Paint and film as the options say; returns the exit code."""
    from styletune import memory

    if not arguments.style and arguments.session is None:
        raise ConfigError("name a STYLE to paint in, or a session file that does with --session")
    if arguments.recipe:
        _check_recipe(arguments)
        arguments.network = arguments.network or _RECIPES_NETWORK
    pace = _pace(arguments)
    session = session_config(arguments, arguments.session)
    # At one size throughout: the frames before would be soft, and grow sharp with a jolt.
    session = session.with_overrides(
        optimizer={"name": arguments.optimizer}, painting={"scales": False}
    )
    outs = _outs(arguments, session)
    (first, *others) = outs.values()
    painted = style_session(session, first) if first and not others else session
    memory.check_session(painted, len(outs))

    from rich.console import Console

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    with console.status("Loading Keras and building the models …"):
        # Only now: Keras takes seconds, and bad arguments should not wait for it.
        from styletune.engine.imports import fast_import

        with fast_import():
            from styletune.engine import backend

            backend.configure(session.engine.device, session.engine.precision)
        films = [
            _build(out, layers, session, arguments.recipe, pace.stops[-1])
            for out, layers in outs.items()
        ]
    network = session.network.name
    console.print(f"{network}, {backend.backend()}, {backend.describe()}")
    if arguments.recipe and network != _RECIPES_NETWORK:
        console.print(f"the recipe is {network_title(_RECIPES_NETWORK)}'s; here {network} sees")
    together = str(Path(arguments.out, _TOGETHER)) if arguments.layers == [_EACH] else None
    return _paint(films, together, pace, console)


def _check_recipe(arguments: argparse.Namespace) -> None:
    """Refuse what the recipe itself settles, and more than one layer in a film."""
    for name in _FIXED_BY_RECIPE:
        if getattr(arguments, name) is not None:
            raise ConfigError(f"--recipe {RECIPE} settles that: leave out --{name}")
    if arguments.layers is None or len(arguments.layers) != 1:
        names = NETWORKS[arguments.network or _RECIPES_NETWORK].layers
        raise ConfigError(
            f"--recipe {RECIPE} paints one layer at a time: name it with --layers, one of "
            f"{', '.join(names)}, or `{_EACH}` for a film of each"
        )


def _pace(arguments: argparse.Namespace) -> Pace:
    """The frames that the options ask for."""
    from styletune.films.frames import geometric_steps

    steps: int = arguments.steps
    least = _RECIPES_STEPS if arguments.recipe else 1
    if steps < least:
        raise ConfigError(f"--steps must be at least {least}; received {steps}")
    if arguments.recipe:
        return Pace(range(_RECIPES_STEPS, steps + 1, _RECIPES_STEPS), _RECIPES_RATE)
    rate = _FPS if arguments.fps is None else arguments.fps
    seconds = _SECONDS if arguments.seconds is None else arguments.seconds
    if not 1 <= rate <= _MAX_FPS:
        raise ConfigError(f"--fps must be in 1..{_MAX_FPS}; received {rate}")
    if not 0 < seconds <= _MAX_SECONDS:
        raise ConfigError(f"--seconds must be above 0, at most {_MAX_SECONDS}; received {seconds}")
    return Pace(geometric_steps(steps, max(round(seconds * rate), 2)), rate)


def _outs(arguments: argparse.Namespace, session: SessionConfig) -> dict[str, tuple[str, ...]]:
    """Where each film goes, and the layers whose style it takes; none: as the session has it.

    Raises:
        ConfigError, FilmError: it cannot be written there.
        LayerError: there is no such layer.
    """
    from styletune.films import frames, writer

    layers, out = tuple(dict.fromkeys(arguments.layers or ())), arguments.out
    films: dict[str, tuple[str, ...]]
    if layers == (_EACH,):
        if frames.is_film(out):
            raise ConfigError(
                f"--layers {_EACH} makes several films, and needs a folder for them; "
                f"received -o {out}"
            )
        frames.check_folder(Path(out))
        films = {str(Path(out, f"{name}.mp4")): (name,) for name in session.network.selected_layers}
        writer.find_encoder(Path(out, _TOGETHER))
        return films
    if _EACH in layers:
        raise ConfigError(f"--layers takes names, or `{_EACH}` alone; received {' '.join(layers)}")
    NETWORKS[session.network.name].order(layers)
    frames.check_out(out)
    return {out: layers}


def style_session(session: SessionConfig, layers: Sequence[str]) -> SessionConfig:
    """The session with the style of these layers alone: the content is where it begins, no more.

    Raises:
        LayerError: there is no such layer.
        ConfigError: they are more than a session may have.
    """
    table, positions = session.table(), session.positions()
    controls = {name: at for name, at in session.controls.items() if table[name].layer is None}
    controls |= {f"content.{layer}": 0.0 for layer in layers}
    faders = (f"style.{layer}" for layer in layers)
    controls |= {name: positions[name] for name in faders if name in positions}
    bare = session.model_copy(update={"controls": {}})
    return bare.with_overrides(network={"layers": tuple(layers)}, controls=controls)


def title(session: SessionConfig) -> tuple[str, str]:
    """The layers whose style a session takes, and how much of it."""
    table, positions = session.table(), session.positions()
    weights = term_weights(table, positions, "style")
    amounts = term_amounts(table, positions, "style")
    rows = zip(table.layers, weights, amounts, strict=True)
    taken = {layer: (weight, amount) for layer, weight, amount in rows if weight}
    if not taken:
        return "no style", ""
    weights, amounts = zip(*taken.values(), strict=True)
    note = _figures("weight", weights)
    if any(round(amount, 2) != 1 for amount in amounts):
        note += ", " + _figures("amount", amounts)
    return " + ".join(taken) if len(taken) <= 2 else f"{len(taken)} layers", note


def _figures(word: str, values: Sequence[float]) -> str:
    least, most = (f"{value:.2f}" for value in (min(values), max(values)))
    if least != most:
        return f"{word}s {least} to {most}"
    return f"{word} {most} each" if len(values) > 1 else f"{word} {most}"


def _build(
    out: str, layers: tuple[str, ...], session: SessionConfig, recipe: str | None, steps: int
) -> Film:
    """Build the model of a film; its painting stands before the first step."""
    from styletune.engine import recipes
    from styletune.engine.offline import OfflinePainter

    if recipe:
        plain = recipes.gradient_descent_2017(session, *layers)
        return Film(out, title(plain), recipes.GradientDescent2017.of(plain))
    if layers:
        session = style_session(session, layers)
    offline = OfflinePainter(session, steps)
    if session.painting.calibrate:
        offline.calibrate()
    return Film(out, title(session), offline)


def _paint(films: Sequence[Film], together: str | None, pace: Pace, console: "Console") -> int:
    """Paint all films side by side, so that Ctrl-C leaves each as long as the others."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn("step"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    last, started, frames = pace.stops[-1], time.perf_counter(), 0
    several = f" of {len(films)} films" if len(films) > 1 else ""
    console.print(f"painting {last} steps{several}; Ctrl-C keeps what is painted so far")
    with Progress(*columns, console=console) as bar, catch_interrupt() as interrupted:
        task = bar.add_task("painting", total=last)
        with contextlib.closing(write_films(films, together, pace, interrupted.is_set)) as written:
            for step in written:
                frames += 1
                bar.update(task, completed=min(step, last))
        stopped = interrupted.is_set()
    place = Path(together).parent if together else films[0].out
    console.print(
        f"{place}: {frames} frames{' each' if several else ''}, {frames / pace.rate:.1f} s, "
        f"painted in {time.perf_counter() - started:.1f} s{', stopped' if stopped else ''}"
    )
    return _INTERRUPTED if stopped else 0


def write_films(
    films: Sequence[Film], together: str | None, pace: Pace, should_stop: Callable[[], bool]
) -> Generator[int, None, None]:
    """Paint films of one size side by side and write them; they are there once this has ended.

    Args:
        together: a film of all of them side by side, if there shall be one.
        should_stop: called between steps; True ends all films with the frames so far.

    Yields:
        The step of the frame that was written.

    Raises:
        StorageError: one cannot be written; what was there is untouched, of all of them.
        WorkerError: a painting diverged again and again.
    """
    from styletune.films.frames import make_folder, write_frames
    from styletune.films.titles import Titles, grid

    if together:
        make_folder(Path(together).parent)
    titles: Titles | None = None
    with contextlib.ExitStack() as stack:
        writers = [stack.enter_context(write_frames(film.out, pace.rate)) for film in films]
        all_writer = stack.enter_context(write_frames(together, pace.rate)) if together else None
        rounds = [
            stack.enter_context(contextlib.closing(_pictures(film.painting, pace, should_stop)))
            for film in films
        ]
        for pictures in zip(*rounds, strict=False):
            if titles is None:
                height, width, _ = pictures[0].shape
                titles = Titles(width, height, [film.title for film in films], pace.stops[-1])
            steps = [film.painting.steps_taken for film in films]
            frames = [titles.below(*row) for row in zip(count(), pictures, steps)]
            for writer, frame in zip(writers, frames, strict=True):
                writer(frame)
            if all_writer:
                all_writer(grid(frames))
            yield steps[0]


def _opaque(picture: "Picture") -> "Picture":
    """Films have no transparency: over white, as in a JPEG."""
    import numpy as np
    from PIL import Image

    from styletune.images.transparency import over_white

    return picture if picture.shape[2] == 3 else np.asarray(over_white(Image.fromarray(picture)))


def _pictures(
    painting: Painting, pace: Pace, should_stop: Callable[[], bool]
) -> "Generator[Picture, None, None]":
    """The picture before the first step, and after so many each; a resting one stands still."""
    yield _opaque(painting.picture())
    with contextlib.closing(painting.paint(should_stop, pace.stops)) as progress:
        for stop in pace.stops:
            while painting.steps_taken < stop and next(progress, _ENDED) is not _ENDED:
                if should_stop():
                    return
            yield _opaque(painting.picture())
