"""What the loop around the step costs, with the bare step measured in the very same process.

    python -m benchmarks.engine.overhead [--networks lite vgg16] [--seconds 120]

Two processes with the same model differ by some per cent for as long as they live (where their
memory lies), which is more than the loop costs. Here one worker does both, in turns of some
seconds: its own loop, with the real server and a client that gets all pictures, and the bare
compiled step. A pair of turns gives one figure, and every second pair begins with the other kind.
"""

import argparse
import asyncio
import functools
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.common import inputs, machine, report
from benchmarks.common.client import RecordingClient
from benchmarks.common.processes import ServerProcess
from benchmarks.common.server import run_loop, serve_with_worker
from benchmarks.common.turns import Estimate
from styletune.config import load
from styletune.ipc.commands import WorkerConfig
from styletune.networks import NETWORKS

TARGETS = {"lite": 0.05, "vgg16": 0.02}
_TURN_S = {"lite": 1.5, "vgg16": 4.0, "vgg19": 4.0}
_FIRST_STEPS = 40  # until nothing is traced and compiled any more, and the size is the full one


@dataclass(frozen=True, slots=True)
class Turn:
    """Steps that were taken one after the other, and the wall time that they took."""

    bare: bool
    seconds: float
    steps: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """Overheads, pair by pair; the bare steps' seconds; and the cores of other programs."""

    overheads: list[float]
    bare_s: list[float]
    other_cores: float


def paint_in_turns(job: WorkerConfig, pipe: Connection, *, log: Path) -> None:
    """Paint as the worker does, but every other turn by bare steps. Runs in the worker."""
    from styletune.engine import backend
    from styletune.engine.painter import Painter
    from styletune.worker import loop

    backend.configure(job.session.engine.device, job.session.engine.precision)
    turn_s = _TURN_S[job.session.network.name]

    class AlternatingLoop(loop.PaintLoop):
        """A loop that logs how long its epochs take, and takes bare steps in between."""

        _turns = 0
        _start: tuple[float, int] | None = None

        def _run_epoch(self, painter: Painter, hand: bool) -> bool:
            full = max(painter.height, painter.width) == job.session.pictures.size
            if self._progress.step >= _FIRST_STEPS and full:
                self._take_turns(painter)
            return super()._run_epoch(painter, hand)

        def _take_turns(self, painter: Painter) -> None:
            now = time.perf_counter()
            if self._start is None:
                self._take_bare_steps(painter)
            elif now - self._start[0] >= turn_s:
                steps = self._progress.step - self._start[1]
                self._log(Turn(False, now - self._start[0], steps))
                self._turns += 1
                # Loop, bare; bare, loop; loop, bare: what drifts meets both alike.
                self._take_bare_steps(painter)
                if self._turns % 2 == 0:
                    self._take_bare_steps(painter)
            else:
                return
            self._start = time.perf_counter(), self._progress.step

        def _take_bare_steps(self, painter: Painter) -> None:
            began, steps = time.perf_counter(), 0
            while (seconds := time.perf_counter() - began) < turn_s:
                painter.solver.depths.run(painter._depth, painter.inputs.batch)
                steps += 1
            painter.solver.raw_losses()  # on a GPU this waits for the last step
            self._log(Turn(True, max(seconds, time.perf_counter() - began), steps))

        def _log(self, turn: Turn) -> None:
            with log.open("a", encoding="utf-8") as file:
                print(json.dumps([turn.bare, turn.seconds, turn.steps]), file=file)

    run_loop(AlternatingLoop, job, pipe)


def read_turns(log: Path) -> list[Turn]:
    """The turns that the worker has logged."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return [Turn(*json.loads(line)) for line in lines]


def overheads(turns: Sequence[Turn]) -> list[float]:
    """(wall − steps × bare step) / wall of each turn of the loop, by the bare turns beside it.

    >>> overheads([Turn(True, 2.0, 4), Turn(False, 2.5, 4), Turn(True, 2.0, 4)])
    [0.2]
    """
    found = []
    for before, loop, after in zip(turns, turns[1:], turns[2:], strict=False):
        if not loop.bare and before.bare and after.bare:
            bare_s = (before.seconds + after.seconds) / (before.steps + after.steps)
            found.append(1 - bare_s * loop.steps / loop.seconds)
    return found


async def measure(session_file: Path, folder: Path, seconds: float) -> Measurement:
    """Serve a session file for some seconds of turns; `folder` is for logs."""
    log = folder / "turns"
    command = ("benchmarks.engine.overhead", "--serve", str(session_file), str(log))
    async with (
        ServerProcess(folder, command=command) as server,
        RecordingClient(await server.websocket_url(), server.token) as client,
    ):
        await client.wait_for_state("running")
        while not read_turns(log):
            await asyncio.sleep(0.5)
        pids = (os.getpid(), server.pid, server.worker_pid)
        meter = machine.CpuMeter(pids)
        await asyncio.sleep(seconds)
        others = meter.other_cores()
    turns = read_turns(log)
    bare_s = [turn.seconds / turn.steps for turn in turns if turn.bare]
    return Measurement(overheads(turns), bare_s, others)


async def _measure_one(network: str, arguments: argparse.Namespace) -> Measurement:
    with tempfile.TemporaryDirectory(prefix="styletune-overhead-") as name:
        folder = Path(name)
        content = inputs.square_picture("harbour", arguments.size, folder)
        text = inputs.session_toml(network, content, folder, arguments.size, arguments.weights)
        file = folder / "session.toml"
        file.write_text(text)
        return await measure(file, folder, arguments.seconds)


def main() -> int:
    """Measure and print."""
    parser = report.new_parser("engine.overhead", __doc__)
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=["lite", "vgg16"])
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="(default 256)")
    parser.add_argument(
        "--seconds", type=float, default=120.0, metavar="S", help="of each (default 120)"
    )
    parser.add_argument("--weights", metavar="FILE", help="of VGG (default: random filters)")
    arguments = parser.parse_args()
    if arguments.serve:
        session_file, log = arguments.serve
        session = load(session_file).with_overrides(server={"port": 0})
        return serve_with_worker(session, functools.partial(paint_in_turns, log=Path(log)))
    table = report.new_table(
        f"the loop around the step, {arguments.size} px",
        ("", "overhead, median", "middle half", "mean", "pairs", "to reach", "others' cores"),
    )
    for network in arguments.networks:
        found = asyncio.run(_measure_one(network, arguments))
        target = TARGETS.get(network)
        low, high = np.percentile(found.overheads, (25, 75))
        table.add_row(
            network,
            f"{median(found.overheads):+.1%}",
            f"{low:+.1%} … {high:+.1%}",
            Estimate.of(found.overheads).percent,
            str(len(found.overheads)),
            "" if target is None else f"{target:.0%}",
            f"{found.other_cores:.2f}",
        )
    report.print_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
