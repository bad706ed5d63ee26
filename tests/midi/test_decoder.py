"""Two-byte values and (N)RPN, with an injected clock."""

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.midi.decoder import HOLD_S, Decoder
from styletune.midi.message import ControlId, Event, MessageType, decode

CC7 = ControlId(MessageType.CONTROL_CHANGE, 1, 7)


def cc(number: int, value: int, channel: int = 1) -> list[int]:
    return [0xB0 | (channel - 1), number, value]


def fed(decoder: Decoder, *messages: list[int], now: float = 1.0) -> list[Event]:
    return [event for message in messages for event in decoder.feed(message, now)]


@pytest.mark.parametrize("msb", [0, 1, 64, 127])
@pytest.mark.parametrize("lsb", [0, 1, 64, 127])
def test_pair_of_controllers_carries_14_bits(msb: int, lsb: int) -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    assert fed(decoder, cc(7, msb)) == []
    assert fed(decoder, cc(39, lsb)) == [Event(*CC7, msb << 7 | lsb, 16383)]
    assert decoder.due is None


def test_pair_hits_both_ends_exactly() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    (bottom,) = fed(decoder, cc(7, 0), cc(39, 0))
    (top,) = fed(decoder, cc(7, 127), cc(39, 127))
    assert (bottom.position, top.position) == (0.0, 1.0)


def test_msb_is_held_for_its_lsb() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    fed(decoder, cc(7, 63), cc(39, 127))
    assert decoder.feed(cc(7, 64), 2.0) == []
    assert decoder.due == 2.0 + HOLD_S
    assert decoder.flush_due(2.0 + 0.9 * HOLD_S) == []
    # The new msb byte has reset the lsb one.
    assert decoder.flush_due(2.0 + HOLD_S) == [Event(*CC7, 64 << 7, 16383)]
    assert decoder.due is None
    # The lsb byte that comes late belongs to the same msb byte.
    assert decoder.feed(cc(39, 5), 3.0) == [Event(*CC7, 64 << 7 | 5, 16383)]


def test_device_without_lsb_reaches_both_ends() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    for value, position in ((0, 0.0), (127, 1.0)):
        decoder.feed(cc(7, value), float(value))
        (event,) = decoder.flush_due(value + HOLD_S)
        assert event.position == position


def test_newest_msb_counts() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    assert fed(decoder, cc(7, 1), cc(7, 2), cc(39, 3)) == [Event(*CC7, 2 << 7 | 3, 16383)]


def test_held_msb_comes_before_a_later_message() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    decoder.feed(cc(7, 127), 1.0)
    assert decoder.feed(cc(1, 5), 2.0) == [
        Event(*CC7, 16383, 16383),
        Event(MessageType.CONTROL_CHANGE, 1, 1, 5),
    ]


def sweep(decoder: Decoder, *, lsb_first: bool, period_s: float, gap_s: float) -> list[int]:
    """The values of a fader that goes up and stops at its end."""
    now, values = 1.0, []
    for value in (*range(8000, 16383, 61), 16383):
        pair = [cc(7, value >> 7), cc(39, value & 127)]
        for data in reversed(pair) if lsb_first else pair:
            values += [event.value for event in decoder.feed(data, now)]
            now += gap_s
        now += period_s
    return values + [event.value for event in decoder.flush_due(now + 1)]


@pytest.mark.parametrize("lsb_first", [True, False])
@pytest.mark.parametrize(("period_s", "gap_s"), [(0.02, 0.001), (0.003, 0.0003), (0.02, 0.0)])
def test_either_byte_may_come_first(lsb_first: bool, period_s: float, gap_s: float) -> None:
    values = sweep(Decoder(pairs_14bit=[CC7]), lsb_first=lsb_first, period_s=period_s, gap_s=gap_s)
    assert values == [*range(8000, 16383, 61), 16383]


def test_order_is_known_from_the_next_gesture() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    fed(decoder, cc(7, 10), cc(39, 20), now=1.0)  # began in the middle: half of another value
    assert fed(decoder, cc(39, 21), cc(7, 11), now=2.0)[-1].value == 11 << 7 | 21
    assert fed(decoder, cc(39, 22), cc(7, 12), now=3.0) == [Event(*CC7, 12 << 7 | 22, 16383)]
    decoder.feed(cc(39, 23), 4.0)  # the lower byte alone
    assert decoder.flush_due(4.0 + HOLD_S) == [Event(*CC7, 12 << 7 | 23, 16383)]


