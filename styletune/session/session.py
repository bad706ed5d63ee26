"""The session: messages and hardware to a performance, and what is said about it. Pure: no I/O.

Checked messages come in with the name of who sent them; messages to send come out. A set is
obeyed whole or not at all, and raises the revision by one. Both clocks come in as functions.
Knows nothing about sockets, shared memory and pictures. Lives in the web process.
"""

import time
from collections.abc import Callable, Hashable, Mapping, Sequence

from styletune.controls import ControlTable, Kind
from styletune.errors import ControlError, MessageError, SceneError
from styletune.midi.device import FireTrigger, RecallScene, SetControls
from styletune.midi.message import split_messages
from styletune.midi.profile import Profile
from styletune.session.incoming import (
    CrossfadeMessage,
    DeleteMessage,
    Incoming,
    LearnMessage,
    ListenMessage,
    MidiMessage,
    PaintMessage,
    RecallMessage,
    RenameMessage,
    SetMessage,
    SnapshotRequestMessage,
    StoreMessage,
    TriggerMessage,
    UnlearnMessage,
    UnlistenMessage,
    parse,
    seq_of,
)
from styletune.session.midi import MidiAction, MidiRouter, SmoothMove
from styletune.session.outgoing import (
    ChangedMessage,
    ErrorMessage,
    Outgoing,
    PaintingMessage,
    TriggeredMessage,
)
from styletune.session.profiles import SaveProfile, discard
from styletune.session.scenes import SceneList
from styletune.session.state import SessionState
from styletune.session.undo import GESTURE_GAP_S

Answers = list[Outgoing]


