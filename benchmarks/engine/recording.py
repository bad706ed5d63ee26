"""What recording costs: a step while nothing, what was played last, and a take are recorded.

    python -m benchmarks.engine.recording [--size 256] [--rounds 12] [--seconds 4]

One worker's loop, painting with the default layers. In turns it records nothing, what was played
last, as it always does, and a take beside that. A fader moves twenty times a second throughout: a
hand that never rests. On a busy machine the turns differ by more than recording costs; the
processor time of the recorder itself, of the loop's thread, does not. Takes about three minutes.
Exit code 1 where the target was missed.
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.common import report
from benchmarks.common.report import Row
from benchmarks.common.server import sample_session
from benchmarks.common.turns import Turns, take_turns
from styletune.config import SessionConfig
from styletune.ipc.commands import Stop, TakeFolders, WorkerConfig
from styletune.ipc.control_block import ControlBlock, ControlState
from styletune.ipc.frame_block import FrameBlock

MOST_PERCENT = 1.0  # of the steps
_FIRST_STEPS = 50  # before the first turn: until epochs have their length
_BEGINS_S = 0.3  # until a take has begun, or ended
_MOVES_S = 0.05
_CALLS = ("begin", "move", "note_canvas", "note_pictures", "update", "write")  # of the recorder


class Performance:
    """A worker's loop in a thread, and a hand that moves a fader.

    Args:
        folder: for what is recorded.

    Attributes:
        shares: processor time of the recorder with a take, as parts of the time, turn by turn.
    """

    def __init__(self, session: SessionConfig, folder: Path) -> None:
        # Here: they import Keras.
        from styletune.worker.loop import PaintLoop
        from styletune.worker.recorder import TakeRecorder

        self._table, self._positions, self._rev = session.table(), session.positions(), 0
        layers, edge = session.network.selected_layers, session.pictures.size
        self._controls = ControlBlock.create(self._table)
        self._frames = FrameBlock.create(layers, edge)
        self._pipe, far = multiprocessing.Pipe()
        self._move()
        folders = TakeFolders(str(folder / "recent"), str(folder / "takes"))
        names = self._controls.name, self._frames.name
        job = WorkerConfig(session, *names, edge, recordings=folders)
        self._loop = PaintLoop(job, self._controls, self._frames, far)
        self._recorder = self._loop._recorder
        self._silent = TakeRecorder(session, None, "", lambda why: None)
        self.shares: list[float] = []
        self._recorder_s, self._within = 0.0, False
        for name in _CALLS:
            setattr(self._recorder, name, self._timed(getattr(self._recorder, name)))
        self._thread = threading.Thread(target=self._loop.run)
        self._thread.start()
        while self._step < _FIRST_STEPS:
            self._play(_MOVES_S)

    def measure(self, seconds: float, *, recording: bool, take: bool) -> list[float]:
        """The seconds that a step takes, over so many."""
        self._loop._recorder = self._recorder if recording else self._silent
        self._positions["record"] = float(take)
        self._play(_BEGINS_S)
        step, started, recorder_s = self._step, time.perf_counter(), self._recorder_s
        self._play(seconds)
        passed = time.perf_counter() - started
        if take:
            self.shares.append((self._recorder_s - recorder_s) / passed)
        return [passed / max(1, self._step - step)]

    def close(self) -> None:
        """End the loop."""
        self._pipe.send(Stop())
        while self._thread.is_alive():
            self._receive()
            self._thread.join(_MOVES_S)
        for block in (self._controls, self._frames):
            block.close()
            block.unlink()

    def _timed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **options: Any) -> Any:
            if self._within:  # one of them calls another
                return call(*arguments, **options)
            self._within, started = True, time.thread_time()
            try:
                return call(*arguments, **options)
            finally:
                self._within = False
                self._recorder_s += time.thread_time() - started

        return timed

    @property
    def _step(self) -> int:
        return self._frames.read_heartbeat()[1]

    def _play(self, seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            self._positions["smooth"] = self._rev % 20 / 40
            self._move()
            self._receive()
            time.sleep(_MOVES_S)

    def _move(self) -> None:
        self._rev += 1
        triggers = dict.fromkeys(self._table.triggers, 0)
        self._controls.write(ControlState(self._rev, dict(self._positions), triggers))

    def _receive(self) -> None:
        while self._pipe.poll():
            self._pipe.recv()


def measure(arguments: argparse.Namespace, folder: Path) -> tuple[Turns, list[float]]:
    """Seconds a step, by what is recorded; and the recorder's own time, see `Performance`."""
    performance = Performance(sample_session(arguments.size), folder)

    def turn(*, recording: bool, take: bool = False) -> list[float]:
        return performance.measure(arguments.seconds, recording=recording, take=take)

    try:
        variants = {
            "nothing": lambda: turn(recording=False),
            "always": lambda: turn(recording=True),
            "take": lambda: turn(recording=True, take=True),
        }
        return take_turns(variants, arguments.rounds), performance.shares
    finally:
        performance.close()


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("engine.recording", __doc__)
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="(default 256)")
    parser.add_argument("--rounds", type=int, default=12, metavar="N", help="(default 12)")
    parser.add_argument("--seconds", type=float, default=4.0, metavar="S", help="(default 4)")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="styletune-recording-") as name:
        turns, shares = measure(arguments, Path(name))
        size = sum(path.stat().st_size for path in Path(name).rglob("*.jsonl"))
    always, take = (turns.ratio(name, "nothing") for name in ("always", "take"))
    rows = [
        Row("steps lost to what is recorded always", 100 * (1 - 1 / always.value), MOST_PERCENT,
            "%"),
        Row("with a take beside it", 100 * (1 - 1 / take.value), MOST_PERCENT, "%"),
        Row("processor time of recording both", 100 * median(shares), MOST_PERCENT, "%"),
    ]  # fmt: skip
    notes = (
        f"a step takes {always} and {take} of the time, in {arguments.rounds} rounds of "
        f"{arguments.seconds:g} s; {size / 1e6:.1f} MB were written; load average before: "
        f"{load:.1f}",
    )
    return report.print_rows("recording", rows, notes)


if __name__ == "__main__":
    sys.exit(main())
