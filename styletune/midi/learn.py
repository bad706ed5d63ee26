"""MIDI learn: which control of which device a person moves, and in which encoding. Pure.

A knob should be turned slowly left: only then are the encodings of endless encoders distinct.
"""

from dataclasses import dataclass, field

from styletune.midi.decoder import LSB_OFFSET
from styletune.midi.message import MAX_7_BIT, ControlId, Encoding, Event, MessageType, detect

SILENCE_S = 0.6  # after it the encoding is judged by what has come
_PAIR_S = 0.005  # between the two bytes of one value
_PAIRS = 3  # a chance neighbour does not follow so often


@dataclass(frozen=True, slots=True)
class LearnResult:
    """The control that was moved."""

    device: str
    source: ControlId
    encoding: Encoding


@dataclass(slots=True)
class _Samples:
    values: list[int] = field(default_factory=list)
    pairs: int = 0
    last_at: float = 0.0


class Learner:
    """Waits for one control to be moved."""

    def __init__(self) -> None:
        self._samples: dict[tuple[str, ControlId], _Samples] = {}
        self._last: tuple[str, ControlId] | None = None

    @property
    def due(self) -> float | None:
        """When `poll` may return something, or None."""
        return None if self._last is None else self._samples[self._last].last_at + SILENCE_S

    @property
    def moving(self) -> tuple[str, ControlId] | None:
        """Device and source that moved last."""
        return self._last

    def handle_event(self, device: str, event: Event, now: float) -> LearnResult | None:
        """Take an event; return the result once it is certain."""
        source = event.source
        if source.status is MessageType.NOTE:
            return LearnResult(device, source, Encoding.BUTTON) if event.value else None
        if source.status is not MessageType.CONTROL_CHANGE:
            return LearnResult(device, source, Encoding.ABSOLUTE)
        if event.top > MAX_7_BIT:  # its profile says so
            return LearnResult(device, source, Encoding.FINE)
        if msb := self._msb_of_pair(device, source, now):
            pair = self._samples.setdefault((device, msb), _Samples())
            pair.pairs += 1
            if pair.pairs >= _PAIRS:
                return LearnResult(device, msb, Encoding.FINE)
            if source != msb:
                return None
        samples = self._samples.setdefault((device, source), _Samples())
        samples.values.append(event.value)
        samples.last_at = now
        self._last = device, source
        # Either byte of a pair looks like a fader: wait for the other.
        encoding = None if self._is_paired(device, source) else detect(samples.values)
        return None if encoding is None else LearnResult(device, source, encoding)

    def _msb_of_pair(self, device: str, source: ControlId, now: float) -> ControlId | None:
        """The MSB's controller, if what came just before is the other byte of one value."""
        if self._last is None or now - self._samples[self._last].last_at > _PAIR_S:
            return None
        other_device, other = self._last
        msb, lsb = sorted((source, other), key=lambda one: one.number)
        is_pair = other_device == device and msb._replace(number=msb.number + LSB_OFFSET) == lsb
        return msb if is_pair else None

    def _is_paired(self, device: str, source: ControlId) -> bool:
        msb = source._replace(number=source.number - LSB_OFFSET)
        found = (self._samples.get((device, one)) for one in (source, msb))
        return any(samples.pairs for samples in found if samples)

    def poll(self, now: float) -> LearnResult | None:
        """The result after a silence."""
        if self._last is None or self.due is None or now < self.due:
            return None
        device, source = self._last
        samples = self._samples.pop(self._last)
        self._last = None
        if samples.pairs:
            return LearnResult(device, source, Encoding.FINE)
        only_key = len(samples.values) == 1 and samples.values[0] == 127
        encoding = Encoding.BUTTON if only_key else detect(samples.values) or Encoding.ABSOLUTE
        return LearnResult(device, source, encoding)
