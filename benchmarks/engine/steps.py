"""One step of `lite`, of `vgg16`, and of `vgg16` with only blocks 1 and 2 at work, in turns.

    python -m benchmarks.engine.steps [--size 256] [--rounds 12]

Beside them steps of `lite` of which several are taken in one launch (`steps_per_execution`), and
steps before each of which all of its faders have moved. VGG-16's filters are seeded-random unless
--weights names a file: the arithmetic is the same.
"""

import functools
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from benchmarks.common import inputs, report
from benchmarks.common.turns import Turns, take_turns
from styletune.config import parse
from styletune.engine.stderr_filter import filter_stderr
from styletune.images import decode
from styletune.networks import NETWORKS

if TYPE_CHECKING:
    from styletune.engine.painter import Painter

_SHALLOW = "vgg16, blocks 1 and 2"
_CHUNK, _CHUNKED = 8, "lite, 8 steps a launch"
_MOVED = "lite, all faders moved at each step"
# Launches of each a round: about as long for all.
_LAUNCHES = {"lite": 24, _MOVED: 24, _CHUNKED: 24 // _CHUNK, "vgg16": 2, _SHALLOW: 4}
# A variant, its reference, and what their ratio should be.
_RATIOS = (
    ("vgg16", "lite", "≥ 12"),
    (_SHALLOW, "vgg16", "≤ 0.5"),
    (_CHUNKED, "lite", "below 1: worth it"),
    (_MOVED, "lite", "≤ 1.05"),
)


def main() -> int:
    """Measure and print the table."""
    parser = report.new_parser("engine.steps", __doc__)
    parser.add_argument("--size", type=int, default=256, metavar="N", help="both edges, px")
    parser.add_argument("--rounds", type=int, default=12, metavar="N", help="turns of each")
    parser.add_argument("--weights", metavar="FILE", help="of VGG-16")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = arguments.weights or str(
            inputs.random_vgg_weights("vgg16", NETWORKS["vgg16"].default_layers, folder)
        )
        content = inputs.square_picture("harbour", arguments.size, folder)
        turns = measure(np.asarray(decode.read(content)), arguments.rounds, weights)
    print_turns(turns, arguments.size)
    return 0


def measure(picture: npt.NDArray[np.uint8], rounds: int, weights: str) -> Turns:
    """Seconds of each step."""
    with filter_stderr():
        from styletune.engine.painter import Painter

        painters = {}
        kinds = (("lite", None, 1), (_CHUNKED, None, _CHUNK), ("vgg16", weights, 1))
        for name, file, chunk in kinds:
            network = {"name": name.partition(",")[0], "weights": file}
            engine = {"steps_per_execution": chunk}
            session = parse({"network": network, "engine": engine}, "the benchmark")
            painters[name] = Painter(session, picture, [picture])
    lite, vgg16 = painters["lite"], painters["vgg16"]
    positions = vgg16.session.positions()
    deep_off = {
        name: 0.0
        for name in positions
        if name.startswith(("content.block", "style.block")) and int(name.split("block")[1][0]) > 2
    }
    settings = {
        "lite": (lite, lite.session.positions()),
        _MOVED: (lite, lite.session.positions()),
        _CHUNKED: (painters[_CHUNKED], lite.session.positions()),
        "vgg16": (vgg16, positions),
        _SHALLOW: (vgg16, positions | deep_off),
    }
    for painter, controls in settings.values():
        painter.apply(controls)
        painter.trace()
        painter.run(_CHUNK + 1, all_terms=False)
    variants = {
        name: functools.partial(_take_turn, painter, controls, name)
        for name, (painter, controls) in settings.items()
    }
    return take_turns(variants, rounds)


def _take_turn(painter: "Painter", controls: dict[str, float], name: str) -> list[float]:
    """Seconds a step, of each launch."""
    painter.apply(controls)
    steps = painter.session.engine.steps_per_execution
    costs = []
    for launch in range(_LAUNCHES[name]):
        moved = _moved(painter, launch) if name == _MOVED else None
        started = time.perf_counter()
        if moved is not None:
            painter.apply(moved)
        painter.step(steps, all_terms=False)
        costs.append((time.perf_counter() - started) / steps)
    return costs


def _moved(painter: "Painter", launch: int) -> dict[str, float]:
    """All faders that are not at zero, somewhere else at each launch."""
    positions = painter.session.positions()
    names = [f"{term}.{layer}" for term in ("content", "style") for layer in painter.layers]
    active = [name for name in names if positions[name]]
    return positions | {name: (launch + at) % 24 / 48 + 0.25 for at, name in enumerate(active)}


def print_turns(turns: Turns, size_px: int) -> None:
    """Print all steps and their ratios."""
    table = report.new_table(
        f"one step at {size_px} × {size_px} px, ms",
        ("", "fastest", "fastest fifth", "median", "to reach"),
    )
    for name in turns.costs:
        table.add_row(name, *(f"{1e3 * turns.percentile(name, at):.1f}" for at in (0, 20, 50)))
    for name, reference, target in _RATIOS:
        fastest, fifth = (
            turns.percentile(name, at) / turns.percentile(reference, at) for at in (0, 20)
        )
        ratio = turns.ratio(name, reference)
        table.add_row(f"{name} ÷ {reference}", f"{fastest:.2f}", f"{fifth:.2f}", str(ratio), target)
    report.print_table(table)


if __name__ == "__main__":
    sys.exit(main())
