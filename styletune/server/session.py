"""The session: control values, their revision and the triggers. Pure: no I/O, no clock.

Checked messages come in with the name of who sent them; messages to send come out. A set is
obeyed whole or not at all, and raises the revision by one. Knows nothing about sockets,
shared memory and pictures. Lives in the web process.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from styletune.controls import ControlTable, Kind
from styletune.errors import ControlError, MessageError
from styletune.midi import message as midi_message
from styletune.midi.profile import Profile, choose
from styletune.server.messages import (
    Changed,
    Error,
    Incoming,
    MidiMessage,
    SetMessage,
    SnapshotRequest,
    Triggered,
    TriggerMessage,
    parse,
    seq_of,
)

MAX_DEVICES = 64  # whose missing profile has been told


class LiveSession:
    """The values of one running session.

    Attributes:
        rev: revision of the values; a picture painted with them carries it.
        positions: of every fader and switch, in the order of the table.
        triggers: how often each trigger has been sent.
        counts: of what came in: `set`, `trigger`, `midi`, and of each error's code.
    """

    def __init__(
        self,
        table: ControlTable,
        positions: Mapping[str, float],
        *,
        profiles: Sequence[Profile] = (),
        profile: Profile | None = None,
    ) -> None:
        """Start at revision 0.

        Args:
            positions: of every fader and switch.
            profiles: of known controllers, chosen by device name.
            profile: for every device, whatever its name.
        """
        self.table = table
        self.rev = 0
        self.positions = {name: positions[name] for name in table.valued}
        self.triggers = dict.fromkeys(table.triggers, 0)
        self.counts: Counter[str] = Counter()
        self._profiles = profiles
        self._profile = profile
        self._strangers: set[str] = set()

    def controls(self) -> dict[str, float | bool | str]:
        """All values as messages show them."""
        return self.table.public(self.positions)

    def receive(self, text: str | bytes, source: str) -> list[Changed | Triggered | Error] | None:
        """Obey one raw message from /ws; see `apply`. Never raises, whatever the text.

        Returns:
            None when the sender asks for a snapshot.
        """
        try:
            message = parse(text)
        except MessageError as error:
            return [self._refuse(error.code, str(error), seq_of(text))]
        if isinstance(message, SnapshotRequest):
            self.counts["snapshot"] += 1
            return None
        return self.apply(message, source)

    def apply(self, message: Incoming, source: str) -> list[Changed | Triggered | Error]:
        """Obey one checked message; `source` is who sent it.

        Returns:
            What to send: errors to the sender, the others to everybody.
        """
        match message:
            case SetMessage():
                return [self._set(message.controls, source, message.seq)]
            case TriggerMessage():
                return [self._trigger(message, source)]
            case MidiMessage():
                return self._midi(message)
            case SnapshotRequest():
                return []
            case _:
                text = f"`{message.type}` is not built yet"
                return [self._refuse("not_built", text, message.seq)]

    def _set(self, controls: Mapping[str, object], source: str, seq: int | None) -> Changed | Error:
        checked: dict[str, float] = {}
        for name, position in controls.items():
            try:
                checked[name] = self.table[name].check(position)
            except ControlError as error:
                return self._refuse(self._code(name, position), str(error), seq)
        self.rev += 1
        self.positions.update(checked)
        self.counts["set"] += 1
        return Changed(rev=self.rev, controls=self.table.public(checked), source=source, seq=seq)

    def _code(self, name: str, position: object) -> str:
        """Why the control `name` did not take `position`, for programs."""
        if name not in self.table:
            return "unknown_control"
        if self.table[name].kind is Kind.FADER and type(position) in (int, float):
            return "out_of_range"
        return "bad_value"

    def _trigger(self, message: TriggerMessage, source: str) -> Triggered | Error:
        name = message.name
        try:
            kind = self.table[name].kind
        except ControlError as error:
            return self._refuse("unknown_control", str(error), message.seq)
        if kind is not Kind.TRIGGER:
            return self._refuse(
                "not_a_trigger",
                f"control `{name}` is no trigger; triggers are {', '.join(self.triggers)}",
                message.seq,
            )
        self.triggers[name] += 1
        self.counts["trigger"] += 1
        return Triggered(name=name, source=source, seq=message.seq)

    def _midi(self, message: MidiMessage) -> list[Changed | Triggered | Error]:
        self.counts["midi"] += 1
        try:
            event = midi_message.decode(message.data)
        except MessageError as error:
            return [self._refuse(error.code, str(error), message.seq)]
        if event is None:
            self.counts["midi_ignored"] += 1
            return []
        profile = self._profile or choose(message.device, self._profiles)
        if profile is None:
            return self._stranger(message)
        fader = profile.fader(event, self.table)
        if fader is None:
            self.counts["midi_unmapped"] += 1
            return []
        return [self._set({fader.name: event.position}, f"midi:{message.device}", message.seq)]

    def _stranger(self, message: MidiMessage) -> list[Changed | Triggered | Error]:
        """Say once that a device is not known: its knobs send a hundred messages a second."""
        self.counts["unknown_device"] += 1
        if message.device in self._strangers or len(self._strangers) >= MAX_DEVICES:
            return []
        self._strangers.add(message.device)
        known = ", ".join(profile.name for profile in self._profiles) or "none"
        return [
            Error(
                code="unknown_device",
                message=f"no controller profile for `{message.device}`; known are {known}",
                seq=message.seq,
            )
        ]

    def _refuse(self, code: str, message: str, seq: int | None) -> Error:
        self.counts[code] += 1
        return Error(code=code, message=message, seq=seq)
