"""A step of `lite`, one of `vgg16`, and one of `vgg16` with only blocks 1 and 2 audible, in turns.

Beside them steps of `lite` of which several are taken in one launch (`steps_per_execution`), and
steps before each of which hands have moved all of its faders.
VGG-16's filters are seeded-random unless `--weights` names a file: the arithmetic is the same.

    python -m benchmarks.engine.steps [--size 256] [--rounds 12]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from benchmarks.common.inputs import random_vgg, square
from styletune.config import DEFAULT_LAYERS, parse
from styletune.engine.stderr_filter import filter_stderr
from styletune.images import decode

if TYPE_CHECKING:
    from styletune.engine.painter import Painter

_SHALLOW = "vgg16, blocks 1 and 2"
_TOGETHER, _LAUNCHED = 8, "lite, 8 steps a launch"
_MOVED = "lite, all faders moved at each step"
# Launches of each a round: about as long for all.
_LAUNCHES = {"lite": 24, _MOVED: 24, _LAUNCHED: 24 // _TOGETHER, "vgg16": 2, _SHALLOW: 4}
# Which by which, and the bounds of that ratio.
_RATIOS = (
    ("vgg16", "lite", "≥ 12"),
    (_SHALLOW, "vgg16", "≤ 0.5"),
    (_LAUNCHED, "lite", "below 1: worth it"),
    (_MOVED, "lite", "≤ 1.05"),
)


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=256, metavar="N", help="both edges, px")
    parser.add_argument("--rounds", type=int, default=12, metavar="N", help="turns of each")
    parser.add_argument("--weights", metavar="FILE", help="of VGG-16")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        weights = arguments.weights or str(random_vgg("vgg16", DEFAULT_LAYERS["vgg16"], place))
        picture = np.asarray(decode.read(square("harbour", arguments.size, place)))
        milliseconds = measure(picture, arguments.rounds, weights)
    Console().print(table(milliseconds, arguments.size))
    return 0


def measure(
    picture: npt.NDArray[np.uint8], rounds: int, weights: str
) -> dict[str, npt.NDArray[np.float64]]:
    """Milliseconds of each single step."""
    with filter_stderr():
        from styletune.engine.painter import Painter

        painters = {}
        kinds = (("lite", None, 1), (_LAUNCHED, None, _TOGETHER), ("vgg16", weights, 1))
        for name, file, together in kinds:
            network = {"name": name.partition(",")[0], "weights": file}
            engine = {"steps_per_execution": together}
            session = parse({"network": network, "engine": engine}, "the benchmark")
            painters[name] = Painter(session, picture, [picture])
    positions = painters["vgg16"].session.positions()
    silent = {
        name: 0.0
        for name in positions
        if name.startswith(("content.block", "style.block")) and int(name.split("block")[1][0]) > 2
    }
    turns = [
        ("lite", painters["lite"], painters["lite"].session.positions()),
        (_MOVED, painters["lite"], painters["lite"].session.positions()),
        (_LAUNCHED, painters[_LAUNCHED], painters["lite"].session.positions()),
        ("vgg16", painters["vgg16"], positions),
        (_SHALLOW, painters["vgg16"], positions | silent),
    ]
    taken: dict[str, list[float]] = {name: [] for name, *_ in turns}
    for _, painter, heard in turns:
        painter.apply(heard)
        painter.trace(all_depths=False)
        painter.run(_TOGETHER + 1, all_terms=False)
    for _ in range(rounds):
        for name, painter, heard in turns:
            painter.apply(heard)
            steps = painter.session.engine.steps_per_execution
            for launch in range(_LAUNCHES[name]):
                moved = _moved(painter, launch) if name == _MOVED else None
                started = time.perf_counter()
                if moved is not None:
                    painter.apply(moved)
                painter.step(steps, all_terms=False)
                taken[name].append(1e3 * (time.perf_counter() - started) / steps)
    return {name: np.array(times) for name, times in taken.items()}


def _moved(painter: "Painter", launch: int) -> dict[str, float]:
    """All faders of the layers that count, somewhere else at each launch."""
    positions = painter.session.positions()
    names = [f"{term}.{layer}" for term in ("content", "style") for layer in painter.layers]
    heard = [name for name in names if positions[name]]
    return positions | {name: (launch + at) % 24 / 48 + 0.25 for at, name in enumerate(heard)}


def table(milliseconds: dict[str, npt.NDArray[np.float64]], size_px: int) -> Table:
    """All steps and their ratios: fastest, fastest fifth, median."""
    result = Table(title=f"one step at {size_px} × {size_px} px", title_justify="left")
    result.add_column("ms")
    for name in ("fastest", "fastest fifth", "median"):
        result.add_column(name, justify="right")
    figures = {name: np.percentile(times, (0, 20, 50)) for name, times in milliseconds.items()}
    for name, values in figures.items():
        result.add_row(name, *(f"{value:.1f}" for value in values))
    for name, beside, wanted in _RATIOS:
        ratios = figures[name] / figures[beside]
        result.add_row(f"{name} ÷ {beside} ({wanted})", *(f"{ratio:.2f} ×" for ratio in ratios))
    return result


if __name__ == "__main__":
    sys.exit(main())
