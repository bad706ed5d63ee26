"""One whole raw MIDI message to one event, the same for the browser and a local port.

Bytes come in, as Web MIDI and rtmidi hand them over; `Event` goes out. Pure. Decoding is
mido's; its byte-stream parser is not used, since a clock byte inside a message would
destroy that message there. Knows nothing about controllers and controls.
Source: MIDI 1.0 Detailed Specification, table I.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import mido

from styletune.errors import MessageError

MAX_7_BIT, MAX_14_BIT = 127, 16383


class Status(StrEnum):
    """What kind of control of a controller."""

    CONTROL_CHANGE = "control_change"
    NOTE = "note"
    PITCH_BEND = "pitch_bend"


@dataclass(frozen=True, slots=True)
class Event:
    """A control of a controller has moved.

    Attributes:
        channel: 1..16, as people count them.
        number: of the controller or note, 0..127; 0 for pitch bend.
        value: 0..`top`; of a note its velocity, 0 when released.
        top: 127, or 16383 for pitch bend.
    """

    status: Status
    channel: int
    number: int
    value: int
    top: int = MAX_7_BIT

    @property
    def position(self) -> float:
        """0..1; both ends are hit exactly."""
        return self.value / self.top


def decode(data: Sequence[int]) -> Event | None:
    """Decode one whole message.

    Returns:
        None for messages that move no control: clock, active sensing, SysEx, program change …

    Raises:
        MessageError: the bytes are not one whole MIDI message (code `bad_midi`).
    """
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


def _short(data: Sequence[int], limit: int = 8) -> str:
    return repr(list(data[:limit])) + (f" and {len(data) - limit} more" * (len(data) > limit))
