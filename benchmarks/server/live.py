"""How the instrument plays, measured: one command, one table, one run.

    python -m benchmarks.server.live [--networks lite vgg16] [--size 256] [--quick]

Starts the real server for each network, plays it through its real sockets, and runs the bare
compiled step beside it, in turns; what the loop costs, a worker tells that does both (see
`overhead`). Everything is reported, nothing asserted. Takes at most six minutes, with --quick at
most ninety seconds. The table goes to stdout, what happens to stderr.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.common import inputs, machine
from benchmarks.engine import overhead
from benchmarks.server.live_figures import Figures
from benchmarks.server.live_measure import Plan, measure
from benchmarks.server.live_table import table
from styletune.config import DEFAULT_LAYERS, MAX_SIZE_PX, MIN_SIZE_PX, NETWORKS
from styletune.errors import StyletuneError

_CONTENT = "harbour"
_BUDGET_S, _QUICK_BUDGET_S = 360.0, 90.0
_END_S = 10.0  # of the budget, for ending what is measured last
_SECONDS, _QUICK_SECONDS = 60.0, 8.0
_ROUNDS = 2
_NOTICED_CORES = 0.1  # that others use: more than that is seen in the figures
_WIDTH = 118  # of the table, where the terminal does not say


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 130 after Ctrl-C, 1 where nothing could be measured."""
    arguments = _parser().parse_args(argv)
    talk = Console(stderr=True, highlight=False)
    try:
        columns, notes = asyncio.run(_measure_all(arguments, talk))
    except (KeyboardInterrupt, asyncio.CancelledError):
        talk.print("stopped; all processes are ended")
        return 130
    paper = Console(highlight=False)
    paper = paper if paper.is_terminal else Console(highlight=False, width=_WIDTH)
    title = f"styletune at {arguments.size} × {arguments.size} px"
    paper.print(table(columns, title=title, caption="\n".join(notes)))
    return 0 if any(figures.first_picture_s is not None for figures in columns) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server.live", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "--networks", nargs="+", choices=NETWORKS, default=["lite", "vgg16"], metavar="NAME"
    )
    parser.add_argument("--size", type=_size, default=256, metavar="PX", help="(default 256)")
    parser.add_argument(
        "--seconds",
        type=float,
        metavar="S",
        help=f"of steps that are measured with each network (default {_SECONDS:.0f})",
    )
    parser.add_argument("--weights", metavar="FILE", help="of VGG (default: Keras' cache, random)")
    parser.add_argument("--quick", action="store_true", help="a first impression, in 90 s")
    return parser


def _size(text: str) -> int:
    size = int(text)
    if not MIN_SIZE_PX <= size <= MAX_SIZE_PX:
        raise argparse.ArgumentTypeError(f"must be {MIN_SIZE_PX} to {MAX_SIZE_PX}; received {size}")
    return size


def _plan(arguments: argparse.Namespace) -> Plan:
    # The bare step has one turn more than the server; most of the time is for the overhead.
    window_s = _seconds(arguments) / 2 / (2 * _ROUNDS + 1)
    if arguments.quick:
        return Plan(_ROUNDS, window_s, answers_s=6.0, answers=(6, 20))
    return Plan(_ROUNDS, window_s, answers_s=25.0, answers=(20, 60))


def _seconds(arguments: argparse.Namespace) -> float:
    return float(arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS))


async def _measure_all(
    arguments: argparse.Namespace, talk: Console
) -> tuple[list[Figures], list[str]]:
    """Measure one network after the other; figures, and what is to be noted with them."""
    task = asyncio.current_task()
    assert task is not None  # it runs in one
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    ends = loop.time() + (_QUICK_BUDGET_S if arguments.quick else _BUDGET_S) - _END_S
    columns = [Figures(network) for network in dict.fromkeys(arguments.networks)]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="styletune-benchmark-") as name:
        folder = Path(name)
        content = inputs.square(_CONTENT, arguments.size, folder)
        for index, figures in enumerate(columns):
            share_s = (ends - loop.time()) / (len(columns) - index)
            try:
                async with asyncio.timeout(share_s):
                    await _measure_one(figures, content, arguments, folder, talk)
            except TimeoutError:
                figures.trouble = "the time was up before all was measured"
            except (StyletuneError, ConnectionError) as error:
                figures.trouble = str(error)
        _share_peak(columns)
    return columns, _notes(columns, load)


def _share_peak(columns: Sequence[Figures]) -> None:
    """One machine has one matrix peak: the best that was seen."""
    best = max((figures.peak_flops or 0.0 for figures in columns), default=0.0)
    for figures in columns:
        figures.peak_flops = best or None


async def _measure_one(
    figures: Figures, content: Path, arguments: argparse.Namespace, folder: Path, talk: Console
) -> None:
    network = figures.network
    session_file = folder / f"{network}.toml"
    text = inputs.session(network, content, folder, arguments.size, arguments.weights)
    session_file.write_text(text, encoding="utf-8")
    control = f"style.{DEFAULT_LAYERS[network][0]}"

    def say(line: str) -> None:
        talk.print(f"{network}: {line}")

    await measure(figures, session_file, control, folder, _plan(arguments), say)
    say("the loop and the bare step in one worker, in turns")
    figures.overheads, _ = await overhead.measure(session_file, folder, _seconds(arguments))


def _notes(columns: Sequence[Figures], load: float) -> list[str]:
    """What belongs to the figures: machine, versions, weights, and what went wrong."""
    known = next((figures for figures in columns if figures.device), columns[0])
    notes = [
        f"{machine.processor()}, {machine.cores()} cores; {known.device}; {known.backend}",
        machine.versions(),
        f"content {_CONTENT} cut square, style {inputs.STYLE}; load at the start {load:.1f}",
    ]
    for figures in columns:
        if figures.weights:
            notes.append(f"{figures.network}: weights: {figures.weights}")
        if figures.other_cores is not None and figures.other_cores > _NOTICED_CORES:
            notes.append(
                f"{figures.network}: other programs or the host took {figures.other_cores:.2f} "
                "cores meanwhile: these are not the figures of a quiet machine"
            )
        if figures.trouble:
            notes.append(f"{figures.network}: {figures.trouble}")
    return notes


if __name__ == "__main__":
    sys.exit(main())
