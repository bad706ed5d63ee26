"""One controller in use: its messages to moves of controls, and the controls to its lights.

Raw messages, the positions of all controls and the time come in; `Action`s go out. Holds
what one device needs to remember: half-received values, faders that wait, what it shows.
Pure. Knows nothing about sockets, scenes and who else plays.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from styletune.controls import Control, ControlTable, Curve, Kind
from styletune.midi.binding import Binding, FeedbackKind
from styletune.midi.decoder import Decoder
from styletune.midi.feedback import FeedbackQueue, Raw
from styletune.midi.message import MAX_7_BIT, ControlId, Encoding, Event, MessageType
from styletune.midi.profile import Profile
from styletune.midi.takeover import THRESHOLD, Mode, SoftTakeover

# What a control of a controller plays: a control, both terms of a strip, a scene.
#
# A target's name comes in, as profiles write it, and the session's table; the controls come
# out. Layers may be named or counted: `content.3` is the third strip's fader, whichever layer
# the session plays there, so that a profile fits every network. Pure.
#
# Targets that are no controls of the table:
# solo.<layer>, mute.<layer>  the switches of both terms of a layer: of the whole strip
# scene:<name>                recall this scene
# scene.<n>                   recall the n-th scene of the list


SCENE = "scene:"
_STRIP = ("solo", "mute")
_OF_LAYERS = ("content", "style", "freeze", *_STRIP)


@dataclass(frozen=True, slots=True)
class Target:
    """Controls that move as one, or a scene to recall.

    Attributes:
        controls: one, or the switches of both terms; empty for a scene.
        scene: its name, or its place in the list, counted from 1.
    """

    controls: tuple[Control, ...] = ()
    scene: str | int | None = None

    @property
    def kind(self) -> Kind:
        """What it is to a hand: a scene is a trigger."""
        return self.controls[0].kind if self.controls else Kind.TRIGGER

    @property
    def names(self) -> tuple[str, ...]:
        """As messages name it."""
        if self.controls:
            return tuple(control.name for control in self.controls)
        return (
            (f"{SCENE}{self.scene}",) if isinstance(self.scene, str) else (f"scene.{self.scene}",)
        )


def resolve(target: str, table: ControlTable) -> Target | None:
    """What `target` is in this session; None: it has no such thing."""
    if target.startswith(SCENE):
        return Target(scene=target.removeprefix(SCENE)) if target != SCENE else None
    first, *rest = target.split(".")
    if first == "scene" and len(rest) == 1 and _place(rest[0]):
        return Target(scene=int(rest[0]))
    if first in _OF_LAYERS and rest and (place := _place(rest[0])):
        if place > len(table.layers):
            return None
        rest[0] = table.layers[place - 1]
    name = ".".join((first, *rest))
    if first in _STRIP and len(rest) == 1:
        names = [f"{term}.{rest[0]}.{first}" for term in ("content", "style")]
    else:
        names = [name]
    if not all(name in table for name in names):
        return None
    return Target(tuple(table[name] for name in names))


def with_layer_index(target: str, table: ControlTable) -> str:
    """`target` with its layer counted instead of named: what is learnt fits every network."""
    first, *rest = target.split(".")
    if first in _OF_LAYERS and rest and rest[0] in table.layers:
        rest[0] = str(table.layers.index(rest[0]) + 1)
        return ".".join((first, *rest))
    return target


def _place(text: str) -> int:
    """A number from 1, or 0: it is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else 0


Positions = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SetControls:
    """Controls go to these positions, all at once."""

    positions: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class FireTrigger:
    """A trigger happens."""

    name: str


@dataclass(frozen=True, slots=True)
class RecallScene:
    """A scene, by name or by its place in the list from 1, is recalled."""

    scene: str | int


@dataclass(frozen=True, slots=True)
class PickupHint:
    """A fader stands elsewhere than its control and waits, or waits no more.

    Attributes:
        position: where the control would be if it stood there.
        up: which way to move the fader to meet the control; None: it has met it.
    """

    control: str
    position: float
    waiting: bool
    up: bool | None


Action = SetControls | FireTrigger | RecallScene | PickupHint


