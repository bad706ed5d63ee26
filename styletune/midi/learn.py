"""Learning: which control of which device a person moves, and how it writes its moves.

Events of all devices come in while something is learnt; the source and its encoding come
out as soon as they are certain. A knob should be turned slowly left: then endless encoders
give themselves away. Pure; time comes in. Knows nothing about targets.
"""

from dataclasses import dataclass, field

from styletune.midi.message import MAX_7_BIT, ControlId, Encoding, Event, MessageType, detect

SILENCE_S = 0.6  # then what was moved is judged by what it has sent
_PAIR_S = 0.005  # between the two bytes of one value
_PAIRS = 3  # a chance neighbour does not answer so often
_LOW_OFFSET = 32


@dataclass(frozen=True, slots=True)
class LearnResult:
    """What was moved."""

    device: str
    source: ControlId
    encoding: Encoding


@dataclass(slots=True)
class _Heard:
    values: list[int] = field(default_factory=list)
    pairs: int = 0
    last_at: float = 0.0


class Learner:
    """Waits for one control to be moved."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, ControlId], _Heard] = {}
        self._last: tuple[str, ControlId] | None = None

    @property
    def due(self) -> float | None:
        """When `tick` may know more, or None."""
        return None if self._last is None else self._heard[self._last].last_at + SILENCE_S

    @property
    def moving(self) -> tuple[str, ControlId] | None:
        """Device and source that moved last."""
        return self._last

    def feed(self, device: str, event: Event, now: float) -> LearnResult | None:
        """Take an event; return what was moved once it is certain."""
        source = event.source
        if source.status is MessageType.NOTE:
            return LearnResult(device, source, Encoding.BUTTON) if event.value else None
        if source.status is not MessageType.CONTROL_CHANGE:
            return LearnResult(device, source, Encoding.ABSOLUTE)
        if event.top > MAX_7_BIT:  # its profile says so
            return LearnResult(device, source, Encoding.FINE)
        high = source._replace(number=source.number - _LOW_OFFSET)
        pair = self._heard.get((device, high))
        if pair and self._last == (device, high) and now - pair.last_at <= _PAIR_S:
            pair.pairs += 1
            return LearnResult(device, high, Encoding.FINE) if pair.pairs >= _PAIRS else None
        heard = self._heard.setdefault((device, source), _Heard())
        heard.values.append(event.value)
        heard.last_at = now
        self._last = device, source
        # A pair's high bytes look like a fader; a few more tell.
        encoding = None if heard.pairs else detect(heard.values)
        return None if encoding is None else LearnResult(device, source, encoding)

    def tick(self, now: float) -> LearnResult | None:
        """What was moved, judged after a silence."""
        if self._last is None or self.due is None or now < self.due:
            return None
        device, source = self._last
        heard = self._heard.pop(self._last)
        self._last = None
        if heard.pairs:
            return LearnResult(device, source, Encoding.FINE)
        only_key = len(heard.values) == 1 and heard.values[0] == 127
        encoding = Encoding.BUTTON if only_key else detect(heard.values) or Encoding.ABSOLUTE
        return LearnResult(device, source, encoding)
