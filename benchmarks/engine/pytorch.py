"""A step of styletune beside the same step in PyTorch, in turns, in processes of their own.

    pip install '.[twin]' && python -m benchmarks.engine.pytorch [--network lite] [--sizes 256 512]
    python -m benchmarks.engine.pytorch --python OTHER/bin/python  # where PyTorch lives elsewhere

Same picture, same 16 losses, all of them at work, same Adam over the same levels. PyTorch runs
with either layout of its tensors, and the faster one counts. VGG's filters are seeded-random
unless --weights names a file: the arithmetic is the same. Both losses at the start are compared,
which shows that it is the same model. The floor of time is the convolutions alone, forwards and
backwards to the picture, at the machine's best matrix product. The floor of memory is what a step
needs at least: filters, each activation once, the content's features. Beside the peaks stands
what the bare import of either library takes: most of styletune's is pages of TensorFlow's shared
libraries.
"""

import argparse
import asyncio
import functools
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.common import inputs, machine, report
from benchmarks.common.report import megabytes, met, milliseconds
from benchmarks.common.turns import Turns, take_turns_async
from benchmarks.engine.bare_step import StepProcess, floor_s, passes
from styletune.config import SessionConfig, load
from styletune.engine.weights import MEANS_RGB, PACKAGED
from styletune.images import decode
from styletune.networks import NETWORKS, ScaledLayer, parse_layer

