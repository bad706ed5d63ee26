"""The four tables of turns, exhaustively, and how they give themselves away."""

import pytest

from styletune.midi.message import RELATIVE, Encoding, detect


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
def test_every_value_of_every_encoding_turns_as_the_manuals_say(
    encoding: Encoding, value: int
) -> None:
    assert encoding.steps(value) == steps_by_hand(encoding, value)


@pytest.mark.parametrize(
    ("encoding", "left", "still", "right"),
    [
        (Encoding.SIGNED_BIT, 65, 0, 1),
        (Encoding.SIGNED_BIT_2, 1, 0, 65),
        (Encoding.BIN_OFFSET, 63, 64, 65),
        (Encoding.TWOS_COMPLEMENT, 127, 0, 1),
    ],
)
def test_one_detent_each_way(encoding: Encoding, left: int, still: int, right: int) -> None:
    assert [encoding.steps(value) for value in (left, still, right)] == [-1, 0, 1]
    assert [encoding.written(steps) for steps in (-1, 0, 1)] == [left, still, right]


@pytest.mark.parametrize("encoding", RELATIVE)
@pytest.mark.parametrize("steps", range(-63, 64))
def test_turns_are_written_as_they_are_read(encoding: Encoding, steps: int) -> None:
    assert encoding.steps(encoding.written(steps)) == steps


@pytest.mark.parametrize("encoding", RELATIVE)
def test_more_turns_than_a_message_holds_are_as_many_as_it_holds(encoding: Encoding) -> None:
    assert encoding.steps(encoding.written(500)) == 63
    assert encoding.steps(encoding.written(-500)) == -63


def test_what_stands_does_not_turn() -> None:
    assert Encoding.ABSOLUTE.steps(5) == Encoding.BUTTON.steps(127) == 0
    with pytest.raises(ValueError, match="tells no turns"):
        Encoding.ABSOLUTE.written(1)


@pytest.mark.parametrize("encoding", RELATIVE)
@pytest.mark.parametrize("turns", [(-1, -1, -1, -1), (-1, -1, -2, -1, -1, -1), (-2, -2, -2, -2)])
def test_a_knob_turned_slowly_left_gives_its_encoding_away(
    encoding: Encoding, turns: tuple[int, ...]
) -> None:
    assert detect([encoding.written(steps) for steps in turns]) is encoding


@pytest.mark.parametrize(
    "values", [[64, 63, 62, 61], [3, 2, 1, 0], [127, 126, 125, 124], [100, 90], [66, 65, 64, 63]]
)  # fmt: skip
def test_a_fader_is_known_by_never_saying_the_same_twice(values: list[int]) -> None:
    assert detect(values) is Encoding.ABSOLUTE


@pytest.mark.parametrize("values", [[127, 0], [127, 0, 127, 0], [0, 127]])
def test_a_key_is_known_by_its_two_values(values: list[int]) -> None:
    assert detect(values) is Encoding.BUTTON


@pytest.mark.parametrize("values", [[], [64], [127], [65, 65], [64, 63, 62], [1, 1, 1]])
def test_what_may_be_either_is_not_guessed(values: list[int]) -> None:
    assert detect(values) is None
