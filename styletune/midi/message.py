"""One whole raw MIDI message to one event and back, and the encodings of values. Pure.

Decoded by mido, but not by its byte-stream parser, which loses a message with a clock byte inside.
Source: MIDI 1.0 Detailed Specification, table I; the encodings by Ardour's MIDI binding maps.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

import mido

from styletune.errors import MessageError

MAX_7_BIT, MAX_14_BIT = 127, 16383
_STATUS, _END_OF_SYSEX = 0x80, 0xF7


class MessageType(StrEnum):
    """The kind of message that a control of a device sends."""

    CONTROL_CHANGE = "control_change"
    NOTE = "note"
    PITCH_BEND = "pitch_bend"
    NRPN = "nrpn"
    RPN = "rpn"


_WORDS = {
    MessageType.CONTROL_CHANGE: "CC",
    MessageType.NOTE: "note",
    MessageType.PITCH_BEND: "bend",
    MessageType.NRPN: "NRPN",
    MessageType.RPN: "RPN",
}


class ControlId(NamedTuple):
    """Which control of a device: never the number alone.

    Attributes:
        channel: 1..16, as people count them.
        number: of the controller or note, 0..127; of an (N)RPN, 0..16383; 0 for pitch bend.
    """

    status: MessageType
    channel: int
    number: int

    def __str__(self) -> str:
        """As manuals write it: `ch 1 CC 7`."""
        number = "" if self.status is MessageType.PITCH_BEND else f" {self.number}"
        return f"ch {self.channel} {_WORDS[self.status]}{number}"


@dataclass(frozen=True)
class Event:
    """A control of a device has moved.

    Attributes:
        channel, number: see `ControlId`.
        value: 0..`top`; of a note its velocity, 0 when released.
        top: 127, or 16383 where two bytes carry the value.
        step: +1 or -1 of a data increment or decrement, which carries no value; else 0.
    """

    status: MessageType
    channel: int
    number: int
    value: int
    top: int = MAX_7_BIT
    step: int = 0

    @cached_property
    def source(self) -> ControlId:
        """Which control it is."""
        return ControlId(self.status, self.channel, self.number)

    @property
    def position(self) -> float:
        """0..1; both ends are hit exactly."""
        return self.value / self.top

    def __str__(self) -> str:
        """As `styletune midi --monitor` shows it."""
        if self.status is MessageType.NOTE:
            return f"{self.source} {f'on, velocity {self.value}' if self.value else 'off'}"
        return f"{self.source} {f'{self.step:+d}' if self.step else f'= {self.value}'}"


def split_messages(data: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Split whole messages that follow each other; bytes that are none are kept, too."""
    begin = 0
    for at in range(1, len(data)):
        if data[at] >= _STATUS and data[at] != _END_OF_SYSEX:
            yield tuple(data[begin:at])
            begin = at
    yield tuple(data[begin:])


def decode(data: Sequence[int]) -> Event | None:
    """Decode one whole message.

    Returns:
        None for messages that move no control: clock, active sensing, SysEx, program change …

    Raises:
        MessageError: the bytes are not one whole MIDI message (code `bad_midi`).
    """
    return _decoded(tuple(data))


@lru_cache(maxsize=4096)  # the same positions come again and again
def _decoded(data: tuple[int, ...]) -> Event | None:
    try:
        message = mido.Message.from_bytes(data)
    except (ValueError, TypeError, IndexError, KeyError, LookupError):
        raise MessageError(
            "`data` must be one whole MIDI message, such as [176, 16, 64]; "
            f"received {_short(data)}",
            code="bad_midi",
        ) from None
    match message.type:
        case "control_change":
            return Event(
                MessageType.CONTROL_CHANGE, message.channel + 1, message.control, message.value
            )
        case "note_on":
            return Event(MessageType.NOTE, message.channel + 1, message.note, message.velocity)
        case "note_off":  # its velocity is that of the release
            return Event(MessageType.NOTE, message.channel + 1, message.note, 0)
        case "pitchwheel":
            bend = message.pitch - mido.messages.MIN_PITCHWHEEL
            return Event(MessageType.PITCH_BEND, message.channel + 1, 0, bend, MAX_14_BIT)
    return None


def encode(source: ControlId, value: int) -> tuple[int, ...]:
    """The raw message that sets a control of a device to `value`: the inverse of `decode`.

    Raises:
        ValueError: of an (N)RPN, which takes several messages.
    """
    channel = source.channel - 1
    match source.status:
        case MessageType.CONTROL_CHANGE:
            return (0xB0 | channel, source.number, value)
        case MessageType.NOTE:
            return (0x90 | channel, source.number, value)
        case MessageType.PITCH_BEND:
            return (0xE0 | channel, value & 0x7F, value >> 7)
    raise ValueError(f"{source} is no single message")


def _short(data: Sequence[int], limit: int = 8) -> str:
    return repr(list(data[:limit])) + (f" and {len(data) - limit} more" * (len(data) > limit))


# ---------------------------------------------------------------- encodings


class Encoding(StrEnum):
    """How to read a value: a position, or one of the four ways to write turns of an encoder."""

    ABSOLUTE = "absolute"  # a position, 7 bits (14 of pitch bend and (N)RPN)
    FINE = "fine"  # a position in two controllers: n has the MSB, n + 32 the LSB
    BUTTON = "button"  # pressed above the middle (a note: above 0)
    SIGNED_BIT = "signed_bit"  # 1..64 turn right, 65, 66 … left by 1, 2 …
    SIGNED_BIT_2 = "signed_bit_2"  # the same the other way round
    BIN_OFFSET = "bin_offset"  # 64 is none, above it right, below it left
    TWOS_COMPLEMENT = "twos_complement"  # 1..64 turn right, 127, 126 … left by 1, 2 …

    @property
    def is_relative(self) -> bool:
        """Whether values are turns, not positions."""
        return self in RELATIVE

    def decode_relative(self, value: int) -> int:
        """Steps that a 7-bit `value` turns, right is positive; 0 where it is a position."""
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

    def encode_relative(self, steps: int) -> int:
        """The 7-bit value that turns by `steps`, clipped to -63..63.

        Raises:
            ValueError: the encoding has no turns.
        """
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
_SLOW = 3  # most steps in one message of a knob that is turned slowly
_REPEATS = 3  # a fader never repeats a value; an encoder hardly ever sends another


def detect(values: Sequence[int]) -> Encoding | None:
    """The encoding of 7-bit values that a control sent while it was turned slowly *left*.

    Returns:
        None as long as it may be either.
    """
    repeats = sum(one == other for one, other in itertools.pairwise(values))
    if repeats >= _REPEATS:
        for encoding in RELATIVE:
            if all(-_SLOW <= encoding.decode_relative(value) < 0 for value in values):
                return encoding
    if set(values) == {0, 127}:  # a key, pressed and released
        return Encoding.BUTTON
    if len(values) - repeats >= 4 or (max(values, default=0) - min(values, default=0)) > 8:
        return Encoding.ABSOLUTE
    return None
