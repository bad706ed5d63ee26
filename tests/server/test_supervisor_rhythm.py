"""When the supervisor looks for a picture."""

import pytest

from styletune.server.rhythm import Rhythm


def even() -> Rhythm:
    rhythm = Rhythm(0.005, 0.05)
    for index in range(6):
        rhythm.painted(index * 0.1)
    return rhythm


def test_at_an_even_pace_it_looks_again_shortly_before_the_next_is_due() -> None:
    rhythm = even()
    assert rhythm.wait_s(0.5) == 0.05  # the longest
    assert rhythm.wait_s(0.55) == pytest.approx(0.03)
    assert rhythm.wait_s(0.58) == 0.005
    assert rhythm.wait_s(0.7) == 0.005  # it is late


def test_after_a_move_it_looks_at_once_until_the_next_picture() -> None:
    rhythm = even()
    rhythm.stir()
    assert rhythm.wait_s(0.5) == 0.005
    rhythm.painted(0.54)
    assert rhythm.wait_s(0.54) > 0.005


def test_before_it_knows_the_pace_it_looks_often() -> None:
    rhythm = Rhythm(0.005, 0.05)
    rhythm.painted(0.0)
    assert rhythm.wait_s(0.0) == 0.005


def test_the_shortest_of_the_last_epochs_counts() -> None:
    rhythm = even()
    rhythm.painted(0.54)
    assert rhythm.wait_s(0.54) == pytest.approx(0.032)
