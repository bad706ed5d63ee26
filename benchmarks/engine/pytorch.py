"""A step of ours beside a step of its PyTorch twin, in turns, in processes of their own.

    pip install '.[twin]' && python -m benchmarks.engine.pytorch [--network vgg16] [--sizes 256 512]
    python -m benchmarks.engine.pytorch --python OTHER/bin/python    # where PyTorch lives elsewhere

Same picture, same 16 losses, all of them audible, same Adam. VGG's filters are seeded-random
unless --weights names a file: the arithmetic is the same. Both losses at the start are compared,
so that it is the same model indeed. The floor of time is the convolutions alone, forwards and
backwards to the picture, at the machine's best matrix product. The floor of memory is what a step
cannot do without: filters, each activation once, the content's features. Beside the peaks stands
what the bare import of either library takes: most of ours is pages of TensorFlow's shared
libraries. The table goes to stdout.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.common import inputs, machine
from benchmarks.common.processes import Bare
from benchmarks.server.live_table import megabytes, met, milliseconds
from styletune.config import DEFAULT_LAYERS, SessionConfig, load
from styletune.engine.vgg import MEANS_RGB, convolutions
from styletune.images import decode

TARGET = 0.95  # of the twin's time
_ROUNDS = 4
_PEAK_OF_IMPORT = (
    "import {}, re; print(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])"
)


@dataclass(slots=True)
class Pair:
    """What was measured at one size: ours and the twin's."""

    size_px: int
    ours_s: list[float] = field(default_factory=list)
    twin_s: list[float] = field(default_factory=list)
    ours_mb: float = 0.0
    twin_mb: float = 0.0
    ours_loss: float = 0.0
    twin_loss: float = 0.0
    floor_s: float = 0.0
    floor_mb: float = 0.0
    imports_mb: tuple[float, float] = (0.0, 0.0)
    backends: tuple[str, str] = ("", "")

    @property
    def ratio(self) -> float:
        """Ours by the twin's: the median of the rounds' own ratios."""
        return median(a / b for a, b in zip(self.ours_s, self.twin_s, strict=True))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--network", choices=("vgg16", "vgg19"), default="vgg16")
    parser.add_argument("--weights", metavar="FILE", help="of the network (npz)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512], metavar="N")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each turn")
    parser.add_argument("--python", default=sys.executable, help="one that has PyTorch")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        pairs = [asyncio.run(measure(arguments, size, Path(folder))) for size in arguments.sizes]
    Console(width=None if sys.stdout.isatty() else 110).print(table(pairs, arguments))
    return 0


async def measure(arguments: argparse.Namespace, size: int, folder: Path) -> Pair:
    """Both, in turns."""
    session_file = _session_file(arguments, size, folder)
    session = load(session_file)
    pair = Pair(size)
    spec = folder / f"twin-{size}.json"
    spec.write_text(json.dumps(_spec(session, folder)))
    async with (
        Bare(session_file, folder) as ours,
        Bare(
            spec, folder, module="benchmarks.engine.pytorch_model", python=arguments.python
        ) as twin,
    ):
        said, theirs = await ours.answer(), await twin.answer()
        pair.backends = said["backend"], theirs["backend"]
        pair.ours_loss = (await ours.answer("loss"))["loss"]
        pair.twin_loss = (await twin.answer("loss"))["loss"]
        peak = 0.0
        for _ in range(_ROUNDS):
            for process, costs in ((ours, pair.ours_s), (twin, pair.twin_s)):
                bursts = (await process.answer(str(arguments.seconds)))["bursts"]
                costs.append(median(seconds / steps for seconds, steps in bursts))
            peak = max(peak, (await ours.answer("peak"))["peak_flops"])
        pair.floor_s = 2 * 2 * said["multiply_adds"] / peak
        # The product's matrices are 50 MB; they come after the steps' own peak and stay below it.
        pair.ours_mb, pair.twin_mb = (machine.peak_mb(p.pid) or 0.0 for p in (ours, twin))
    pair.floor_mb = floor_bytes(session.network.name, session.network.selected_layers, size) / 2**20
    pair.imports_mb = _import_mb(sys.executable, "keras"), _import_mb(arguments.python, "torch")
    return pair


def floor_bytes(network: str, played: Sequence[str], size_px: int) -> int:
    """Float32 filters, every activation once, the content's features, at `size_px` squared.

    >>> floor_bytes("vgg16", ["block1_conv1"], 2) // 4  # 3·3·3·64 + 64, 2·2·64, 2·2·64
    2304
    """
    values, channels, edge = 0, 3, size_px
    for layer in convolutions(network, played):
        edge //= 2 if layer.pool_before else 1
        width = inputs.width(layer.name)
        activations = edge * edge * width
        values += (9 * channels + 1) * width + activations * (1 + (layer.name in played))
        channels = width
    return 4 * values


