"""A device's messages to events, with the memory that 14-bit values and (N)RPN need. Pure.

Source: MIDI 1.0 Detailed Specification, pages 11 to 18.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from styletune.errors import MessageError
from styletune.midi.message import MAX_14_BIT, ControlId, Event, MessageType, decode

HOLD_S = 0.005  # a cable carries the LSB within 1 ms of the MSB, a busy hub in 3
_DATA_MSB, _DATA_LSB, _INCREMENT, _DECREMENT = 6, 38, 96, 97
LSB_OFFSET = 32  # controller n carries the MSB, n + 32 the LSB
_NULL = 127


@dataclass(slots=True)
class PairOrder:
    """Which byte of its 14-bit values a device sends first, as the beginning of a gesture shows.

    Within a gesture each byte is followed by the other soon, so that nothing can be known.

    Attributes:
        lsb_first: None: not known yet.
    """

    lsb_first: bool | None = None
    _began_with_lsb: bool | None = None
    _last_at: float = float("-inf")

    def note(self, is_lsb: bool, now: float) -> None:
        """Take note of a byte that has come."""
        if now - self._last_at > HOLD_S:
            self._began_with_lsb = is_lsb
        elif self._began_with_lsb is not None:
            if is_lsb is not self._began_with_lsb:
                self.lsb_first = self._began_with_lsb
            if is_lsb or self._began_with_lsb:
                self._began_with_lsb = None
        self._last_at = now


@dataclass(slots=True)
class _Pair:
    """The two bytes of one 14-bit value, the first of which may be held for the second."""

    msb: int | None = None
    lsb: int | None = None  # None: the device has never sent one
    held_until: float | None = None
    order: PairOrder = field(default_factory=PairOrder)


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

        The first byte of a value, mostly the MSB, is held for a moment, so that its control does
        not jump back before the other comes.
        """
        events = self.flush_due(now) if self._pairs else []
        if event.source in self._single or event.status is not MessageType.CONTROL_CHANGE:
            return [*events, event]
        return events + self._control_change(event, now)

    def flush_due(self, now: float) -> list[Event]:
        """The events of each value whose second byte has not come in time."""
        events = []
        for source, pair in self._pairs.items():
            if pair.held_until is not None and now >= pair.held_until:
                pair.held_until = None
                events += _event_14bit(source, pair)
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
                return self._lsb(msb, event.value, now)
        return [event]

    def _selected(self, channel: int) -> ControlId | None:
        selection = self._selections.get(channel)
        return selection.source(channel) if selection else None

    def _data(self, source: ControlId, event: Event, now: float) -> list[Event]:
        match event.number:
            case 6:
                return self._msb(source, event.value, now)
            case 38:
                return self._lsb(source, event.value, now)
        step = 1 if event.number == _INCREMENT else -1
        return [Event(*source, 0, MAX_14_BIT, step)]

    def _msb(self, source: ControlId, value: int, now: float) -> list[Event]:
        pair = self._pairs.setdefault(source, _Pair())
        pair.order.note(False, now)
        pair.msb = value
        if pair.order.lsb_first:
            pair.held_until = None
            return _event_14bit(source, pair)
        pair.held_until = now + HOLD_S
        pair.lsb = None if pair.lsb is None else 0
        return []

    def _lsb(self, source: ControlId, value: int, now: float) -> list[Event]:
        pair = self._pairs.setdefault(source, _Pair())
        pair.order.note(True, now)
        pair.lsb = value
        if pair.msb is None:
            self.counts["orphan_lsb"] += 1
        if pair.order.lsb_first is False:
            pair.held_until = None
            return _event_14bit(source, pair)
        pair.held_until = now + HOLD_S  # its MSB may follow
        return []


def _event_14bit(source: ControlId, pair: _Pair) -> list[Event]:
    if pair.msb is None:
        return []
    # A device that never sends an LSB must reach both ends all the same.
    lsb = pair.msb if pair.lsb is None else pair.lsb
    return [Event(*source, pair.msb << 7 | lsb, MAX_14_BIT)]
