import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.midi.binding import Binding, Feedback, FeedbackKind
from styletune.midi.message import ControlId, Encoding, MessageType

CC7 = ControlId(MessageType.CONTROL_CHANGE, 1, 7)


def bound(**given: object) -> Binding:
    return Binding(CC7, "smooth", Encoding.ABSOLUTE, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "positions"),
    [
        ({}, (0.0, 0.5, 1.0)),
        ({"invert": True}, (1.0, 0.5, 0.0)),
        ({"low": 0.2, "high": 0.6}, (0.2, 0.4, 0.6)),
        ({"low": 0.2, "high": 0.6, "invert": True}, (0.6, 0.4, 0.2)),
        ({"curve": 2.0}, (0.0, 0.25, 1.0)),
        ({"curve": 2.0, "invert": True}, (1.0, 0.25, 0.0)),
    ],
)
def test_range_curve_and_direction(given: dict[str, object], positions: tuple[float, ...]) -> None:
    binding = bound(**given)
    assert tuple(map(binding.position, (0.0, 0.5, 1.0))) == pytest.approx(positions)
    assert (binding.position(0.0), binding.position(1.0)) == (positions[0], positions[2])


@given(st.floats(0, 1), st.floats(0.5, 3), st.booleans())
def test_normalized_is_the_inverse(normalized: float, curve: float, invert: bool) -> None:
    binding = bound(low=0.1, high=0.9, curve=curve, invert=invert)
    assert binding.position(binding.normalized(binding.position(normalized))) == pytest.approx(
        binding.position(normalized), abs=1e-6
    )


def test_normalized_is_clipped() -> None:
    binding = bound(low=0.2, high=0.6)
    assert (binding.normalized(0.0), binding.normalized(1.0)) == (0.0, 1.0)


@pytest.mark.parametrize("value", range(128))
def test_feedback_of_a_fader(value: int) -> None:
    binding = bound(feedback=Feedback(FeedbackKind.RING))
    assert binding.feedback_message(value / 127) == (0xB0, 7, value)


@pytest.mark.parametrize(
    ("feedback", "off", "on"),
    [
        (Feedback(), None, None),
        (Feedback(FeedbackKind.LED), (0xB0, 7, 0), (0xB0, 7, 127)),
        (Feedback(FeedbackKind.LED, on=60, off=12), (0xB0, 7, 12), (0xB0, 7, 60)),
        (
            Feedback(FeedbackKind.LED, ControlId(MessageType.NOTE, 3, 9), on=1),
            (0x92, 9, 0),
            (0x92, 9, 1),
        ),
        (
            Feedback(FeedbackKind.LED, on=(0xF0, 1, 0xF7), off=(0xF0, 0xF7)),
            (0xF0, 0xF7),
            (0xF0, 1, 0xF7),
        ),
        (
            Feedback(FeedbackKind.VALUE, ControlId(MessageType.PITCH_BEND, 1, 0)),
            (0xE0, 0, 0),
            (0xE0, 127, 127),
        ),
        (Feedback(FeedbackKind.VALUE, ControlId(MessageType.NRPN, 1, 300)), None, None),
    ],
)  # fmt: skip
def test_feedback_of_each_kind(
    feedback: Feedback, off: tuple[int, ...] | None, on: tuple[int, ...] | None
) -> None:
    binding = bound(feedback=feedback)
    assert (binding.feedback_message(0.0), binding.feedback_message(1.0)) == (off, on)


def test_led_of_a_button_that_sets() -> None:
    play = bound(feedback=Feedback(FeedbackKind.LED), sets=0.0)
    assert (play.feedback_message(0.0), play.feedback_message(1.0)) == (
        (0xB0, 7, 127),
        (0xB0, 7, 0),
    )
