"""A device's messages to events, with the memory that two-byte values and (N)RPN need.

Whole raw messages and the time come in; events go out, some of them later, by `tick`: a high
byte is held for a moment, so that its control does not jump back before the low byte comes.
Nothing raises: what is no message is counted. Pure; one decoder for each device.
Knows nothing about targets.
Source: MIDI 1.0 Detailed Specification, pages 11 to 18.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from styletune.errors import MessageError
from styletune.midi.message import MAX_14_BIT, ControlId, Event, MessageType, decode

HOLD_S = 0.005  # a cable carries the low byte within 1 ms of the high one, a busy hub in 3
_DATA_HIGH, _DATA_LOW, _INCREMENT, _DECREMENT = 6, 38, 96, 97
_LOW_OFFSET = 32  # controller n is the high byte of n + 32
_NULL = 127


@dataclass(slots=True)
class _Pair:
    """The two bytes of one control."""

    high: int = 0
    held_until: float | None = None
    has_low: bool = False  # it has sent a low byte, ever


@dataclass(slots=True)
class _Selection:
    """Which parameter the data bytes of a channel are for."""

    status: MessageType = MessageType.NRPN
    high: int | None = None
    low: int | None = None

    def source(self, channel: int) -> ControlId | None:
        if self.high is None or self.low is None or self.high == self.low == _NULL:
            return None
        return ControlId(self.status, channel, self.high << 7 | self.low)


_SELECTS = {
    99: (MessageType.NRPN, "high"),
    98: (MessageType.NRPN, "low"),
    101: (MessageType.RPN, "high"),
    100: (MessageType.RPN, "low"),
}


class Decoder:
    """Events of one device.

    Attributes:
        counts: of messages that were `bad` (no MIDI), `ignored` (clock, SysEx …), and of `lone`
            low bytes.
    """

    def __init__(
        self,
        *,
        fine: Collection[ControlId] = (),
        plain: Collection[ControlId] = (),
        counts: Counter[str] | None = None,
    ) -> None:
        """Know what cannot be told from the messages.

        Args:
            fine: controllers 0..31 that carry a high byte, with their low one at + 32. It
                must be said: a nanoKONTROL2's buttons are at + 32 of its sliders.
            plain: controllers that are themselves and nothing else, even where their numbers
                are those of low bytes and (N)RPN.
            counts: to go on with.
        """
        self.counts: Counter[str] = Counter() if counts is None else counts
        self._fine = frozenset(fine)
        self._plain = frozenset(plain)
        self._pairs: dict[ControlId, _Pair] = {}
        self._selections: dict[int, _Selection] = {}

    @property
    def due(self) -> float | None:
        """When `tick` has something to give, or None."""
        return min((p.held_until for p in self._pairs.values() if p.held_until), default=None)

    def feed(self, data: Sequence[int], now: float) -> list[Event]:
        """Take one whole message; `now` in seconds, of any clock that only goes forward."""
        try:
            event = decode(data)
        except MessageError:
            self.counts["bad"] += 1
            return self.tick(now)
        if event is None:
            self.counts["ignored"] += 1
            return self.tick(now)
        return self.complete(event, now)

    def complete(self, event: Event, now: float) -> list[Event]:
        """What is whole with the event of one message; see `feed`."""
        events = self.tick(now) if self._pairs else []
        if event.source in self._plain or event.status is not MessageType.CONTROL_CHANGE:
            return [*events, event]
        return events + self._control_change(event, now)

    def tick(self, now: float) -> list[Event]:
        """The events of high bytes whose low byte has not come in time."""
        events = []
        for source, pair in self._pairs.items():
            if pair.held_until is not None and now >= pair.held_until:
                pair.held_until = None
                # A device that never sends low bytes must reach both ends all the same.
                low = 0 if pair.has_low else pair.high
                events.append(_wide(source, pair.high << 7 | low))
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
        if number in (_DATA_HIGH, _DATA_LOW, _INCREMENT, _DECREMENT):
            selected = self._selected(channel)
            if selected is not None:
                return self._data(selected, event, now)
        if event.source in self._fine:
            return self._high(event.source, event.value, now)
        if number >= _LOW_OFFSET:
            high = event.source._replace(number=number - _LOW_OFFSET)
            if high in self._fine:
                return self._low(high, event.value)
        return [event]

    def _selected(self, channel: int) -> ControlId | None:
        selection = self._selections.get(channel)
        return selection.source(channel) if selection else None

    def _data(self, source: ControlId, event: Event, now: float) -> list[Event]:
        match event.number:
            case 6:
                return self._high(source, event.value, now)
            case 38:
                return self._low(source, event.value)
        step = 1 if event.number == _INCREMENT else -1
        return [Event(*source, 0, MAX_14_BIT, step)]

    def _high(self, source: ControlId, value: int, now: float) -> list[Event]:
        pair = self._pairs.setdefault(source, _Pair())
        pair.high, pair.held_until = value, now + HOLD_S
        return []

    def _low(self, source: ControlId, value: int) -> list[Event]:
        pair = self._pairs.get(source)
        if pair is None:
            self.counts["lone"] += 1
            return []
        pair.has_low, pair.held_until = True, None
        return [_wide(source, pair.high << 7 | value)]


def _wide(source: ControlId, value: int) -> Event:
    return Event(*source, value, MAX_14_BIT)
