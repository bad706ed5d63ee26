"""Messages through the pipe between web process and worker, and how they are sent.

Frozen dataclasses of plain types, pickled by `multiprocessing`; pictures travel as files.
"""

import contextlib
import select
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import ClassVar

from styletune.config import SessionConfig


@dataclass(frozen=True, slots=True)
class TakeFolders:
    """Where the worker records what is played.

    Attributes:
        recent: of this run; what was recorded unasked, in pieces.
        takes: what was recorded by hand.
    """

    recent: str
    takes: str


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """Parent to worker, once and first: its job.

    Attributes:
        session: with the current pictures, not those that it began with.
        control_block: name of the block to attach and read.
        frame_block: name of the block to attach and write; a new one for each worker.
        size_px: longest edge that the frame block has room for.
        first_epoch: number of the first epoch to publish: one more than the last that was seen.
        first_step: number of the first step, likewise.
        checkpoints: folder of the checkpoints; "" for none.
        recordings: None: nothing is recorded.
    """

    session: SessionConfig
    control_block: str
    frame_block: str
    size_px: int
    first_epoch: int = 0
    first_step: int = 0
    checkpoints: str = ""
    recordings: TakeFolders | None = None


@dataclass(frozen=True, slots=True)
class SetContent:
    """Parent to worker: paint this content picture from now on.

    `path` is a decoded, upright RGB PNG that the parent wrote.
    """

    path: str

    @property
    def label(self) -> str:
        """What a `CommandRejected` calls it."""
        return "content"


@dataclass(frozen=True, slots=True)
class SetStyle:
    """Parent to worker: use this picture as style number `index`, counted from 0.

    The index after the last one adds a style.
    """

    index: int
    path: str

    @property
    def label(self) -> str:
        """What a `CommandRejected` calls it; people count styles from 1."""
        return f"style {self.index + 1}"


@dataclass(frozen=True, slots=True)
class RemoveStyle:
    """Parent to worker: remove the style of this picture; those after it move up.

    By its path: after an earlier command was rejected, an index may mean another style.
    """

    path: str

    @property
    def label(self) -> str:
        """What a `CommandRejected` calls it."""
        return "style"


@dataclass(frozen=True, slots=True)
class SetLook:
    """Parent to worker: while the switch `look` is on, paint by the learned look of this file."""

    label: ClassVar[str] = "look"
    path: str


# What a look paints, as people see it.
CONTENT_SOURCE, CAMERA_SOURCE, FILM_SOURCE = "content", "camera", "film"


@dataclass(frozen=True, slots=True)
class SetSource:
    """Parent to worker: what a learned look paints.

    Attributes:
        source: `content` for the content picture, `camera` for what `CameraFrame` brings, else
            the path of a film.
    """

    label: ClassVar[str] = "source"
    source: str


# So many always fit into a pipe that has room for more at all; see `try_send`.
MAX_CAMERA_BYTES = MAX_LAYER_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """Parent to worker: the camera's newest picture; the answer is `CameraTaken`.

    Attributes:
        data: a JPEG, PNG or WebP, at most `MAX_CAMERA_BYTES`. Not a file: nothing of it stays.
    """

    label: ClassVar[str] = "camera"
    data: bytes


@dataclass(frozen=True, slots=True)
class DrawLayer:
    """Parent to worker: draw what this layer sees now, after the step under way.

    The answer is `LayerDrawn`; of several, only the newest is answered.
    """

    label: ClassVar[str] = "layer"
    layer: str


@dataclass(frozen=True, slots=True)
class Run:
    """Parent to worker: paint exactly this far, then pause for a moment.

    Attributes:
        run: its number; frames painted for it carry it.
        steps: how many, at least 1.
        reset: begin with the first picture, else with the one that is there.
        seed: of the reset; None: the session's.
        settle: end earlier, once the loss falls by less than this part of itself; see
            `convergence`. None: never.
    """

    run: int
    steps: int
    reset: bool = True
    seed: int | None = None
    settle: float | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """Parent to worker: exit with code 0 within two seconds."""


SourceCommand = SetContent | SetStyle | RemoveStyle
LookCommand = SetLook | SetSource | CameraFrame
Command = SourceCommand | LookCommand | DrawLayer | Run | Stop


class State(StrEnum):
    """What the painting is doing, in the words that people see."""

    STARTING = "starting"
    COMPILING = "compiling"
    RUNNING = "running"
    PAUSED = "paused"
    ROLLING_BACK = "rolling back"
    RESTARTING = "restarting"  # set by the supervisor only
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Report:
    """Worker to parent, at every change of state or of a figure.

    A worker reports `FAILED` only where a restart would not help, such as for missing weights:
    the supervisor then does not restart it. For all else it exits.

    Attributes:
        width, height: of the painting, px.
        memory_mb: device memory, or resident memory on a processor.
        steps_per_epoch: as measured, 0 before.
        look: name of the learned look that is chosen; empty: none.
        live: what the look runs on while it paints; empty while steps do.
        source: what it paints: `content`, `film` or `camera`.
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
    look: str = ""
    live: str = ""
    source: str = CONTENT_SOURCE


@dataclass(frozen=True, slots=True)
class FrameReady:
    """Worker to parent: there is another picture in the frame block.

    It only wakes the parent, which need not poll so often: without room in the pipe it is dropped.
    """


@dataclass(frozen=True, slots=True)
class CameraTaken:
    """Worker to parent: the camera's picture is taken; the next may come."""


@dataclass(frozen=True, slots=True)
class LayerDrawn:
    """Worker to parent: what a layer sees of the painting and of its style.

    Attributes:
        data: a WebP, at most `MAX_LAYER_BYTES`; empty where it could not be drawn.
    """

    layer: str
    data: bytes


@dataclass(frozen=True, slots=True)
class StandbyReady:
    """Worker to parent: everything is imported; it waits for its job."""


@dataclass(frozen=True, slots=True)
class CommandRejected:
    """Worker to parent: a command was not carried out, and the painting goes on as before.

    Attributes:
        label: of the command.
        message: why, in one sentence for people.
        path: the command's picture. The supervisor drops it, so that a restarted worker is not
            given it again.
    """

    label: str
    message: str
    path: str = ""


# ------------------------------------------------- pipes, without ever waiting


def has_message(pipe: Connection) -> bool:
    """Whether there is a message to read, or the other side is gone."""
    return _ready(pipe, select.POLLIN)


def try_send(pipe: Connection, message: object) -> bool:
    """Send a message; False: there is no room for it yet.

    True also when the other side is gone: nobody will ever read it. A stopped process at the
    other end never blocks this one.
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