class Device:
    """One controller and its profile.

    Attributes:
        name: under which the system announces it.
        profile: what it plays.
        echoes: what it is told.
        counts: of events that moved nothing: `lone`, `unmapped`, `echo`.
    """

    def __init__(self, name: str, profile: Profile, table: ControlTable) -> None:
        self.name = name
        self.echoes = FeedbackQueue()
        self.counts: Counter[str] = Counter()
        self._table = table
        self.play(profile)

    def play(self, profile: Profile) -> None:
        """Use another profile from now on."""
        self.profile = profile
        resolved = ((bound, resolve(bound.target, self._table)) for bound in _all(profile))
        self.played: dict[ControlId, tuple[Binding, Target]] = {
            bound.source: (bound, target) for bound, target in resolved if target is not None
        }
        self._players: dict[str, list[ControlId]] = {}  # by the control that they play
        for source, (_, target) in self.played.items():
            for control in target.controls:
                self._players.setdefault(control.name, []).append(source)
        controllers = [s for s in profile.bindings if s.status is MessageType.CONTROL_CHANGE]
        fine = {s for s in controllers if profile.bindings[s].encoding is Encoding.FINE}
        plain = set(controllers) - fine
        self._decoder = Decoder(fine=fine, plain=plain, counts=self.counts)
        self._takeovers = {
            source: SoftTakeover(bound.takeover) for source, (bound, _) in self.played.items()
        }
        self._ghosts: dict[str, float] = {}
        self._down: set[ControlId] = set()

    def plugged(self) -> None:
        """It was plugged in anew: where its faders stand and what it shows is not known."""
        self.echoes.forget()
        for takeover in self._takeovers.values():
            takeover.forget()

    def complete(self, event: Event, now: float) -> list[Event]:
        """What is whole with the event of one message: values of two bytes take two."""
        return self._decoder.complete(event, now)

    def late(self, now: float) -> list[Event]:
        """Events that had to wait; see `due`."""
        return self._decoder.tick(now)

    @property
    def due(self) -> float | None:
        """When `late` has something to give, or None."""
        return self._decoder.due

    def move(self, event: Event, data: Raw, positions: Positions, now: float) -> list[Action]:
        """What an event does; `data` is the message that it came with."""
        played = self.played.get(event.source)
        if played is None:
            self.counts["unmapped"] += 1
            return []
        binding, target = played
        follows = not binding.encoding.relative and binding.encoding is not Encoding.BUTTON
        if self.echoes.heard(event.source, data, now, follows=follows):
            self.counts["echo"] += 1
            return []
        if event.step or binding.encoding.relative:
            steps = event.step or binding.encoding.steps(event.value)
            return self._turn(binding, target, steps, positions)
        if binding.encoding is Encoding.BUTTON:
            return self._press(binding, target, event, positions)
        return self._stand(binding, target, event, positions, now)

    def is_stepped(self, event: Event) -> bool:
        """Whether the control that an event moves goes in steps that would be seen."""
        played = self.played.get(event.source)
        if played is None or (event.top != MAX_7_BIT and not event.step):
            return False
        binding, target = played
        return (
            target.kind is Kind.FADER
            and target.controls[0].curve in (Curve.LOG, Curve.LOG_OFF)
            and (binding.encoding is Encoding.ABSOLUTE or binding.encoding.relative)
        )

    def show(self, positions: Positions, moved: Iterable[str] | None = None) -> None:
        """Let the device show the present positions, or those that have moved.

        See `echoes.take`.
        """
        wanted = {}
        for source in self.played if moved is None else self._playing(moved):
            binding, target = self.played[source]
            if binding.feedback.kind is FeedbackKind.NONE or target.kind is Kind.TRIGGER:
                continue
            # The light of both terms of a strip is on when both are.
            message = binding.shown(min(_shown(binding, c, positions) for c in target.controls))
            if message is not None:
                wanted[source] = message
        self.echoes.want(wanted)

    def ghosts(self, names: Iterable[str], positions: Positions) -> list[Action]:
        """Faders that wait since their controls moved by themselves, or wait no more."""
        actions: list[Action] = []
        for source in self._playing(names):
            takeover, (binding, target) = self._takeovers[source], self.played[source]
            if binding.takeover is not Mode.PICKUP or target.kind is not Kind.FADER:
                continue
            control = target.controls[0].name
            if takeover.place is not None:
                part = binding.part(positions[control])
                away = abs(part - takeover.place) > THRESHOLD
                place = binding.position(takeover.place)
                actions += self._ghost(control, place, positions[control], away)
        return actions

    def leave(self) -> list[Action]:
        """It is unplugged: no fader waits any more."""
        return [PickupHint(control, 0.0, False, None) for control in self._ghosts]

    def _playing(self, names: Iterable[str]) -> Iterable[ControlId]:
        """What plays these controls, each once."""
        return dict.fromkeys(source for name in names for source in self._players.get(name, ()))

    def _ghost(self, control: str, place: float, position: float, waiting: bool) -> list[Action]:
        if not waiting:
            if self._ghosts.pop(control, None) is None:
                return []
            return [PickupHint(control, place, False, None)]
        self._ghosts[control] = place
        return [PickupHint(control, place, True, position > place)]

    def _turn(
        self, binding: Binding, target: Target, steps: int, positions: Positions
    ) -> list[Action]:
        if not steps:
            return []
        if target.kind is Kind.TRIGGER:
            return _struck(target) if steps > 0 else []
        control = target.controls[0]
        if control.kind is not Kind.FADER:  # a choice goes to the next, a switch on or off
            last = max(1, len(control.choices) - 1)
            place = min(last, max(0, positions[control.name] + (1 if steps > 0 else -1)))
            return _moved({other.name: float(place) for other in target.controls}, positions)
        part = binding.part(positions[control.name]) + steps * binding.step
        moved = binding.position(min(1.0, max(0.0, part)))
        return _moved({control.name: moved}, positions)

    def _press(
        self, binding: Binding, target: Target, event: Event, positions: Positions
    ) -> list[Action]:
        if not _pressed(event):
            return []
        if target.kind is Kind.TRIGGER:
            return _struck(target)
        if binding.sets is not None:
            place = binding.sets
        elif target.kind is Kind.CHOICE:
            control = target.controls[0]
            place = (positions[control.name] + 1) % len(control.choices)
        elif target.kind is Kind.SWITCH:  # both terms go together, on if any was off
            place = float(not all(positions[control.name] for control in target.controls))
        else:
            place = _other_end(binding, positions[target.controls[0].name])
        return _moved({c.name: _allowed(c, place) for c in target.controls}, positions)

    def _stand(
        self, binding: Binding, target: Target, event: Event, positions: Positions, now: float
    ) -> list[Action]:
        if target.kind is not Kind.FADER:
            return self._follow(binding, target, event, positions)
        control = target.controls[0]
        takeover = self._takeovers[event.source]
        current = positions[control.name]
        taken = takeover.take(event.position, binding.part(current), now)
        ghosts: list[Action] = []
        if taken is None or control.name in self._ghosts:
            place = binding.position(event.position)
            ghosts = self._ghost(control.name, place, current, taken is None)
        if taken is None:
            return ghosts
        return [*ghosts, *_moved({control.name: binding.position(taken)}, positions)]

    def _follow(
        self, binding: Binding, target: Target, event: Event, positions: Positions
    ) -> list[Action]:
        """A switch is on while the hardware is up; a trigger happens when it goes up."""
        if target.kind is not Kind.TRIGGER:
            part = binding.position(event.position)
            return _moved(
                {c.name: c.position_from_hardware(part) for c in target.controls}, positions
            )
        was_down = event.source in self._down
        if event.position < 0.5:
            self._down.discard(event.source)
            return []
        self._down.add(event.source)
        return [] if was_down else _struck(target)


