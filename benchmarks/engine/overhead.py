"""What the loop around the step costs, with the bare step measured in the very same process.

    python -m benchmarks.engine.overhead [--networks lite vgg16] [--seconds 120]

Two processes with the same model differ by some per cent for as long as they live (where their
memory lies), which is more than the loop costs. Here one worker does both, in turns of some
seconds: its own loop, with the real server and a viewer of all pictures, and the bare compiled
step. A pair of turns gives one figure, and every second pair begins with the other kind.
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

from rich.console import Console
from rich.table import Table

from benchmarks.common import inputs, machine, worker_server
from benchmarks.common.client import Viewer
from benchmarks.common.processes import Served
from benchmarks.server.live_figures import TARGET_OVERHEAD, percentile
from styletune.config import NETWORKS
from styletune.ipc.commands import WorkerConfig

_TURN_S = {"lite": 1.5, "vgg16": 4.0, "vgg19": 4.0}
_FIRST_STEPS = 40  # until nothing is traced and compiled any more, and the size is the full one


@dataclass(frozen=True, slots=True)
class Turn:
    """Steps that were taken one after the other, and the wall time that they took."""

    bare: bool
    seconds: float
    steps: int


def paint_in_turns(job: WorkerConfig, pipe: Connection, *, log: Path) -> None:
    """What a worker does, but that every other turn is bare steps. Runs in the worker."""
    from styletune.engine import backend
    from styletune.engine.painter import Painter
    from styletune.worker import loop

    backend.configure(job.session.engine.device, job.session.engine.precision)
    turn_s = _TURN_S[job.session.network.name]

    class Alternating(loop.PaintLoop):
        """A worker that notes how long its epochs take, and takes bare steps in between."""

        _turns = 0
        _from: tuple[float, int] | None = None

        def _run_epoch(self, painter: Painter, hand: bool) -> bool:
            full = max(painter.height, painter.width) == job.session.pictures.size
            if self._progress.step >= _FIRST_STEPS and full:
                self._take_turns(painter)
            return super()._run_epoch(painter, hand)

        def _take_turns(self, painter: Painter) -> None:
            now = time.perf_counter()
            if self._from is None:
                self._bare(painter)
            elif now - self._from[0] >= turn_s:
                self._note(Turn(False, now - self._from[0], self._progress.step - self._from[1]))
                self._turns += 1
                # Loop, bare; bare, loop; loop, bare: what drifts meets both alike.
                self._bare(painter)
                if self._turns % 2 == 0:
                    self._bare(painter)
            else:
                return
            self._from = time.perf_counter(), self._progress.step

        def _bare(self, painter: Painter) -> None:
            began, steps = time.perf_counter(), 0
            while (seconds := time.perf_counter() - began) < turn_s:
                painter.solver.depths.run(painter._depth, painter.inputs.batch)
                steps += 1
            painter.solver.raw_losses()  # on a GPU this waits for the last step
            self._note(Turn(True, max(seconds, time.perf_counter() - began), steps))

        def _note(self, turn: Turn) -> None:
            with log.open("a") as file:
                print(json.dumps([turn.bare, turn.seconds, turn.steps]), file=file)

    worker_server.work(Alternating, job, pipe)


def turns_of(log: Path) -> list[Turn]:
    """What the worker has noted."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [Turn(*json.loads(line)) for line in lines]


def overheads(turns: Sequence[Turn]) -> list[float]:
    """(wall − steps × bare step) / wall of each turn of the loop, by the bare turns beside it.

    >>> overheads([Turn(True, 2.0, 4), Turn(False, 2.5, 4), Turn(True, 2.0, 4)])
    [0.2]
    """
    found = []
    for before, loop, after in zip(turns, turns[1:], turns[2:], strict=False):
        if not loop.bare and before.bare and after.bare:
            beside = (before.seconds + after.seconds) / (before.steps + after.steps)
            found.append(1 - beside * loop.steps / loop.seconds)
    return found


async def measure(session_file: Path, folder: Path, seconds: float) -> tuple[list[float], float]:
    """Overheads, pair by pair, and the cores that other programs had meanwhile.

    Args:
        folder: for logs.
    """
    log = folder / "turns"
    command = ("benchmarks.engine.overhead", "--serve", str(session_file), str(log))
    async with (
        Served(folder, command=command) as server,
        Viewer(await server.address(), server.token) as viewer,
    ):
        await viewer.be("running")
        while not turns_of(log):
            await asyncio.sleep(0.5)
        pid = server.worker_pid
        assert pid is not None  # it has just taken a turn
        pids = (os.getpid(), server.pid, pid)
        busy, began = machine.Busy.now(pids), time.perf_counter()
        await asyncio.sleep(seconds)
        others = machine.Busy.now(pids).others_since(busy, time.perf_counter() - began)
    return overheads(turns_of(log)), others


async def _measure_one(network: str, arguments: argparse.Namespace) -> tuple[list[float], float]:
    with tempfile.TemporaryDirectory(prefix="styletune-overhead-") as name:
        folder = Path(name)
        content = inputs.square("harbour", arguments.size, folder)
        text = inputs.session(network, content, folder, arguments.size, arguments.weights)
        file = folder / "session.toml"
        file.write_text(text)
        return await measure(file, folder, arguments.seconds)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine.overhead")
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
        return worker_server.serve(session_file, functools.partial(paint_in_turns, log=Path(log)))
    made = Table(
        title=f"the loop around the step, {arguments.size} px", title_justify="left",
        caption=f"{machine.processor()}, {machine.cores()} cores\n{machine.versions()}",
        caption_justify="left",
    )  # fmt: skip
    for head in ("", "overhead, median", "middle half", "pairs", "to reach", "others' cores"):
        made.add_column(head)
    for network in arguments.networks:
        found, others = asyncio.run(_measure_one(network, arguments))
        target = TARGET_OVERHEAD.get(network)
        low, high = (percentile(found, at) for at in (25, 75))
        made.add_row(
            network, f"{median(found):+.1%}", f"{low:+.1%} … {high:+.1%}", str(len(found)),
            "" if target is None else f"{target:.0%}", f"{others:.2f}",
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 118).print(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
