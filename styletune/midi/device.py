"""One controller in use: its messages to moves of controls, and the controls to its lights.

Raw messages, the positions of all controls and the time come in; `Action`s go out. Holds
what one device needs to remember: half-received values, faders that wait, what it shows.
Pure. Knows nothing about sockets, scenes and who else plays.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from styletune.controls import Control, ControlTable, Curve, Kind
from styletune.midi.binding import Binding, Light
from styletune.midi.decoder import Decoder
from styletune.midi.encoding import Encoding
from styletune.midi.feedback import Echoes, Raw
from styletune.midi.message import MAX_7_BIT, Event, Source, Status
from styletune.midi.profile import Profile
from styletune.midi.takeover import THRESHOLD, Mode, Takeover
from styletune.midi.target import Target, resolve

Positions = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Move:
    """Controls go to these positions, all at once."""

    positions: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Strike:
    """A trigger happens."""

    name: str


@dataclass(frozen=True, slots=True)
class Recall:
    """A scene, by name or by its place in the list from 1, is recalled."""

    scene: str | int


@dataclass(frozen=True, slots=True)
class Ghost:
    """A fader stands elsewhere than its control and waits, or waits no more.

    Attributes:
        position: where the control would be if it stood there.
        up: which way to move the fader to meet the control; None: it has met it.
    """

    control: str
    position: float
    waiting: bool
    up: bool | None


Action = Move | Strike | Recall | Ghost


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
        self.echoes = Echoes()
        self.counts: Counter[str] = Counter()
        self._table = table
        self.play(profile)

    def play(self, profile: Profile) -> None:
        """Use another profile from now on."""
        self.profile = profile
        resolved = ((bound, resolve(bound.target, self._table)) for bound in _all(profile))
        self.played: dict[Source, tuple[Binding, Target]] = {
            bound.source: (bound, target) for bound, target in resolved if target is not None
        }
        self._players: dict[str, list[Source]] = {}  # by the control that they play
        for source, (_, target) in self.played.items():
            for control in target.controls:
                self._players.setdefault(control.name, []).append(source)
        controllers = [s for s in profile.bindings if s.status is Status.CONTROL_CHANGE]
        fine = {s for s in controllers if profile.bindings[s].encoding is Encoding.FINE}
        plain = set(controllers) - fine
        self._decoder = Decoder(fine=fine, plain=plain, counts=self.counts)
        self._takeovers = {
            source: Takeover(bound.takeover) for source, (bound, _) in self.played.items()
        }
        self._ghosts: dict[str, float] = {}
        self._down: set[Source] = set()

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
            if binding.feedback.kind is Light.NONE or target.kind is Kind.TRIGGER:
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
        return [Ghost(control, 0.0, False, None) for control in self._ghosts]

    def _playing(self, names: Iterable[str]) -> Iterable[Source]:
        """What plays these controls, each once."""
        return dict.fromkeys(source for name in names for source in self._players.get(name, ()))

    def _ghost(self, control: str, place: float, position: float, waiting: bool) -> list[Action]:
        if not waiting:
            if self._ghosts.pop(control, None) is None:
                return []
            return [Ghost(control, place, False, None)]
        self._ghosts[control] = place
        return [Ghost(control, place, True, position > place)]

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
            return _moved({c.name: c.at(part) for c in target.controls}, positions)
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
    if control.kind is Kind.CHOICE and binding.feedback.kind is not Light.LED:
        return position / max(1, len(control.choices) - 1)
    return position


def _pressed(event: Event) -> bool:
    return event.value > (0 if event.status is Status.NOTE else MAX_7_BIT // 2)


def _struck(target: Target) -> list[Action]:
    if target.scene is not None:
        return [Recall(target.scene)]
    return [Strike(control.name) for control in target.controls]


def _moved(changes: Mapping[str, float], positions: Positions) -> list[Action]:
    """A move, unless all controls are there already."""
    if all(positions[name] == position for name, position in changes.items()):
        return []
    return [Move(changes)]


def _other_end(binding: Binding, position: float) -> float:
    middle = (binding.low + binding.high) / 2
    return binding.low if position > middle else binding.high


def _allowed(control: Control, place: float) -> float:
    """`place` within what the control takes: a profile may set what a session lacks."""
    if control.kind is Kind.CHOICE:
        return float(min(int(max(0.0, place)), len(control.choices) - 1))
    return float(place >= 0.5) if control.kind is Kind.SWITCH else min(1.0, max(0.0, place))
