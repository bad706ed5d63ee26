"""Time to quality: how much sooner the defaults reach the loss of the recipe of 2018.

    python -m benchmarks.quality.time_to_quality [--network vgg19] [--steps 500]

One objective for all: the session's own default terms, calibrated at the full size, as the mean
of the 2n weighted terms plus the smoothness. The recipe (`configs/original.toml`: noise, Keras'
Adam with learning rate 5 and β2 0.999, plain gradients, no clamp) minimises it for --steps steps;
its last loss is the target. `paint` and the live loop then start as they do by default, on the
same objective, and their steps are timed until a loss is at or below the target. Nobody's building
and tracing are counted; a column tells them. Processor time, of all threads, is told beside wall
time, as it hardly depends on what else the machine does.
Everything is reported, nothing asserted. The table goes to stdout.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine
from styletune.cli.paint import DEFAULTS
from styletune.config import DEFAULT_LAYERS, SessionConfig, parse
from styletune.engine.stderr_filter import filter_stderr

TARGETS = {"paint": 10.0, "live": 6.0}
_LOOK = 2  # steps between two looks at the loss
_PAINT_STEPS = 200  # the default of `paint`


@dataclass(frozen=True, slots=True)
class Look:
    """Time since the start without building, in seconds; steps in units of the full size."""

    wall_s: float
    processor_s: float
    steps: float
    loss: float


@dataclass(slots=True)
class Way:
    """One way to paint: the wall time and loss at each look."""

    name: str
    build_s: float = 0.0
    looks: list[Look] = field(default_factory=list)

    def reached(self, target: float) -> Look | None:
        """The first look at which the loss was at or below `target`."""
        return next((look for look in self.looks if look.loss <= target), None)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", choices=("lite", "vgg19"), default="lite")
    parser.add_argument("--weights", metavar="FILE")
    parser.add_argument("--content", default="harbour")
    parser.add_argument("--style", default="strokes")
    parser.add_argument("--size", type=int, default=256, metavar="N", help="longer edge, px")
    parser.add_argument("--steps", type=int, default=500, metavar="N", help="of the recipe")
    parser.add_argument("--brief", action="store_true", help="the ways with a target only")
    arguments = parser.parse_args()
    session = _session(arguments)
    with filter_stderr():
        ways = measure(session, arguments.steps, arguments.brief)
    Console(width=None if sys.stdout.isatty() else 110).print(table(ways, session, arguments.steps))
    return 0


def _session(arguments: argparse.Namespace) -> SessionConfig:
    layers = list(DEFAULT_LAYERS["lite"])  # VGG-19's blocks 1 to 3 have the same
    return parse(
        {
            "network": {
                "name": arguments.network,
                "weights": arguments.weights,
                "layers": layers,
            },
            "pictures": {
                "content": arguments.content,
                "styles": [arguments.style],
                "size": arguments.size,
            },
        },
        "the benchmark",
    )


def measure(session: SessionConfig, steps: int, brief: bool) -> list[Way]:
    """The recipe from noise and from the content, `paint`'s defaults, the live loop's."""
    recipe = {"beta_2": 0.999, "normalize": False, "levels": 1, "schedule": "constant"}
    painting = {"clamp": False, "scales": False}
    # 5 pixel values a step, by the logarithmic fader.
    rate = {"learning_rate": session.table()["learning_rate"].position(5.0), "average": False}
    plain = session.with_overrides(optimizer=recipe, painting=painting, controls=rate)
    ways = [
        _timed("the recipe, from noise", plain.with_overrides(painting={"init": "noise"}), steps, 0)
    ]
    if not brief:
        ways.append(_timed("the recipe, from content", plain, steps, 0))
    enough = min(way.looks[-1].loss for way in ways)
    painted = session.with_overrides(**DEFAULTS)
    flat = {"scales": False}
    others = {
        "paint": painted,
        "live": session.with_overrides(painting=flat),
        "live, plain pixels": session.with_overrides(painting=flat, optimizer={"levels": 1}),
        "live, tinted": session.with_overrides(painting=flat | {"init": "tinted"}),
        "paint --no-scales": painted.with_overrides(painting=flat),
        "paint --init content": painted.with_overrides(painting={"init": "content"}),
        "paint --init noise": painted.with_overrides(painting={"init": "noise"}),
        "paint --optimizer adam": painted.with_overrides(optimizer={"name": "adam"}),
    }
    for name, made in others.items():
        if not brief or name in TARGETS:
            ways.append(_timed(name, made, _PAINT_STEPS, enough))
    return ways


def _timed(name: str, session: SessionConfig, steps: int, enough: float) -> Way:
    """Paint until the loss is `enough`; the clock stops while a scale's painter is built."""
    from styletune.engine import offline as studios
    from styletune.engine import painter as painters

    class Timed(studios.OfflinePainter):
        built_s = 0.0
        built_processor_s = 0.0

        def _build_painter(self, size: int) -> painters.Painter:
            started, busy = time.perf_counter(), time.process_time()
            painter = super()._build_painter(size)
            if painter is not self._full_size:
                painter.loss_and_gradient(painter.pixels())
                painter.reset()
            self.built_s += time.perf_counter() - started
            self.built_processor_s += time.process_time() - busy
            return painter

    way = Way(name)
    studios.CHECK_EVERY = _LOOK
    started = time.perf_counter()
    studio = Timed(session, steps)
    studio.calibrate()  # also traces the step
    first_s = time.perf_counter() - started
    last = studio._full_size
    cost, done = 0.0, 0
    started, busy = time.perf_counter(), time.process_time()
    for now in studio.paint():
        cost += (now.step - done) * now.width * now.height / (last.width * last.height)
        done = now.step
        if studio.painter is last:
            wall_s = time.perf_counter() - started - studio.built_s
            busy_s = time.process_time() - busy - studio.built_processor_s
            way.looks.append(Look(wall_s, busy_s, cost, now.loss))
            if now.loss <= enough:
                break
    way.build_s = first_s + studio.built_s
    return way


