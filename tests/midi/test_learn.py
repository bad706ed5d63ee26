"""Learning, by the messages of real kinds of controls, with an injected clock."""

import pytest

from styletune.midi.learn import SILENCE_S, Learner, LearnResult
from styletune.midi.message import RELATIVE, ControlId, Encoding, Event, MessageType

CC7 = ControlId(MessageType.CONTROL_CHANGE, 1, 7)


def feed(learner: Learner, *events: Event, period_s: float = 0.01) -> LearnResult | None:
    for index, event in enumerate(events):
        learnt = learner.handle_event("box", event, index * period_s)
        if learnt:
            return learnt
    return None


def cc(*values: int, number: int = 7) -> list[Event]:
    return [Event(MessageType.CONTROL_CHANGE, 1, number, value) for value in values]


def test_fader_is_learnt() -> None:
    assert feed(Learner(), *cc(64, 63, 62, 61)) == LearnResult("box", CC7, Encoding.ABSOLUTE)


@pytest.mark.parametrize("encoding", RELATIVE)
def test_encoder_is_learnt(encoding: Encoding) -> None:
    left = encoding.encode_relative(-1)
    assert feed(Learner(), *cc(left, left, left, left)) == LearnResult("box", CC7, encoding)


def test_note_is_learnt_when_pressed() -> None:
    learner = Learner()
    assert feed(learner, Event(MessageType.NOTE, 1, 9, 0)) is None
    assert feed(learner, Event(MessageType.NOTE, 1, 9, 5)) == LearnResult(
        "box", ControlId(MessageType.NOTE, 1, 9), Encoding.BUTTON
    )


@pytest.mark.parametrize(
    "event",
    [Event(MessageType.PITCH_BEND, 3, 0, 9, 16383), Event(MessageType.NRPN, 1, 300, 9, 16383)],
)
def test_absolute_only_sources_are_learnt_at_once(event: Event) -> None:
    assert feed(Learner(), event) == LearnResult("box", event.source, Encoding.ABSOLUTE)


@pytest.mark.parametrize("lsb_first", [True, False])
@pytest.mark.parametrize("pair_s", [0.002, 0.02])
def test_pair_is_learnt_as_fine(lsb_first: bool, pair_s: float) -> None:
    learner, learnt = Learner(), None
    for n in range(4):
        pair = [*cc(64), *cc(30 * n, number=39)]
        for part, event in enumerate(reversed(pair) if lsb_first else pair):
            learnt = learnt or learner.handle_event("box", event, n * pair_s + part * 0.001)
    assert learnt == LearnResult("box", CC7, Encoding.FINE)


def test_pair_of_the_profile_is_fine() -> None:
    assert feed(Learner(), Event(*CC7, 5000, 16383)) == LearnResult("box", CC7, Encoding.FINE)


def test_slider_and_button_are_no_pair() -> None:
    # As a nanoKONTROL2 sends them: S of strip 8 while its slider moves.
    events = [*cc(64), *cc(127, number=39), *cc(63, 62, 61, 60)]
    assert feed(Learner(), *events, period_s=0.02) == LearnResult("box", CC7, Encoding.ABSOLUTE)


@pytest.mark.parametrize(
    ("values", "encoding"),
    [((127,), Encoding.BUTTON), ((64,), Encoding.ABSOLUTE), ((64, 63), Encoding.ABSOLUTE),
     ((65, 65), Encoding.ABSOLUTE), ((0,), Encoding.ABSOLUTE)],
)  # fmt: skip
def test_silence_ends_learning(values: tuple[int, ...], encoding: Encoding) -> None:
    learner = Learner()
    assert feed(learner, *cc(*values)) is None
    last = 0.01 * (len(values) - 1)
    assert learner.due == last + SILENCE_S
    assert learner.poll(last + SILENCE_S - 0.001) is None
    assert learner.poll(last + SILENCE_S) == LearnResult("box", CC7, encoding)
    assert learner.due is None


def test_key_is_a_button() -> None:
    assert feed(Learner(), *cc(127, 0)) == LearnResult("box", CC7, Encoding.BUTTON)


def test_moving_is_the_last_source() -> None:
    learner = Learner()
    assert learner.moving is None
    feed(learner, *cc(64))
    assert learner.moving == ("box", CC7)
