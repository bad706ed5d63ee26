"""Every message on /ws, in and out, and what is checked of it.

JSON text comes in, one of the `…Message` models goes out, and the other way round. Knows nothing
about sockets and processes. Imports run one way: from `sent` to what is sent, and on to `outgoing`;
from `incoming` to `parsing`.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, ClassVar, Literal, TypeVar, get_args

import pydantic_core
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from styletune.errors import MessageError
from styletune.ipc.commands import Report, Run
from styletune.ipc.frame_block import Frame, Term
from styletune.session.roles import VIEW_ONLY, VIEW_ONLY_TEXT

# What all messages to clients have in common.


def is_none(value: object) -> bool:
    """Whether a field is left out of the text."""
    return value is None


class OutgoingMessage(BaseModel):
    """A message to clients.

    Attributes:
        for_all: whether every client gets it, or only those that it is meant for.
        for_hardware: whether a client that only plays hardware gets it, see `SendQueue`.
        newest_only: whether one that still waits to be sent is superseded by a newer one.
    """

    model_config = ConfigDict(frozen=True)
    for_all: ClassVar[bool] = True
    for_hardware: ClassVar[bool] = False
    newest_only: ClassVar[bool] = False

    @property
    def about(self) -> Hashable:
        """Of `newest_only` messages: those with the same `about` supersede each other."""
        return type(self)

    @cached_property
    def text(self) -> str:
        """The message as JSON; made once, however many clients get it."""
        return self.model_dump_json()


# What becomes of what a client sends: changes, triggers, runs, refusals.


class ChangedMessage(OutgoingMessage):
    """Controls have moved; `rev` is the revision that a picture must have to show it.

    Sent to everybody, the sender included. Several changes of one source that come at once,
    or to a client that reads slowly, are one, with the newest `rev` and `seq`. `since`, where
    it is not `rev` - 1: the revision that it follows on; a client that is not there yet has
    missed something.
    """

    type: Literal["changed"] = "changed"
    rev: int
    since: int | None = Field(default=None, exclude_if=is_none)
    controls: dict[str, float | bool | str]
    source: str
    seq: int | None = Field(default=None, exclude_if=is_none)

    @property
    def follows(self) -> int:
        """The revision that it follows on."""
        return self.rev - 1 if self.since is None else self.since


class TriggeredMessage(OutgoingMessage):
    """A trigger has happened."""

    type: Literal["triggered"] = "triggered"
    name: str
    source: str
    seq: int | None = Field(default=None, exclude_if=is_none)


class PaintingMessage(OutgoingMessage):
    """A `paint` has begun; epochs that belong to it carry `run`, and its controls have `rev`."""

    type: Literal["painting"] = "painting"
    run: int
    rev: int
    steps: int
    start: str
    seed: int | None
    settle: float | None
    source: str
    seq: int | None = Field(default=None, exclude_if=is_none)

    @property
    def order(self) -> Run:
        """What the worker is told."""
        return Run(self.run, self.steps, self.start == "reset", self.seed, self.settle)


class ErrorMessage(OutgoingMessage):
    """A message was not obeyed, and nothing has changed; `message` is for people."""

    for_all: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["error"] = "error"
    code: str
    message: str
    seq: int | None = Field(default=None, exclude_if=is_none)


# What an epoch has painted, layer by layer.


class RunStep(OutgoingMessage):
    """How far the run of a `paint` is; `done`: this is its last picture."""

    run: int
    step: int
    done: bool


class TermLoss(OutgoingMessage):
    """One content or style term of one layer; see `shared.frame_block.Term`."""

    raw: float
    weight: float
    weighted: float
    share: float

    @classmethod
    def of(cls, term: Term) -> "TermLoss":
        """The same, as a message shows it."""
        return cls(raw=term.raw, weight=term.weight, weighted=term.weighted, share=term.share)


class LayerLoss(OutgoingMessage):
    """Both terms of one layer."""

    layer: str
    content: TermLoss
    style: TermLoss


class EpochMessage(OutgoingMessage):
    """An epoch has been painted; its picture goes out on /frames."""

    newest_only: ClassVar[bool] = True
    type: Literal["epoch"] = "epoch"
    epoch: int
    step: int
    rev: int
    time: float
    steps_per_s: float
    width: int
    height: int
    losses: tuple[LayerLoss, ...]
    smooth: float
    total: float
    run: RunStep | None = Field(default=None, exclude_if=is_none)

    @classmethod
    def of(cls, frame: Frame, layers: Sequence[str]) -> "EpochMessage":
        """What a frame says, without its picture."""
        height, width = frame.picture.shape[:2]
        return cls(
            epoch=frame.epoch,
            step=frame.step,
            rev=frame.rev,
            time=frame.time,
            steps_per_s=frame.steps_per_s,
            width=width,
            height=height,
            losses=tuple(
                LayerLoss(layer=layer, content=TermLoss.of(content), style=TermLoss.of(style))
                for layer, content, style in zip(layers, frame.content, frame.style, strict=True)
            ),
            smooth=frame.smooth,
            total=frame.total,
            run=RunStep(run=frame.run, step=frame.run_step, done=frame.run_done)
            if frame.run
            else None,
        )


# What concerns hardware: what it is bound to, where it stands, what it is told.


class Binding(OutgoingMessage):
    """A control or scene and the hardware that moves it."""

    target: str
    source: str
    encoding: str
    takeover: str
    invert: bool = False
    learned: bool = False
    conflict: str | None = Field(default=None, exclude_if=is_none)


class BindingsMessage(OutgoingMessage):
    """What the knobs of a device are bound to."""

    for_hardware: ClassVar[bool] = True
    newest_only: ClassVar[bool] = True
    type: Literal["bindings"] = "bindings"
    device: str
    profile: str
    bindings: tuple[Binding, ...]

    @property
    def about(self) -> Hashable:
        """The device."""
        return BindingsMessage, self.device


class LearningMessage(OutgoingMessage):
    """Which target waits for hardware to be moved; null: none."""

    for_hardware: ClassVar[bool] = True
    newest_only: ClassVar[bool] = True
    type: Literal["learning"] = "learning"
    target: str | None
    device: str | None = Field(default=None, exclude_if=is_none)
    source: str | None = Field(default=None, exclude_if=is_none)
    encoding: str | None = Field(default=None, exclude_if=is_none)


class HardwareMessage(OutgoingMessage):
    """Where a fader of hardware stands while it does not move its control; `waiting`: until met."""

    newest_only: ClassVar[bool] = True
    type: Literal["hardware"] = "hardware"
    control: str
    position: float
    waiting: bool
    direction: Literal["up", "down"] | None
    device: str

    @property
    def about(self) -> Hashable:
        """The control and the device."""
        return HardwareMessage, self.control, self.device


class FeedbackMessage(OutgoingMessage):
    """Raw MIDI messages for the device, to the clients that listen for it."""

    for_all: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["feedback"] = "feedback"
    device: str
    data: tuple[tuple[int, ...], ...]


# What clients send, checked: one model a message.
#
# What a control takes is the control table's business, not checked here.


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


class SnapshotRequestMessage(Received):
    """Ask for the whole state again, after a gap in the revisions."""

    for_viewers: ClassVar[bool] = True
    type: Literal["snapshot?"]
    seq: Seq | None = None


class AckMessage(Received):
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
    | SnapshotRequestMessage
)

# How things stand: the worker, the pictures, the scenes.


class StateMessage(OutgoingMessage):
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
    retry_s: float | None = Field(default=None, exclude_if=is_none)
    log: tuple[str, ...] | None = Field(default=None, exclude_if=is_none)

    @classmethod
    def of(
        cls, report: Report, viewers: int, retry_s: float | None, log: Sequence[str] | None = None
    ) -> "StateMessage":
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


class Picture(OutgoingMessage):
    """A content or style picture; `version` rises with each one put in its place."""

    name: str
    width: int
    height: int
    version: int


class PicturesMessage(OutgoingMessage):
    """The pictures that are painted from."""

    newest_only: ClassVar[bool] = True
    type: Literal["pictures"] = "pictures"
    content: Picture
    styles: tuple[Picture, ...]


class RecentPicture(OutgoingMessage):
    """A picture that was used before; `id` goes into the header X-Recent of an upload."""

    id: str
    name: str
    width: int
    height: int


class RecentPicturesMessage(OutgoingMessage):
    """The pictures used last, newest first."""

    recent: tuple[RecentPicture, ...]


class SceneEntry(OutgoingMessage):
    """A scene in the list; `saved`: seconds since 1970."""

    name: str
    saved: float


class MorphState(OutgoingMessage):
    """A recall that takes time; `done`: 0..1 of it."""

    scene: str
    seconds: float
    done: float


class ScenesMessage(OutgoingMessage):
    """The scenes, the ends of the crossfade, a morph under way, how many steps undo has."""

    newest_only: ClassVar[bool] = True
    type: Literal["scenes"] = "scenes"
    scenes: tuple[SceneEntry, ...] = ()
    a: str | None = None
    b: str | None = None
    current: str | None = None
    morph: MorphState | None = None
    undo: int = 0
    redo: int = 0


# Everything that is sent to clients, the snapshot of it all among it.


class SnapshotMessage(OutgoingMessage):
    """Everything at once: the first message on /ws, and the answer to `snapshot?`."""

    for_all: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["snapshot"] = "snapshot"
    rev: int
    controls: Mapping[str, float | bool | str]
    state: StateMessage
    layers: tuple[str, ...]
    epoch: EpochMessage | None
    pictures: PicturesMessage
    version: str
    client: str
    clients: int
    role: Literal["player", "viewer"] = "player"
    players: int = 0
    scenes: ScenesMessage = ScenesMessage()
    seq: int | None = Field(default=None, exclude_if=is_none)


Outgoing = (
    ChangedMessage
    | TriggeredMessage
    | PaintingMessage
    | ScenesMessage
    | EpochMessage
    | StateMessage
    | PicturesMessage
    | BindingsMessage
    | LearningMessage
    | HardwareMessage
    | FeedbackMessage
    | SnapshotMessage
    | ErrorMessage
)

# JSON text to a checked message, or a sentence that says what is wrong with it.


_T = TypeVar("_T")
_INCOMING: TypeAdapter[Incoming] = TypeAdapter(Annotated[Incoming, Field(discriminator="type")])
_ACK: TypeAdapter[AckMessage] = TypeAdapter(AckMessage)


def parse(text: str | bytes) -> Incoming:
    """Check one message from /ws.

    Raises:
        MessageError: code `bad_json` (also NaN and Infinity, which JSON lacks), `bad_type` or
            `bad_message`.
    """
    return _validate(_INCOMING, _json(text))


def parse_ack(text: str | bytes) -> AckMessage:
    """Check one message from /frames; see `parse`."""
    return _validate(_ACK, _json(text))


def refuse_viewer(text: str | bytes) -> ErrorMessage | None:
    """The answer to a message that a viewer may not send; None: it may, or is no message."""
    try:
        message = parse(text)
    except MessageError:  # whoever obeys messages says so, and does nothing
        return None
    if message.for_viewers:
        return None
    return ErrorMessage(code=VIEW_ONLY, message=VIEW_ONLY_TEXT, seq=message.seq)


def seq_of(text: str | bytes) -> int | None:
    """The `seq` of a message that `parse` refused, if it can be made out."""
    try:
        seq = _json(text).get("seq")
    except (MessageError, AttributeError):
        return None
    return seq if type(seq) is int and abs(seq) <= 2**53 else None


def _json(text: str | bytes) -> Any:
    try:
        return pydantic_core.from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise MessageError(
            f"a message must be JSON; received {_short(text)} ({str(error)[:80]})", code="bad_json"
        ) from None


def _validate(adapter: TypeAdapter[_T], data: Any) -> _T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
    if fault["type"] == "union_tag_invalid":
        raise MessageError(
            f"unknown message type {_short(fault['ctx']['tag'])}; "
            f"known are {fault['ctx']['expected_tags']}",
            code="bad_type",
        )
    if fault["type"] in ("union_tag_not_found", "model_type", "model_attributes_type"):
        raise MessageError(
            f"a message must be a JSON object with a `type`; received {_short(data)}",
            code="bad_message",
        )
    # The first part of the location is the tag of the union.
    key = ".".join(str(part) for part in fault["loc"][-2:] if part not in _TAGS)[:80]
    what = fault["msg"][0].lower() + fault["msg"][1:]
    received = "" if fault["type"] == "missing" else f"; received {_short(fault['input'])}"
    raise MessageError(f"`{key}`: {what}{received}", code="bad_message")


_TAGS = tuple(get_args(model.model_fields["type"].annotation)[0] for model in get_args(Incoming))


def _short(value: object, limit: int = 60) -> str:
    """`repr` cut to `limit` characters: a hostile value must not flood a message."""
    try:
        text = repr(value[: 2 * limit] if isinstance(value, str | bytes | list) else value)
    except (ValueError, RecursionError):  # an integer of more digits than Python prints
        return "a value too large to show"
    return text if len(text) <= limit else text[:limit] + "…"
