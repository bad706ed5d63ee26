import itertools

import pytest

from styletune.config import DEFAULT_LAYERS
from styletune.controls import ControlTable
from styletune.server.morph import Morph

TABLE = ControlTable(DEFAULT_LAYERS["lite"])
START = TABLE.defaults() | {"smooth": 0.1, "learning_rate": 0.2}


def morph(**target: float) -> Morph:
    return Morph(TABLE, "dawn", START, target, seconds=4.0, now=100.0)


def test_it_goes_evenly_and_ends_exactly_there() -> None:
    way = morph(smooth=0.7, average=1.0)
    values = [way.step(100.0 + n / 50)["smooth"] for n in range(201)]
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert values[0] == 0.1
    assert values[-1] == 0.7
    assert max(steps) == pytest.approx(min(steps)) == pytest.approx(0.6 / 200)
    assert way.over


def test_switches_change_in_the_middle() -> None:
    way = morph(average=1.0)
    assert [way.step(100.0 + at)["average"] for at in (0, 1.99, 2, 3)] == [0, 0, 1, 1]


def test_a_late_step_is_the_end_and_a_clock_that_stumbles_never_goes_back() -> None:
    way = morph(smooth=0.7)
    there = way.step(102.0)
    assert way.step(101.0) == there
    assert way.step(1000.0) == {"smooth": 0.7}
    assert way.over


def test_what_stands_right_already_is_not_moved() -> None:
    assert morph(smooth=0.7, learning_rate=0.2).step(101.0).keys() == {"smooth"}


def test_a_control_that_is_let_go_is_left_alone_and_with_the_last_it_is_over() -> None:
    way = morph(smooth=0.7, learning_rate=0.5)
    way.leave(["smooth", "color"])
    assert way.step(101.0).keys() == {"learning_rate"}
    assert not way.over
    way.leave(["learning_rate"])
    assert way.over
    assert way.step(101.0) == {}


def test_progress_is_told_in_tenths_of_a_second() -> None:
    way = morph(smooth=0.7)
    told = set()
    for n in range(201):
        way.step(100.0 + n / 50)
        told.add(way.shown.done)
    assert len(told) <= 42
    assert max(told) == 1.0
