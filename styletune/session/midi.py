"""Every client's MIDI devices: what they move, what is being learnt, what they are sent back.

Two clients may have a device of the same name: each has faders of its own, both use one profile.
Pure. Runs in the web process.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from styletune.controls import ControlTable
from styletune.errors import ConfigError, MessageError
from styletune.midi.device import (
    Device,
    FireTrigger,
    PickupHint,
    RecallScene,
    SetControls,
)
from styletune.midi.learn import LearnResult
from styletune.midi.message import Event, decode
from styletune.midi.profile import Profile
from styletune.midi.smoothing import Smoother
from styletune.session.outgoing import ErrorMessage, Outgoing
from styletune.session.outgoing_midi import (
    BindingsMessage,
    FeedbackMessage,
    HardwareMessage,
    LearningMessage,
    UnboundMessage,
)
from styletune.session.profiles import MidiLearn, ProfileRegistry

MAX_DEVICES = 16  # of one client
MAX_SHOWN = 8  # names of devices, to people
MAX_REPORTED = 64  # device names whose missing profile has been reported


@dataclass(frozen=True, slots=True)
class SmoothMove:
    """The next step of faders on their way, each a gesture of its own."""

    positions: Mapping[str, float]


MidiAction = SetControls | SmoothMove | FireTrigger | RecallScene | Outgoing
Apply = Callable[[str, MidiAction], None]  # takes the device's name and what it did
Positions = Mapping[str, float]
AddressedMessage = tuple[str | None, Outgoing]  # to a client, or to everybody


class MidiRouter:
    """Raw MIDI messages of all clients' devices to actions, and changes to their feedback.

    Args:
        profiles: of known controllers, chosen by device name, the first that fits.
        profile: for every device, whatever its name.
        counts: of messages that moved nothing.
    """

    def __init__(
        self,
        table: ControlTable,
        profiles: Sequence[Profile] = (),
        profile: Profile | None = None,
        counts: Counter[str] | None = None,
    ) -> None:
        self._table = table
        self._counts = Counter() if counts is None else counts
        self._profiles = ProfileRegistry(table, profiles, profile)
        self._devices: dict[tuple[str, str], Device] = {}  # by client and device name
        self._open: set[tuple[str, str]] = set()  # those that take feedback
        self._reported: set[str] = set()
        self._loops: set[tuple[str, str]] = set()
        self._learn = MidiLearn(table)
        self._last_positions: dict[str, float] = {}
        self._smoother = Smoother()

    # ---------------------------------------------------------------- input

    def handle_message(
        self,
        client: str,
        name: str,
        data: Sequence[int],
        positions: Positions,
        now: float,
        apply: Apply,
    ) -> None:
        """Take one whole raw message of a client's device.

        Args:
            positions: of all controls; must show at once what `apply` has changed.
            now: seconds of any clock that only goes forward.
            apply: carries out each action before the next one is made.
        """
        device = self._device(client, name)
        if device is None:
            text = f"a client may play {MAX_DEVICES} devices; `{name[:40]}` is one more"
            apply(name, ErrorMessage(code="too_many_devices", message=text))
            return
        try:
            event = decode(data)
        except MessageError as error:
            self._counts[error.code] += 1
            apply(name, ErrorMessage(code=error.code, message=str(error)))
            return
        if event is None:
            self._counts["midi_ignored"] += 1
            return
        for complete in device.combine(event, now):
            self._handle_event(client, device, complete, tuple(data), positions, now, apply)

    def poll_due(self, positions: Positions, now: float, apply: Apply) -> None:
        """Carry out what had to wait until now; see `due` and `handle_message`."""
        for (client, _), device in list(self._devices.items()):
            for event in device.poll(now):
                self._handle_event(client, device, event, (), positions, now, apply)
            if device.unbound.pop_due(now):
                apply(device.name, _unbound_message(device))
        for name, steps in self._smoother.step(positions, now).items():
            apply(name, SmoothMove(steps))
        if result := self._learn.poll(now):
            self._bind(result, apply)

    @property
    def due(self) -> float | None:
        """When to call `poll_due` and `feedback_after_change` next, or None."""
        times = [due for d in self._devices.values() for due in (d.due, d.unbound.due)]
        times += [self._devices[key].feedback.due for key in self._open]
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
        apply: Apply,
    ) -> None:
        if self._learn.target is not None:
            self._learn_from(device, event, now, apply)
            return
        unmapped = device.counts["unmapped"]
        for action in device.handle_event(event, data, self._smoother.targets_view(positions), now):
            match action:
                case PickupHint():
                    apply(device.name, _hardware_message(action, device.name))
                case SetControls() if device.needs_smoothing(event):
                    self._smooth(action, device.name, positions, now, apply)
                case _:
                    apply(device.name, action)
        if device.counts["unmapped"] != unmapped:
            self._counts["midi_unmapped"] += 1
            self._unknown_device(device, apply)
        if device.feedback.loop_detected and (key := (client, device.name)) not in self._loops:
            self._loops.add(key)
            text = (
                f"what is sent to `{device.name}` comes back as if it were moved: its "
                "output leads to its input (MIDI thru); its lights are off until it is "
                "plugged in again"
            )
            apply(device.name, ErrorMessage(code="midi_loop", message=text))

    def _smooth(
        self, move: SetControls, device: str, positions: Positions, now: float, apply: Apply
    ) -> None:
        for name, target in move.positions.items():
            step = self._smoother.move(name, target, positions, now, device)
            if step is not None:
                apply(device, SetControls({name: step}))

    def _unknown_device(self, device: Device, apply: Apply) -> None:
        """Report once that a device has no profile: its knobs send a hundred messages a second."""
        if device.profile.bindings:
            return
        self._counts["unknown_device"] += 1
        if device.name in self._reported or len(self._reported) >= MAX_REPORTED:
            return
        self._reported.add(device.name)
        text = (
            f"no controller profile for `{device.name}`; known are {self._profiles.names}; "
            "press learn and move its knobs to make one"
        )
        apply(device.name, ErrorMessage(code="unknown_device", message=text))

    # -------------------------------------------------------------- feedback

    def feedback_after_change(self, positions: Positions, now: float) -> list[AddressedMessage]:
        """Feedback for devices, and hints of faders that now wait, after any change."""
        if not self._devices:
            self._last_positions = dict(positions)
            return []
        # Show where controls are going, not each step on the way.
        positions = {**positions, **self._smoother.targets(positions)}
        last, self._last_positions = self._last_positions, positions
        moved = [name for name, position in positions.items() if last.get(name) != position]
        addressed: list[AddressedMessage] = []
        for key, device in self._devices.items():
            if moved:
                hints = device.pickup_hints(moved, positions)
                addressed += [(None, _hardware_message(hint, device.name)) for hint in hints]
            if key not in self._open:
                continue
            if moved:
                device.update_feedback(positions, moved)
            if data := device.feedback.pop_due(now):
                addressed.append((key[0], FeedbackMessage(device=device.name, data=tuple(data))))
        return addressed

    def open_device(self, client: str, name: str, positions: Positions) -> list[Outgoing]:
        """A client has opened the device: it is sent everything, as what it shows is not known."""
        device = self._device(client, name)
        if device is None:
            return []
        self._open.add((client, name))
        self._loops.discard((client, name))
        device.reset()
        device.update_feedback(positions)
        answers: list[Outgoing] = []
        if device.profile.init_messages:
            answers.append(FeedbackMessage(device=name, data=device.profile.init_messages))
        return [*answers, self.bindings_message(name)]

    def close_device(self, client: str, name: str) -> list[Outgoing]:
        """A client has closed the device, or it was unplugged."""
        self._open.discard((client, name))
        self._loops.discard((client, name))
        device = self._devices.pop((client, name), None)
        hints = device.clear_hints() if device else []
        return [_hardware_message(hint, name) for hint in hints]

    def remove_client(self, client: str) -> list[Outgoing]:
        """A client has gone, and its devices with it."""
        names = [name for owner, name in self._devices if owner == client]
        return [message for name in names for message in self.close_device(client, name)]

    # -------------------------------------------------------------- bindings

    def learn(self, target: str | None) -> LearningMessage | ErrorMessage:
        """Bind the hardware that is moved next to `target`; None: stop learning."""
        return self._learn.start(target)

    def unlearn(self, target: str, name: str | None) -> list[Outgoing]:
        """Unbind `target` from the device of that name; None: from all devices in use."""
        answers: list[Outgoing] = []
        for device_name in self._names() if name is None else [name]:
            profile = self._profiles.unbind(device_name, target)
            if profile is not None and self._is_known(device_name):
                answers += self._set_profile(device_name, profile)
        if not answers:
            where = f"`{name}`" if name else "any device in use"
            text = f"nothing of {where} plays `{target[:60]}`"
            answers.append(ErrorMessage(code="not_bound", message=text))
        return answers

    def export(self, name: str) -> str:
        """The profile of a device's name as TOML."""
        return self._profiles.export(name)

    def import_(self, name: str, profile: Profile) -> list[Outgoing]:
        """Use a profile for devices of that name, too.

        Raises:
            ConfigError: the name is none, or there are too many profiles; nothing has changed.
        """
        self._profiles.import_(name, profile)
        return self._apply_profile(name)

    def _is_known(self, name: str) -> bool:
        """Whether a device of that name is in use or has a new profile, and is not made up."""
        kept = self._profiles.kept_name(name)
        in_use = map(self._profiles.kept_name, self._names())
        return kept in self._profiles.changed or kept in in_use

    def _set_profile(self, name: str, profile: Profile) -> list[Outgoing]:
        try:
            self._profiles.set(name, profile)
        except ConfigError as error:
            return [ErrorMessage(code="not_kept", message=str(error))]
        return self._apply_profile(name)

    @property
    def changed_profiles(self) -> Mapping[str, Profile]:
        """The profiles that a person has changed, by the device's name."""
        return self._profiles.changed

    def bindings_message(self, name: str) -> BindingsMessage:
        """The bindings of the device of that name, for clients."""
        return self._profiles.bindings_message(name)

    def all_bindings(self) -> list[BindingsMessage]:
        """The bindings of every device in use."""
        return [self.bindings_message(name) for name in self._names()]

    def _learn_from(self, device: Device, event: Event, now: float, apply: Apply) -> None:
        match self._learn.handle_event(device.name, event, now):
            case LearnResult() as result:
                self._bind(result, apply)
            case LearningMessage() as message:
                apply(device.name, message)

    def _bind(self, result: LearnResult, apply: Apply) -> None:
        before = self._profiles[result.device].bindings.get(result.source)
        message, binding = self._learn.finish(result, before)
        profile = self._profiles.bind(result, binding)
        for answer in (message, *self._set_profile(result.device, profile)):
            apply(result.device, answer)

    def _apply_profile(self, name: str) -> list[Outgoing]:
        """Let all devices that share the profile of that name use it: it has changed."""
        kept, names = self._profiles.kept_name(name), {name: None}
        for (_, other), device in self._devices.items():
            if self._profiles.kept_name(other) == kept:
                device.set_profile(self._profiles[name])
                names[other] = None
        self._last_positions = {}  # compare and show everything anew
        return [*map(self.bindings_message, names)]

    def _device(self, client: str, name: str) -> Device | None:
        key = client, name
        if key not in self._devices:
            if sum(owner == client for owner, _ in self._devices) >= MAX_DEVICES:
                return None
            self._devices[key] = Device(name, self._profiles[name], self._table)
        return self._devices[key]

    @property
    def open_names(self) -> tuple[str, ...]:
        """Names of the devices that clients have open, the first `MAX_SHOWN` of them."""
        return tuple(sorted({name for _, name in self._open})[:MAX_SHOWN])

    def _names(self) -> list[str]:
        return sorted({name for _, name in self._devices})


def _unbound_message(device: Device) -> UnboundMessage:
    events = device.unbound
    return UnboundMessage(
        device=device.name, source=str(events.source), count=events.count, hint=events.hint
    )


def _hardware_message(hint: PickupHint, device: str) -> HardwareMessage:
    return HardwareMessage(
        control=hint.control,
        position=hint.position,
        waiting=hint.waiting,
        direction=None if hint.up is None else ("up" if hint.up else "down"),
        device=device,
    )
