"""What clients see of pictures that are rendered large, and of the one being painted."""

from typing import Literal

from styletune.session.outgoing_message import OutgoingMessage


class RenderEntry(OutgoingMessage):
    """A picture that is done. `time`: seconds since 1970."""

    name: str
    bytes: int
    time: float


class RenderStatus(OutgoingMessage):
    """The picture that is painted large.

    `waiting`: its process has not begun. `progress`: 0..1. `error`: why it has failed.
    """

    width: int
    height: int
    state: Literal["waiting", "starting", "painting", "failed"]
    progress: float
    seconds_left: float | None
    error: str


class RendersMessage(OutgoingMessage):
    """Pictures rendered large, newest first, and the one that is painted.

    `sizes`: longer edges to choose from, px. `player`: whether this client may start one.
    """

    files: tuple[RenderEntry, ...]
    job: RenderStatus | None
    sizes: tuple[int, ...]
    player: bool