def _all(profile: Profile) -> Iterable[Binding]:
    return profile.bindings.values()


def _shown(binding: Binding, control: Control, positions: Positions) -> float:
    position = positions[control.name]
    if control.kind is Kind.CHOICE and binding.feedback.kind is not FeedbackKind.LED:
        return position / max(1, len(control.choices) - 1)
    return position


def _pressed(event: Event) -> bool:
    return event.value > (0 if event.status is MessageType.NOTE else MAX_7_BIT // 2)


def _struck(target: Target) -> list[Action]:
    if target.scene is not None:
        return [RecallScene(target.scene)]
    return [FireTrigger(control.name) for control in target.controls]


def _moved(changes: Mapping[str, float], positions: Positions) -> list[Action]:
    """A move, unless all controls are there already."""
    if all(positions[name] == position for name, position in changes.items()):
        return []
    return [SetControls(changes)]


def _other_end(binding: Binding, position: float) -> float:
    middle = (binding.low + binding.high) / 2
    return binding.low if position > middle else binding.high


def _allowed(control: Control, place: float) -> float:
    """`place` within what the control takes: a profile may set what a session lacks."""
    if control.kind is Kind.CHOICE:
        return float(min(int(max(0.0, place)), len(control.choices) - 1))
    return float(place >= 0.5) if control.kind is Kind.SWITCH else min(1.0, max(0.0, place))
