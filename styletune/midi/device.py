"""One MIDI device in use: its messages to moves of controls, and controls to its feedback. Pure.

It remembers what one device needs: half-received values, faders that wait, what it shows.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from styletune.controls import Control, ControlTable, Curve, Kind
from styletune.midi.binding import Binding, FeedbackKind
from styletune.midi.decoder import Decoder
from styletune.midi.feedback import FeedbackQueue, Raw
from styletune.midi.message import MAX_7_BIT, ControlId, Encoding, Event, MessageType
from styletune.midi.profile import Profile
from styletune.midi.takeover import THRESHOLD, Mode, SoftTakeover
from styletune.midi.unbound import TurnDetector, UnboundEvents, mode_hint
from styletune.terms import layer_terms

Positions = Mapping[str, float]
SCENE = "scene:"
_RING_JUMP = 0.1  # in one message, of a knob that starts from what its ring shows
_OF_ALL_TERMS = ("solo", "mute")
_OF_LAYERS = (*layer_terms(), "freeze", *_OF_ALL_TERMS)


@dataclass(frozen=True, slots=True)
class Target:
    """Controls that move together, or a scene to recall.

    Attributes:
        controls: one, or the switches of all terms of a layer; empty for a scene.
        scene: its name, or its index in the list, counted from 1.
    """

    controls: tuple[Control, ...] = ()
    scene: str | int | None = None

    @property
    def kind(self) -> Kind:
        """Kind of its controls; a scene is a trigger."""
        return self.controls[0].kind if self.controls else Kind.TRIGGER

    @property
    def names(self) -> tuple[str, ...]:
        """Names in messages."""
        if self.controls:
            return tuple(control.name for control in self.controls)
        return (
            (f"{SCENE}{self.scene}",) if isinstance(self.scene, str) else (f"scene.{self.scene}",)
        )


def resolve(target: str, table: ControlTable) -> Target | None:
    """The controls or the scene of the name `target`, or None: this session has neither.

    Layers may be counted, so that a profile fits every network: `content.3` is the third layer's
    fader. Beside the controls of the table there are `solo.<layer>` and `mute.<layer>`, the
    switches of all its terms, `scene:<name>`, and `scene.<n>`, the n-th scene of the list.
    """
    if target.startswith(SCENE):
        return Target(scene=target.removeprefix(SCENE)) if target != SCENE else None
    first, *rest = target.split(".")
    if first == "scene" and len(rest) == 1 and _index(rest[0]):
        return Target(scene=int(rest[0]))
    if first in _OF_LAYERS and rest and (index := _index(rest[0])):
        if index > len(table.layers):
            return None
        rest[0] = table.layers[index - 1]
    name = ".".join((first, *rest))
    if first in _OF_ALL_TERMS and len(rest) == 1:
        names = [f"{term}.{rest[0]}.{first}" for term in layer_terms()]
    else:
        names = [name]
    if not all(name in table for name in names):
        return None
    return Target(tuple(table[name] for name in names))


def with_layer_index(target: str, table: ControlTable) -> str:
    """`target` with its layer counted instead of named, so that it fits every network."""
    first, *rest = target.split(".")
    if first in _OF_LAYERS and rest and rest[0] in table.layers:
        rest[0] = str(table.layers.index(rest[0]) + 1)
        return ".".join((first, *rest))
    return target


def _index(text: str) -> int:
    """The number from 1 in `text`, or 0: it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else 0


# ------------------------------------------------------------------ actions


@dataclass(frozen=True, slots=True)
class SetControls:
    """Set controls to these positions, all at once."""

    positions: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FireTrigger:
    """Fire a trigger once."""

    name: str


@dataclass(frozen=True, slots=True)
class RecallScene:
    """Recall a scene by name, or by its index in the list, from 1."""

    scene: str | int


@dataclass(frozen=True, slots=True)
class PickupHint:
    """A fader waits elsewhere than its control, or no longer does.

    Attributes:
        position: where the fader is, as a position of the control.
        up: which way to move the fader to meet the control; None: it has met it.
    """

    control: str
    position: float
    waiting: bool
    up: bool | None


Action = SetControls | FireTrigger | RecallScene | PickupHint


