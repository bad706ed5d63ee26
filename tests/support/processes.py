"""What the tests of shared memory run in second, real processes."""

import os
import signal
import time
from multiprocessing.connection import Connection

import numpy as np

from styletune.controls import ControlTable
from styletune.ipc.control_block import ControlBlock, ControlState
from styletune.ipc.frame_block import Frame, FrameBlock, Term

LAYERS = ("block1_conv1", "block3_conv4")
TABLE = ControlTable(LAYERS)


def control_state(rev: int) -> ControlState:
    """A state of which every value follows from `rev`."""
    return ControlState(
        rev=rev,
        positions=dict.fromkeys(TABLE.valued, rev % 1000 / 1000),
        triggers=dict.fromkeys(TABLE.triggers, rev),
    )


def frame(epoch: int, width: int = 64, height: int = 48) -> Frame:
    """A frame of which every value follows from `epoch`."""
    terms = tuple(Term(epoch, epoch / 2, epoch / 3, epoch / 4) for _ in LAYERS)
    return Frame(
        epoch=epoch,
        step=7 * epoch,
        rev=3 * epoch,
        time=epoch + 0.5,
        steps_per_s=epoch + 0.25,
        picture=np.full((height, width, 3), epoch % 251, np.uint8),
        terms={"content": terms, "style": terms},
        smooth=epoch / 5,
        total=epoch / 7,
    )


def same(one: Frame, other: Frame) -> bool:
    """Whether two frames agree in everything."""
    return np.array_equal(one.picture, other.picture) and all(
        getattr(one, name) == getattr(other, name)
        for name in Frame.__dataclass_fields__
        if name != "picture"
    )


def write_frames(name: str, size_px: int, pipe: Connection) -> None:
    """Publish frames as fast as can be until told to stop."""
    block = FrameBlock.attach(name, LAYERS, size_px)
    epoch = 0
    while not pipe.poll():
        epoch += 1
        block.publish(frame(epoch, width=size_px, height=size_px))
    pipe.send(epoch)
    block.close()


def write_controls(name: str, pipe: Connection) -> None:
    """Write control states as fast as can be until told to stop."""
    block = ControlBlock.attach(name, TABLE)
    rev = 0
    while not pipe.poll():
        rev += 1
        block.write(control_state(rev))
    pipe.send(rev)
    block.close()


def read_once_and_end(name: str) -> None:
    """Attach, read, and end without closing."""
    state = ControlBlock.attach(name, TABLE).read()
    raise SystemExit(0 if state is not None else 5)


def read_once_and_die(name: str) -> None:
    """Attach, read, and be killed."""
    ControlBlock.attach(name, TABLE).read()
    os.kill(os.getpid(), signal.SIGKILL)


def make_blocks_and_wait() -> None:
    """Make both blocks, print their names, and wait to be killed."""
    control, frames = ControlBlock.create(TABLE), FrameBlock.create(LAYERS, 32)
    print(control.name, frames.name, flush=True)
    time.sleep(600)


if __name__ == "__main__":
    make_blocks_and_wait()
