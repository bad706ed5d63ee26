"""A painting process in pure NumPy whose every pixel is known beforehand.

It obeys the same orders as the real worker. A frame's picture is of one colour: red is the
position of `smooth` in 255ths, green the number in the content file, blue the sum of those in
the style files. `total` is its pid, `smooth` how often `reset` was sent.

The other functions are workers with one fault each.
"""

import os
import signal
import sys
import time
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from benchmarks.common.stand_in import StandInWorker
from styletune.ipc.commands import (
    CommandRejected,
    DrawLayer,
    LayerDrawn,
    RemoveStyle,
    Report,
    SetContent,
    State,
    Stop,
    WorkerConfig,
)
from styletune.ipc.control_block import ControlBlock

STEP_S = 0.01
REPORT = Report(State.STARTING, device="stand-in", network="lite", backend="numpy")


def number(path: str) -> int:
    """What a stand-in picture holds: one number, 0..255."""
    return int(Path(path).read_text())


def paint(job: WorkerConfig, pipe: Connection) -> None:
    """Paint until told to stop."""
    worker = StandInWorker(job, pipe)
    pipe.send(REPORT)
    green = number(job.session.pictures.content)
    styles = {path: number(path) for path in job.session.pictures.styles}
    state = State.STARTING
    while True:
        while pipe.poll():
            order = pipe.recv()
            if isinstance(order, Stop):
                return
            try:
                if isinstance(order, DrawLayer):
                    pipe.send(LayerDrawn(order.layer, f"drawn {order.layer}".encode()))
                elif isinstance(order, SetContent):
                    green = number(order.path)
                elif isinstance(order, RemoveStyle):
                    del styles[order.path]
                else:
                    kept, value = list(styles.items()), number(order.path)
                    kept[order.index : order.index + 1] = [(order.path, value)]
                    styles = dict(kept)
            except (OSError, ValueError):
                pipe.send(CommandRejected(order.label, "no number in it", order.path))
        values = worker.controls.read()
        assert values is not None  # the supervisor writes before it starts a worker
        wanted = State.PAUSED if values.positions["paused"] else State.RUNNING
        if state is not wanted:
            state = wanted
            pipe.send(replace(REPORT, state=state, width=job.size_px, height=job.size_px))
        if state is State.RUNNING:
            red = round(255 * values.positions["smooth"])
            picture = np.empty((job.size_px, job.size_px, 3), np.uint8)
            picture[:] = red, green, sum(styles.values())
            worker.publish(
                picture,
                values.rev,
                1 / STEP_S,
                smooth=values.triggers["reset"],
                total=os.getpid(),
            )
        worker.heartbeat()
        time.sleep(STEP_S)


def crash(job: WorkerConfig, pipe: Connection) -> None:
    """Say why, and fail."""
    print("reading the weights", flush=True)
    raise RuntimeError("the stand-in failed as it was told")


def give_up(job: WorkerConfig, pipe: Connection) -> None:
    """Fail for a reason that another try does not mend."""
    pipe.send(replace(REPORT, state=State.FAILED, message="no weights here"))
    time.sleep(600)


def meet_unknown_instruction(job: WorkerConfig, pipe: Connection) -> None:
    """End as on a processor that is too old."""
    os.kill(os.getpid(), signal.SIGILL)


def compile_for_ever(job: WorkerConfig, pipe: Connection) -> None:
    """Never come to an end with compiling."""
    pipe.send(replace(REPORT, state=State.COMPILING))
    time.sleep(600)


def paint_deaf(job: WorkerConfig, pipe: Connection) -> None:
    """Paint, but heed neither orders nor SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    paint(job, Unheard(pipe))  # type: ignore[arg-type]


class Unheard:
    """A pipe in which only the worker speaks."""

    def __init__(self, pipe: Connection) -> None:
        self.send = pipe.send

    def poll(self) -> bool:
        return False


def paint_and_babble(job: WorkerConfig, pipe: Connection) -> None:
    """Write far more than a pipe holds, then paint."""
    for line in range(20_000):
        print(f"line {line}")
    sys.stderr.write("progress 1 %\rprogress 2 %\rwithout an end")
    sys.stderr.flush()
    paint(job, pipe)


class ResourceExhaustedError(Exception):
    """TensorFlow's, by name."""


def run_out_of_memory(job: WorkerConfig, pipe: Connection) -> None:
    """Never have memory enough."""
    raise MemoryError


def paint_if_small(job: WorkerConfig, pipe: Connection) -> None:
    """Have memory for no more than 150 px; larger ones are killed, as far as people can tell."""
    table = job.session.table()
    controls = ControlBlock.attach(job.control_block, table)
    values = controls.read()
    assert values is not None
    size = table["size"].value(values.positions["size"])
    controls.close()
    if size > 150:
        raise ResourceExhaustedError(f"OOM when allocating a picture of {size:.0f} px")
    paint(job, pipe)


def paint_after_failing_once(job: WorkerConfig, pipe: Connection) -> None:
    """Fail unless another worker has tried before; the content file's folder remembers."""
    mark = Path(job.session.pictures.content).with_name("tried")
    if not mark.exists():
        mark.touch()
        raise RuntimeError("first try")
    paint(job, pipe)


# What a spare of these workers does while it waits.

NOTES = "STYLETUNE_TEST_NOTES"  # names a file for the priority of the thread that warms up
WARM_ENOUGH = "warm-enough"  # beside it: the file that ends a slow warm-up


def warm_up() -> None:
    """There is nothing to import."""


def note_and_warm_up() -> None:
    """Note at which priority."""
    Path(os.environ[NOTES]).write_text(f"{os.getpriority(os.PRIO_PROCESS, 0)}")


def warm_up_slowly() -> None:
    """Take until somebody says that it is warm enough."""
    note_and_warm_up()
    while not Path(os.environ[NOTES]).with_name(WARM_ENOUGH).exists():
        time.sleep(0.01)


def fail_to_warm_up() -> None:
    """Fail."""
    raise RuntimeError("too cold")
