"""Step response of a fader: one content fader × 100 and × 0.01, by each kind of optimizer.

    python -m benchmarks.quality.step_response [--size 128] [--calm 300] [--rate 6.75]

The painting runs for --calm steps, then one content fader (the deepest of the default ones, at
weight 1) moves to 100 or to 0.01. Counted are the steps until the raw loss of its term has gone
90 % of the way to where it is at the end (the settling time), and the largest mean change of a
pixel in one step (the jolt). Nothing is asserted.
"""

import argparse
import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.common import report
from styletune.config import SessionConfig, parse
from styletune.engine.stderr_filter import filter_stderr

TARGET_STEPS = 30
TARGET_PEAK = 2.0  # mean change of a pixel value in one step: below, no jump is visible
SETTLED = 0.9
OPTIMIZERS: dict[str, dict[str, object]] = {
    "three levels, β2 .99 (default)": {},
    "two levels": {"levels": 2},
    "four levels": {"levels": 4},
    "pixels, β2 .99": {"levels": 1},
    "pixels, β2 .999": {"levels": 1, "beta_2": 0.999},
    "pixels, β2 .97": {"levels": 1, "beta_2": 0.97},
    "not normalised, β2 .99": {"levels": 1, "normalize": False},
    "not normalised, β2 .999": {"levels": 1, "normalize": False, "beta_2": 0.999},
    "gradient descent": {"name": "gd"},
}
MOVES = {"× 100": 100.0, "× 0.01": 0.0101}  # a fader at its lowest is off
_LAYER = "block3_conv1"
_END = 40  # steps at the end, whose median is where it has settled


@dataclass(frozen=True, slots=True)
class StepResponse:
    """Steps to 90 % of the way, and the largest mean change of a pixel in one step.

    Attributes:
        total_steps: the same as `steps` for the loss of all terms.
    """

    steps: int
    peak: float
    total_steps: int = 0


def step_response(
    losses: npt.ArrayLike, moves: npt.ArrayLike, totals: npt.ArrayLike | None = None
) -> StepResponse:
    """Measure the response to one move.

    Args:
        losses: raw, of the moved term: before the move, then after each step.
        moves: mean absolute change of a pixel in each of those steps.
        totals: the loss of all terms, likewise.

    >>> step_response([10, 5, 0.5, 0, 0, 0], [3, 2, 1, 0, 0])
    StepResponse(steps=2, peak=3.0, total_steps=0)
    """
    total = 0 if totals is None else _settling_steps(totals)
    return StepResponse(_settling_steps(losses), float(np.max(moves)), total)


def _settling_steps(losses: npt.ArrayLike) -> int:
    """Steps to 90 % of the way from the first value to the median of the last."""
    values = np.asarray(losses, np.float64)
    end = np.median(values[-min(_END, values.size // 2) :])
    way = (values - values[0]) / (end - values[0])
    return int(np.argmax(way >= SETTLED))


def main() -> int:
    """Measure and print."""
    parser = report.new_parser("quality.step_response", __doc__)
    parser.add_argument("--size", type=int, default=128, metavar="N", help="longer edge, px")
    parser.add_argument("--calm", type=int, default=300, metavar="N", help="steps before the move")
    parser.add_argument("--after", type=int, default=300, metavar="N", help="steps after it")
    parser.add_argument("--rate", type=float, default=6.75, help="pixel values a step")
    arguments = parser.parse_args()
    found = {}
    with filter_stderr():
        for name, optimizer in OPTIMIZERS.items():
            session = _session(optimizer, arguments.size, arguments.rate)
            found[name] = measure(session, arguments.calm, arguments.after)
    print_table(found, arguments)
    return 0


def _session(optimizer: dict[str, object], size: int, rate: float) -> SessionConfig:
    session = parse({"pictures": {"size": size}, "optimizer": optimizer}, "the benchmark")
    table = session.table()
    controls = {
        f"content.{_LAYER}": table[f"content.{_LAYER}"].position(1.0),
        "learning_rate": table["learning_rate"].position(rate),
        "optimizer": str(optimizer.get("name", "adam")),
    }
    return session.with_overrides(controls=controls)


def measure(session: SessionConfig, calm: int, after: int) -> dict[str, StepResponse]:
    """Both moves, each from the same calm painting."""
    from styletune.engine.canvas import Canvas

    positions = session.positions()
    painter = Canvas(session, positions, session.pictures.size).build_painter()
    painter.calibrate()
    painter.reset()
    painter.run(calm)
    state, fader = painter.state(), f"content.{_LAYER}"
    index = painter.layers.index(_LAYER)
    results = {}
    for name, weight in MOVES.items():
        painter.restore(state)
        painter.apply(positions | {fader: painter.inputs.table[fader].position(weight)})
        losses, totals, moves, before = [], [], [], painter.pixels()
        for _ in range(after):
            painter.run(1)  # its table is of the picture before the step
            losses.append(painter.losses().raw["content"][index])
            totals.append(painter.losses().total)
            now = painter.pixels()
            moves.append(float(np.abs(now - before).mean()))
            before = now
        results[name] = step_response(losses, moves, totals)
    return results


def print_table(found: dict[str, dict[str, StepResponse]], arguments: argparse.Namespace) -> None:
    """One row a treatment, two columns a move."""
    headings = [
        heading
        for move in MOVES
        for heading in (
            f"{move}: steps to {SETTLED:.0%}",
            "largest step, px values",
            "of all terms",
        )
    ]
    made = report.new_table(
        f"lite, {arguments.size} px, learning rate {arguments.rate:g}, content.{_LAYER}",
        ("", *headings),
    )
    for name, results in found.items():
        cells = []
        for result in results.values():
            cells += [
                f"{result.steps} {report.met(result.steps, TARGET_STEPS)}",
                f"{result.peak:.2f} {report.met(result.peak, TARGET_PEAK)}",
                str(result.total_steps),
            ]
        made.add_row(name, *cells)
    made.add_row("[dim]to reach[/]", *(f"≤ {TARGET_STEPS}", f"≤ {TARGET_PEAK:g}", "") * len(MOVES))
    report.print_table(made)


if __name__ == "__main__":
    sys.exit(main())
