"""MIDI learn, and which profile each device uses: a person's own, the session's or a shipped one.

Pure.
"""

from collections.abc import Sequence
from dataclasses import replace

from styletune.controls import ControlTable, Kind
from styletune.errors import ConfigError
from styletune.midi.binding import Binding, Feedback, FeedbackKind
from styletune.midi.device import resolve, with_layer_index
from styletune.midi.learn import Learner, LearnResult
from styletune.midi.message import ControlId, Encoding, Event
from styletune.midi.profile import MAX_NAME, MAX_PROFILES, Profile, dumps, find, name_to_keep
from styletune.session import outgoing_midi
from styletune.session.outgoing import ErrorMessage
from styletune.session.outgoing_midi import BindingsMessage, LearningMessage


class MidiLearn:
    """MIDI learn: at most one target at a time, for everybody.

    Attributes:
        target: the control or scene that waits for hardware to be moved, or None.
    """

    def __init__(self, table: ControlTable) -> None:
        self._table = table
        self._learner = Learner()
        self.target: str | None = None

    def start(self, target: str | None) -> LearningMessage | ErrorMessage:
        """Wait for hardware to be moved for `target`; None: stop waiting."""
        if target is not None and resolve(target, self._table) is None:
            return ErrorMessage(
                code="unknown_control",
                message=f"`{target[:60]}` cannot be learnt: it is no control and no scene",
            )
        self.target, self._learner = target, Learner()
        return self.as_message()

    def as_message(self) -> LearningMessage:
        """What is being learnt, for clients."""
        return LearningMessage(target=self.target)

    def handle_event(
        self, device: str, event: Event, now: float
    ) -> LearnResult | LearningMessage | None:
        """Take an event: what was learnt by it, or which hardware has begun to move."""
        before = self._learner.moving
        result = self._learner.handle_event(device, event, now)
        if result is not None:
            return result
        if (moving := self._learner.moving) and moving != before:
            return LearningMessage(target=self.target, device=moving[0], source=str(moving[1]))
        return None

    def poll(self, now: float) -> LearnResult | None:
        """What was learnt because the hardware has come to rest; see `due`."""
        return None if self.target is None else self._learner.poll(now)

    @property
    def due(self) -> float | None:
        """When `poll` may return something, or None."""
        return None if self.target is None else self._learner.due

    def finish(
        self, result: LearnResult, before: Binding | None
    ) -> tuple[LearningMessage, Binding]:
        """End learning; return the message about it and the new binding of the target.

        Args:
            before: the binding that this hardware had so far.
        """
        assert self.target is not None
        binding = self._make_binding(result, with_layer_index(self.target, self._table), before)
        self.target, self._learner = None, Learner()
        message = LearningMessage(
            target=None,
            device=result.device,
            source=str(result.source),
            encoding=result.encoding,
        )
        return message, binding

    def _make_binding(self, result: LearnResult, target: str, before: Binding | None) -> Binding:
        """Feedback and takeover of the old binding stay where they still fit."""
        if before is not None and before.encoding is result.encoding:
            return replace(before, target=target, sets=None, learned=True)
        resolved = resolve(target, self._table)
        kind = FeedbackKind.LED if result.encoding is Encoding.BUTTON else FeedbackKind.VALUE
        if resolved is None or resolved.kind is Kind.TRIGGER:
            kind = FeedbackKind.NONE
        return Binding(
            result.source, target, result.encoding, feedback=Feedback(kind), learned=True
        )


