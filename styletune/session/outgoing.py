"""Messages to clients: every model that the server sends on /ws; those of MIDI stand beside."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field, create_model

from styletune.ipc.commands import Report, Run
from styletune.ipc.frame_block import Frame, Term
from styletune.session.outgoing_message import OutgoingMessage, is_none
from styletune.session.outgoing_midi import (
    BindingsMessage,
    FeedbackMessage,
    HardwareMessage,
    LearningMessage,
    UnboundMessage,
)
from styletune.terms import layer_terms


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
        """The revision that this one follows."""
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
    def command(self) -> Run:
        """The command for the worker."""
        return Run(self.run, self.steps, self.start == "reset", self.seed, self.settle)


class ErrorMessage(OutgoingMessage):
    """A message was not obeyed, and nothing has changed; `message` is for people."""

    broadcast: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["error"] = "error"
    code: str
    message: str
    seq: int | None = Field(default=None, exclude_if=is_none)


# -------------------------------------------------------------------- losses


class RunStep(OutgoingMessage):
    """How far the run of a `paint` is; `done`: this is its last picture."""

    run: int
    step: int
    done: bool


class TermLoss(OutgoingMessage):
    """One term of one layer; see `ipc.frame_block.Term`."""

    raw: float
    weight: float
    weighted: float
    share: float

    @classmethod
    def from_term(cls, term: Term) -> "TermLoss":
        """Copy a term of a frame."""
        return cls(raw=term.raw, weight=term.weight, weighted=term.weighted, share=term.share)


if TYPE_CHECKING:

    class LayerLoss(OutgoingMessage):
        """What is known of it without the table of terms."""

        layer: str

        def __init__(self, layer: str, **terms: TermLoss) -> None: ...

else:
    LayerLoss = create_model(
        "LayerLoss",
        __base__=OutgoingMessage,
        __module__=__name__,
        __doc__="The terms of one layer: a field for each of `terms.layer_terms`.",
        layer=str,
        **dict.fromkeys(layer_terms(), TermLoss),
    )


class EpochMessage(OutgoingMessage):
    """An epoch has been painted; its picture goes out on /frames."""

    coalesce: ClassVar[bool] = True
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
    def from_frame(cls, frame: Frame, layers: Sequence[str]) -> "EpochMessage":
        """Describe a frame, without its picture; `layers` names those of its terms."""
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
                LayerLoss(
                    layer=layer,
                    **{kind: TermLoss.from_term(rows[index]) for kind, rows in frame.terms.items()},
                )
                for index, layer in enumerate(layers)
            ),
            smooth=frame.smooth,
            total=frame.total,
            run=RunStep(run=frame.run, step=frame.run_step, done=frame.run_done)
            if frame.run
            else None,
        )


# ----------------------------------------------- worker, pictures and scenes


class StateMessage(OutgoingMessage):
    """What the painting is doing, on what.

    `look`: name of the learned look that is chosen. `live`: what it runs on while it paints; empty
    while steps do. `source`: what it paints, `content`, `film` or `camera`.
    `viewers`: sockets that receive pictures. `players`: clients that may play, without those that
    only bring hardware; `devices`: the hardware that plays, by name.
    `retry_s`: seconds until the next try, while it is restarting. `log`: the worker's last
    lines, once it has failed. `not_kept`: what cannot be saved at present, and why.
    """

    coalesce: ClassVar[bool] = True
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
    look: str = ""
    live: str = ""
    source: str = "content"
    viewers: int = 0
    players: int = 0
    devices: tuple[str, ...] = ()
    retry_s: float | None = Field(default=None, exclude_if=is_none)
    log: tuple[str, ...] | None = Field(default=None, exclude_if=is_none)
    not_kept: tuple[str, ...] | None = Field(default=None, exclude_if=is_none)

    @classmethod
    def from_report(
        cls,
        report: Report,
        viewers: int,
        retry_s: float | None,
        log: Sequence[str] | None = None,
        not_kept: Sequence[str] = (),
    ) -> "StateMessage":
        """Add what only the web process knows to a worker's report."""
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
            look=report.look,
            live=report.live,
            source=report.source,
            viewers=viewers,
            retry_s=retry_s,
            log=None if log is None else tuple(log),
            not_kept=tuple(not_kept) or None,
        )


class Picture(OutgoingMessage):
    """A content or style picture; `version` rises with each one put in its place."""

    name: str
    width: int
    height: int
    version: int


class PicturesMessage(OutgoingMessage):
    """The pictures that are painted from."""

    coalesce: ClassVar[bool] = True
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


class LibraryPicture(OutgoingMessage):
    """A picture to choose; `id` goes into the header X-Library of an upload.

    `kind`: what it is meant for; None: either. `version`: changes when the file does.
    """

    id: str
    name: str
    kind: Literal["content", "style"] | None
    origin: Literal["sample", "folder"]
    version: str


class LibraryMessage(OutgoingMessage):
    """The pictures to choose from: the samples, then those of the user's folder by name."""

    pictures: tuple[LibraryPicture, ...]


class Film(OutgoingMessage):
    """A film that looks can paint live."""

    id: str
    name: str


class FilmsMessage(OutgoingMessage):
    """The films of the user's folder, by name."""

    films: tuple[Film, ...]


class SceneEntry(OutgoingMessage):
    """A scene in the list; `saved`: seconds since 1970; `thumbnail`: whether it has one."""

    name: str
    saved: float
    thumbnail: bool = False


class MorphState(OutgoingMessage):
    """A recall that takes time; `done`: 0..1 of it."""

    scene: str
    seconds: float
    done: float


class ScenesMessage(OutgoingMessage):
    """The scenes, the ends of the crossfade, a morph under way, how many steps undo has.

    `a`, `b`: null, where there is a scene, for where the controls stood when the fader left that
    end. `chosen`: those ends that somebody has chosen; others follow the list.
    """

    coalesce: ClassVar[bool] = True
    type: Literal["scenes"] = "scenes"
    scenes: tuple[SceneEntry, ...] = ()
    a: str | None = None
    b: str | None = None
    chosen: tuple[str, ...] = ()
    current: str | None = None
    morph: MorphState | None = None
    undo: int = 0
    redo: int = 0


# ------------------------------------------------------------------ snapshot


class SnapshotMessage(OutgoingMessage):
    """Everything at once: the first message on /ws, and the answer to `snapshot?`."""

    broadcast: ClassVar[bool] = False
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


class CameraTakenMessage(OutgoingMessage):
    """On /ws/camera: the picture is taken, the next may come."""

    type: Literal["taken"] = "taken"


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
    | UnboundMessage
    | FeedbackMessage
    | SnapshotMessage
    | ErrorMessage
)