# By network: of PyTorch's time, and times the floor of the arithmetic.
TARGETS = {"lite": (0.75, 2.2), "vgg16": (0.6, 1.25), "vgg19": (0.6, 1.25)}
OURS, TORCH = "styletune", "PyTorch"
_LAYOUTS = ("contiguous_format", "channels_last")
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was measured at one size; of the pairs, styletune's comes first.

    Attributes:
        layout: of the tensors with which PyTorch was faster.
    """

    size_px: int
    layout: str
    turns: Turns
    peak_mb: tuple[float, float]
    import_mb: tuple[float, float]
    losses: tuple[float, float]
    backends: tuple[str, str]
    floor_s: float
    floor_mb: float


def main() -> int:
    """Measure and print."""
    parser = report.new_parser("engine.pytorch", __doc__)
    parser.add_argument("--network", choices=tuple(TARGETS), default="vgg16")
    parser.add_argument("--weights", metavar="FILE", help="of the network (npz)")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512], metavar="N")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each turn")
    parser.add_argument("--python", default=sys.executable, help="one that has PyTorch")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = [asyncio.run(compare(arguments, size, Path(folder))) for size in arguments.sizes]
    report.print_table(table(found, arguments))
    return 0


async def compare(arguments: argparse.Namespace, size: int, folder: Path) -> Comparison:
    """Measure all, in turns."""
    session_file = _session_file(arguments, size, folder)
    session = load(session_file)
    spec = _model_spec(session, folder)
    module = "benchmarks.engine.pytorch_model"
    async with AsyncExitStack() as stack:
        ours = await stack.enter_async_context(StepProcess(session_file, folder))
        twins = {}
        for layout in _LAYOUTS:
            file = folder / f"{layout}-{size}.json"
            file.write_text(json.dumps({**spec, "memory_format": layout}))
            twin = StepProcess(file, folder, module=module, python=arguments.python)
            twins[layout] = await stack.enter_async_context(twin)
        processes = {OURS: ours, **twins}
        turns = await take_turns_async(
            {
                name: functools.partial(process.costs, arguments.seconds)
                for name, process in processes.items()
            },
            _ROUNDS,
        )
        layout = min(twins, key=turns.median)
        turns.costs[TORCH] = turns.costs[layout]
        torch = twins[layout]
        # Before the matrices of the product below, which take more than a step of `lite`.
        peaks = (machine.peak_mb(ours.pid) or 0.0, machine.peak_mb(torch.pid) or 0.0)
        peak_flops = max([await ours.figure("peak_flops") for _ in range(_ROUNDS)])
        return Comparison(
            size,
            layout,
            turns,
            peaks,
            (_import_mb(sys.executable, "keras"), _import_mb(arguments.python, "torch")),
            (await ours.figure("loss"), await torch.figure("loss")),
            (ours.description["backend"], torch.description["backend"]),
            floor_s(ours.description["multiply_adds"], peak_flops),
            floor_bytes(session.network.name, session.network.selected_layers, size) / 2**20,
        )


def floor_bytes(network: str, played: Sequence[str], size_px: int) -> int:
    """Float32 filters, every activation once, the content's features, at `size_px` squared.

    >>> floor_bytes("vgg16", ["block1_conv1"], 2) // 4  # 3·3·3·64 + 64, 2·2·64, 2·2·64
    2304
    """
    filters, values = {}, 0
    for scale, computed in passes(network, played):
        channels, edge = 3, size_px // scale
        for layer in computed:
            edge //= 2 if layer.pool_before else 1
            is_played = ScaledLayer(layer.name, scale).name in played
            values += edge * edge * layer.channels * (1 + is_played)
            filters[layer.name] = (9 * channels + 1) * layer.channels
            channels = layer.channels
    return 4 * (values + sum(filters.values()))


def _import_mb(python: str, module: str) -> float:
    """Peak memory of a process that only imports `module`."""
    # Not `ru_maxrss`: that begins with what the parent had when it made the process.
    code = f"import {module}; print(open('/proc/self/status').read())"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    found = machine.peak_mb_of(done.stdout)
    assert found is not None, "Linux alone keeps the peak"
    return found


def _session_file(arguments: argparse.Namespace, size: int, folder: Path) -> Path:
    """All terms at weight 1, not calibrated: both sides compute all sixteen."""
    layers = NETWORKS[arguments.network].default_layers
    weights = arguments.weights
    if weights is None and arguments.network != "lite":
        weights = str(inputs.random_vgg_weights(arguments.network, layers, folder))
    content, style = (inputs.square_picture(name, size, folder) for name in ("harbour", "strokes"))
    faders = "\n".join(
        f'"{term}.{layer}" = 0.5' for term in ("content", "style") for layer in layers
    )
    path = folder / f"session-{size}.toml"
    path.write_text(
        f'[pictures]\ncontent = "{content}"\nstyles = ["{style}"]\nsize = {size}\n'
        f'[network]\nname = "{arguments.network}"\n'
        + (f'weights = "{weights}"\n' if weights else "")
        + "[painting]\ncalibrate = false\nscales = false\n"
        + f"[controls]\nsmooth = 0.5\n{faders}\n"
    )
    return path


def _model_spec(session: SessionConfig, folder: Path) -> dict[str, Any]:
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
        "weights": network.weights or str(PACKAGED / f"{network.name}.npz"),
        "passes": [
            [scale, [[ScaledLayer(c.name, scale).name, c.name, c.pool_before] for c in computed]]
            for scale, computed in passes(network.name, network.selected_layers)
        ],
        "layers": network.selected_layers,
        "convolutions": [parse_layer(layer).convolution for layer in network.selected_layers],
        "centering": session.painting.centering,
        "content_weights": [1.0] * count,
        "style_weights": [1.0] * count,
        "smooth": table["smooth"].value(positions["smooth"]),
        "learning_rate": table["learning_rate"].value(positions["learning_rate"]),
        "beta_1": optimizer.beta_1,
        "beta_2": optimizer.beta_2,
        "epsilon": optimizer.epsilon,
        "levels": optimizer.levels,
        "means": MEANS_RGB,
        "threads": machine.cores(),
    }


def table(found: Sequence[Comparison], arguments: argparse.Namespace) -> Table:
    """Lay the comparisons out, one column a size."""
    ours, torch = found[0].backends
    ratio_target, floor_target = TARGETS[arguments.network]
    random = not arguments.weights and arguments.network != "lite"
    notes = ("filters seeded-random, in VGG's shapes",) if random else ()
    made = report.new_table(
        f"a step of {arguments.network}, all 16 losses: {ours} beside {torch}",
        ("", *(f"{one.size_px} px" for one in found), "to reach"),
        notes,
    )
    rows = (
        (OURS, lambda c: milliseconds(c.turns.median(OURS)), ""),
        (TORCH, lambda c: milliseconds(c.turns.median(TORCH)), ""),
        ("with tensors in", lambda c: c.layout.replace("_", " "), ""),
        (f"{OURS} ÷ {TORCH}", lambda c: _ratio(c, ratio_target), f"≤ {ratio_target}"),
        (f"peak memory, {OURS}", _peak, f"≤ {TORCH}'s"),
        (f"peak memory, {TORCH}", lambda c: megabytes(c.peak_mb[1]), ""),
        (f"the import alone, {OURS}", lambda c: megabytes(c.import_mb[0]), ""),
        (f"the import alone, {TORCH}", lambda c: megabytes(c.import_mb[1]), ""),
        (f"beyond the import, {OURS}", lambda c: megabytes(c.peak_mb[0] - c.import_mb[0]), ""),
        (f"beyond the import, {TORCH}", lambda c: megabytes(c.peak_mb[1] - c.import_mb[1]), ""),
        ("floor: filters, activations, targets", lambda c: megabytes(c.floor_mb), ""),
        ("floor: convolutions at the matrix peak", lambda c: milliseconds(c.floor_s), ""),
        (
            f"{OURS} above it",
            lambda c: f"{c.turns.median(OURS) / c.floor_s:.2f} ×",
            f"≤ {floor_target} ×",
        ),
        ("loss at the start", lambda c: "{:.5g}, {:.5g}".format(*c.losses), "the same"),
    )
    for name, cell, target in rows:
        made.add_row(name, *map(cell, found), target)
    return made


def _ratio(found: Comparison, target: float) -> str:
    ratio = found.turns.ratio(OURS, TORCH)
    return f"{ratio}  {met(ratio.value, target)}"


def _peak(found: Comparison) -> str:
    ours, torch = found.peak_mb
    return f"{megabytes(ours)}  {met(ours, torch)}"


if __name__ == "__main__":
    sys.exit(main())