class Device:
    """One device and its profile.

    Attributes:
        name: that the system gives it.
        profile: its bindings; see `set_profile`.
        feedback: what it is sent.
        counts: of events that moved nothing: `orphan_lsb`, `unmapped`, `echo`.
        unbound: what `unmapped` counts, to be shown.
    """

    def __init__(self, name: str, profile: Profile, table: ControlTable) -> None:
        self.name = name
        self.feedback = FeedbackQueue()
        self.counts: Counter[str] = Counter()
        self.unbound = UnboundEvents()
        self._table = table
        self.set_profile(profile)

    def set_profile(self, profile: Profile) -> None:
        """Use this profile from now on."""
        self.profile = profile
        resolved = ((b, resolve(b.target, self._table)) for b in profile.bindings.values())
        self._bindings: dict[ControlId, tuple[Binding, Target]] = {
            binding.source: (binding, target) for binding, target in resolved if target is not None
        }
        self._sources: dict[str, list[ControlId]] = {}  # by the name of the control they move
        for source, (_, target) in self._bindings.items():
            for control in target.controls:
                self._sources.setdefault(control.name, []).append(source)
        controllers = [s for s in profile.bindings if s.status is MessageType.CONTROL_CHANGE]
        pairs = {s for s in controllers if profile.bindings[s].encoding is Encoding.FINE}
        self._decoder = Decoder(
            pairs_14bit=pairs, single=set(controllers) - pairs, counts=self.counts
        )
        self._takeovers = {
            source: SoftTakeover(binding.takeover)
            for source, (binding, _) in self._bindings.items()
        }
        self._turns: defaultdict[ControlId, TurnDetector] = defaultdict(TurnDetector)
        self._waiting: dict[str, float] = {}  # where a fader waits, by the name of its control
        self._pressed: set[ControlId] = set()

    def reset(self) -> None:
        """Forget where its faders are and what it shows: it was plugged in again."""
        self.feedback.reset()
        self._turns.clear()
        for takeover in self._takeovers.values():
            takeover.reset()

    # ---------------------------------------------------------------- input

    def combine(self, event: Event, now: float) -> list[Event]:
        """Take the event of one message; return those complete now, see `Decoder.combine`."""
        return self._decoder.combine(event, now)

    def poll(self, now: float) -> list[Event]:
        """The events that had to wait until now; see `due`."""
        return self._decoder.flush_due(now)

    @property
    def due(self) -> float | None:
        """When `poll` returns something, or None."""
        return self._decoder.due

    def handle_event(
        self, event: Event, data: Raw, positions: Positions, now: float
    ) -> list[Action]:
        """The actions of an event; `data` is the message that completed it."""
        bound = self._bindings.get(event.source)
        if bound is None:
            return self._on_unbound(event, now)
        binding, target = bound
        is_absolute = not binding.encoding.is_relative and binding.encoding is not Encoding.BUTTON
        if self.feedback.note_input(event.source, data, now, is_absolute=is_absolute):
            self.counts["echo"] += 1
            return []
        if event.step or binding.encoding.is_relative:
            steps = event.step or binding.encoding.decode_relative(event.value)
            return self._on_relative(binding, target, steps, positions)
        if binding.encoding is Encoding.BUTTON:
            return self._on_button(binding, target, event, positions)
        if target.kind is Kind.FADER and self._is_turn(binding, event, positions):
            return self._on_unbound(event, now, turns=True)
        return self._on_absolute(binding, target, event, positions, now)

    def _on_unbound(self, event: Event, now: float, *, turns: bool = False) -> list[Action]:
        self.counts["unmapped"] += 1
        self.unbound.add(event.source, mode_hint(self.profile, event, turns=turns), now)
        return []

    def _is_turn(self, binding: Binding, event: Event, positions: Positions) -> bool:
        """Whether an encoder sends turns where its profile expects positions: in another mode."""
        if event.status is not MessageType.CONTROL_CHANGE or event.top != MAX_7_BIT:
            return False
        unlikely = False
        if binding.feedback.kind is FeedbackKind.RING:  # it is where its control is
            control = self._bindings[event.source][1].controls[0]
            away = event.position - binding.normalized(positions[control.name])
            unlikely = abs(away) > _RING_JUMP
        return self._turns[event.source].feed(event.value, unlikely=unlikely)

    def needs_smoothing(self, event: Event) -> bool:
        """Whether the control that an event moves goes in steps that would be seen."""
        bound = self._bindings.get(event.source)
        if bound is None or (event.top != MAX_7_BIT and not event.step):
            return False
        binding, target = bound
        return (
            target.kind is Kind.FADER
            and target.controls[0].curve is not Curve.LINEAR
            and (binding.encoding is Encoding.ABSOLUTE or binding.encoding.is_relative)
        )

    def _on_relative(
        self, binding: Binding, target: Target, steps: int, positions: Positions
    ) -> list[Action]:
        if not steps:
            return []
        if target.kind is Kind.TRIGGER:
            return _fire(target) if steps > 0 else []
        control = target.controls[0]
        if control.kind is not Kind.FADER:  # a choice goes to the next, a switch on or off
            last = max(1, len(control.choices) - 1)
            position = min(last, max(0, positions[control.name] + (1 if steps > 0 else -1)))
            changes = {other.name: float(position) for other in target.controls}
            return _set_if_changed(changes, positions)
        normalized = binding.normalized(positions[control.name]) + steps * binding.step
        changes = {control.name: binding.position(min(1.0, max(0.0, normalized)))}
        return _set_if_changed(changes, positions)

    def _on_button(
        self, binding: Binding, target: Target, event: Event, positions: Positions
    ) -> list[Action]:
        if event.value <= (0 if event.status is MessageType.NOTE else MAX_7_BIT // 2):
            return []  # released
        if target.kind is Kind.TRIGGER:
            return _fire(target)
        if binding.sets is not None:
            position = binding.sets
        elif target.kind is Kind.CHOICE:
            control = target.controls[0]
            position = (positions[control.name] + 1) % len(control.choices)
        elif target.kind is Kind.SWITCH:  # all terms together: on, unless all are on
            position = float(not all(positions[c.name] >= 0.5 for c in target.controls))
        else:
            position = _other_end(binding, positions[target.controls[0].name])
        changes = {c.name: _clip(c, position) for c in target.controls}
        return _set_if_changed(changes, positions)

    def _on_absolute(
        self, binding: Binding, target: Target, event: Event, positions: Positions, now: float
    ) -> list[Action]:
        if target.kind is Kind.TRIGGER:
            return self._on_absolute_trigger(target, event)
        if target.kind is not Kind.FADER:  # a switch is on in the upper half
            position = binding.position(event.position)
            changes = {c.name: c.position_from_hardware(position) for c in target.controls}
            return _set_if_changed(changes, positions)
        control = target.controls[0]
        current = positions[control.name]
        normalized = self._takeovers[event.source].apply(
            event.position, binding.normalized(current), now
        )
        hints: list[Action] = []
        if normalized is None or control.name in self._waiting:
            position = binding.position(event.position)
            hints = list(self._pickup_hint(control.name, position, current, normalized is None))
        if normalized is None:
            return hints
        changes = {control.name: binding.position(normalized)}
        return [*hints, *_set_if_changed(changes, positions)]

    def _on_absolute_trigger(self, target: Target, event: Event) -> list[Action]:
        """Fire once each time that the hardware goes above the middle."""
        was_pressed = event.source in self._pressed
        if event.position < 0.5:
            self._pressed.discard(event.source)
            return []
        self._pressed.add(event.source)
        return [] if was_pressed else _fire(target)

    # -------------------------------------------------------------- feedback

    def update_feedback(self, positions: Positions, moved: Iterable[str] | None = None) -> None:
        """Queue `feedback` for all positions, or only for the controls that have moved."""
        desired = {}
        for source in self._bindings if moved is None else self._sources_of(moved):
            binding, target = self._bindings[source]
            if binding.feedback.kind is FeedbackKind.NONE or target.kind is Kind.TRIGGER:
                continue
            # A light for all terms is on when all are.
            position = min(_displayed_position(binding, c, positions) for c in target.controls)
            message = binding.feedback_message(position)
            if message is not None:
                desired[source] = message
        self.feedback.set_desired(desired)

    def pickup_hints(self, names: Iterable[str], positions: Positions) -> list[PickupHint]:
        """Hints of faders that wait since these controls have moved, or no longer do."""
        hints: list[PickupHint] = []
        for source in self._sources_of(names):
            last = self._takeovers[source].last_position
            binding, target = self._bindings[source]
            if binding.takeover is not Mode.PICKUP or target.kind is not Kind.FADER:
                continue
            if last is not None:
                control = target.controls[0].name
                waiting = abs(binding.normalized(positions[control]) - last) > THRESHOLD
                position = binding.position(last)
                hints += self._pickup_hint(control, position, positions[control], waiting)
        return hints

    def clear_hints(self) -> list[PickupHint]:
        """Hints that no fader waits any longer: the device was unplugged."""
        return [PickupHint(control, 0.0, False, None) for control in self._waiting]

    def _sources_of(self, names: Iterable[str]) -> Iterable[ControlId]:
        """What moves these controls, each once."""
        return dict.fromkeys(source for name in names for source in self._sources.get(name, ()))

    def _pickup_hint(
        self, control: str, position: float, current: float, waiting: bool
    ) -> list[PickupHint]:
        if not waiting:
            if self._waiting.pop(control, None) is None:
                return []
            return [PickupHint(control, position, False, None)]
        self._waiting[control] = position
        return [PickupHint(control, position, True, current > position)]


def _displayed_position(binding: Binding, control: Control, positions: Positions) -> float:
    position = positions[control.name]
    if control.kind is Kind.CHOICE and binding.feedback.kind is not FeedbackKind.LED:
        return position / max(1, len(control.choices) - 1)
    if control.kind is Kind.SWITCH:  # gliding from one scene to another it is between
        return float(position >= 0.5)
    return position


def _fire(target: Target) -> list[Action]:
    if target.scene is not None:
        return [RecallScene(target.scene)]
    return [FireTrigger(control.name) for control in target.controls]


def _set_if_changed(changes: Mapping[str, float], positions: Positions) -> list[Action]:
    if all(positions[name] == position for name, position in changes.items()):
        return []
    return [SetControls(changes)]


def _other_end(binding: Binding, position: float) -> float:
    middle = (binding.low + binding.high) / 2
    return binding.low if position > middle else binding.high


def _clip(control: Control, position: float) -> float:
    """`position` within what the control takes: a profile may set a choice that it lacks."""
    if control.kind is Kind.CHOICE:
        return float(min(int(max(0.0, position)), len(control.choices) - 1))
    return float(position >= 0.5) if control.kind is Kind.SWITCH else min(1.0, max(0.0, position))
