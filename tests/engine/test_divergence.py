"""The watch: what is healthy, what is not, and what it forgets."""

import math

import pytest

from styletune.engine.divergence import EXPLOSION_FACTOR, DivergenceCounter, LossMonitor


def calm() -> LossMonitor:
    watch = LossMonitor()
    for loss in (2.0, 1.0, 1.0, 1.0, 0.5):
        assert watch.check(1.0, loss) == ""
    return watch


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_a_fault_from_the_first_step(bad: float) -> None:
    assert "not finite" in LossMonitor().check(bad, 1.0)
    assert "not finite" in LossMonitor().check(1.0, bad)


def test_an_explosion_is_measured_against_the_running_median() -> None:
    assert calm().check(1.0, EXPLOSION_FACTOR * 0.99) == ""
    assert calm().check(1.0, EXPLOSION_FACTOR * 1.01) == "the loss rose to 50 times what it was"


def test_one_explosion_does_not_hide_the_next() -> None:
    watch = calm()
    for _ in range(20):
        assert watch.check(1.0, 1000.0)


def test_a_few_losses_are_no_median() -> None:
    watch = LossMonitor()
    assert watch.check(1.0, 1.0) == ""
    assert watch.check(1.0, 1000.0) == ""


def test_after_a_change_by_hand_it_starts_anew() -> None:
    watch = calm()
    watch.clear()
    assert watch.check(1.0, 1000.0) == ""


# When divergences call for a hand.


def after(*times: float) -> DivergenceCounter:
    stumbles = DivergenceCounter()
    for time in times:
        stumbles.add(time)
    return stumbles


def test_three_within_a_minute_call_for_a_hand() -> None:
    assert not after(0, 30).needs_user
    assert after(0, 30, 59).needs_user


def test_three_in_more_than_a_minute_do_not() -> None:
    assert not after(0, 30, 61).needs_user
    assert after(0, 30, 61, 62).needs_user


def test_a_moved_control_begins_the_count_anew() -> None:
    stumbles = after(0, 1, 2)
    stumbles.clear()
    assert not stumbles.needs_user
    stumbles.add(3)
    assert not stumbles.needs_user


def test_the_plea_names_the_control_that_was_moved_last() -> None:
    assert "`smooth` was moved last" in DivergenceCounter.message("too large", "smooth")
    moved = "style.block3_conv1", "strokes"
    assert "`style.block3_conv1` (strokes) was" in DivergenceCounter.message("too large", *moved)
    assert DivergenceCounter.message("too large", "").endswith("reset")
