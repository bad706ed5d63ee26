"""Encode with mido, decode with ours, over all message types; every value of every encoding."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.errors import MessageError
from styletune.midi.message import (
    RELATIVE,
    ControlId,
    Encoding,
    Event,
    MessageType,
    decode,
    detect,
    encode,
    split_messages,
)


@pytest.mark.parametrize("channel", range(16))
@pytest.mark.parametrize("number", [0, 1, 63, 64, 126, 127])
@pytest.mark.parametrize("value", [0, 1, 64, 127])
def test_decode_control_change(channel: int, number: int, value: int) -> None:
    event = decode([0xB0 | channel, number, value])
    assert event == Event(MessageType.CONTROL_CHANGE, channel + 1, number, value)


@pytest.mark.parametrize(
    ("data", "event"),
    [
        ([0x90, 60, 100], Event(MessageType.NOTE, 1, 60, 100)),
        ([0x9F, 60, 0], Event(MessageType.NOTE, 16, 60, 0)),
        ([0x80, 60, 64], Event(MessageType.NOTE, 1, 60, 0)),
        ([0xE0, 0, 0], Event(MessageType.PITCH_BEND, 1, 0, 0, 16383)),
        ([0xE2, 0, 64], Event(MessageType.PITCH_BEND, 3, 0, 8192, 16383)),
        ([0xE0, 127, 127], Event(MessageType.PITCH_BEND, 1, 0, 16383, 16383)),
    ],
)
def test_decode_notes_and_pitch_bend(data: list[int], event: Event) -> None:
    assert decode(data) == event


def test_position_hits_both_ends_exactly() -> None:
    for data, position in (
        ([0xB0, 16, 0], 0.0),
        ([0xB0, 16, 127], 1.0),
        ([0xB0, 16, 64], 64 / 127),
        ([0xE0, 0, 0], 0.0),
        ([0xE0, 127, 127], 1.0),
    ):
        event = decode(data)
        assert event is not None
        assert event.position == position


@pytest.mark.parametrize(
    "message",
    [
        mido.Message("clock"),
        mido.Message("active_sensing"),
        mido.Message("start"),
        mido.Message("stop"),
        mido.Message("sysex", data=[0x7E, 0x7F, 6, 1]),
        mido.Message("program_change", program=5),
        mido.Message("aftertouch", value=5),
        mido.Message("polytouch", note=3, value=5),
        mido.Message("songpos", pos=5),
    ],
    ids=lambda message: message.type,
)
def test_decode_ignores_other_messages(message: mido.Message) -> None:
    assert decode(message.bytes()) is None


@pytest.mark.parametrize(
    "data",
    [
        [],
        [0xB0],
        [0xB0, 16],
        [0xB0, 16, 64, 65],
        [0xB0, 16, 128],
        [16, 64],
        [0xF4],
        [0xF7],
        [0xF0, 1, 2],
        [0xB0, 0xF8, 16, 64],  # a clock byte inside: not a whole message
        [256],
        [-1, 0, 0],
    ],
)
def test_decode_refuses_partial_messages(data: list[int]) -> None:
    with pytest.raises(MessageError, match="must be one whole MIDI message") as error:
        decode(data)
    assert error.value.code == "bad_midi"


def test_error_is_short() -> None:
    with pytest.raises(MessageError) as error:
        decode([1] * 1000)
    assert str(error.value).endswith("received [1, 1, 1, 1, 1, 1, 1, 1] and 992 more")


@given(st.lists(st.integers(-10, 300), max_size=8))
def test_any_bytes_give_an_event_or_an_error(data: list[int]) -> None:
    try:
        event = decode(data)
    except MessageError:
        return
    assert event is None or 0.0 <= event.position <= 1.0


@pytest.mark.parametrize("channel", range(1, 17))
def test_encode_is_the_inverse_of_decode(channel: int) -> None:
    for source, top in (
        (ControlId(MessageType.CONTROL_CHANGE, channel, 7), 127),
        (ControlId(MessageType.NOTE, channel, 127), 127),
        (ControlId(MessageType.PITCH_BEND, channel, 0), 16383),
    ):
        for value in (0, 1, top // 2, top):
            event = decode(encode(source, value))
            assert event is not None
            assert (event.source, event.value) == (source, value)


def test_encode_refuses_nrpn() -> None:
    with pytest.raises(ValueError, match="ch 2 NRPN 300 is no single message"):
        encode(ControlId(MessageType.NRPN, 2, 300), 1)


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Event(MessageType.CONTROL_CHANGE, 1, 7, 64), "ch 1 CC 7 = 64"),
        (Event(MessageType.NOTE, 16, 60, 100), "ch 16 note 60 on, velocity 100"),
        (Event(MessageType.NOTE, 16, 60, 0), "ch 16 note 60 off"),
        (Event(MessageType.PITCH_BEND, 2, 0, 8192, 16383), "ch 2 bend = 8192"),
        (Event(MessageType.NRPN, 3, 300, 5, 16383), "ch 3 NRPN 300 = 5"),
        (Event(MessageType.RPN, 3, 1, 0, 16383, -1), "ch 3 RPN 1 -1"),
    ],
)
def test_event_as_text(event: Event, words: str) -> None:
    assert str(event) == words


def test_split_messages() -> None:
    messages = [(0xB0, 16, 64), (0xF8,), (0xF0, 0x7D, 1, 0xF7), (0xE3, 0, 127), (0x90, 60, 0)]
    assert list(split_messages([byte for message in messages for byte in message])) == messages


@given(st.lists(st.integers(-10, 300), max_size=20))
def test_split_messages_keeps_every_byte(data: list[int]) -> None:
    assert [byte for message in split_messages(data) for byte in message] == data


# ---------------------------------------------------------------- encodings


def steps_by_hand(encoding: Encoding, value: int) -> int:
    match encoding:
        case Encoding.SIGNED_BIT:
            return value if value <= 64 else -(value - 64)
        case Encoding.SIGNED_BIT_2:
            return -value if value <= 64 else value - 64
        case Encoding.BIN_OFFSET:
            return value - 64
        case _:
            return value if value <= 64 else -(128 - value)


@pytest.mark.parametrize("encoding", RELATIVE)
@pytest.mark.parametrize("value", range(128))
def test_decode_relative_every_value(encoding: Encoding, value: int) -> None:
    assert encoding.decode_relative(value) == steps_by_hand(encoding, value)


@pytest.mark.parametrize(
    ("encoding", "left", "still", "right"),
    [
        (Encoding.SIGNED_BIT, 65, 0, 1),
        (Encoding.SIGNED_BIT_2, 1, 0, 65),
        (Encoding.BIN_OFFSET, 63, 64, 65),
        (Encoding.TWOS_COMPLEMENT, 127, 0, 1),
    ],
)
def test_relative_one_step_each_way(encoding: Encoding, left: int, still: int, right: int) -> None:
    assert [encoding.decode_relative(value) for value in (left, still, right)] == [-1, 0, 1]
    assert [encoding.encode_relative(steps) for steps in (-1, 0, 1)] == [left, still, right]


@pytest.mark.parametrize("encoding", RELATIVE)
@pytest.mark.parametrize("steps", range(-63, 64))
def test_encode_relative_is_the_inverse(encoding: Encoding, steps: int) -> None:
    assert encoding.decode_relative(encoding.encode_relative(steps)) == steps


@pytest.mark.parametrize("encoding", RELATIVE)
def test_encode_relative_is_clipped(encoding: Encoding) -> None:
    assert encoding.decode_relative(encoding.encode_relative(500)) == 63
    assert encoding.decode_relative(encoding.encode_relative(-500)) == -63


def test_absolute_encodings_have_no_turns() -> None:
    assert Encoding.ABSOLUTE.decode_relative(5) == Encoding.BUTTON.decode_relative(127) == 0
    with pytest.raises(ValueError, match="tells no turns"):
        Encoding.ABSOLUTE.encode_relative(1)


@pytest.mark.parametrize("encoding", RELATIVE)
@pytest.mark.parametrize("turns", [(-1, -1, -1, -1), (-1, -1, -2, -1, -1, -1), (-2, -2, -2, -2)])
def test_detect_relative(encoding: Encoding, turns: tuple[int, ...]) -> None:
    assert detect([encoding.encode_relative(steps) for steps in turns]) is encoding


@pytest.mark.parametrize(
    "values", [[64, 63, 62, 61], [3, 2, 1, 0], [127, 126, 125, 124], [100, 90], [66, 65, 64, 63]]
)  # fmt: skip
def test_detect_absolute(values: list[int]) -> None:
    assert detect(values) is Encoding.ABSOLUTE


@pytest.mark.parametrize("values", [[127, 0], [127, 0, 127, 0], [0, 127]])
def test_detect_button(values: list[int]) -> None:
    assert detect(values) is Encoding.BUTTON


@pytest.mark.parametrize("values", [[], [64], [127], [65, 65], [64, 63, 62], [1, 1, 1]])
def test_detect_does_not_guess(values: list[int]) -> None:
    assert detect(values) is None
