"""The live instrument, measured: start, speed, overhead, latency, memory, in one table.

    python -m benchmarks.server.live [--networks lite vgg16] [--size 256] [--quick]

Starts the real server for each network and plays it through its real sockets; then a worker that
takes turns with bare steps measures what the loop costs (see `engine.overhead`). Everything is
reported, nothing asserted. Takes at most six minutes, with --quick at most ninety seconds.
"""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from rich.console import Console

from benchmarks.common import inputs, machine, report
from benchmarks.common.client import Epoch, RecordingClient
from benchmarks.common.processes import ServerProcess
from benchmarks.engine import overhead
from benchmarks.engine.bare_step import StepProcess
from benchmarks.server.live_figures import EpochSpan, Figures, Latency, table
from styletune import config
from styletune.config import MAX_SIZE_PX, MIN_SIZE_PX
from styletune.errors import StyletuneError
from styletune.networks import NETWORKS

_CONTENT = "harbour"
_BUDGET_S, _QUICK_BUDGET_S = 360.0, 90.0
_SHUTDOWN_S = 10.0  # of the budget, for ending what is measured last
_SECONDS, _QUICK_SECONDS = 60.0, 8.0
# Latencies: for so many seconds, but at least and at most so many.
_LATENCY_S, _LATENCIES = 25.0, (20, 60)
_QUICK_LATENCY_S, _QUICK_LATENCIES = 6.0, (6, 20)
_SKIPPED_EPOCHS = 2  # at the full size: the first ones find cold caches
_NOTICED_CORES = 0.1  # that others use: more than that is seen in the figures
_SEED = 0


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print; 130 after Ctrl-C, 1 where nothing could be measured."""
    arguments = _parser().parse_args(argv)
    console = report.progress_console()
    try:
        columns, notes = asyncio.run(measure_all(arguments, console))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("stopped; all processes are ended")
        return 130
    title = f"styletune at {arguments.size} × {arguments.size} px"
    report.print_table(table(columns, title, notes))
    return 0 if any(figures.first_picture_s is not None for figures in columns) else 1


def _parser() -> argparse.ArgumentParser:
    parser = report.new_parser("server.live", __doc__)
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


async def measure_all(
    arguments: argparse.Namespace, console: Console
) -> tuple[list[Figures], list[str]]:
    """Measure one network after the other; figures, and the notes that belong to them."""
    task = asyncio.current_task()
    assert task is not None  # it runs in one
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    ends = loop.time() + (_QUICK_BUDGET_S if arguments.quick else _BUDGET_S) - _SHUTDOWN_S
    columns = [Figures(network) for network in dict.fromkeys(arguments.networks)]
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="styletune-benchmark-") as name:
        folder = Path(name)
        content = inputs.square_picture(_CONTENT, arguments.size, folder)
        for index, figures in enumerate(columns):
            share_s = (ends - loop.time()) / (len(columns) - index)
            try:
                async with asyncio.timeout(share_s):
                    await measure(figures, content, arguments, folder, console)
            except TimeoutError:
                figures.error = "the time was up before all was measured"
            except (StyletuneError, ConnectionError) as error:
                figures.error = str(error)
    # One machine has one matrix peak: the best that was seen.
    best = max((figures.peak_flops or 0.0 for figures in columns), default=0.0)
    for figures in columns:
        figures.peak_flops = best or None
    return columns, _notes(columns, load)


async def measure(
    figures: Figures, content: Path, arguments: argparse.Namespace, folder: Path, console: Console
) -> None:
    """Measure one network; `figures` is filled in, so that what there is by then is kept."""
    network = figures.network
    session_file = folder / f"{network}.toml"
    text = inputs.session_toml(network, content, folder, arguments.size, arguments.weights)
    session_file.write_text(text, encoding="utf-8")
    seconds = arguments.seconds or (_QUICK_SECONDS if arguments.quick else _SECONDS)
    console.print(f"{network}: starting the server")
    async with ServerProcess(folder, str(session_file)) as server:
        async with RecordingClient(await server.websocket_url(), server.token) as client:
            await _start(figures, server, client, config.load(session_file).pictures.size)
            console.print(f"{network}: painting after {figures.first_painted_s:.1f} s")
            await _steps(figures, server, client, seconds / 4)
            console.print(f"{network}: measuring the latency")
            await _latencies(
                figures, client, f"style.{NETWORKS[network].default_layers[0]}", arguments
            )
        worker = server.worker_pid
        figures.web_mb = machine.peak_mb(server.pid)
        figures.worker_mb = None if worker is None else machine.peak_mb(worker)
    console.print(f"{network}: the matrix peak")
    async with StepProcess(session_file, folder) as bare:
        figures.device, figures.backend = bare.description["device"], bare.description["backend"]
        figures.multiply_adds = bare.description["multiply_adds"]
        figures.peak_flops = await bare.figure("peak_flops")
    console.print(f"{network}: the loop and the bare step in one worker, in turns")
    found = await overhead.measure(session_file, folder, seconds)
    figures.overheads, figures.bare_s = found.overheads, found.bare_s


async def _start(
    figures: Figures, server: ServerProcess, client: RecordingClient, size_px: int
) -> None:
    first = await client.wait_for(lambda: next(iter(client.pictures), None))
    figures.first_picture_s = first.at - server.started
    painted = await client.wait_for(lambda: next((p for p in client.pictures if p.step > 0), None))
    figures.first_painted_s = painted.at - server.started
    await client.wait_for_state("running")
    figures.weights = client.state["weights"]
    # Coarse to fine: the first pictures are smaller.
    await client.wait_for(lambda: max(client.state["width"], client.state["height"]) == size_px)


async def _steps(
    figures: Figures, server: ServerProcess, client: RecordingClient, seconds: float
) -> None:
    """Epochs as they are painted in some seconds, and the processor time meanwhile."""
    client.epochs.clear()
    await client.wait_for(lambda: len(client.epochs) > _SKIPPED_EPOCHS)
    del client.epochs[:-1]
    pids = (os.getpid(), server.pid, server.worker_pid)
    meter = machine.CpuMeter(pids)
    await client.wait_for(lambda: meter.seconds > seconds and len(client.epochs) > 2)
    figures.web_cores, figures.other_cores = meter.cores(server.pid), meter.other_cores()
    figures.epochs = spans_between(client.epochs)


def spans_between(messages: list[Epoch]) -> list[EpochSpan]:
    """Length and steps of each epoch, from one message to the next."""
    return [
        EpochSpan(
            after.time - before.time,
            after.step - before.step,
            after.epoch - before.epoch,
            stepping_s=(after.step - before.step) / after.steps_per_s,
        )
        for before, after in pairwise(messages)
        if after.epoch > before.epoch
    ]


async def _latencies(
    figures: Figures, client: RecordingClient, control: str, arguments: argparse.Namespace
) -> None:
    """Move a fader at random moments, and wait for the picture that shows it."""
    rng = random.Random(_SEED)
    least, most = _QUICK_LATENCIES if arguments.quick else _LATENCIES
    ends = time.perf_counter() + (_QUICK_LATENCY_S if arguments.quick else _LATENCY_S)
    while len(figures.latencies) < most:
        if len(figures.latencies) >= least and time.perf_counter() > ends:
            break
        # A picture has just come: anywhere from now to the next one.
        await asyncio.sleep(rng.uniform(0, figures.epoch_s or 0.1))
        figures.latencies.append(await _latency(client, control, rng.random()))


async def _latency(client: RecordingClient, control: str, position: float) -> Latency:
    client.pictures.clear()
    sent, sent_at = time.time(), time.perf_counter()
    rev = await client.set({control: position})
    picture = await client.wait_for(
        lambda: next((picture for picture in client.pictures if picture.rev >= rev), None)
    )
    return Latency(total_s=picture.at - sent_at, painting_s=picture.time - sent)


def _notes(columns: Sequence[Figures], load: float) -> list[str]:
    """Device and weights, and what disturbed or went wrong."""
    known = next((figures for figures in columns if figures.device), columns[0])
    notes = [
        f"{known.device}; {known.backend}; content {_CONTENT} cut square, style {inputs.STYLE}; "
        f"load at the start {load:.1f}"
    ]
    for figures in columns:
        if figures.weights:
            notes.append(f"{figures.network}: weights: {figures.weights}")
        if figures.other_cores is not None and figures.other_cores > _NOTICED_CORES:
            notes.append(
                f"{figures.network}: other programs or the host took {figures.other_cores:.2f} "
                "cores meanwhile: these are not the figures of a quiet machine"
            )
        if figures.error:
            notes.append(f"{figures.network}: {figures.error}")
    return notes


if __name__ == "__main__":
    sys.exit(main())
