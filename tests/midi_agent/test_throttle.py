"""Merging, with an injected clock."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.midi.message import RELATIVE, Encoding
from styletune.midi.smoothing import MAX_HANDS
from styletune.midi_agent.throttle import PERIOD_S, MessageThrottle, Raw

BOUND = {
    "ch 1 CC 7": "absolute",
    "ch 1 CC 8": "fine",
    "ch 1 CC 9": "button",
    "ch 1 CC 38": "absolute",
    "ch 1 note 5": "button",
    "ch 1 bend": "absolute",
    **{f"ch 1 CC {20 + place}": encoding.value for place, encoding in enumerate(RELATIVE)},
}


def fresh(known: bool = True) -> MessageThrottle:
    throttle = MessageThrottle()
    if known:
        throttle.set_bindings(
            {"bindings": [{"source": s, "encoding": e} for s, e in BOUND.items()]}
        )
    return throttle


def cc(number: int, value: int) -> Raw:
    return (0xB0, number, value)


def played(throttle: MessageThrottle, messages: list[tuple[float, Raw]]) -> list[tuple[float, Raw]]:
    """What goes out when, if everything is sent as soon as it is due."""
    sent: list[tuple[float, Raw]] = []
    for now, data in messages:
        while throttle.due is not None and throttle.due < now:
            due = throttle.due
            sent += [(due, message) for message in throttle.pop_due(due)]
        throttle.add(data, now)
        sent += [(now, message) for message in throttle.pop_due(now)]
    while throttle.due is not None:
        due = throttle.due
        sent += [(due, message) for message in throttle.pop_due(due)]
    return sent


@pytest.mark.parametrize("data", [(0xB0, 7), (0xE0, 0), (0xB0, 90)])
def test_a_storm_is_thinned_to_120_a_second_and_its_last(data: Raw) -> None:
    storm = [(step / 5000, (*data, step % 128)) for step in range(25_000)]
    sent = played(fresh(), storm)
    assert sent[-1][1] == storm[-1][1]
    for second in range(5):
        assert sum(second <= now < second + 1 for now, _ in sent) <= 120
    assert len(sent) >= 5 * 60


def test_the_first_message_goes_out_at_once() -> None:
    assert played(fresh(), [(5.0, cc(7, 1))]) == [(5.0, cc(7, 1))]


def test_of_a_burst_first_and_last_go_out() -> None:
    burst = [(5.0, cc(7, value)) for value in range(10)]
    first, last = played(fresh(), burst)
    assert first == (5.0, cc(7, 0))
    assert last[1] == cc(7, 9)
    assert 5.0 < last[0] <= 5.0 + PERIOD_S


@pytest.mark.parametrize(("controls", "period_s"), [(4, PERIOD_S), (8, 2 * PERIOD_S)])
def test_controls_share_ticks_longer_ones_beyond_two_hands(controls: int, period_s: float) -> None:
    storm = [(step / 5000, cc(80 + step % controls, step % 128)) for step in range(25_000)]
    throttle = fresh()
    sent = played(throttle, storm)
    times = {now for now, _ in sent[2 * controls :]}
    assert 5 / period_s - 3 <= len(times) <= 5 / period_s + 1
    assert len(sent) == pytest.approx(controls * 5 / period_s, abs=4 * controls)
    assert sorted(sent[-controls:])[-1][1] == storm[-1][1]
    played(throttle, [(6.0 + step / 100, cc(80, step)) for step in range(100)])
    assert throttle.period_s == PERIOD_S  # a hand again


def test_the_page_sends_as_often() -> None:
    text = (Path(__file__).parents[2] / "web/panels/midi-throttle.js").read_text()
    figures = dict(re.findall(r"^export const (\w+) = (\d+);", text, re.MULTILINE))
    assert figures == {"PERIOD_MS": str(round(PERIOD_S * 1000)), "MAX_HANDS": str(MAX_HANDS)}


def test_controls_do_not_wait_for_each_other() -> None:
    throttle = fresh()
    for number in (7, 90, 91):
        throttle.add(cc(number, 1), 0.0)
    assert len(throttle.pop_due(0.0)) == 3


@pytest.mark.parametrize("key", [cc(9, 127), (0x90, 5, 100), (0x90, 60, 1), (0x80, 5, 0)])
def test_keys_are_never_merged(key: Raw) -> None:
    assert [m for _, m in played(fresh(), [(0.0, key)] * 1000)] == [key] * 1000


@pytest.mark.parametrize("encoding", RELATIVE)
def test_turns_add_up(encoding: Encoding) -> None:
    number = 20 + RELATIVE.index(encoding)
    right, left = (cc(number, encoding.encode_relative(steps)) for steps in (3, -1))
    messages = [(step / 1000, right if step % 4 else left) for step in range(1000)]
    sent = played(fresh(), messages)
    assert len(sent) <= 1 / PERIOD_S + 2
    assert sum(encoding.decode_relative(data[2]) for _, data in sent) == 750 * 3 - 250


def test_more_turns_than_a_message_holds_follow_in_the_next() -> None:
    messages = [(0.0, cc(23, 60))] * 5
    encoding = RELATIVE[3]
    assert sum(encoding.decode_relative(d[2]) for _, d in played(fresh(), messages)) == 300


@pytest.mark.parametrize("order", [(8, 40), (40, 8)])
def test_pairs_stay_pairs_and_the_newest_goes_out(order: tuple[int, int]) -> None:
    def pair(step: int) -> list[Raw]:
        return [cc(n, step // 128 if n == 8 else step % 128) for n in order]

    messages = [
        (step / 1000 + part / 5000, data)
        for step in range(1000)
        for part, data in enumerate(pair(step))
    ]
    sent = [data for _, data in played(fresh(), messages)]
    assert len(sent) <= 120
    assert all(sent[i : i + 2] in map(pair, range(1000)) for i in range(0, len(sent), 2))
    assert sent[-2:] == pair(999)


def test_nrpn_go_out_in_order_unless_their_numbers_are_bound() -> None:
    nrpn = [cc(99, 1), cc(98, 2), cc(6, 3)] * 20
    assert [data for _, data in played(fresh(), [(0.0, data) for data in nrpn])] == nrpn
    assert played(fresh(), [(0.0, cc(38, v)) for v in range(50)])[-1][1] == cc(38, 49)
    assert len(played(fresh(), [(0.0, cc(38, v)) for v in range(50)])) == 2


@pytest.mark.parametrize("learning", [True, False])
def test_without_bindings_everything_goes_out(learning: bool) -> None:
    throttle = fresh(known=learning)
    throttle.learning = learning
    storm = [(0.0, cc(7, value)) for value in (1, 1, 1, 2)]
    assert played(throttle, storm) == storm


def test_without_a_server_only_newest_values_wait() -> None:
    throttle = fresh()
    for data in (cc(7, 0), cc(7, 1), cc(7, 2), cc(9, 127), cc(20, 1), (0x90, 5, 1)):
        throttle.add(data, 0.0)
    assert throttle.drop_late() == 3
    assert throttle.pop_due(1.0) == [cc(7, 2)]
    for rest in range(1, 100):
        throttle.add(cc(7, rest), 10.0 * rest)
        throttle.drop_late()
    assert throttle.pop_due(1e6) == [cc(7, 99)]


def test_invalid_messages_are_counted() -> None:
    throttle = fresh()
    for data in ((0xF8,), (0xB0,), ()):
        throttle.add(data, 0.0)
    assert throttle.counts == {"ignored": 1, "bad": 2}
    assert throttle.due is None


@given(st.lists(st.tuples(st.floats(0, 0.01), st.sampled_from([7, 8, 9, 40, 20, 21, 22, 23, 90]),
                          st.integers(0, 127)), max_size=60))  # fmt: skip
def test_the_last_value_of_each_control_goes_out(
    moves: list[tuple[float, int, int]],
) -> None:
    now, messages = 0.0, []
    for wait_s, number, value in moves:
        now += wait_s
        messages.append((now, cc(number, value)))
    sent = [data for _, data in played(fresh(), messages)]
    for number in (7, 90):
        mine = [data for _, data in messages if data[1] == number]
        assert [data for data in sent if data[1] == number][-1:] == mine[-1:]
