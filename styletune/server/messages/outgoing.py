"""Everything that is sent to clients, the snapshot of it all among it."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from styletune.server.messages.answers import Changed, Error, Painting, Triggered
from styletune.server.messages.epoch import Epoch
from styletune.server.messages.hands import Bindings, Feedback, Hardware, Learning
from styletune.server.messages.sent import Sent, absent
from styletune.server.messages.standing import Pictures, Scenes, WorkerState


class Snapshot(Sent):
    """Everything at once: the first message on /ws, and the answer to `snapshot?`."""

    for_all: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["snapshot"] = "snapshot"
    rev: int
    controls: Mapping[str, float | bool | str]
    state: WorkerState
    layers: tuple[str, ...]
    epoch: Epoch | None
    pictures: Pictures
    version: str
    client: str
    clients: int
    role: Literal["player", "viewer"] = "player"
    players: int = 0
    scenes: Scenes = Scenes()
    seq: int | None = Field(default=None, exclude_if=absent)


Outgoing = (
    Changed
    | Triggered
    | Painting
    | Scenes
    | Epoch
    | WorkerState
    | Pictures
    | Bindings
    | Learning
    | Hardware
    | Feedback
    | Snapshot
    | Error
)