def _import_mb(python: str, module: str) -> float:
    """Peak memory of a process that only imports `module`."""
    code = _PEAK_OF_IMPORT.format(module)
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout) * 1024 / 1e6


def _session_file(arguments: argparse.Namespace, size: int, folder: Path) -> Path:
    """All terms at weight 1, uncalibrated: both sides compute all sixteen."""
    layers = DEFAULT_LAYERS[arguments.network]
    weights = arguments.weights
    if weights is None:
        weights = str(inputs.random_vgg(arguments.network, layers, folder))
    content, style = (inputs.square(name, size, folder) for name in ("harbour", "strokes"))
    faders = "\n".join(
        f'"{term}.{layer}" = 0.5' for term in ("content", "style") for layer in layers
    )
    path = folder / f"session-{size}.toml"
    path.write_text(
        f'[pictures]\ncontent = "{content}"\nstyles = ["{style}"]\nsize = {size}\n'
        "[optimizer]\nlevels = 1\n"  # as the twin's
        f'[network]\nname = "{arguments.network}"\n'
        + (f'weights = "{weights}"\n' if weights else "")
        + "[painting]\ncalibrate = false\nscales = false\n"
        + f"[controls]\nsmooth = 0.5\n{faders}\n"
    )
    return path


def _spec(session: SessionConfig, folder: Path) -> dict[str, Any]:
    network, optimizer = session.network, session.optimizer
    files = {}
    named = {"content": session.pictures.content, "style": session.pictures.styles[0]}
    for name, file in named.items():
        files[name] = str(folder / f"{name}-{session.pictures.size}.npy")
        np.save(files[name], np.asarray(decode.read(Path(file))))
    table, positions = session.table(), session.positions()
    count = len(network.selected_layers)
    return {
        **files,
        "weights": network.weights,
        "convolutions": [
            [layer.name, layer.pool_before]
            for layer in convolutions(network.name, network.selected_layers)
        ],
        "layers": network.selected_layers,
        "content_weights": [1.0] * count,
        "style_weights": [1.0] * count,
        "smooth": table["smooth"].value(positions["smooth"]),
        "learning_rate": table["learning_rate"].value(positions["learning_rate"]),
        "beta_1": optimizer.beta_1,
        "beta_2": optimizer.beta_2,
        "epsilon": optimizer.epsilon,
        "means": MEANS_RGB,
        "threads": machine.cores(),
    }


def table(pairs: list[Pair], arguments: argparse.Namespace) -> Table:
    """One column a size."""
    ours, twin = pairs[0].backends
    made = Table(
        title=f"a step of {arguments.network}, all 16 losses: {ours} beside {twin}",
        caption=f"{machine.processor()}, {machine.cores()} cores\n{machine.versions()}\n"
        + ("" if arguments.weights else "filters seeded-random, in VGG's shapes"),
        title_justify="left",
        caption_justify="left",
    )
    made.add_column("", no_wrap=True)
    for pair in pairs:
        made.add_column(f"{pair.size_px} px", justify="right")
    made.add_column("to reach")
    rows = (
        ("ours", lambda p: milliseconds(median(p.ours_s)), ""),
        ("PyTorch twin", lambda p: milliseconds(median(p.twin_s)), ""),
        (
            "ours ÷ twin, median of rounds",
            lambda p: f"{p.ratio:.2f}  {met(p.ratio, TARGET)}",
            f"≤ {TARGET}",
        ),
        (
            "peak memory, ours",
            lambda p: f"{megabytes(p.ours_mb)}  {met(p.ours_mb, p.twin_mb)}",
            "≤ twin's",
        ),
        ("peak memory, twin", lambda p: megabytes(p.twin_mb), ""),
        ("the import alone, ours", lambda p: megabytes(p.imports_mb[0]), ""),
        ("the import alone, twin", lambda p: megabytes(p.imports_mb[1]), ""),
        ("beyond the import, ours", lambda p: megabytes(p.ours_mb - p.imports_mb[0]), ""),
        ("beyond the import, twin", lambda p: megabytes(p.twin_mb - p.imports_mb[1]), ""),
        ("floor: filters, activations, targets", lambda p: megabytes(p.floor_mb), ""),
        ("floor: convolutions at the matrix peak", lambda p: milliseconds(p.floor_s), ""),
        ("ours above the floor", lambda p: f"{median(p.ours_s) / p.floor_s:.2f} ×", ""),
        (
            "loss at the start, ours and twin's",
            lambda p: f"{p.ours_loss:.5g}, {p.twin_loss:.5g}",
            "the same",
        ),
    )
    for name, cell, target in rows:
        made.add_row(name, *map(cell, pairs), target)
    return made


if __name__ == "__main__":
    sys.exit(main())
