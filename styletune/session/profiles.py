"""Which profile each controller plays, by its name: a person's own, the session's, a shipped one.

Profiles come in, from learning and from files; the messages and files that show them go out.
Pure, but for `keep`. Knows nothing about the devices in use.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from styletune.controls import ControlTable, Kind
from styletune.errors import ConfigError
from styletune.midi.binding import Binding
from styletune.midi.device import resolve
from styletune.midi.learn import LearnResult
from styletune.midi.message import ControlId, Encoding
from styletune.midi.profile import MAX_NAME, Profile, choose, dumps, loads
from styletune.session import outgoing
from styletune.session.outgoing import BindingsMessage, ErrorMessage

SaveProfile = Callable[[str, Profile], None]


def discard(name: str, profile: Profile) -> None:
    """Keep no profile."""


class ProfileRegistry:
    """Profiles by the names of devices; see `MidiRouter` for the arguments."""

    def __init__(
        self,
        table: ControlTable,
        profiles: Sequence[Profile],
        profile: Profile | None,
        keep: SaveProfile,
    ) -> None:
        self._table = table
        self._profiles = profiles
        self._profile = profile
        self._save = keep
        self._changed: dict[str, Profile] = {}
        self._conflicts: dict[tuple[str, ControlId], str] = {}

    @property
    def names(self) -> str:
        """The names of the profiles to choose from, in words."""
        return ", ".join(profile.name for profile in self._profiles) or "none"

    def __getitem__(self, name: str) -> Profile:
        """What a device of that name plays."""
        return (
            self._changed.get(name)
            or self._profile
            or choose(name, self._profiles)
            or Profile(name, (name,), {})
        )

    def set(self, name: str, profile: Profile) -> ErrorMessage | None:
        """Let devices of that name play a profile that a person has changed.

        Returns:
            Why it cannot be kept for another day; it plays all the same.
        """
        if name not in self._changed and profile.devices != (name,):
            # A shipped one, changed: from now on that device's own.
            profile = replace(profile, devices=(name,))
        self._changed[name] = profile
        try:
            self._save(name, profile)
        except ConfigError as error:
            return ErrorMessage(code="not_kept", message=str(error))
        return None

    def bind(self, learnt: LearnResult, bound: Binding) -> ErrorMessage | None:
        """Add what was learnt; what its hardware played before is told as a conflict."""
        profile = self[learnt.device]
        before = profile.bindings.get(learnt.source)
        self._conflicts.pop((learnt.device, learnt.source), None)
        if before is not None and before.target != bound.target:
            lost = self.targets(before) or (before.target,)
            self._conflicts[learnt.device, learnt.source] = lost[0]
        return self.set(learnt.device, profile.with_binding(bound))

    def unbind(self, name: str, target: str) -> Profile | None:
        """The profile of a device's name without what plays `target`; None: nothing does."""
        profile = self[name]
        sources = [
            source
            for source, binding in profile.bindings.items()
            if target in (binding.target, *self.targets(binding))
        ]
        return profile.without(sources) if sources else None

    def export(self, name: str) -> str:
        """The profile of a device's name, as the text of a file."""
        return dumps(self[name])

    def import_(self, name: str, text: str) -> None:
        """Let devices of that name play the profile that `text` says.

        Raises:
            ConfigError: it is no profile, or cannot be kept; nothing has changed.
        """
        if len(name) > MAX_NAME:
            raise ConfigError(f"a device's name has at most {MAX_NAME} characters")
        profile = loads(text)
        if not profile.matches(name):
            profile = replace(profile, devices=(*profile.devices, name))
        self._save(name, profile)
        self._changed[name] = profile

    def bindings_message(self, name: str) -> BindingsMessage:
        """What the controls of a device play."""
        profile = self[name]
        return BindingsMessage(
            device=name,
            profile=profile.name,
            bindings=tuple(
                outgoing.Binding(
                    target=target,
                    source=str(source),
                    encoding=self._shown_encoding(binding),
                    takeover=binding.takeover,
                    invert=binding.invert,
                    learned=binding.learned,
                    conflict=self._conflicts.get((name, source)),
                )
                for source, binding in profile.bindings.items()
                for target in self.targets(binding)
            ),
        )

    def targets(self, binding: Binding) -> tuple[str, ...]:
        """The controls or the scene that a binding plays in this session."""
        target = resolve(binding.target, self._table)
        return target.names if target else ()

    def _shown_encoding(self, binding: Binding) -> Encoding:
        """What releases a trigger is a key to whoever merges values: each press counts."""
        target = resolve(binding.target, self._table)
        stands = binding.encoding in (Encoding.ABSOLUTE, Encoding.FINE)
        if stands and target is not None and target.kind is Kind.TRIGGER:
            return Encoding.BUTTON
        return binding.encoding
