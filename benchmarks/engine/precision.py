"""What rounding the network costs in exactness, and brings in time.

    python -m benchmarks.engine.precision [--network lite] [--weights FILE] [--size 256]

Side by side in one run: float32, tf32 (only where there is a GPU), bfloat16, float16. Pictures,
losses and Gram matrices are float32 throughout; rounded is the network behind its first
convolution.
"""

import argparse
import functools
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.common import report
from benchmarks.common.turns import Turns, take_turns
from styletune.config import SessionConfig
from styletune.engine import backend, canvas
from styletune.engine.painter import Painter
from styletune.networks import NETWORKS

_STEPS = 60
_ROUNDS = 5
_EXACT = "float32"


@dataclass(frozen=True, slots=True)
class Result:
    """Of one precision: the raw losses and gradient of the first step, the last picture."""

    raw: npt.NDArray[np.float64]
    gradient: npt.NDArray[np.float64]
    picture: npt.NDArray[np.float64]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = report.new_parser("engine.precision", __doc__)
    parser.add_argument("--network", choices=NETWORKS, default="lite")
    parser.add_argument("--weights", metavar="FILE")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args(argv)
    kinds = [_EXACT, "tf32", "bfloat16", "float16"]
    if not backend.gpus():
        kinds.remove("tf32")
    turns, results = measure(arguments, kinds)
    table = report.new_table(
        f"{arguments.network} at {arguments.size} px on {backend.describe()}, {backend.backend()}",
        (
            "", "ms a step", f"÷ {_EXACT}", "largest error of a raw loss",
            "cosine of the gradients", f"PSNR of the pictures after {_STEPS} steps",
        ),
    )  # fmt: skip
    for kind, result in results.items():
        cells = [f"{1e3 * turns.median(kind):.1f}"]
        if kind != _EXACT:
            cells += [str(turns.ratio(kind, _EXACT)), *compared(result, results[_EXACT])]
        table.add_row(kind, *cells)
    report.print_table(table)
    return 0


def measure(arguments: argparse.Namespace, kinds: Sequence[str]) -> tuple[Turns, dict[str, Result]]:
    """Seconds a step in turns, and results, of all precisions."""
    painters: dict[str, Painter] = {}
    firsts = {}
    for kind in kinds:
        session = SessionConfig().with_overrides(
            network={"name": arguments.network, "weights": arguments.weights or "", "layers": ()},
            pictures={"size": arguments.size},
            engine={"precision": kind},
        )
        styles = [canvas.load_style(session, name) for name in session.pictures.styles]
        painter = painters[kind] = Painter(session, canvas.load_content(session), styles)
        painter.run(2)
        painter.calibrate()
        painter.reset()
        painter.run(1)
        firsts[kind] = painter.losses().raw["style"], _gradient(painter)
    variants = {
        kind: functools.partial(_take_turn, painter, kind) for kind, painter in painters.items()
    }
    turns = take_turns(variants, _ROUNDS)
    return turns, {
        kind: Result(*firsts[kind], painter.pixels().astype(np.float64))
        for kind, painter in painters.items()
    }


def _take_turn(painter: Painter, kind: str) -> list[float]:
    backend.configure(precision=kind)
    steps = _STEPS // _ROUNDS
    started = time.perf_counter()
    painter.run(steps)
    return [(time.perf_counter() - started) / steps]


def compared(result: Result, exact: Result) -> tuple[str, str, str]:
    """Errors of a result against the exact one, in words."""
    error = np.max(np.abs(result.raw / exact.raw - 1))
    cosine = result.gradient @ exact.gradient
    cosine /= np.linalg.norm(result.gradient) * np.linalg.norm(exact.gradient)
    psnr = 10 * np.log10(255**2 / np.mean((result.picture - exact.picture) ** 2))
    return f"{error:.2g}", f"{cosine:.5f}", f"{psnr:.1f} dB"


def _gradient(painter: Painter) -> npt.NDArray[np.float64]:
    return painter.state().momentum.astype(np.float64).reshape(-1)


if __name__ == "__main__":
    sys.exit(main())
