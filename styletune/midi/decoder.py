"""A device's messages to events, with the memory that 14-bit values and (N)RPN need. Pure.

Source: MIDI 1.0 Detailed Specification, pages 11 to 18.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from styletune.errors import MessageError
from styletune.midi.message import MAX_14_BIT, ControlId, Event, MessageType, decode

HOLD_S = 0.005  # a cable carries the LSB within 1 ms of the MSB, a busy hub in 3
_DATA_MSB, _DATA_LSB, _INCREMENT, _DECREMENT = 6, 38, 96, 97
LSB_OFFSET = 32  # controller n carries the MSB, n + 32 the LSB
_NULL = 127


@dataclass(slots=True)
class _Pair:
    """The two bytes of one 14-bit value."""

    msb: int = 0
    held_until: float | None = None
    has_lsb: bool = False  # whether the device has ever sent one


@dataclass(slots=True)
class _Selection:
    """The parameter that the data bytes of a channel are for."""

    status: MessageType = MessageType.NRPN
    msb: int | None = None
    lsb: int | None = None

    def source(self, channel: int) -> ControlId | None:
        if self.msb is None or self.lsb is None or self.msb == self.lsb == _NULL:
            return None
        return ControlId(self.status, channel, self.msb << 7 | self.lsb)


_SELECTS = {
    99: (MessageType.NRPN, "msb"),
    98: (MessageType.NRPN, "lsb"),
    101: (MessageType.RPN, "msb"),
    100: (MessageType.RPN, "lsb"),
}


class Decoder:
    """Events of one device; bad messages are counted, never raised.

    Attributes:
        counts: of messages that were `bad` (no MIDI) or `ignored` (clock, SysEx …), and of
            each `orphan_lsb`.
    """

    def __init__(
        self,
        *,
        pairs_14bit: Collection[ControlId] = (),
        single: Collection[ControlId] = (),
        counts: Counter[str] | None = None,
    ) -> None:
        """Start with what the messages do not show.

        Args:
            pairs_14bit: controllers 0..31 that carry an MSB, with their LSB at + 32. Not every
                such pair is one: a nanoKONTROL2's buttons are at + 32 of its sliders.
            single: controllers that stand for themselves, even where their numbers are those of
                an LSB or of (N)RPN.
            counts: to add to.
        """
        self.counts: Counter[str] = Counter() if counts is None else counts
        self._pairs_14bit = frozenset(pairs_14bit)
        self._single = frozenset(single)
        self._pairs: dict[ControlId, _Pair] = {}
        self._selections: dict[int, _Selection] = {}

    @property
    def due(self) -> float | None:
        """When `flush_due` returns something, or None."""
        return min((p.held_until for p in self._pairs.values() if p.held_until), default=None)

    def feed(self, data: Sequence[int], now: float) -> list[Event]:
        """Take one whole message; `now` in seconds, of any clock that only goes forward."""
        try:
            event = decode(data)
        except MessageError:
            self.counts["bad"] += 1
            return self.flush_due(now)
        if event is None:
            self.counts["ignored"] += 1
            return self.flush_due(now)
        return self.combine(event, now)

    def combine(self, event: Event, now: float) -> list[Event]:
        """Take the event of one message; return those that are complete now.

        An MSB is held for a moment, so that its control does not jump back before the LSB comes.
        """
        events = self.flush_due(now) if self._pairs else []
        if event.source in self._single or event.status is not MessageType.CONTROL_CHANGE:
            return [*events, event]
        return events + self._control_change(event, now)

    def flush_due(self, now: float) -> list[Event]:
        """The events of each MSB whose LSB has not come in time."""
        events = []
        for source, pair in self._pairs.items():
            if pair.held_until is not None and now >= pair.held_until:
                pair.held_until = None
                # A device that never sends an LSB must reach both ends all the same.
                lsb = 0 if pair.has_lsb else pair.msb
                events.append(_event_14bit(source, pair.msb << 7 | lsb))
        return events

    def _control_change(self, event: Event, now: float) -> list[Event]:
        number, channel = event.number, event.channel
        if number in _SELECTS:
            status, byte = _SELECTS[number]
            selection = self._selections.get(channel)
            if selection is None or selection.status is not status:
                selection = self._selections[channel] = _Selection(status)
            setattr(selection, byte, event.value)
            return []
        if number in (_DATA_MSB, _DATA_LSB, _INCREMENT, _DECREMENT):
            selected = self._selected(channel)
            if selected is not None:
                return self._data(selected, event, now)
        if event.source in self._pairs_14bit:
            return self._msb(event.source, event.value, now)
        if number >= LSB_OFFSET:
            msb = event.source._replace(number=number - LSB_OFFSET)
            if msb in self._pairs_14bit:
                return self._lsb(msb, event.value)
        return [event]

    def _selected(self, channel: int) -> ControlId | None:
        selection = self._selections.get(channel)
        return selection.source(channel) if selection else None

    def _data(self, source: ControlId, event: Event, now: float) -> list[Event]:
        match event.number:
            case 6:
                return self._msb(source, event.value, now)
            case 38:
                return self._lsb(source, event.value)
        step = 1 if event.number == _INCREMENT else -1
        return [Event(*source, 0, MAX_14_BIT, step)]

    def _msb(self, source: ControlId, value: int, now: float) -> list[Event]:
        pair = self._pairs.setdefault(source, _Pair())
        pair.msb, pair.held_until = value, now + HOLD_S
        return []

    def _lsb(self, source: ControlId, value: int) -> list[Event]:
        pair = self._pairs.get(source)
        if pair is None:
            self.counts["orphan_lsb"] += 1
            return []
        pair.has_lsb, pair.held_until = True, None
        return [_event_14bit(source, pair.msb << 7 | value)]


def _event_14bit(source: ControlId, value: int) -> Event:
    return Event(*source, value, MAX_14_BIT)
