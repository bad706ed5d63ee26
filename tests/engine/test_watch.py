"""The watch: what is healthy, what is not, and what it forgets."""

import math

import pytest

from styletune.engine.watch import EXPLODES, Watch


def calm() -> Watch:
    watch = Watch()
    for loss in (2.0, 1.0, 1.0, 1.0, 0.5):
        assert watch.fault(1.0, loss) == ""
    return watch


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_what_is_not_finite_is_a_fault_from_the_first_step(bad: float) -> None:
    assert "not finite" in Watch().fault(bad, 1.0)
    assert "not finite" in Watch().fault(1.0, bad)


def test_an_explosion_is_measured_against_the_running_median() -> None:
    assert calm().fault(1.0, EXPLODES * 0.99) == ""
    assert calm().fault(1.0, EXPLODES * 1.01) == "the loss rose to 50 times what it was"


def test_one_explosion_does_not_hide_the_next() -> None:
    watch = calm()
    for _ in range(20):
        assert watch.fault(1.0, 1000.0)


def test_a_few_losses_are_no_median() -> None:
    watch = Watch()
    assert watch.fault(1.0, 1.0) == ""
    assert watch.fault(1.0, 1000.0) == ""


def test_after_a_change_by_hand_it_starts_anew() -> None:
    watch = calm()
    watch.clear()
    assert watch.fault(1.0, 1000.0) == ""
