"""All controllers in use: who has which, what they play, what is being learnt.

Raw messages of clients and the time come in; actions for the session and messages for
clients go out. Two people may have a device of the same name: each has its own faders, both
play its one profile. Pure, but for `keep`. Knows nothing about sockets; the session carries
out what comes out of here. Lives in the web process.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from styletune.controls import ControlTable, Kind
from styletune.errors import MessageError
from styletune.midi.binding import Binding, Feedback, FeedbackKind
from styletune.midi.device import (
    Device,
    FireTrigger,
    PickupHint,
    RecallScene,
    SetControls,
    resolve,
    with_layer_index,
)
from styletune.midi.learn import Learner, LearnResult
from styletune.midi.message import Encoding, Event, decode
from styletune.midi.profile import Profile
from styletune.midi.smoothing import Smoother
from styletune.session import outgoing
from styletune.session.outgoing import (
    BindingsMessage,
    ErrorMessage,
    HardwareMessage,
    LearningMessage,
    Outgoing,
)
from styletune.session.profiles import ProfileRegistry, SaveProfile, discard

# What is being learnt: a target waits for a hand to move the hardware that shall play it.
#
# Pure: events and the time come in; what was learnt, and the messages that tell of it, go out.


class MidiLearn:
    """At most one target at a time, for everybody.

    Attributes:
        target: that waits; None: nothing is learnt.
    """

    def __init__(self, table: ControlTable) -> None:
        self._table = table
        self._learner = Learner()
        self.target: str | None = None

    def start(self, target: str | None) -> LearningMessage | ErrorMessage:
        """Let a target wait; None: nothing any more."""
        if target is not None and resolve(target, self._table) is None:
            return ErrorMessage(
                code="unknown_control",
                message=f"`{target[:60]}` cannot be learnt: it is no control and no scene",
            )
        self.target, self._learner = target, Learner()
        return self.told

    @property
    def told(self) -> LearningMessage:
        """What is being learnt, as a message."""
        return LearningMessage(target=self.target)

    def handle_event(
        self, device: str, event: Event, now: float
    ) -> LearnResult | LearningMessage | None:
        """Take an event: what was learnt by it, or which hardware is being moved now."""
        before = self._learner.moving
        learnt = self._learner.feed(device, event, now)
        if learnt is not None:
            return learnt
        if (moving := self._learner.moving) and moving != before:
            return LearningMessage(target=self.target, device=moving[0], source=str(moving[1]))
        return None

    def poll(self, now: float) -> LearnResult | None:
        """What a silence has told; see `due`."""
        return None if self.target is None else self._learner.tick(now)

    @property
    def due(self) -> float | None:
        """When `tick` has something to give, or None."""
        return None if self.target is None else self._learner.due

    def finish(
        self, learnt: LearnResult, before: Binding | None
    ) -> tuple[LearningMessage, Binding]:
        """Nothing waits any more; what is told of it, and what plays the target from now on.

        Args:
            before: what the hardware played so far.
        """
        assert self.target is not None
        bound = self._make_binding(learnt, with_layer_index(self.target, self._table), before)
        self.target, self._learner = None, Learner()
        told = LearningMessage(
            target=None,
            device=learnt.device,
            source=str(learnt.source),
            encoding=learnt.encoding,
        )
        return told, bound

    def _make_binding(self, learnt: LearnResult, target: str, before: Binding | None) -> Binding:
        """What is as good as before stays: how it is shown, how it takes over."""
        if before is not None and before.encoding is learnt.encoding:
            return replace(before, target=target, sets=None, learned=True)
        resolved = resolve(target, self._table)
        light = FeedbackKind.LED if learnt.encoding is Encoding.BUTTON else FeedbackKind.VALUE
        if resolved is None or resolved.kind is Kind.TRIGGER:
            light = FeedbackKind.NONE
        return Binding(
            learnt.source, target, learnt.encoding, feedback=Feedback(light), learned=True
        )


MAX_DEVICES = 16  # of one client
MAX_TOLD = 64  # devices whose missing profile has been told


@dataclass(frozen=True, slots=True)
class SmoothMove:
    """Faders go on to these positions, each by a hand of its own."""

    positions: Mapping[str, float]


MidiAction = SetControls | SmoothMove | FireTrigger | RecallScene | Outgoing
Positions = Mapping[str, float]
AddressedMessage = tuple[str | None, Outgoing]  # to a client, or to everybody


class MidiRouter:
    """Every client's devices.

    Args:
        profiles: of known controllers, chosen by device name, the first that fits.
        profile: for every device, whatever its name.
        keep: takes the profile of a device's name, changed by a person, to keep it.
        counts: of messages that moved nothing.
    """

    def __init__(
        self,
        table: ControlTable,
        profiles: Sequence[Profile] = (),
        profile: Profile | None = None,
        keep: SaveProfile = discard,
        counts: Counter[str] | None = None,
    ) -> None:
        self._table = table
        self._counts = Counter() if counts is None else counts
        self._profiles = ProfileRegistry(table, profiles, profile, keep)
        self._devices: dict[tuple[str, str], Device] = {}
        self._open: set[tuple[str, str]] = set()
        self._reported: set[str] = set()
        self._loops: set[tuple[str, str]] = set()
        self._learn = MidiLearn(table)
        self._last_positions: dict[str, float] = {}
        self._smoother = Smoother()

    # ----------------------------------------------------------------- hands

    def handle_message(
        self, client: str, name: str, data: Sequence[int], positions: Positions, now: float
    ) -> Iterator[MidiAction]:
        """Take one whole raw message of a client's device.

        Yields what comes of it one by one; carry out each before the next is asked for.
        """
        device = self._device(client, name)
        if device is None:
            yield ErrorMessage(
                code="too_many_devices",
                message=f"a client may play {MAX_DEVICES} devices; `{name[:40]}` is one more",
            )
            return
        try:
            said = decode(data)
        except MessageError as error:
            self._counts[error.code] += 1
            yield ErrorMessage(code=error.code, message=str(error))
            return
        if said is None:
            self._counts["midi_ignored"] += 1
            return
        for event in device.complete(said, now):
            yield from self._handle_event(client, device, event, tuple(data), positions, now)

    def poll_due(self, positions: Positions, now: float) -> Iterator[tuple[str, MidiAction]]:
        """What had to wait until now, with the device's name; see `due`."""
        for (client, name), device in list(self._devices.items()):
            for event in device.late(now):
                for outcome in self._handle_event(client, device, event, (), positions, now):
                    yield name, outcome
        for name, places in self._smoother.step(positions, now).items():
            yield name, SmoothMove(places)
        if learnt := self._learn.poll(now):
            for message in self._bind(learnt):
                yield learnt.device, message

    @property
    def due(self) -> float | None:
        """When `late` or `follow` has something to give, or None."""
        times = [device.due for device in self._devices.values()]
        times += [self._devices[key].echoes.due for key in self._open]
        times += [self._smoother.due, self._learn.due]
        return min((time for time in times if time is not None), default=None)

    def _handle_event(
        self,
        client: str,
        device: Device,
        event: Event,
        data: tuple[int, ...],
        positions: Positions,
        now: float,
    ) -> Iterator[MidiAction]:
        if self._learn.target is not None:
            yield from self._learn_from(device, event, now)
            return
        before = device.counts["unmapped"]
        for action in device.move(event, data, self._smoother.meant(positions), now):
            match action:
                case PickupHint():
                    yield _hardware(action, device.name)
                case SetControls() if device.is_stepped(event):
                    yield from self._smooth(action, device.name, positions, now)
                case _:
                    yield action
        if device.counts["unmapped"] != before:
            self._counts["midi_unmapped"] += 1
            yield from self._unknown_device(device)
        if device.echoes.off and (key := (client, device.name)) not in self._loops:
            self._loops.add(key)
            yield ErrorMessage(
                code="midi_loop",
                message=f"what is sent to `{device.name}` comes back as if it were moved: its "
                "output leads to its input (MIDI thru); its lights are off until it is "
                "plugged in again",
            )

    def _smooth(
        self, move: SetControls, mover: str, positions: Positions, now: float
    ) -> Iterator[SetControls]:
        for name, goal in move.positions.items():
            place = self._smoother.move(name, goal, positions, now, mover)
            if place is not None:
                yield SetControls({name: place})

    def _unknown_device(self, device: Device) -> Iterator[ErrorMessage]:
        """Say once that a device is not known: its knobs send a hundred messages a second."""
        if device.profile.bindings:
            return
        self._counts["unknown_device"] += 1
        if device.name in self._reported or len(self._reported) >= MAX_TOLD:
            return
        self._reported.add(device.name)
        yield ErrorMessage(
            code="unknown_device",
            message=f"no controller profile for `{device.name}`; known are {self._profiles.names}; "
            "press learn and move its knobs to make one",
        )

    # -------------------------------------------------------------- feedback

    def feedback_after_change(self, positions: Positions, now: float) -> list[AddressedMessage]:
        """What is to be told to devices, and of faders that now wait, after any change."""
        if not self._devices:
            self._last_positions = dict(positions)
            return []
        positions = {**positions, **self._smoother.goals(positions)}
        seen, self._last_positions = self._last_positions, positions
        moved = [name for name, position in positions.items() if seen.get(name) != position]
        told: list[AddressedMessage] = []
        for key, device in self._devices.items():
            if moved:
                ghosts = device.ghosts(moved, positions)
                told += [
                    (None, _hardware(g, device.name)) for g in ghosts if isinstance(g, PickupHint)
                ]
            if key not in self._open:
                continue
            if moved:
                device.show(positions, moved)
            if sent := device.echoes.take(now):
                told.append(
                    (key[0], outgoing.FeedbackMessage(device=device.name, data=tuple(sent)))
                )
        return told

    def open_device(self, client: str, name: str, positions: Positions) -> Iterator[Outgoing]:
        """A client has the device open: it is told all, as what it shows is not known."""
        device = self._device(client, name)
        if device is None:
            return
        self._open.add((client, name))
        self._loops.discard((client, name))
        device.plugged()
        device.show(positions)
        if device.profile.enter:
            yield outgoing.FeedbackMessage(device=name, data=device.profile.enter)
        yield self.bindings_message(name)

    def close_device(self, client: str, name: str) -> list[Outgoing]:
        """A client has closed the device, or it was unplugged."""
        self._open.discard((client, name))
        self._loops.discard((client, name))
        device = self._devices.pop((client, name), None)
        ghosts = device.leave() if device else []
        return [_hardware(ghost, name) for ghost in ghosts if isinstance(ghost, PickupHint)]

    def remove_client(self, client: str) -> list[Outgoing]:
        """A client has gone, and its devices with it."""
        names = [name for owner, name in self._devices if owner == client]
        return [message for name in names for message in self.close_device(client, name)]

    # -------------------------------------------------------------- bindings

    def learn(self, target: str | None) -> Outgoing:
        """Bind what is moved next to `target`; None: to nothing."""
        return self._learn.start(target)

    @property
    def learning(self) -> LearningMessage:
        """What is being learnt."""
        return self._learn.told

    def unlearn(self, target: str, name: str | None) -> list[Outgoing]:
        """Take hardware off `target`: of the device of that name, or of all in use."""
        answers: list[Outgoing] = []
        for device_name in self._names() if name is None else [name]:
            profile = self._profiles.unbind(device_name, target)
            if profile is not None:
                error = self._profiles.set(device_name, profile)
                answers += self._apply_profile(device_name, error)
        if not answers:
            where = f"`{name}`" if name else "any device in use"
            text = f"nothing of {where} plays `{target[:60]}`"
            answers.append(ErrorMessage(code="not_bound", message=text))
        return answers

    def export(self, name: str) -> str:
        """The profile of a device's name, as the text of a file."""
        return self._profiles.export(name)

    def import_(self, name: str, text: str) -> list[Outgoing]:
        """Let devices of that name play the profile that `text` says.

        Raises:
            ConfigError: it is no profile, or cannot be kept; nothing has changed.
        """
        self._profiles.import_(name, text)
        return self._apply_profile(name, None)

    def bindings_message(self, name: str) -> BindingsMessage:
        """What the controls of a device play."""
        return self._profiles.bindings_message(name)

    def all_bindings(self) -> list[BindingsMessage]:
        """Of every device in use."""
        return [self.bindings_message(name) for name in self._names()]

    def _learn_from(self, device: Device, event: Event, now: float) -> Iterator[Outgoing]:
        match self._learn.handle_event(device.name, event, now):
            case LearnResult() as learnt:
                yield from self._bind(learnt)
            case LearningMessage() as told:
                yield told

    def _bind(self, learnt: LearnResult) -> Iterator[Outgoing]:
        before = self._profiles[learnt.device].bindings.get(learnt.source)
        told, bound = self._learn.finish(learnt, before)
        yield told
        yield from self._apply_profile(learnt.device, self._profiles.bind(learnt, bound))

    def _apply_profile(self, name: str, error: ErrorMessage | None) -> list[Outgoing]:
        """Let all devices of that name play their profile, which has changed."""
        for (_, other), device in self._devices.items():
            if other == name:
                device.play(self._profiles[name])
        self._last_positions = {}  # show and compare everything anew
        return [self.bindings_message(name), *([error] if error else [])]

    def _device(self, client: str, name: str) -> Device | None:
        key = client, name
        if key not in self._devices:
            if sum(owner == client for owner, _ in self._devices) >= MAX_DEVICES:
                return None
            self._devices[key] = Device(name, self._profiles[name], self._table)
        return self._devices[key]

    def _names(self) -> list[str]:
        return sorted({name for _, name in self._devices})


def _hardware(ghost: PickupHint, device: str) -> HardwareMessage:
    return HardwareMessage(
        control=ghost.control,
        position=ghost.position,
        waiting=ghost.waiting,
        direction=None if ghost.up is None else ("up" if ghost.up else "down"),
        device=device,
    )