def test_parameter_may_be_sent_lower_byte_first() -> None:
    decoder = Decoder()
    fed(decoder, *nrpn(5), now=1.0)
    (event,) = fed(decoder, cc(38, 127), cc(6, 127), now=2.0)
    assert event.position == 1.0


def test_orphan_lsb_is_counted() -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    assert fed(decoder, cc(39, 5)) == []
    assert decoder.counts == {"orphan_lsb": 1}


@pytest.mark.parametrize("number", range(128))
def test_unconfigured_controllers_stand_for_themselves(number: int) -> None:
    events = fed(Decoder(), cc(number, 99))
    assert events == ([] if 98 <= number <= 101 else [decode(cc(number, 99))])


@pytest.mark.parametrize("number", range(128))
def test_single_controllers_stand_for_themselves(number: int) -> None:
    source = ControlId(MessageType.CONTROL_CHANGE, 1, number)
    decoder = Decoder(pairs_14bit=[CC7], single=[source])
    fed(decoder, cc(99, 1), cc(98, 2))
    assert fed(decoder, cc(number, 99)) == [decode(cc(number, 99))]


def nrpn(number: int, kind: str = "nrpn") -> list[list[int]]:
    msb, lsb = (99, 98) if kind == "nrpn" else (101, 100)
    return [cc(msb, number >> 7), cc(lsb, number & 127)]


@pytest.mark.parametrize("kind", ["nrpn", "rpn"])
@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 16382])
def test_selected_parameter_takes_the_data_bytes(kind: str, number: int) -> None:
    decoder = Decoder()
    source = ControlId(MessageType(kind), 1, number)
    assert fed(decoder, *nrpn(number, kind), cc(6, 3), cc(38, 4)) == [
        Event(*source, 3 << 7 | 4, 16383)
    ]
    # The selection stays valid.
    assert fed(decoder, cc(6, 127), cc(38, 127)) == [Event(*source, 16383, 16383)]
    assert fed(decoder, cc(38, 0)) == [Event(*source, 127 << 7, 16383)]
    assert [event.step for event in fed(decoder, cc(96, 0), cc(97, 0))] == [1, -1]


def test_data_msb_alone_reaches_both_ends() -> None:
    decoder = Decoder()
    fed(decoder, *nrpn(5), cc(6, 127))
    (event,) = decoder.flush_due(2.0)
    assert (event.source, event.position) == (ControlId(MessageType.NRPN, 1, 5), 1.0)


def test_null_parameter_ends_the_selection() -> None:
    decoder = Decoder()
    fed(decoder, *nrpn(5))
    fed(decoder, *nrpn(16383))
    assert fed(decoder, cc(6, 9)) == [Event(MessageType.CONTROL_CHANGE, 1, 6, 9)]


def test_selection_is_per_channel() -> None:
    decoder = Decoder()
    fed(decoder, *nrpn(5))
    assert fed(decoder, cc(6, 9, channel=2)) == [Event(MessageType.CONTROL_CHANGE, 2, 6, 9)]


def test_rpn_replaces_nrpn() -> None:
    decoder = Decoder()
    fed(decoder, *nrpn(5), cc(101, 0))
    assert fed(decoder, cc(6, 9)) == [Event(MessageType.CONTROL_CHANGE, 1, 6, 9)]
    (event,) = fed(decoder, cc(100, 2), cc(6, 9), cc(38, 0))
    assert event.source == ControlId(MessageType.RPN, 1, 2)


def test_bad_and_ignored_messages_are_counted() -> None:
    decoder = Decoder()
    assert fed(decoder, [], [0xB0, 1], [300], mido.Message("clock").bytes()) == []
    assert decoder.counts == {"bad": 3, "ignored": 1}


ANY_CC = st.tuples(
    st.integers(0xB0, 0xBF), st.sampled_from([6, 7, 38, 39, 96, 97, 98, 99, 100, 101]),
    st.integers(0, 127),
).map(list)  # fmt: skip


@given(st.lists(st.lists(st.integers(-10, 300), max_size=5) | ANY_CC, max_size=60))
def test_any_bytes_give_events_within_range(messages: list[list[int]]) -> None:
    decoder = Decoder(pairs_14bit=[CC7])
    for index, message in enumerate(messages):
        for event in decoder.feed(message, index * 0.002):
            assert 0.0 <= event.position <= 1.0
    for event in decoder.flush_due(1e9):
        assert 0.0 <= event.position <= 1.0
    assert decoder.due is None
