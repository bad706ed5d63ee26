"""How much of a device's messages is worth sending: the newest value of each control.

Raw messages come in as they happen; some sixty a second of each control go out, or thirty where
more move than two hands have, and always its last value, of all controls at the same ticks: what
goes out together is one message of ours. Keys are never merged, turns of endless encoders add up.
What a control is, the server's `bindings` say; until they have come for the first time, and while
something is learnt, all goes out as it is. Pure, time comes in; one for each device.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from styletune.errors import MessageError
from styletune.midi.message import ControlId, Encoding, MessageType, decode, encode
from styletune.midi.smoothing import MAX_HANDS

PERIOD_S = 0.016  # of one control; each message costs the server, and none sees more a second
_PAIR_S = 0.002  # within which the low byte follows the high one
_LOW_OFFSET = 32
_PARAMETER = frozenset((6, 38, *range(96, 102)))  # (N)RPN: only all of them in order mean anything

Raw = tuple[int, ...]


@dataclass(slots=True)
class _Waiting:
    """What of one control is to be sent.

    Attributes:
        messages: in order; of a control that stands only the newest.
        high: high byte of a pair whose low one has not come.
        steps: of a control that turns.
    """

    at: float
    messages: tuple[Raw, ...] = ()
    high: Raw | None = None
    steps: int = 0
    source: ControlId | None = None
    encoding: Encoding | None = None


def tick(now: float, period_s: float = PERIOD_S) -> float:
    """The next one after `now`."""
    return (int(now / period_s + 1e-3) + 1) * period_s  # at a tick: not the same once more


class MessageThrottle:
    """Messages of one device on their way out.

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
        self._waiting: dict[ControlId | int, _Waiting] = {}
        self._newest: dict[Raw, _Waiting] = {}  # those of which only the newest message counts
        self._sent_at: dict[ControlId, float] = {}
        self._keys = 0
        self._meanings: dict[Raw, tuple[ControlId, Encoding | None, bool]] = {}

    def know(self, bindings: Mapping[str, Any]) -> None:
        """Take the server's `bindings` message."""
        self._encodings = {
            bound["source"]: Encoding(bound["encoding"]) for bound in bindings["bindings"]
        }
        self._meanings.clear()
        self._newest.clear()

    def feed(self, data: Raw, now: float) -> None:
        """Take one whole message."""
        # A storm is 5,000 a second; nearly all of them end here.
        waiting = self._newest.get(data[:2])
        if waiting is not None and len(data) == 3 and data[2] < 128 and not self.learning:
            waiting.messages = (data,)
            self.counts["merged"] += 1
            return
        # Decoding costs fifteen times what is known already.
        known = self._meanings.get(data[:2]) if len(data) == 3 and data[2] < 128 else None
        if known is None:
            try:
                event = decode(data)
            except MessageError:
                self.counts["bad"] += 1
                return
            if event is None:
                self.counts["ignored"] += 1
                return
            source, encoding = self._meaning(event.source)
            known = source, encoding, event.source == source
            if self._encodings is not None:
                self._meanings[data[:2]] = known
        source, encoding, is_high = known
        if encoding is None or encoding is Encoding.BUTTON or self.learning:
            self._keys += 1
            self._waiting[self._keys] = _Waiting(now, (data,))
        elif encoding.relative:
            self._turn(source, encoding, data[2], now)
        else:
            self._stand(source, encoding, is_high, data, now)

    def take(self, now: float) -> list[Raw]:
        """What is to be sent now, in the order in which it came."""
        messages: list[Raw] = []
        self._newest.clear()
        due = [(key, waiting) for key, waiting in self._waiting.items() if waiting.at <= now]
        if moving := sum(isinstance(key, ControlId) for key, _ in due):
            self.period_s = PERIOD_S * (1 + (moving > MAX_HANDS))
        for key, waiting in due:
            del self._waiting[key]
            if not waiting.messages and waiting.high:  # its low byte does not come
                waiting.messages, waiting.high = (waiting.high,), None
            messages += waiting.messages
            if isinstance(key, ControlId):
                self._sent_at[key] = now
            if waiting.high:  # of a pair that is not whole yet
                self._waiting[key] = _Waiting(now + 2 * self.period_s, high=waiting.high)
            if waiting.steps and waiting.source and waiting.encoding:
                value = waiting.encoding.written(waiting.steps)
                messages.append(encode(waiting.source, value))
                if left := waiting.steps - waiting.encoding.steps(value):
                    waiting.steps, waiting.at = left, tick(now, self.period_s)
                    self._waiting[key] = waiting
        return messages

    @property
    def due(self) -> float | None:
        """When `take` has something to give, or None."""
        return min((waiting.at for waiting in self._waiting.values()), default=None)

    def drop_late(self) -> int:
        """Forget keys and turns, which would surprise if they came late; return how many.

        Of each control that stands the newest value goes on waiting.
        """
        dropped = 0
        for key, waiting in list(self._waiting.items()):
            if isinstance(key, int) and waiting.source is not None:
                del self._waiting[key]
                self._waiting.setdefault(waiting.source, waiting)
            elif isinstance(key, int) or waiting.steps:
                del self._waiting[key]
                dropped += 1
        return dropped

    def _free_at(self, source: ControlId) -> float:
        return tick(self._sent_at.get(source, -1.0), self.period_s)

    def _meaning(self, source: ControlId) -> tuple[ControlId, Encoding | None]:
        """Which control it is, and how to merge it; None: not at all."""
        if self._encodings is None or source.status is MessageType.NOTE:
            return source, None
        encoding = self._encodings.get(str(source))
        if encoding is not None or source.status is MessageType.PITCH_BEND:
            return source, encoding or Encoding.ABSOLUTE
        if source.number in _PARAMETER:
            return source, None
        high = source._replace(number=source.number - _LOW_OFFSET)
        if self._encodings.get(str(high)) is Encoding.FINE:
            return high, Encoding.FINE
        return source, Encoding.ABSOLUTE  # it plays nothing

    def _stand(
        self, source: ControlId, encoding: Encoding, is_high: bool, data: Raw, now: float
    ) -> None:
        fine = encoding is Encoding.FINE
        waiting = self._waiting.get(source)
        if waiting is None and not fine and self._free_at(source) <= now:
            # The first after a rest goes out as it is, whatever comes with it: it is near the
            # control's place, where a fader is picked up.
            self._keys += 1
            self._waiting[self._keys] = _Waiting(now, (data,), source=source)
            self._sent_at[source] = now
            return
        if waiting is None:
            # A pair is two messages; a high byte gives its low one the time to come.
            free = self._free_at(source) + self.period_s * fine
            waiting = self._waiting[source] = _Waiting(max(free, now + _PAIR_S * fine))
        self.counts["merged"] += bool(waiting.messages)
        if not fine:
            waiting.messages = (data,)
            self._newest[data[:2]] = waiting
        elif is_high:
            waiting.high = data
        else:
            high = (waiting.high,) if waiting.high else waiting.messages[:-1]
            waiting.messages, waiting.high = (*high, data), None

    def _turn(self, source: ControlId, encoding: Encoding, value: int, now: float) -> None:
        waiting = self._waiting.get(source)
        if waiting is None:
            waiting = self._waiting[source] = _Waiting(
                max(self._free_at(source), now), source=source, encoding=encoding
            )
        else:
            self.counts["merged"] += 1
        waiting.steps += encoding.steps(value)
