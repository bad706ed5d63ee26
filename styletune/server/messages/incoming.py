"""What clients send, checked: one model a message.

What a control takes is the control table's business, not checked here.
"""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

MAX_BYTES = 65_536  # of a message in

# Sent back as it came; bounded, as a JSON number of thousands of digits is a valid integer.
Seq = Annotated[int, Field(ge=-(2**53), le=2**53)]


# Shown in lists and typed by hand: no line breaks, no blanks at its ends.
SceneName = Annotated[str, Field(max_length=60, pattern=r"^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$")]
Device = Annotated[str, Field(min_length=1, max_length=200)]
MidiData = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(max_length=1024)]
MAX_MORPH_S = 120.0


class Received(BaseModel):
    """A message from a client.

    Attributes:
        for_viewers: whether it may also come from who only watches.
    """

    for_viewers: ClassVar[bool] = False
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SetMessage(Received):
    """Move controls, all or none, to absolute values: of several at once the newest counts.

    Sending twice is harmless. The newest of a client that moves the same controls answers for all,
    by the last `seq` among them. Sets of one client with the same `gesture` are one step of undo.
    """

    type: Literal["set"]
    controls: Annotated[dict[str, Any], Field(min_length=1)]
    seq: Seq | None = None
    gesture: Annotated[str, Field(max_length=64)] | None = None


class TriggerMessage(Received):
    """Let a trigger happen once."""

    type: Literal["trigger"]
    name: str
    seq: Seq | None = None


class MidiMessage(Received):
    """Whole raw MIDI messages, one after the other, of the device of that name."""

    type: Literal["midi"]
    device: Device
    data: MidiData
    seq: Seq | None = None


class RecallMessage(Received):
    """Go to a scene: at once and whole, or in so many `seconds`."""

    type: Literal["recall"]
    scene: SceneName
    seconds: Annotated[float, Field(ge=0, le=MAX_MORPH_S)] = 0.0
    seq: Seq | None = None


class StoreMessage(Received):
    """Keep all present values as a scene of that name; one of the same name is replaced."""

    type: Literal["store"]
    scene: SceneName
    seq: Seq | None = None


class RenameMessage(Received):
    """Give a scene another name, at the same place in the list."""

    type: Literal["rename"]
    scene: SceneName
    to: SceneName
    seq: Seq | None = None


class DeleteMessage(Received):
    """Forget a scene."""

    type: Literal["delete"]
    scene: SceneName
    seq: Seq | None = None


class CrossfadeMessage(Received):
    """Say between which scenes the fader `crossfade` moves; null: none, absent: as before."""

    type: Literal["crossfade"]
    a: SceneName | None = None
    b: SceneName | None = None
    seq: Seq | None = None


class LearnMessage(Received):
    """The next move of hardware is bound to `target`, a control or `scene:<name>`; null: stop."""

    type: Literal["learn"]
    target: Annotated[str, Field(max_length=100)] | None
    seq: Seq | None = None


class UnlearnMessage(Received):
    """Take hardware off `target`: of one device, or of all."""

    type: Literal["unlearn"]
    target: Annotated[str, Field(max_length=100)]
    device: Device | None = None
    seq: Seq | None = None


class ListenMessage(Received):
    """This client has the device open and takes `feedback` for it."""

    type: Literal["listen"]
    device: Device
    seq: Seq | None = None


class UnlistenMessage(Received):
    """This client has closed the device."""

    type: Literal["unlisten"]
    device: Device
    seq: Seq | None = None


class PaintMessage(Received):
    """Paint exactly `steps` steps with these controls, from the first picture or the `last` one.

    Then the picture stands still for a few seconds, so that it can be fetched, unless
    somebody moves a control. `seed` is that of the reset; with `settle` it ends earlier, once
    the loss falls by less than this part of itself within fifty steps.
    """

    type: Literal["paint"]
    steps: Annotated[int, Field(ge=1, le=1_000_000)]
    controls: dict[str, Any] = {}
    start: Literal["reset", "last"] = "reset"
    seed: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    settle: Annotated[float, Field(gt=0, lt=1)] | None = None
    seq: Seq | None = None


class SnapshotRequest(Received):
    """Ask for the whole state again, after a gap in the revisions."""

    for_viewers: ClassVar[bool] = True
    type: Literal["snapshot?"]
    seq: Seq | None = None


class Ack(Received):
    """On /frames: the picture of this epoch is drawn."""

    type: Literal["ack"]
    epoch: int


Incoming = (
    SetMessage
    | TriggerMessage
    | RecallMessage
    | StoreMessage
    | RenameMessage
    | DeleteMessage
    | CrossfadeMessage
    | MidiMessage
    | LearnMessage
    | UnlearnMessage
    | ListenMessage
    | UnlistenMessage
    | PaintMessage
    | SnapshotRequest
)
