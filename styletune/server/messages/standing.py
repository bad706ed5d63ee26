"""How things stand: the worker, the pictures, the scenes."""

from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from styletune.ipc.commands import Report
from styletune.server.messages.sent import Sent, absent


class WorkerState(Sent):
    """What the painting is doing, on what.

    `retry_s`: seconds until the next try, while it is restarting. `log`: the worker's last
    lines, once it has failed.
    """

    newest_only: ClassVar[bool] = True
    type: Literal["state"] = "state"
    state: str
    message: str = ""
    device: str = ""
    network: str = ""
    weights: str = ""
    backend: str = ""
    width: int = 0
    height: int = 0
    memory_mb: float = 0.0
    steps_per_epoch: int = 0
    viewers: int = 0
    retry_s: float | None = Field(default=None, exclude_if=absent)
    log: tuple[str, ...] | None = Field(default=None, exclude_if=absent)

    @classmethod
    def of(
        cls, report: Report, viewers: int, retry_s: float | None, log: Sequence[str] | None = None
    ) -> "WorkerState":
        """What a worker's report says, and what only the web process knows."""
        return cls(
            state=report.state.value,
            message=report.message,
            device=report.device,
            network=report.network,
            weights=report.weights,
            backend=report.backend,
            width=report.width,
            height=report.height,
            memory_mb=report.memory_mb,
            steps_per_epoch=report.steps_per_epoch,
            viewers=viewers,
            retry_s=retry_s,
            log=None if log is None else tuple(log),
        )


class Picture(Sent):
    """A content or style picture; `version` rises with each one put in its place."""

    name: str
    width: int
    height: int
    version: int


class Pictures(Sent):
    """The pictures that are painted from."""

    newest_only: ClassVar[bool] = True
    type: Literal["pictures"] = "pictures"
    content: Picture
    styles: tuple[Picture, ...]


class RecentPicture(Sent):
    """A picture that was used before; `id` goes into the header X-Recent of an upload."""

    id: str
    name: str
    width: int
    height: int


class RecentPictures(Sent):
    """The pictures used last, newest first."""

    recent: tuple[RecentPicture, ...]


class SceneEntry(Sent):
    """A scene in the list; `saved`: seconds since 1970."""

    name: str
    saved: float


class Morph(Sent):
    """A recall that takes time; `done`: 0..1 of it."""

    scene: str
    seconds: float
    done: float


class Scenes(Sent):
    """The scenes, the ends of the crossfade, a morph under way, how many steps undo has."""

    newest_only: ClassVar[bool] = True
    type: Literal["scenes"] = "scenes"
    scenes: tuple[SceneEntry, ...] = ()
    a: str | None = None
    b: str | None = None
    current: str | None = None
    morph: Morph | None = None
    undo: int = 0
    redo: int = 0
