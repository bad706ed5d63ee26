"""Encode with mido, decode with ours, over the whole table of statuses."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.errors import MessageError
from styletune.midi.message import ControlId, Event, MessageType, decode, encode, split_messages


@pytest.mark.parametrize("channel", range(16))
@pytest.mark.parametrize("number", [0, 1, 63, 64, 126, 127])
@pytest.mark.parametrize("value", [0, 1, 64, 127])
def test_each_control_change_is_decoded(channel: int, number: int, value: int) -> None:
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
def test_notes_and_pitch_bend_are_decoded(data: list[int], event: Event) -> None:
    assert decode(data) == event


def test_both_ends_of_a_fader_are_hit_exactly() -> None:
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
def test_what_moves_no_control_is_none(message: mido.Message) -> None:
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
def test_what_is_not_one_whole_message_is_refused(data: list[int]) -> None:
    with pytest.raises(MessageError, match="must be one whole MIDI message") as error:
        decode(data)
    assert error.value.code == "bad_midi"


def test_a_long_message_does_not_flood_the_error() -> None:
    with pytest.raises(MessageError) as error:
        decode([1] * 1000)
    assert str(error.value).endswith("received [1, 1, 1, 1, 1, 1, 1, 1] and 992 more")


@given(st.lists(st.integers(-10, 300), max_size=8))
def test_any_bytes_give_an_event_none_or_a_message_error(data: list[int]) -> None:
    try:
        event = decode(data)
    except MessageError:
        return
    assert event is None or 0.0 <= event.position <= 1.0


@pytest.mark.parametrize("channel", range(1, 17))
def test_what_is_encoded_is_decoded_to_the_same(channel: int) -> None:
    for source, top in (
        (ControlId(MessageType.CONTROL_CHANGE, channel, 7), 127),
        (ControlId(MessageType.NOTE, channel, 127), 127),
        (ControlId(MessageType.PITCH_BEND, channel, 0), 16383),
    ):
        for value in (0, 1, top // 2, top):
            event = decode(encode(source, value))
            assert event is not None
            assert (event.source, event.value) == (source, value)


def test_an_nrpn_is_no_single_message() -> None:
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
def test_an_event_reads_as_in_a_manual(event: Event, words: str) -> None:
    assert str(event) == words


def test_messages_that_stand_one_after_the_other_are_told_apart() -> None:
    messages = [(0xB0, 16, 64), (0xF8,), (0xF0, 0x7D, 1, 0xF7), (0xE3, 0, 127), (0x90, 60, 0)]
    assert list(split_messages([byte for message in messages for byte in message])) == messages


@given(st.lists(st.integers(-10, 300), max_size=20))
def test_no_byte_is_lost_between_messages(data: list[int]) -> None:
    assert [byte for message in split_messages(data) for byte in message] == data
