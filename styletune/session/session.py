"""The session: checked messages and MIDI in, changes of the state and answers out. Pure.

Runs in the web process.
"""

import time
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

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
    MoveMessage,
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
from styletune.session.midi import AddressedMessage, MidiAction, MidiRouter, SmoothMove
from styletune.session.outgoing import (
    ChangedMessage,
    ErrorMessage,
    Outgoing,
    PaintingMessage,
    TriggeredMessage,
)
from styletune.session.scenes import SceneList
from styletune.session.state import SessionState
from styletune.session.undo import GESTURE_GAP_S

Answers = list[Outgoing]


@dataclass(frozen=True, slots=True)
class CheckedSet:
    """A `set` whose controls exist and take their values; see `SetMessage`."""

    positions: Mapping[str, float]
    seq: int | None = None
    gesture: str | None = None


class Session:
    """One running session: obeys messages and MIDI, and says what to send about it.

    Attributes:
        state: values, scenes and undo.
        midi: the devices in use.
        triggers: how often each trigger has been fired.
        runs: how many `paint`s were begun.
        counts: of messages by what became of them: `set`, `trigger`, `midi` …, and each error code.
    """

    def __init__(
        self,
        table: ControlTable,
        positions: Mapping[str, float],
        *,
        profiles: Sequence[Profile] = (),
        profile: Profile | None = None,
        scenes: SceneList | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
        thumbnail: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Start at revision 0; for the arguments see `SessionState` and `MidiRouter`."""
        self.state = SessionState(table, positions, scenes, clock, wall_clock, thumbnail)
        self.runs = 0
        self.triggers = dict.fromkeys(table.triggers, 0)
        self.counts: Counter[str] = Counter()
        self.midi = MidiRouter(table, profiles, profile, self.counts)
        self._table = table
        self._clock = clock
        # The triggers that are carried out here; the others are the worker's.
        self._web_triggers: Mapping[str, Callable[[int | None], ChangedMessage | None]] = {
            "undo": self.state.undo,
            "redo": self.state.redo,
            "snapshot": self._store_snapshot,
            "next_scene": lambda seq: self._recall(self.state.scenes.neighbour(+1), seq=seq),
            "previous_scene": lambda seq: self._recall(self.state.scenes.neighbour(-1), seq=seq),
        }

    def parse(self, text: str | bytes) -> Incoming | ErrorMessage:
        """A raw message from /ws, checked; or what is wrong with it. Never raises."""
        try:
            return parse(text)
        except MessageError as error:
            return self._error(error.code, str(error), seq_of(text))

    def handle(self, message: Incoming | ErrorMessage, source: str) -> Answers:
        """Carry out what `parse` returned; `source` is who sent it.

        Returns:
            What to send: errors to the sender, the others to everybody. What has become of scenes
            and undo is in `state.scenes_message`; a snapshot is the caller's to send.
        """
        try:
            match message:
                case ErrorMessage():
                    return [message]
                case SetMessage():
                    checked = self.validate_set(message)
                    if isinstance(checked, ErrorMessage):
                        return [checked]
                    return [self.apply_set(checked, source)]
                case TriggerMessage():
                    return self._fire_trigger(message.name, message.seq, source)
                case MidiMessage():
                    return self._handle_midi(message, source)
                case PaintMessage():
                    return self._paint(message, source)
                case SnapshotRequestMessage():
                    self.counts["snapshot"] += 1
                    return []
                case RecallMessage():
                    changed = self._recall(message.scene, message.seconds, message.seq)
                    return [] if changed is None else [changed]
                case StoreMessage():
                    self.state.store(message.scene)
                case RenameMessage():
                    self.state.scenes.rename(message.scene, message.to)
                case MoveMessage():
                    self.state.scenes.move(message.scene, message.to)
                case DeleteMessage():
                    self.state.scenes.delete(message.scene)
                case CrossfadeMessage():
                    self._assign_crossfade(message)
                case LearnMessage():
                    return [self.midi.learn(message.target)]
                case UnlearnMessage():
                    return self.midi.unlearn(message.target, message.device)
                case ListenMessage():
                    return self.midi.open_device(source, message.device, self.state.positions)
                case UnlistenMessage():
                    return self.midi.close_device(source, message.device)
        except SceneError as error:
            return [self._error(error.code, str(error), message.seq)]
        self.counts[message.type] += 1
        return []

    # ---------------------------------------------------------------- moves

    def validate_set(self, message: SetMessage | PaintMessage) -> CheckedSet | ErrorMessage:
        """Check controls and values of a message, all or none; nothing moves."""
        positions: dict[str, float] = {}
        for name, value in message.controls.items():
            try:
                positions[name] = self._table[name].check(value)
            except ControlError as error:
                return self._error(self._control_error_code(name, value), str(error), message.seq)
        # A run's controls are one gesture: undo takes back a whole sweep, not its last point.
        gesture = message.gesture if isinstance(message, SetMessage) else message.type
        return CheckedSet(positions, message.seq, gesture)

    def apply_set(self, checked: CheckedSet, source: str) -> ChangedMessage:
        """Move the controls of a checked `set`."""
        self.counts["set"] += 1
        positions, seq = checked.positions, checked.seq
        if checked.gesture is None:
            gesture: Hashable = (source, frozenset(positions))
            by_hand = source.startswith("midi:")
            return self.state.move_by_user(
                positions, source, seq, gesture, GESTURE_GAP_S, by_hand=by_hand
            )
        gesture = (source, checked.gesture)
        return self.state.move_by_user(positions, source, seq, gesture, None, by_hand=True)

    def _control_error_code(self, name: str, value: object) -> str:
        """Why the control `name` did not take `value`, for programs."""
        if name not in self._table:
            return "unknown_control"
        if self._table[name].kind is Kind.FADER and type(value) in (int, float):
            return "out_of_range"
        return "bad_value"

    # ---------------------------------------------------- triggers and scenes

    def _fire_trigger(self, name: str, seq: int | None, source: str) -> Answers:
        try:
            kind = self._table[name].kind
        except ControlError as error:
            return [self._error("unknown_control", str(error), seq)]
        if kind is not Kind.TRIGGER:
            text = f"control `{name}` is no trigger; triggers are {', '.join(self.triggers)}"
            return [self._error("not_a_trigger", text, seq)]
        changed = self._web_triggers[name](seq) if name in self._web_triggers else None
        self.triggers[name] += 1
        self.counts["trigger"] += 1
        triggered = TriggeredMessage(name=name, source=source, seq=seq)
        return [triggered] if changed is None else [triggered, changed]

    def _paint(self, message: PaintMessage, source: str) -> Answers:
        answers: Answers = []
        if message.controls:
            checked = self.validate_set(message)
            if isinstance(checked, ErrorMessage):
                return [checked]
            answers.append(self.apply_set(checked, source))
        self.runs += 1
        self.counts["paint"] += 1
        painting = PaintingMessage(
            run=self.runs,
            rev=self.state.rev,
            steps=message.steps,
            start=message.start,
            seed=message.seed,
            settle=message.settle,
            source=source,
            seq=message.seq,
        )
        return [*answers, painting]

    def _recall(
        self, scene: str, seconds: float = 0.0, seq: int | None = None
    ) -> ChangedMessage | None:
        changed = self.state.recall(scene, seconds, seq)
        self.counts["recall"] += 1
        return changed

    def _store_snapshot(self, seq: int | None) -> None:
        self.state.store(self.state.scenes.new_name())

    def _assign_crossfade(self, message: CrossfadeMessage) -> None:
        scenes, fields = self.state.scenes, message.model_fields_set
        scenes.assign_crossfade(
            message.a if "a" in fields else scenes.a, message.b if "b" in fields else scenes.b
        )

    # ----------------------------------------------------------------- MIDI

    def _handle_midi(self, message: MidiMessage, client: str) -> Answers:
        answers, now = Answers(), self._clock()

        def apply(device: str, action: MidiAction) -> None:
            answers.extend(self._apply_action(device, action, message.seq))

        for data in split_messages(message.data):
            self.counts["midi"] += 1
            self.midi.handle_message(client, message.device, data, self.state.positions, now, apply)
        # What is about to be due goes along: one turn of the loop, not two.
        return answers + self.poll_midi()

    def poll_midi(self) -> Answers:
        """Carry out what MIDI has left for later; call it when `midi_due_s` is over."""
        answers = Answers()
        self.midi.poll_due(
            self.state.positions,
            self._clock(),
            lambda device, action: answers.extend(self._apply_action(device, action)),
        )
        return answers

    def midi_feedback(self) -> list[AddressedMessage]:
        """Feedback for devices, by client; call it after any change and at `midi_due_s`."""
        return self.midi.feedback_after_change(self.state.positions, self._clock())

    @property
    def midi_due_s(self) -> float | None:
        """In how many seconds to call `poll_midi` and `midi_feedback`, or None."""
        due = self.midi.due
        return None if due is None else max(0.0, due - self._clock())

    def _apply_action(self, device: str, action: MidiAction, seq: int | None = None) -> Answers:
        """Carry out what a device has done."""
        source = f"midi:{device}"
        try:
            match action:
                case SetControls():
                    return [self.apply_set(CheckedSet(action.positions, seq), source)]
                case SmoothMove():
                    self.counts["set"] += len(action.positions)
                    return [self.state.move_smoothly(action.positions, source)]
                case FireTrigger():
                    return self._fire_trigger(action.name, seq, source)
                case RecallScene():
                    changed = self._recall(self._scene_name(action.scene), seq=seq)
                    return [] if changed is None else [changed]
                case ErrorMessage():
                    return [action.model_copy(update={"seq": seq})]
        except SceneError as error:
            return [self._error(error.code, str(error), seq)]
        return [action]

    def _scene_name(self, scene: str | int) -> str:
        if isinstance(scene, str):
            return scene
        scenes = self.state.scenes
        if scene > len(scenes):
            text = f"there is no scene {scene} yet; the list has {len(scenes)}"
            raise SceneError(text, code="unknown_scene")
        return scenes.all[scene - 1].name

    def _error(self, code: str, message: str, seq: int | None) -> ErrorMessage:
        self.counts[code] += 1
        return ErrorMessage(code=code, message=message, seq=seq)
