"""Time to quality: how much sooner the defaults reach the loss of the recipe of 2018.

    python -m benchmarks.quality.time_to_quality [--network vgg19] [--steps 500]

One objective for all: the session's own default terms, calibrated at the full size, as the mean
of the 2n weighted terms plus the smoothness. The recipe (`configs/original.toml`: noise, Keras'
Adam with learning rate 5 and β2 0.999, plain gradients, no clamp) minimises it for --steps steps;
its last loss is the target. `paint` and the live loop then start as they do by default, on the
same objective, and their steps are timed until a loss is at or below the target. Building and
tracing do not count; a column shows them. Beside wall time stands the processor time of all
threads, which hardly depends on what else the machine does. Nothing is asserted.
"""

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from benchmarks.common import report
from styletune.cli.paint import DEFAULTS
from styletune.config import SessionConfig, parse
from styletune.engine.stderr_filter import filter_stderr
from styletune.networks import NETWORKS

TARGETS = {"paint": 10.0, "live": 6.0}
_CHECK_EVERY = 2  # steps between two checks of the loss
_PAINT_STEPS = 200  # the default of `paint`


@dataclass(frozen=True, slots=True)
class Check:
    """Time since the start without building, in seconds; steps in units of the full size."""

    wall_s: float
    processor_s: float
    steps: float
    loss: float


@dataclass(slots=True)
class Method:
    """One method to paint: the wall time and loss at each check."""

    name: str
    build_s: float = 0.0
    checks: list[Check] = field(default_factory=list)

    def reached(self, target: float) -> Check | None:
        """The first check at which the loss was at or below `target`."""
        return next((check for check in self.checks if check.loss <= target), None)


def main() -> int:
    """Measure and print."""
    parser = report.new_parser("quality.time_to_quality", __doc__)
    parser.add_argument("--network", choices=("lite", "vgg19"), default="lite")
    parser.add_argument("--weights", metavar="FILE")
    parser.add_argument("--content", default="harbour")
    parser.add_argument("--style", default="strokes")
    parser.add_argument("--size", type=int, default=256, metavar="N", help="longer edge, px")
    parser.add_argument("--steps", type=int, default=500, metavar="N", help="of the recipe")
    parser.add_argument("--brief", action="store_true", help="only the methods with a target")
    arguments = parser.parse_args()
    session = _session(arguments)
    with filter_stderr():
        methods = measure(session, arguments.steps, arguments.brief)
    report.print_table(table(methods, session, arguments.steps))
    return 0


def _session(arguments: argparse.Namespace) -> SessionConfig:
    layers = list(NETWORKS["lite"].default_layers)  # VGG-19's blocks 1 to 3 have the same
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


def measure(session: SessionConfig, steps: int, brief: bool) -> list[Method]:
    """The recipe from noise and from the content, `paint`'s defaults, the live loop's."""
    recipe = {"beta_2": 0.999, "normalize": False, "levels": 1, "schedule": "constant"}
    painting = {"clamp": False, "scales": False}
    # 5 pixel values a step, by the logarithmic fader.
    rate = {"learning_rate": session.table()["learning_rate"].position(5.0), "average": False}
    plain = session.with_overrides(optimizer=recipe, painting=painting, controls=rate)
    methods = [
        _timed("the recipe, from noise", plain.with_overrides(painting={"init": "noise"}), steps, 0)
    ]
    if not brief:
        methods.append(_timed("the recipe, from content", plain, steps, 0))
    enough = min(method.checks[-1].loss for method in methods)
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
            methods.append(_timed(name, made, _PAINT_STEPS, enough))
    return methods


def _timed(name: str, session: SessionConfig, steps: int, enough: float) -> Method:
    """Paint until the loss is `enough`; the clock stops while a scale's painter is built."""
    from styletune.engine import offline as offline
    from styletune.engine import painter as painters

    class Timed(offline.OfflinePainter):
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

    method = Method(name)
    offline.CHECK_EVERY = _CHECK_EVERY
    started = time.perf_counter()
    painting = Timed(session, steps)
    painting.calibrate()  # also traces the step
    first_s = time.perf_counter() - started
    last = painting._full_size
    cost, done = 0.0, 0
    started, busy = time.perf_counter(), time.process_time()
    for now in painting.paint():
        cost += (now.step - done) * now.width * now.height / (last.width * last.height)
        done = now.step
        if painting.painter is last:
            wall_s = time.perf_counter() - started - painting.built_s
            busy_s = time.process_time() - busy - painting.built_processor_s
            method.checks.append(Check(wall_s, busy_s, cost, now.loss))
            if now.loss <= enough:
                break
    method.build_s = first_s + painting.built_s
    return method


def table(methods: list[Method], session: SessionConfig, steps: int) -> Table:
    """One row a method; ratios to the recipe from noise, and from the content."""
    noise = methods[0].checks[-1]
    recipes = [method.checks[-1].loss for method in methods if method.name.startswith("the recipe")]
    pictures = session.pictures
    names = (Path(pictures.content).stem, Path(pictures.styles[0]).stem)
    further = [f"steps to {loss:.4g}" for loss in recipes[1:]]
    made = report.new_table(
        f"{session.network.name}, {' in '.join(names)}, {pictures.size} px: "
        f"time to the loss of the recipe after {steps} steps, {noise.loss:.4g}",
        ("", "build s", "s", "steps", "times faster", "by processor time", "to reach", *further),
    )
    for method in methods:
        reached, target = method.reached(noise.loss), TARGETS.get(method.name)
        cells = ["–"] * 4
        if reached is not None:
            ratio = noise.wall_s / reached.wall_s
            cells = [f"{reached.wall_s:.2f}", f"{reached.steps:.1f}", f"{ratio:.1f} ×"]
            cells.append(f"{noise.processor_s / reached.processor_s:.1f} ×")
            if target is not None:
                cells[2] += f"  {report.met(ratio, target, at_least=True)}"
        made.add_row(
            method.name,
            f"{method.build_s:.1f}",
            *cells,
            "" if target is None else f"{target:g} ×",
            *(
                "–" if check is None else f"{check.steps:.1f}"
                for check in map(method.reached, recipes[1:])
            ),
        )
    return made


if __name__ == "__main__":
    sys.exit(main())
