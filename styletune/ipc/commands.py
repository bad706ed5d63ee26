"""What goes through the pipe between the web process and the worker, besides the blocks.

Small frozen dataclasses of plain types, pickled by `multiprocessing`. Pictures travel as
files, control values through the control block, painted pictures through the frame block.
Both processes read this module; it knows nothing about who sends what when.
"""

import contextlib
import select
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection

from styletune.config import SessionConfig


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Parent to worker, first of all and once: all that it is to paint.

    Attributes:
        session: with the pictures as they are now, not as the session began.
        control_block: name of the block to attach and read.
        frame_block: name of the block to attach and write; a new one for each worker.
        size_px: longer edge that the frame block has room for.
        first_epoch: number of the first epoch to publish: one more than people have seen.
        first_step: number of the first step, likewise.
        checkpoints: folder in which the painting is kept, and found again; "" for none.
    """

    session: SessionConfig
    control_block: str
    frame_block: str
    size_px: int
    first_epoch: int = 0
    first_step: int = 0
    checkpoints: str = ""


@dataclass(frozen=True, slots=True)
class SetContent:
    """Parent to worker: paint this content picture from now on.

    `path` is a decoded, upright RGB PNG that the parent wrote.
    """

    path: str

    @property
    def what(self) -> str:
        """The name that a refusal of this order carries."""
        return "content"


@dataclass(frozen=True, slots=True)
class SetStyle:
    """Parent to worker: use this picture as style number `index`, counted from 0.

    The index after the last one adds a style.
    """

    index: int
    path: str

    @property
    def what(self) -> str:
        """The name that a refusal of this order carries; people count styles from 1."""
        return f"style {self.index + 1}"


@dataclass(frozen=True, slots=True)
class RemoveStyle:
    """Parent to worker: forget the style of this picture; those after it move up.

    By its path, as an index may mean another one once an earlier order was refused.
    """

    path: str

    @property
    def what(self) -> str:
        """The name that a refusal of this order carries."""
        return "style"


@dataclass(frozen=True, slots=True)
class Run:
    """Parent to worker: paint exactly this far, then hold still for a moment.

    Attributes:
        run: its number; frames painted for it carry it.
        steps: how many, at least 1.
        reset: begin with the first picture, else with the one that is there.
        seed: of the reset; None: the session's.
        settle: end earlier, once the loss falls by less than this part of itself; see
            `settling`. None: never.
    """

    run: int
    steps: int
    reset: bool = True
    seed: int | None = None
    settle: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Parent to worker: end, with exit code 0, within two seconds."""


Command = SetContent | SetStyle | RemoveStyle | Run | Stop


class State(StrEnum):
    """What the painting is doing, in the words that people see."""

    STARTING = "starting"
    COMPILING = "compiling"
    RUNNING = "running"
    PAUSED = "paused"
    ROLLING_BACK = "rolling back"
    RESTARTING = "restarting"  # only the supervisor says so
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """Worker to parent, at every change of state and whenever a figure changed.

    A worker says `FAILED` only for a cause that starting it again does not mend, such as
    missing weights: the supervisor then does not. All else it leaves to its exit.

    Attributes:
        width, height: of the painting, px.
        memory_mb: device memory, or resident memory on a processor.
        steps_per_epoch: as measured, 0 before.
    """

    state: State
    message: str = ""
    device: str = ""
    network: str = ""
    weights: str = ""
    backend: str = ""
    width: int = 0
    height: int = 0
    memory_mb: float = 0.0
    steps_per_epoch: int = 0


@dataclass(frozen=True, slots=True)
class FrameReady:
    """Worker to parent: another picture lies in the frame block.

    Only a knock on the door, so that nobody has to look again and again: one that finds no
    room in the pipe is not sent.
    """


@dataclass(frozen=True, slots=True)
class StandbyReady:
    """Worker to parent: it has imported all that it needs, and waits for its job."""


@dataclass(frozen=True, slots=True)
class CommandRejected:
    """Worker to parent: an order was not carried out, and the painting goes on as before.

    Attributes:
        what: `what` of the order.
        message: why, in one sentence for people.
        path: the order's picture. The supervisor forgets it, so that a restarted worker
            is not given the same one again.
    """

    what: str
    message: str
    path: str = ""


# Sending through a pipe, and reading from it, without ever waiting for the other side.


def has_message(pipe: Connection) -> bool:
    """Whether a message lies there, or the other side is gone."""
    return _ready(pipe, select.POLLIN)


def try_send(pipe: Connection, message: object) -> bool:
    """Send a message if there is room for it; say whether it is done with.

    True also when the other side is gone: nobody will ever read it. A stopped process at the
    other end never stops this one.
    """
    if not _ready(pipe, select.POLLOUT):
        return False
    with contextlib.suppress(OSError):
        pipe.send(message)
    return True


def _ready(pipe: Connection, events: int) -> bool:
    poll = select.poll()  # not `Connection.poll`, which takes ten times as long
    poll.register(pipe.fileno(), events)
    return bool(poll.poll(0))