class ProfileRegistry:
    """Profiles by the names of devices; see `MidiRouter` for the arguments.

    Devices share a profile whose names differ only in what the system adds to them.

    Attributes:
        changed: those that a person has changed, by the name under which they are kept.
    """

    def __init__(
        self,
        table: ControlTable,
        profiles: Sequence[Profile],
        profile: Profile | None,
    ) -> None:
        self._table = table
        self._profiles = profiles
        self._profile = profile
        self.changed: dict[str, Profile] = {}
        self._conflicts: dict[tuple[str, ControlId], str] = {}

    @property
    def names(self) -> str:
        """The names of the profiles to choose from, separated by commas."""
        return ", ".join(profile.name for profile in self._profiles) or "none"

    def kept_name(self, device: str) -> str:
        """The name under which the profile of a device is kept; the same for all that share it."""
        return name_to_keep(device, self._profiles)

    def __getitem__(self, name: str) -> Profile:
        """The profile of a device of that name; an empty one where nothing fits."""
        kept = self.kept_name(name)
        return (
            self.changed.get(kept)
            or self._profile
            or find(name, self._profiles)
            or Profile(kept, (kept,), {})
        )

    def set(self, name: str, profile: Profile) -> None:
        """Use a profile that a person has changed for devices of that name.

        Raises:
            ConfigError: so many have been changed that this one could not be kept.
        """
        kept = self._name_to_change(name)
        if kept not in self.changed and profile.devices != (kept,):
            # A shipped one, changed: from now on that device's own.
            profile = replace(profile, devices=(kept,))
        self.changed[kept] = profile

    def bind(self, result: LearnResult, binding: Binding) -> Profile:
        """The device's profile with a learnt binding; what it displaces is shown as a conflict."""
        profile = self[result.device]
        before = profile.bindings.get(result.source)
        key = self.kept_name(result.device), result.source
        self._conflicts.pop(key, None)
        if before is not None and before.target != binding.target:
            displaced = self.targets(before) or (before.target,)
            self._conflicts[key] = displaced[0]
        return profile.with_binding(binding)

    def unbind(self, name: str, target: str) -> Profile | None:
        """The profile of a device's name without bindings to `target`; None: there are none."""
        profile = self[name]
        sources = [
            source
            for source, binding in profile.bindings.items()
            if target in (binding.target, *self.targets(binding))
        ]
        return profile.without(sources) if sources else None

    def export(self, name: str) -> str:
        """The profile of a device's name as TOML."""
        return dumps(self[name])

    def import_(self, name: str, profile: Profile) -> None:
        """Use a profile for devices of that name, too.

        Raises:
            ConfigError: the name is none, or so many have been changed that this one could not be
                kept.
        """
        if not name:
            raise ConfigError("a device's name has one character at least")
        if len(name) > MAX_NAME:
            raise ConfigError(f"a device's name has at most {MAX_NAME} characters")
        kept = self._name_to_change(name)
        if not profile.matches(kept):
            profile = replace(profile, devices=(*profile.devices, kept))
        self.changed[kept] = profile

    def _name_to_change(self, name: str) -> str:
        kept = self.kept_name(name)
        if kept not in self.changed and len(self.changed) >= MAX_PROFILES:
            raise ConfigError(f"{MAX_PROFILES} controllers have new profiles; no more are kept")
        return kept

    def bindings_message(self, name: str) -> BindingsMessage:
        """The bindings of the device of that name, for clients."""
        profile, kept = self[name], self.kept_name(name)
        return BindingsMessage(
            device=name,
            profile=profile.name,
            bindings=tuple(
                outgoing_midi.Binding(
                    target=target,
                    source=str(source),
                    encoding=self._effective_encoding(binding),
                    takeover=binding.takeover,
                    invert=binding.invert,
                    learned=binding.learned,
                    conflict=self._conflicts.get((kept, source)),
                )
                for source, binding in profile.bindings.items()
                for target in self.targets(binding)
            ),
        )

    def targets(self, binding: Binding) -> tuple[str, ...]:
        """The controls or the scene that a binding moves in this session."""
        target = resolve(binding.target, self._table)
        return target.names if target else ()

    def _effective_encoding(self, binding: Binding) -> Encoding:
        """A fader that fires a trigger is shown as a button: senders must not merge its values."""
        target = resolve(binding.target, self._table)
        is_absolute = binding.encoding in (Encoding.ABSOLUTE, Encoding.FINE)
        if is_absolute and target is not None and target.kind is Kind.TRIGGER:
            return Encoding.BUTTON
        return binding.encoding