class Session(SessionState):
    """One running session: a performance that obeys messages and hardware.

    Attributes:
        triggers: how often each trigger has been sent.
        runs: how many `paint`s were begun.
        counts: of what came in: `set`, `trigger`, `midi`, and of each error's code.
        controllers: the hardware in use.
    """

    def __init__(
        self,
        table: ControlTable,
        positions: Mapping[str, float],
        *,
        profiles: Sequence[Profile] = (),
        profile: Profile | None = None,
        keep: SaveProfile = discard,
        book: SceneList | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Start at revision 0.

        Args:
            positions: of every fader and switch.
            profiles: of known controllers, chosen by device name.
            profile: for every device, whatever its name.
            keep: takes the profile of a device's name that a person has changed.
            book: the scenes kept before.
            clock: seconds that only rise, for gestures and morphs.
            wall: seconds since 1970, for when a scene was stored.
        """
        super().__init__(table, positions, book, clock, wall)
        self.runs = 0
        self.triggers = dict.fromkeys(table.triggers, 0)
        self.controllers = MidiRouter(table, profiles, profile, keep, self.counts)
        self._own: Mapping[str, Callable[[int | None], ChangedMessage | None]] = {
            "undo": self.undo,
            "redo": self.redo,
            "snapshot": self.snapshot,
            "next_scene": lambda seq: self.recall(self.book.neighbour(+1), 0.0, seq),
            "previous_scene": lambda seq: self.recall(self.book.neighbour(-1), 0.0, seq),
        }

    def read(self, text: str | bytes) -> Incoming | ErrorMessage:
        """A raw message from /ws, checked; or what is wrong with it. Never raises."""
        try:
            return parse(text)
        except MessageError as error:
            return self._refuse(error.code, str(error), seq_of(text))

    def obey(self, message: Incoming | ErrorMessage, source: str) -> Answers | None:
        """Obey what was read; see `apply`.

        Returns:
            None when the sender asks for a snapshot.
        """
        if isinstance(message, ErrorMessage):
            return [message]
        if isinstance(message, SnapshotRequestMessage):
            self.counts["snapshot"] += 1
            return None
        return self.apply(message, source)

    def receive(self, text: str | bytes, source: str) -> Answers | None:
        """Read one raw message and obey it."""
        return self.obey(self.read(text), source)

    def apply(self, message: Incoming, source: str) -> Answers:
        """Obey one checked message; `source` is who sent it.

        Returns:
            What to send: errors to the sender, the others to everybody. What has become of
            scenes and undo is in `scenes`.
        """
        try:
            match message:
                case SetMessage():
                    return [self._set(message.controls, source, message.seq, message.gesture)]
                case TriggerMessage():
                    return self._trigger(message, source)
                case MidiMessage():
                    return self._midi(message, source)
                case PaintMessage():
                    return self._paint(message, source)
                case SnapshotRequestMessage():
                    return []
                case RecallMessage():
                    changed = self.recall(message.scene, message.seconds, message.seq)
                    return [] if changed is None else [changed]
                case StoreMessage():
                    self.store(message.scene)
                case RenameMessage():
                    self.book.rename(message.scene, message.to)
                case DeleteMessage():
                    self.book.delete(message.scene)
                case CrossfadeMessage():
                    self.assign(message)
                case LearnMessage():
                    return [self.controllers.learn(message.target)]
                case UnlearnMessage():
                    return self.controllers.unlearn(message.target, message.device)
                case ListenMessage():
                    return list(
                        self.controllers.open_device(source, message.device, self.positions)
                    )
                case UnlistenMessage():
                    return self.controllers.close_device(source, message.device)
        except SceneError as error:
            return [self._refuse(error.code, str(error), message.seq)]
        self.counts[message.type] += 1
        return []

    # ---------------------------------------------------------------- moves

    def _set(
        self,
        controls: Mapping[str, object],
        source: str,
        seq: int | None,
        gesture: str | None = None,
    ) -> ChangedMessage | ErrorMessage:
        checked = self._checked(controls, seq)
        if isinstance(checked, ErrorMessage):
            return checked
        group: Hashable = (source, gesture) if gesture is not None else (source, frozenset(checked))
        pause_s = GESTURE_GAP_S if gesture is None else None
        return self.play(checked, source, seq, group, pause_s)

    def fault(self, message: SetMessage) -> ErrorMessage | None:
        """What a set would be refused for."""
        checked = self._checked(message.controls, message.seq)
        return checked if isinstance(checked, ErrorMessage) else None

    def _checked(
        self, controls: Mapping[str, object], seq: int | None
    ) -> dict[str, float] | ErrorMessage:
        checked: dict[str, float] = {}
        for name, position in controls.items():
            try:
                checked[name] = self.table[name].check(position)
            except ControlError as error:
                return self._refuse(self._code(name, position), str(error), seq)
        return checked

    def _code(self, name: str, position: object) -> str:
        """Why the control `name` did not take `position`, for programs."""
        if name not in self.table:
            return "unknown_control"
        if self.table[name].kind is Kind.FADER and type(position) in (int, float):
            return "out_of_range"
        return "bad_value"

    # ------------------------------------------------------------- triggers

    def _trigger(self, message: TriggerMessage, source: str) -> Answers:
        name = message.name
        try:
            kind = self.table[name].kind
        except ControlError as error:
            return [self._refuse("unknown_control", str(error), message.seq)]
        if kind is not Kind.TRIGGER:
            text = f"control `{name}` is no trigger; triggers are {', '.join(self.triggers)}"
            return [self._refuse("not_a_trigger", text, message.seq)]
        changed = self._own[name](message.seq) if name in self._own else None
        self.triggers[name] += 1
        self.counts["trigger"] += 1
        triggered = TriggeredMessage(name=name, source=source, seq=message.seq)
        return [triggered] if changed is None else [triggered, changed]

    def _paint(self, message: PaintMessage, source: str) -> Answers:
        answers: Answers = []
        if message.controls:
            # One gesture: undo takes back a whole sweep, not its last point.
            changed = self._set(message.controls, source, message.seq, message.type)
            if isinstance(changed, ErrorMessage):
                return [changed]
            answers.append(changed)
        self.runs += 1
        self.counts["paint"] += 1
        painting = PaintingMessage(
            run=self.runs,
            rev=self.rev,
            steps=message.steps,
            start=message.start,
            seed=message.seed,
            settle=message.settle,
            source=source,
            seq=message.seq,
        )
        return [*answers, painting]

    # ------------------------------------------------------------- hardware

    def _midi(self, message: MidiMessage, client: str) -> Answers:
        device, now, answers = message.device, self._clock(), Answers()
        for data in split_messages(message.data):
            self.counts["midi"] += 1
            for outcome in self.controllers.handle_message(
                client, device, data, self.positions, now
            ):
                answers += self._played(outcome, device, message.seq)
        # What is about to be due goes along: one turn of the loop, not two.
        return answers + self.late()

    def late(self) -> Answers:
        """What hardware has begun and time has decided; call it at `controllers.due`."""
        outcomes = self.controllers.poll_due(self.positions, self._clock())
        return [answer for name, outcome in outcomes for answer in self._played(outcome, name)]

    def follow(self) -> list[tuple[str | None, Outgoing]]:
        """What hardware is to be told, by client; call it after any change and at `due`."""
        return self.controllers.feedback_after_change(self.positions, self._clock())

    @property
    def due_s(self) -> float | None:
        """In how many seconds `late` and `follow` are to be called, or None."""
        due = self.controllers.due
        return None if due is None else max(0.0, due - self._clock())

    def _played(self, outcome: MidiAction, device: str, seq: int | None = None) -> Answers:
        """Carry out what a controller has done."""
        source = f"midi:{device}"
        try:
            match outcome:
                case SetControls():
                    moved = dict(outcome.positions)
                    group = (source, frozenset(moved))
                    return [self.play(moved, source, seq, group, GESTURE_GAP_S)]
                case SmoothMove():
                    return [self.slide(outcome.positions, source)]
                case FireTrigger():
                    strike = TriggerMessage(type="trigger", name=outcome.name, seq=seq)
                    return self._trigger(strike, source)
                case RecallScene():
                    changed = self.recall(self._scene_name(outcome.scene), 0.0, seq)
                    return [] if changed is None else [changed]
                case ErrorMessage():
                    return [outcome.model_copy(update={"seq": seq})]
        except SceneError as error:
            return [self._refuse(error.code, str(error), seq)]
        return [outcome]

    def _scene_name(self, scene: str | int) -> str:
        if isinstance(scene, str):
            return scene
        if scene > len(self.book):
            text = f"there is no scene {scene} yet; the list has {len(self.book)}"
            raise SceneError(text, code="unknown_scene")
        return self.book.all[scene - 1].name

    def _refuse(self, code: str, message: str, seq: int | None) -> ErrorMessage:
        self.counts[code] += 1
        return ErrorMessage(code=code, message=message, seq=seq)
