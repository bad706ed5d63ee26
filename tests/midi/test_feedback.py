"""Echo, rate and loop guard, with an injected clock."""

from styletune.midi.feedback import ECHO_S, LOOP_PER_S, PERIOD_S, TOUCH_HOLD_S, FeedbackQueue
from styletune.midi.message import ControlId, MessageType

FADER, KEY = ControlId(MessageType.CONTROL_CHANGE, 1, 7), ControlId(MessageType.NOTE, 1, 8)


def at(value: int) -> tuple[int, ...]:
    return (0xB0, 7, value)


def test_what_is_wanted_is_sent_once() -> None:
    echoes = FeedbackQueue()
    echoes.want({FADER: at(1), KEY: (0x90, 8, 127)})
    assert echoes.take(0.0) == [at(1), (0x90, 8, 127)]
    assert echoes.take(9.0) == []
    assert echoes.due is None


def test_the_newest_value_of_a_control_is_sent_at_most_fifty_times_a_second() -> None:
    echoes, sent = FeedbackQueue(), []
    for step in range(1001):  # a second, a value each ms
        echoes.want({FADER: at(step % 128)})
        sent += echoes.take(step / 1000)
    assert len(sent) <= 1 / PERIOD_S + 1
    assert echoes.due is not None
    assert echoes.take(echoes.due) == [at(1000 % 128)]


def test_a_hand_hears_nothing_of_itself_for_300_ms_after_its_last_message() -> None:
    echoes = FeedbackQueue()
    for step in range(5):
        echoes.heard(FADER, at(step), step * 0.1, follows=True)
        echoes.want({FADER: at(90)})
        assert echoes.take(step * 0.1) == []
    assert echoes.due == 0.4 + TOUCH_HOLD_S
    assert echoes.take(0.4 + TOUCH_HOLD_S - 0.001) == []
    assert echoes.take(0.4 + TOUCH_HOLD_S) == [at(90)]


def test_a_fader_that_stands_where_its_control_does_is_never_told() -> None:
    echoes = FeedbackQueue()
    echoes.heard(FADER, at(5), 0.0, follows=True)
    echoes.want({FADER: at(5)})
    assert echoes.due is None
    assert echoes.take(10.0) == []


def test_the_light_of_a_key_answers_at_once() -> None:
    echoes = FeedbackQueue()
    echoes.heard(KEY, (0x90, 8, 127), 0.0, follows=False)
    echoes.want({KEY: (0x90, 8, 127)})
    assert echoes.take(0.0) == [(0x90, 8, 127)]


def test_what_comes_back_is_known_as_an_echo_and_no_hand() -> None:
    echoes = FeedbackQueue()
    echoes.want({FADER: at(5)})
    echoes.take(0.0)
    assert echoes.heard(FADER, at(5), 0.5 * ECHO_S, follows=True)
    assert not echoes.heard(FADER, at(6), 0.5 * ECHO_S, follows=True)
    assert not echoes.heard(FADER, at(5), 2 * ECHO_S, follows=True)


def loop(echoes: FeedbackQueue, per_s: float, seconds: float) -> None:
    """A cable that leads from the output to the input."""
    controls = [ControlId(MessageType.CONTROL_CHANGE, 1, number) for number in range(20)]
    now = 0.0
    while now < seconds:
        value = int(now * per_s / len(controls)) % 128
        wanted = {source: (0xB0, source.number, value) for source in controls}
        echoes.want(wanted)
        for data in echoes.take(now):
            echoes.heard(controls[data[1]], data, now, follows=True)
        now += 0.001


def test_more_than_200_echoes_a_second_turn_feedback_off() -> None:
    echoes = FeedbackQueue()
    loop(echoes, LOOP_PER_S * 2, 3.0)
    assert echoes.off
    echoes.want({FADER: at(99)})
    assert echoes.due is None
    assert echoes.take(100.0) == []


def test_fewer_do_not() -> None:
    echoes = FeedbackQueue()
    loop(echoes, LOOP_PER_S * 0.9, 3.0)
    assert not echoes.off


def test_plugged_in_anew_it_is_told_everything_and_heard_again() -> None:
    echoes = FeedbackQueue()
    loop(echoes, LOOP_PER_S * 2, 3.0)
    echoes.forget()
    assert not echoes.off
    assert len(echoes.take(4.0)) == 20
