"""Echo, rate and loop guard, with an injected clock."""

from styletune.midi.feedback import ECHO_S, LOOP_PER_S, PERIOD_S, TOUCH_HOLD_S, FeedbackQueue
from styletune.midi.message import ControlId, MessageType

FADER, KEY = ControlId(MessageType.CONTROL_CHANGE, 1, 7), ControlId(MessageType.NOTE, 1, 8)


def at(value: int) -> tuple[int, ...]:
    return (0xB0, 7, value)


def test_desired_is_sent_once() -> None:
    queue = FeedbackQueue()
    queue.set_desired({FADER: at(1), KEY: (0x90, 8, 127)})
    assert queue.pop_due(0.0) == [at(1), (0x90, 8, 127)]
    assert queue.pop_due(9.0) == []
    assert queue.due is None


def test_rate_is_limited() -> None:
    queue, sent = FeedbackQueue(), []
    for step in range(1001):  # a second, a value each ms
        queue.set_desired({FADER: at(step % 128)})
        sent += queue.pop_due(step / 1000)
    assert len(sent) <= 1 / PERIOD_S + 1
    assert queue.due is not None
    assert queue.pop_due(queue.due) == [at(1000 % 128)]


def test_moved_control_gets_no_feedback_for_300_ms() -> None:
    queue = FeedbackQueue()
    for step in range(5):
        queue.note_input(FADER, at(step), step * 0.1, is_absolute=True)
        queue.set_desired({FADER: at(90)})
        assert queue.pop_due(step * 0.1) == []
    assert queue.due == 0.4 + TOUCH_HOLD_S
    assert queue.pop_due(0.4 + TOUCH_HOLD_S - 0.001) == []
    assert queue.pop_due(0.4 + TOUCH_HOLD_S) == [at(90)]


def test_matching_fader_gets_no_feedback() -> None:
    queue = FeedbackQueue()
    queue.note_input(FADER, at(5), 0.0, is_absolute=True)
    queue.set_desired({FADER: at(5)})
    assert queue.due is None
    assert queue.pop_due(10.0) == []


def test_led_of_a_key_is_set_at_once() -> None:
    queue = FeedbackQueue()
    queue.note_input(KEY, (0x90, 8, 127), 0.0, is_absolute=False)
    queue.set_desired({KEY: (0x90, 8, 127)})
    assert queue.pop_due(0.0) == [(0x90, 8, 127)]


def test_echo_is_recognized() -> None:
    queue = FeedbackQueue()
    queue.set_desired({FADER: at(5)})
    queue.pop_due(0.0)
    assert queue.note_input(FADER, at(5), 0.5 * ECHO_S, is_absolute=True)
    assert not queue.note_input(FADER, at(6), 0.5 * ECHO_S, is_absolute=True)
    assert not queue.note_input(FADER, at(5), 2 * ECHO_S, is_absolute=True)


def loop(queue: FeedbackQueue, per_s: float, seconds: float) -> None:
    """A cable that leads from the output to the input."""
    controls = [ControlId(MessageType.CONTROL_CHANGE, 1, number) for number in range(20)]
    now = 0.0
    while now < seconds:
        value = int(now * per_s / len(controls)) % 128
        desired = {source: (0xB0, source.number, value) for source in controls}
        queue.set_desired(desired)
        for data in queue.pop_due(now):
            queue.note_input(controls[data[1]], data, now, is_absolute=True)
        now += 0.001


def test_loop_is_detected() -> None:
    queue = FeedbackQueue()
    loop(queue, LOOP_PER_S * 2, 3.0)
    assert queue.loop_detected
    queue.set_desired({FADER: at(99)})
    assert queue.due is None
    assert queue.pop_due(100.0) == []


def test_fewer_echoes_are_no_loop() -> None:
    queue = FeedbackQueue()
    loop(queue, LOOP_PER_S * 0.9, 3.0)
    assert not queue.loop_detected


def test_reset_sends_everything_again() -> None:
    queue = FeedbackQueue()
    loop(queue, LOOP_PER_S * 2, 3.0)
    queue.reset()
    assert not queue.loop_detected
    assert len(queue.pop_due(4.0)) == 20
