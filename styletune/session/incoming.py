"""Messages from clients: one strict model each, and their parsing from JSON.

What a control accepts is checked against the control table, not here.
"""

from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

import pydantic_core
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from styletune.errors import MessageError, explain_validation_error, short_repr
from styletune.session.outgoing import ErrorMessage
from styletune.session.roles import VIEW_ONLY, VIEW_ONLY_TEXT

MAX_BYTES = 65_536  # of a message in

# Returned with the answer; bounded, as a JSON number of thousands of digits is a valid integer.
Seq = Annotated[int, Field(ge=-(2**53), le=2**53)]

# Shown in lists and typed by people: no line breaks, no blanks at either end.
SceneName = Annotated[str, Field(max_length=60, pattern=r"^[^\p{Cc}\s](?:[^\p{Cc}]*[^\p{Cc}\s])?$")]
Device = Annotated[str, Field(min_length=1, max_length=200)]
MidiData = Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(max_length=1024)]
MAX_MORPH_S = 120.0


class IncomingMessage(BaseModel):
    """A message from a client.

    Attributes:
        allowed_for_viewers: whether viewers may send it, too.
    """

    allowed_for_viewers: ClassVar[bool] = False
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class SetMessage(IncomingMessage):
    """Move controls, all or none, to absolute values: of several at once the newest counts.

    Sending twice is harmless. The newest of a client that moves the same controls answers for all,
    by the last `seq` among them. Sets of one client with the same `gesture` are one step of undo.
    """

    type: Literal["set"]
    controls: Annotated[dict[str, Any], Field(min_length=1)]
    seq: Seq | None = None
    gesture: Annotated[str, Field(max_length=64)] | None = None


class TriggerMessage(IncomingMessage):
    """Let a trigger happen once."""

    type: Literal["trigger"]
    name: str
    seq: Seq | None = None


class MidiMessage(IncomingMessage):
    """Whole raw MIDI messages, one after the other, of the device of that name."""

    type: Literal["midi"]
    device: Device
    data: MidiData
    seq: Seq | None = None


class RecallMessage(IncomingMessage):
    """Go to a scene: at once and whole, or in so many `seconds`."""

    type: Literal["recall"]
    scene: SceneName
    seconds: Annotated[float, Field(ge=0, le=MAX_MORPH_S)] = 0.0
    seq: Seq | None = None


class StoreMessage(IncomingMessage):
    """Keep all present values as a scene of that name; one of the same name is replaced."""

    type: Literal["store"]
    scene: SceneName
    seq: Seq | None = None


class RenameMessage(IncomingMessage):
    """Give a scene another name, at the same place in the list."""

    type: Literal["rename"]
    scene: SceneName
    to: SceneName
    seq: Seq | None = None


class MoveMessage(IncomingMessage):
    """Give a scene another place in the list, counted from 0; beyond its end is the last."""

    type: Literal["move"]
    scene: SceneName
    to: Annotated[int, Field(ge=0, le=1_000)]
    seq: Seq | None = None


class DeleteMessage(IncomingMessage):
    """Forget a scene."""

    type: Literal["delete"]
    scene: SceneName
    seq: Seq | None = None


class CrossfadeMessage(IncomingMessage):
    """Choose between which scenes the fader `crossfade` moves; absent: as before.

    null: it follows the list, from the first scene to the second; while there is one scene only,
    from where the controls stood.
    """

    type: Literal["crossfade"]
    a: SceneName | None = None
    b: SceneName | None = None
    seq: Seq | None = None


class LearnMessage(IncomingMessage):
    """The next move of hardware is bound to `target`, a control or `scene:<name>`; null: stop."""

    type: Literal["learn"]
    target: Annotated[str, Field(max_length=100)] | None
    seq: Seq | None = None


class UnlearnMessage(IncomingMessage):
    """Take hardware off `target`: of one device, or of all."""

    type: Literal["unlearn"]
    target: Annotated[str, Field(max_length=100)]
    device: Device | None = None
    seq: Seq | None = None


class ListenMessage(IncomingMessage):
    """This client has the device open and takes `feedback` for it."""

    type: Literal["listen"]
    device: Device
    seq: Seq | None = None


class UnlistenMessage(IncomingMessage):
    """This client has closed the device."""

    type: Literal["unlisten"]
    device: Device
    seq: Seq | None = None


class PaintMessage(IncomingMessage):
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


class SnapshotRequestMessage(IncomingMessage):
    """Ask for the whole state again, after a gap in the revisions."""

    allowed_for_viewers: ClassVar[bool] = True
    type: Literal["snapshot?"]
    seq: Seq | None = None


class AckMessage(IncomingMessage):
    """On /frames: the picture of this epoch is drawn."""

    type: Literal["ack"]
    epoch: int


Incoming = (
    SetMessage
    | TriggerMessage
    | RecallMessage
    | StoreMessage
    | RenameMessage
    | MoveMessage
    | DeleteMessage
    | CrossfadeMessage
    | MidiMessage
    | LearnMessage
    | UnlearnMessage
    | ListenMessage
    | UnlistenMessage
    | PaintMessage
    | SnapshotRequestMessage
)

# ------------------------------------------------------------------ parsing

_T = TypeVar("_T")
_INCOMING: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])
_ACK: TypeAdapter[AckMessage] = TypeAdapter(AckMessage)


def parse(text: str | bytes) -> Incoming:
    """Parse one message from /ws.

    Raises:
        MessageError: code `bad_json` (also NaN and Infinity, which JSON lacks), `bad_type` or
            `bad_message`.
    """
    return _validate(_INCOMING, _json(text))


def parse_ack(text: str | bytes) -> AckMessage:
    """Parse one message from /frames; see `parse`."""
    return _validate(_ACK, _json(text))


def refuse_viewer(message: Incoming | ErrorMessage) -> ErrorMessage | None:
    """The error for a message that a viewer may not send, else None."""
    if isinstance(message, ErrorMessage) or message.allowed_for_viewers:
        return None
    return ErrorMessage(code=VIEW_ONLY, message=VIEW_ONLY_TEXT, seq=message.seq)


def seq_of(text: str | bytes) -> int | None:
    """The `seq` of a message that `parse` refused, or None where it cannot be found."""
    try:
        seq = _json(text).get("seq")
    except (MessageError, AttributeError):
        return None
    return seq if type(seq) is int and abs(seq) <= 2**53 else None


def _json(text: str | bytes) -> Any:
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        why = f"received {short_repr(text)} ({str(error)[:80]})"
        raise MessageError(f"a message must be JSON; {why}", code="bad_json") from None


def _validate(adapter: TypeAdapter[_T], data: Any) -> _T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # The first part of the location is the tag of the union.
        location = first["loc"][1:] if first["loc"][:1] in _TAGS else first["loc"]
        why = explain_validation_error(error, location=location)
    if first["type"] == "union_tag_invalid":
        raise MessageError(
            f"unknown message type {short_repr(first['ctx']['tag'])}; "
            f"known are {first['ctx']['expected_tags']}",
            code="bad_type",
        )
    if first["type"] in ("union_tag_not_found", "model_type", "model_attributes_type"):
        raise MessageError(
            f"a message must be a JSON object with a `type`; received {short_repr(data)}",
            code="bad_message",
        )
    raise MessageError(why, code="bad_message")


_TAGS = tuple(get_args(model.model_fields["type"].annotation) for model in get_args(Incoming))
