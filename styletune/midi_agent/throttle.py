"""Which of a device's messages are sent, and when: the newest value of each control.

About sixty a second go out of each control, or thirty where more move than two hands have, at
common ticks, and always the last value. Keys are never merged; turns of endless encoders add up.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from styletune.errors import MessageError
from styletune.midi.decoder import LSB_OFFSET, PairOrder
from styletune.midi.message import ControlId, Encoding, MessageType, decode, encode
from styletune.midi.smoothing import MAX_HANDS

PERIOD_S = 0.016  # of one control; each message costs the server, and nobody sees more a second
_PAIR_S = 0.002  # within which the second byte of a pair follows the first
_PARAMETER = frozenset((6, 38, *range(96, 102)))  # (N)RPN: only all of them in order mean anything

Raw = tuple[int, ...]


@dataclass(slots=True)
class _Pending:
    """What of one control is to be sent.

    Attributes:
        due: when.
        messages: in order; of an absolute control only the newest.
        half: the first byte of a pair whose second has not come.
        steps: of a relative control.
    """

    due: float
    messages: tuple[Raw, ...] = ()
    half: Raw | None = None
    steps: int = 0
    source: ControlId | None = None
    encoding: Encoding | None = None


def next_tick(now: float, period_s: float = PERIOD_S) -> float:
    """The first multiple of `period_s` after `now`."""
    return (int(now / period_s + 1e-3) + 1) * period_s  # at a tick: not the same once more


class MessageThrottle:
    """Messages of one device on their way to the server. Time comes in, in seconds.

    The server's `bindings` say what each control is. Until they have come for the first time,
    and while something is learnt, every message goes out as it is.

    Attributes:
        learning: something is learnt: every message counts.
        period_s: of one control, now.
        counts: `bad` and `ignored` messages, and those that were `merged`.
    """

    def __init__(self) -> None:
        self.learning = False
        self.period_s = PERIOD_S
        self.counts: Counter[str] = Counter()
        self._encodings: dict[str, Encoding] | None = None
        self._pending: dict[ControlId | int, _Pending] = {}  # by control; by number if kept apart
        self._unmerged = 0
        self._newest: dict[Raw, _Pending] = {}  # of which a newer message replaces the last
        self._sent_at: dict[ControlId, float] = {}
        self._orders: dict[ControlId, PairOrder] = {}
        self._known: dict[Raw, tuple[ControlId, Encoding | None, bool]] = {}

    def set_bindings(self, bindings: Mapping[str, Any]) -> None:
        """Take the server's `bindings` message."""
        self._encodings = {
            bound["source"]: Encoding(bound["encoding"]) for bound in bindings["bindings"]
        }
        self._known.clear()
        self._newest.clear()

    def add(self, data: Raw, now: float) -> None:
        """Take one whole message."""
        # A storm is 5,000 a second; nearly all of them end here.
        pending = self._newest.get(data[:2])
        if pending is not None and len(data) == 3 and data[2] < 128 and not self.learning:
            pending.messages = (data,)
            self.counts["merged"] += 1
            return
        # Decoding costs fifteen times as much as looking up.
        known = self._known.get(data[:2]) if len(data) == 3 and data[2] < 128 else None
        if known is None:
            try:
                event = decode(data)
            except MessageError:
                self.counts["bad"] += 1
                return
            if event is None:
                self.counts["ignored"] += 1
                return
            source, encoding = self._binding_of(event.source)
            known = source, encoding, event.source == source
            if self._encodings is not None:
                self._known[data[:2]] = known
        source, encoding, is_msb = known
        if encoding is None or encoding is Encoding.BUTTON or self.learning:
            self._add_unmerged(_Pending(now, (data,)))
        elif encoding.is_relative:
            self._add_relative(source, encoding, data[2], now)
        else:
            self._add_absolute(source, encoding, is_msb, data, now)

    def pop_due(self, now: float) -> list[Raw]:
        """What is to be sent now, in the order in which it came."""
        messages: list[Raw] = []
        self._newest.clear()
        due = [(key, pending) for key, pending in self._pending.items() if pending.due <= now]
        if moving := sum(isinstance(key, ControlId) for key, _ in due):
            self.period_s = PERIOD_S * (1 + (moving > MAX_HANDS))
        for key, pending in due:
            del self._pending[key]
            if not pending.messages and pending.half:  # the other does not come
                pending.messages, pending.half = (pending.half,), None
            messages += pending.messages
            if isinstance(key, ControlId):
                self._sent_at[key] = now
            if pending.half:  # of a pair that is not whole yet
                self._pending[key] = _Pending(now + 2 * self.period_s, half=pending.half)
            if pending.steps and pending.source and pending.encoding:
                value = pending.encoding.encode_relative(pending.steps)
                messages.append(encode(pending.source, value))
                if left := pending.steps - pending.encoding.decode_relative(value):
                    pending.steps, pending.due = left, next_tick(now, self.period_s)
                    self._pending[key] = pending
        return messages

    @property
    def due(self) -> float | None:
        """When `pop_due` has something to give, or None."""
        return min((pending.due for pending in self._pending.values()), default=None)

    def drop_late(self) -> int:
        """Drop keys and turns, which would surprise if they came late; return how many.

        Of each absolute control the newest value goes on waiting.
        """
        dropped = 0
        for key, pending in list(self._pending.items()):
            if isinstance(key, int) and pending.source is not None:
                del self._pending[key]
                self._pending.setdefault(pending.source, pending)
            elif isinstance(key, int) or pending.steps:
                del self._pending[key]
                dropped += 1
        return dropped

    def _next_allowed(self, source: ControlId) -> float:
        return next_tick(self._sent_at.get(source, -1.0), self.period_s)

    def _binding_of(self, source: ControlId) -> tuple[ControlId, Encoding | None]:
        """Which control it is, and how to merge it; None: not at all."""
        if self._encodings is None or source.status is MessageType.NOTE:
            return source, None
        encoding = self._encodings.get(str(source))
        if encoding is not None or source.status is MessageType.PITCH_BEND:
            return source, encoding or Encoding.ABSOLUTE
        if source.number in _PARAMETER:
            return source, None
        msb = source._replace(number=source.number - LSB_OFFSET)
        if self._encodings.get(str(msb)) is Encoding.FINE:
            return msb, Encoding.FINE
        return source, Encoding.ABSOLUTE  # it plays nothing

    def _add_unmerged(self, pending: _Pending) -> None:
        self._unmerged += 1
        self._pending[self._unmerged] = pending

    def _add_absolute(
        self, source: ControlId, encoding: Encoding, is_msb: bool, data: Raw, now: float
    ) -> None:
        fine = encoding is Encoding.FINE
        pending = self._pending.get(source)
        if pending is None and not fine and self._next_allowed(source) <= now:
            # The first after a rest goes out as it is, whatever comes with it: it is near the
            # control's position, where a fader is picked up.
            self._add_unmerged(_Pending(now, (data,), source=source))
            self._sent_at[source] = now
            return
        if pending is None:
            # A pair is two messages; the first byte gives the second the time to come.
            allowed = self._next_allowed(source) + self.period_s * fine
            pending = self._pending[source] = _Pending(max(allowed, now + _PAIR_S * fine))
        self.counts["merged"] += bool(pending.messages)
        if not fine:
            pending.messages = (data,)
            self._newest[data[:2]] = pending
            return
        order = self._orders.setdefault(source, PairOrder())
        order.note(not is_msb, now)
        if order.lsb_first is None or is_msb is not order.lsb_first:
            pending.half = data
        else:
            first = (pending.half,) if pending.half else pending.messages[:-1]
            pending.messages, pending.half = (*first, data), None

    def _add_relative(self, source: ControlId, encoding: Encoding, value: int, now: float) -> None:
        pending = self._pending.get(source)
        if pending is None:
            pending = self._pending[source] = _Pending(
                max(self._next_allowed(source), now), source=source, encoding=encoding
            )
        else:
            self.counts["merged"] += 1
        pending.steps += encoding.decode_relative(value)
