"""A binding: a control of a MIDI device and what it moves, in which range, curve and direction."""

from dataclasses import dataclass
from enum import StrEnum

from styletune.midi.message import MAX_7_BIT, MAX_14_BIT, ControlId, Encoding, MessageType, encode
from styletune.midi.takeover import Mode


class FeedbackKind(StrEnum):
    """What a device does with feedback."""

    NONE = "none"
    VALUE = "value"  # moves a motor, or sets the value that the next turn starts from
    RING = "ring"  # sets an encoder's ring: the encoder is where its control is
    LED = "led"  # lights a button: on or off


@dataclass(frozen=True, slots=True)
class Feedback:
    """How to show a device the position of a control.

    Attributes:
        source: id of the messages, where it is not that of the binding.
        on, off: values for a button; or whole raw messages.
    """

    kind: FeedbackKind = FeedbackKind.NONE
    source: ControlId | None = None
    on: int | tuple[int, ...] = MAX_7_BIT
    off: int | tuple[int, ...] = 0


@dataclass(frozen=True, slots=True)
class Binding:
    """What one control of a device moves.

    Attributes:
        target: name of a control or scene, see `device.resolve`.
        low, high: positions of the control at both ends of the hardware.
        curve: exponent of the normalized position; above 1 is finer at the low end.
        invert: the hardware's top is `low`.
        step: of the normalized position, for each step of an endless encoder.
        sets: position that a press sets, instead of the other one of two.
        learned: made by MIDI learn, not shipped.
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

    def position(self, normalized: float) -> float:
        """Position of the control for hardware at `normalized`, 0..1; both ends are exact."""
        normalized = 1 - normalized if self.invert else normalized
        return self.low + (self.high - self.low) * float(normalized**self.curve)

    def normalized(self, position: float) -> float:
        """Position of the hardware, 0..1, for a control at `position`: the inverse, clipped."""
        normalized = min(1.0, max(0.0, (position - self.low) / (self.high - self.low)))
        normalized = float(normalized ** (1 / self.curve))
        return 1 - normalized if self.invert else normalized

    def feedback_message(self, position: float) -> tuple[int, ...] | None:
        """The raw message that shows a control at `position`, or None without feedback."""
        source = self.feedback.source or self.source
        if self.feedback.kind is FeedbackKind.NONE or source.status in (
            MessageType.NRPN,
            MessageType.RPN,
        ):
            return None
        if self.feedback.kind is FeedbackKind.LED:
            value = self.feedback.on if self._is_on(position) else self.feedback.off
            return value if isinstance(value, tuple) else encode(source, value)
        top = MAX_14_BIT if source.status is MessageType.PITCH_BEND else MAX_7_BIT
        return encode(source, round(self.normalized(position) * top))

    def _is_on(self, position: float) -> bool:
        return position >= 0.5 if self.sets is None else position == self.sets
