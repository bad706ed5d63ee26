"""What rounding the network costs in exactness, and brings in time.

    python -m benchmarks.engine.precision [--network lite] [--weights FILE] [--size 256]

Side by side in one run: float32, tf32 (only where there is a GPU), bfloat16, float16. Pictures,
losses and Gram matrices are float32 throughout; rounded is the network behind its first
convolution.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table

from styletune.config import NETWORKS, SessionConfig
from styletune.engine import backend, canvas
from styletune.engine.painter import Painter

_STEPS = 60
_ROUNDS = 5


@dataclass
class Row:
    """One precision: a step's milliseconds, the first step, and the picture after `_STEPS`."""

    step_ms: float
    raw: npt.NDArray[np.float64]
    gradient: npt.NDArray[np.float64]
    picture: npt.NDArray[np.float64]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine.precision", description=__doc__
    )
    parser.add_argument("--network", choices=NETWORKS, default="lite")
    parser.add_argument("--weights", metavar="FILE")
    parser.add_argument("--size", type=int, default=256)
    arguments = parser.parse_args(argv)
    kinds = ["float32", "tf32", "bfloat16", "float16"]
    if not backend.gpus():
        kinds.remove("tf32")
    rows = measure(arguments, kinds)
    exact = rows["float32"]
    title = (
        f"{arguments.network} at {arguments.size} px on {backend.describe()}, {backend.backend()}"
    )
    table = Table("", "ms a step", "largest error of a raw loss", title=title)
    for name in ("cosine of the gradients", f"PSNR of the pictures after {_STEPS} steps"):
        table.add_column(name)
    for kind, row in rows.items():
        table.add_row(kind, f"{row.step_ms:.1f}", *compared(row, exact))
    Console().print(table)
    return 0


def measure(arguments: argparse.Namespace, kinds: Sequence[str]) -> dict[str, Row]:
    """All precisions, taking turns so that what drifts meets all alike."""
    painters: dict[str, Painter] = {}
    rows: dict[str, Row] = {}
    times: dict[str, list[float]] = {}
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
        rows[kind] = Row(0.0, painter.losses().style_raw, _gradient(painter), np.empty(0))
        times[kind] = []
    for _ in range(_ROUNDS):
        for kind, painter in painters.items():
            backend.configure(precision=kind)
            started = time.perf_counter()
            painter.run(_STEPS // _ROUNDS)
            times[kind].append((time.perf_counter() - started) / (_STEPS // _ROUNDS))
    for kind, row in rows.items():
        row.step_ms = 1e3 * statistics.median(times[kind])
        row.picture = painters[kind].pixels().astype(np.float64)
    return rows


def compared(row: Row, exact: Row) -> tuple[str, str, str]:
    """Errors of a row against the exact one, in words."""
    if row is exact:
        return "", "", ""
    error = np.max(np.abs(row.raw / exact.raw - 1))
    cosine = row.gradient @ exact.gradient
    cosine /= np.linalg.norm(row.gradient) * np.linalg.norm(exact.gradient)
    psnr = 10 * np.log10(255**2 / np.mean((row.picture - exact.picture) ** 2))
    return f"{error:.2g}", f"{cosine:.5f}", f"{psnr:.1f} dB"


def _gradient(painter: Painter) -> npt.NDArray[np.float64]:
    return painter.state().momentum.astype(np.float64).reshape(-1)


if __name__ == "__main__":
    sys.exit(main())
