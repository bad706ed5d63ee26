"""One whole raw MIDI message to one event, the same for the browser and a local port.

Bytes come in, as Web MIDI and rtmidi hand them over; `Event` goes out. Pure, and without a
memory: what takes several messages is `decoder`'s. Decoding is mido's; its byte-stream
parser is not used, since a clock byte inside a message would destroy that message there.
Knows nothing about controllers and controls.
Source: MIDI 1.0 Detailed Specification, table I.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import NamedTuple

import mido

from styletune.errors import MessageError

MAX_7_BIT, MAX_14_BIT = 127, 16383
_STATUS, _END_OF_SYSEX = 0x80, 0xF7


class Status(StrEnum):
    """What kind of control of a controller."""

    CONTROL_CHANGE = "control_change"
    NOTE = "note"
    PITCH_BEND = "pitch_bend"
    NRPN = "nrpn"
    RPN = "rpn"


_WORDS = {
    Status.CONTROL_CHANGE: "CC",
    Status.NOTE: "note",
    Status.PITCH_BEND: "bend",
    Status.NRPN: "NRPN",
    Status.RPN: "RPN",
}


class Source(NamedTuple):
    """Which control of a controller: never the number alone.

    Attributes:
        channel: 1..16, as people count them.
        number: of the controller or note, 0..127; of an (N)RPN, 0..16383; 0 for pitch bend.
    """

    status: Status
    channel: int
    number: int

    def __str__(self) -> str:
        """As controllers' manuals write it: `ch 1 CC 7`."""
        number = "" if self.status is Status.PITCH_BEND else f" {self.number}"
        return f"ch {self.channel} {_WORDS[self.status]}{number}"


@dataclass(frozen=True)
class Event:
    """A control of a controller has moved.

    Attributes:
        channel, number: see `Source`.
        value: 0..`top`; of a note its velocity, 0 when released.
        top: 127, or 16383 where two bytes carry the value.
        step: +1 or -1 of a data increment or decrement, which carries no value; else 0.
    """

    status: Status
    channel: int
    number: int
    value: int
    top: int = MAX_7_BIT
    step: int = 0

    @cached_property
    def source(self) -> Source:
        """Which control it is."""
        return Source(self.status, self.channel, self.number)

    @property
    def position(self) -> float:
        """0..1; both ends are hit exactly."""
        return self.value / self.top

    def __str__(self) -> str:
        """As the monitor shows it."""
        if self.status is Status.NOTE:
            return f"{self.source} {f'on, velocity {self.value}' if self.value else 'off'}"
        return f"{self.source} {f'{self.step:+d}' if self.step else f'= {self.value}'}"


def split(data: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Each of some whole messages that stand one after the other; what is none comes, too."""
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


@lru_cache(maxsize=4096)  # hands come by the same places again and again
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
            return Event(Status.CONTROL_CHANGE, message.channel + 1, message.control, message.value)
        case "note_on":
            return Event(Status.NOTE, message.channel + 1, message.note, message.velocity)
        case "note_off":  # its velocity tells how it was released, not that it is down
            return Event(Status.NOTE, message.channel + 1, message.note, 0)
        case "pitchwheel":
            bend = message.pitch - mido.messages.MIN_PITCHWHEEL
            return Event(Status.PITCH_BEND, message.channel + 1, 0, bend, MAX_14_BIT)
    return None


def encode(source: Source, value: int) -> tuple[int, ...]:
    """The raw message that a controller takes as `value`: the way back of `decode`.

    Raises:
        ValueError: of an (N)RPN, which takes several messages.
    """
    channel = source.channel - 1
    match source.status:
        case Status.CONTROL_CHANGE:
            return (0xB0 | channel, source.number, value)
        case Status.NOTE:
            return (0x90 | channel, source.number, value)
        case Status.PITCH_BEND:
            return (0xE0 | channel, value & 0x7F, value >> 7)
    raise ValueError(f"{source} is no single message")


def _short(data: Sequence[int], limit: int = 8) -> str:
    return repr(list(data[:limit])) + (f" and {len(data) - limit} more" * (len(data) > limit))