def table(ways: list[Way], session: SessionConfig, steps: int) -> Table:
    """One row a way; ratios to the recipe from noise, and from the content."""
    noise = ways[0].looks[-1]
    recipes = [way.looks[-1].loss for way in ways if way.name.startswith("the recipe")]
    pictures = session.pictures
    names = (Path(pictures.content).stem, Path(pictures.styles[0]).stem)
    made = Table(
        title=f"{session.network.name}, {' in '.join(names)}, {pictures.size} px: "
        f"time to the loss of the recipe after {steps} steps, {noise.loss:.4g}",
        caption=f"{machine.processor()}, {machine.cores()} cores\n{machine.versions()}",
        title_justify="left",
        caption_justify="left",
    )
    made.add_column("", no_wrap=True)
    for column in ("build s", "s", "steps", "times faster", "by processor time"):
        made.add_column(column, justify="right")
    made.add_column("to reach")
    if len(recipes) > 1:
        made.add_column(f"steps to {recipes[1]:.4g}", justify="right")
    for way in ways:
        reached, wanted = way.reached(noise.loss), TARGETS.get(way.name)
        cells = ["–"] * 4
        if reached is not None:
            ratio = noise.wall_s / reached.wall_s
            cells = [f"{reached.wall_s:.2f}", f"{reached.steps:.1f}", f"{ratio:.1f} ×"]
            cells.append(f"{noise.processor_s / reached.processor_s:.1f} ×")
            if wanted is not None:
                cells[2] += "  [green]met[/]" if ratio >= wanted else "  [red]missed[/]"
        further = [way.reached(loss) for loss in recipes[1:]]
        made.add_row(
            way.name,
            f"{way.build_s:.1f}",
            *cells,
            "" if wanted is None else f"{wanted:g} ×",
            *("–" if look is None else f"{look.steps:.1f}" for look in further),
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
