"""One control of a controller and what it plays: range, curve, direction, takeover, feedback.

Pure. A *part* is how far hardware stands along its way, 0..1; a *position* is a control's.
"""

from dataclasses import dataclass
from enum import StrEnum

from styletune.midi.message import MAX_7_BIT, MAX_14_BIT, ControlId, Encoding, MessageType, encode
from styletune.midi.takeover import Mode


class FeedbackKind(StrEnum):
    """What a controller shows of a value that it is told."""

    NONE = "none"
    VALUE = "value"  # a fader's motor, or the value that its next turn starts from
    RING = "ring"  # an encoder whose ring is set: it stands where its control stands
    LED = "led"  # under a button: on or off


@dataclass(frozen=True, slots=True)
class Feedback:
    """How to tell a controller where a control stands.

    Attributes:
        source: of the messages, where it is not the control's own.
        on, off: values for a button; or whole raw messages.
    """

    kind: FeedbackKind = FeedbackKind.NONE
    source: ControlId | None = None
    on: int | tuple[int, ...] = MAX_7_BIT
    off: int | tuple[int, ...] = 0


@dataclass(frozen=True, slots=True)
class Binding:
    """What one control of a controller plays.

    Attributes:
        target: see `target`.
        low, high: positions at both ends of the hardware's way.
        curve: exponent of the part; above 1 is finer at the low end.
        invert: the hardware's top is `low`.
        step: part for each step of an endless encoder.
        sets: position to which a press moves a control, instead of the other of two.
        learned: made by a person, not shipped.
    """

    source: ControlId
    target: str
    encoding: Encoding
    low: float = 0.0
    high: float = 1.0
    curve: float = 1.0
    invert: bool = False
    takeover: Mode = Mode.PICKUP
    step: float = 1 / 127
    sets: float | None = None
    feedback: Feedback = Feedback()
    learned: bool = False

    def position(self, part: float) -> float:
        """The position of a control for hardware that stands at `part`; ends are exact."""
        part = 1 - part if self.invert else part
        return self.low + (self.high - self.low) * float(part**self.curve)

    def part(self, position: float) -> float:
        """Where hardware stands for a control at `position`: the inverse, within 0..1."""
        part = min(1.0, max(0.0, (position - self.low) / (self.high - self.low)))
        part = float(part ** (1 / self.curve))
        return 1 - part if self.invert else part

    def shown(self, position: float) -> tuple[int, ...] | None:
        """The raw message that shows a control at `position`, or None: it shows nothing."""
        source = self.feedback.source or self.source
        if self.feedback.kind is FeedbackKind.NONE or source.status in (
            MessageType.NRPN,
            MessageType.RPN,
        ):
            return None
        if self.feedback.kind is FeedbackKind.LED:
            lit = self.feedback.on if self._lit(position) else self.feedback.off
            return lit if isinstance(lit, tuple) else encode(source, lit)
        top = MAX_14_BIT if source.status is MessageType.PITCH_BEND else MAX_7_BIT
        return encode(source, round(self.part(position) * top))

    def _lit(self, position: float) -> bool:
        return position >= 0.5 if self.sets is None else position == self.sets
