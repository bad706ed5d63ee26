"""What the value of a control of a controller means: where it stands, or how far it turned.

Four ways are in use to write turns of endless encoders; none can be told from the others by
one message, hence `detect`. Pure tables. Knows nothing about channels and targets.
Source: Ardour's MIDI binding maps and vendors' manuals, which use these four names.
"""

import itertools
from collections.abc import Sequence
from enum import StrEnum


class Encoding(StrEnum):
    """How to read a value."""

    ABSOLUTE = "absolute"  # where it stands, 7 bits (14 of pitch bend and (N)RPN)
    FINE = "fine"  # where it stands, in two controllers: n the high byte, n + 32 the low one
    BUTTON = "button"  # pressed above the middle (a note: at all); what it is then is nothing
    SIGNED_BIT = "signed_bit"  # 1..64 turn right, 65, 66 … left by 1, 2 …
    SIGNED_BIT_2 = "signed_bit_2"  # the same the other way round
    BIN_OFFSET = "bin_offset"  # 64 is none, above it right, below it left
    TWOS_COMPLEMENT = "twos_complement"  # 1..64 turn right, 127, 126 … left by 1, 2 …

    @property
    def relative(self) -> bool:
        """Whether it tells turns."""
        return self in RELATIVE

    def steps(self, value: int) -> int:
        """How far a 7-bit `value` turns: right is positive. 0 for what tells no turns."""
        match self:
            case Encoding.SIGNED_BIT:
                return value if value <= 64 else 64 - value
            case Encoding.SIGNED_BIT_2:
                return -value if value <= 64 else value - 64
            case Encoding.BIN_OFFSET:
                return value - 64
            case Encoding.TWOS_COMPLEMENT:
                return value if value <= 64 else value - 128
        return 0

    def written(self, steps: int) -> int:
        """The 7-bit value that turns by `steps`, or as near as one message gets."""
        steps = max(-63, min(63, steps))
        match self:
            case Encoding.SIGNED_BIT:
                return steps if steps >= 0 else 64 - steps
            case Encoding.SIGNED_BIT_2:
                return -steps if steps <= 0 else 64 + steps
            case Encoding.BIN_OFFSET:
                return 64 + steps
            case Encoding.TWOS_COMPLEMENT:
                return steps % 128
        raise ValueError(f"{self} tells no turns")


RELATIVE = (
    Encoding.SIGNED_BIT,
    Encoding.SIGNED_BIT_2,
    Encoding.BIN_OFFSET,
    Encoding.TWOS_COMPLEMENT,
)
_SLOW = 3  # steps in one message of a knob that is turned slowly
_REPEATS = 3  # a fader never says the same twice; an encoder hardly ever says anything else


def detect(values: Sequence[int]) -> Encoding | None:
    """The encoding of 7-bit values that a control sent while it was turned slowly *left*.

    Returns:
        None as long as it may be either.
    """
    repeats = sum(one == other for one, other in itertools.pairwise(values))
    if repeats >= _REPEATS:
        for encoding in RELATIVE:
            if all(-_SLOW <= encoding.steps(value) < 0 for value in values):
                return encoding
    if set(values) == {0, 127}:  # a key, pressed and let go
        return Encoding.BUTTON
    if len(values) - repeats >= 4 or (max(values, default=0) - min(values, default=0)) > 8:
        return Encoding.ABSOLUTE
    return None
