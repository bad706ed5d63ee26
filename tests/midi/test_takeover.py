"""The whole truth table of pickup, and the other modes, with an injected clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.midi.takeover import SAME_GESTURE_S, THRESHOLD, Mode, SoftTakeover, is_held_back

NEAR, FAR = 0.5 * THRESHOLD, 5 * THRESHOLD
SOON, LATE = SAME_GESTURE_S, SAME_GESTURE_S + 0.001


@pytest.mark.parametrize(
    ("before", "now", "since_s", "held_back"),
    [
        (side * before, side_now * now, since_s, held)
        for side in (-1, 1)
        for side_now, before, now, since_s, held in (
            # same side
            (side, NEAR, NEAR, SOON, False),
            (side, NEAR, NEAR, LATE, False),
            (side, FAR, NEAR, SOON, False),
            (side, FAR, NEAR, LATE, False),
            (side, NEAR, FAR, SOON, False),
            (side, NEAR, FAR, LATE, True),
            (side, FAR, FAR, SOON, True),
            (side, FAR, FAR, LATE, True),
            # opposite side
            (-side, NEAR, NEAR, SOON, False),
            (-side, NEAR, NEAR, LATE, False),
            (-side, FAR, NEAR, SOON, False),
            (-side, FAR, NEAR, LATE, False),
            (-side, NEAR, FAR, SOON, False),
            (-side, NEAR, FAR, LATE, True),
            (-side, FAR, FAR, SOON, False),
            (-side, FAR, FAR, LATE, True),
        )
    ],
)
def test_the_truth_table(before: float, now: float, since_s: float, held_back: bool) -> None:
    assert is_held_back(0.5 + now, 0.5 + before, 0.5, since_s) is held_back


@pytest.mark.parametrize("distance", [THRESHOLD, THRESHOLD + 1e-9])
def test_threshold(distance: float) -> None:
    assert is_held_back(distance, 1.0, 0.0, LATE) is (distance > THRESHOLD)


@pytest.mark.parametrize("first", [0.0, 0.4, 0.6, 1.0])
def test_first_value_is_held_back_if_far(first: float) -> None:
    takeover = SoftTakeover(Mode.PICKUP)
    assert takeover.apply(first, 0.5, 0.0) is None
    assert takeover.apply(0.5, 0.5, 0.001) == 0.5


@pytest.mark.parametrize("first", [0.5 - THRESHOLD, 64 / 127, 0.5 + THRESHOLD])
def test_first_value_is_taken_if_near(first: float) -> None:
    assert SoftTakeover(Mode.PICKUP).apply(first, 0.5, 0.0) == first


@pytest.mark.parametrize("start", range(10))
@pytest.mark.parametrize("up", [True, False])
def test_quick_sweep_picks_up(start: int, up: bool) -> None:
    values = list(range(start, 128, 10))
    for period_s, catches in ((0.005, True), (0.060, False)):
        takeover = SoftTakeover(Mode.PICKUP)
        current = 64.9 / 127  # a place that no step but one lands near
        taken = []
        for index, value in enumerate(values if up else reversed(values)):
            position = takeover.apply(value / 127, current, index * period_s)
            if position is not None:
                taken.append(position)
                current = position
        lands = any(abs(value / 127 - 64.9 / 127) <= THRESHOLD for value in values)
        assert bool(taken) is (catches or lands)
        # Never a jump of more than one step of the hand.
        if taken:
            assert abs(taken[0] - 64.9 / 127) <= 10 / 127


def test_owned_control_may_jump() -> None:
    takeover = SoftTakeover(Mode.PICKUP)
    current = 0.5
    for now, position in ((0.0, 0.5), (0.01, 0.5), (0.02, 0.6), (0.03, 0.9)):
        taken = takeover.apply(position, current, now)
        current = current if taken is None else taken
    assert current == 0.9


def test_owned_control_may_rest() -> None:
    takeover = SoftTakeover(Mode.PICKUP)
    assert takeover.apply(0.5, 0.5, 0.0) == 0.5
    assert takeover.apply(0.9, 0.5, 60.0) == 0.9
    # Somebody else has moved it, if only a little.
    assert takeover.apply(0.2, 0.89, 120.0) is None


def test_fader_waits_after_a_recall() -> None:
    takeover = SoftTakeover(Mode.PICKUP)
    takeover.apply(0.5, 0.5, 0.0)
    assert takeover.apply(0.51, 0.5, 0.01) == 0.51
    for step, position in enumerate((0.52, 0.60, 0.70)):  # the control stands at 0.8 now
        assert takeover.apply(position, 0.8, 1.0 + 0.01 * step) is None
    assert takeover.apply(0.79, 0.8, 1.04) == 0.79


def test_reset_forgets_the_position() -> None:
    takeover = SoftTakeover(Mode.PICKUP)
    takeover.apply(0.5, 0.5, 0.0)
    takeover.reset()
    assert takeover.last_position is None
    assert takeover.apply(0.6, 0.5, 0.01) is None
    assert takeover.last_position == 0.6


def test_jump_takes_every_value() -> None:
    takeover = SoftTakeover(Mode.JUMP)
    assert [takeover.apply(p, 0.5, 0.0) for p in (0.0, 1.0, 0.3)] == [0.0, 1.0, 0.3]


def test_relative_moves_by_as_much() -> None:
    takeover = SoftTakeover(Mode.RELATIVE)
    assert takeover.apply(0.2, 0.7, 0.0) is None
    assert takeover.apply(0.3, 0.7, 1.0) == pytest.approx(0.8)
    assert takeover.apply(0.9, 0.8, 2.0) == 1.0
    assert takeover.apply(0.8, 1.0, 3.0) == pytest.approx(0.9)


def test_scale_moves_in_proportion() -> None:
    takeover = SoftTakeover(Mode.SCALE)
    assert takeover.apply(0.5, 0.2, 0.0) is None
    assert takeover.apply(0.5, 0.2, 0.1) == 0.2
    assert takeover.apply(0.75, 0.2, 1.0) == pytest.approx(0.6)  # half of the way up: of both
    assert takeover.apply(0.0, 0.6, 2.0) == 0.0
    assert takeover.apply(1.0, 0.0, 3.0) == 1.0


PARTS = st.floats(0, 1)


@pytest.mark.parametrize("mode", list(Mode))
@given(st.lists(st.tuples(PARTS, PARTS, st.floats(0, 0.2)), max_size=30))
def test_any_moves_stay_in_range(mode: Mode, moves: list[tuple[float, float, float]]) -> None:
    takeover, now = SoftTakeover(mode), 0.0
    for position, current, wait_s in moves:
        now += wait_s
        taken = takeover.apply(position, current, now)
        assert taken is None or 0.0 <= taken <= 1.0


@given(PARTS, st.lists(PARTS))
def test_scale_meets_the_fader_at_both_ends(current: float, moves: list[float]) -> None:
    takeover = SoftTakeover(Mode.SCALE)
    for position in (*moves, 0.5, 1.0):
        taken = takeover.apply(position, current, 0.0)
        current = current if taken is None else taken
    assert current == 1.0
    assert takeover.apply(0.0, current, 0.0) == 0.0
