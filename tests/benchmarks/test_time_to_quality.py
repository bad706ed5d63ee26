"""Which look counts, and the ratio of turns, by hand."""

import pytest

from benchmarks.engine.pytorch import Pair, floor_bytes
from benchmarks.quality.time_to_quality import Look, Way


def test_the_first_look_at_or_below_the_target_counts() -> None:
    looks = [Look(1.0, 2.0, 10, 9.0), Look(2.0, 4.0, 20, 5.0), Look(3.0, 6.0, 30, 4.0)]
    way = Way("paint", looks=looks)
    assert way.reached(5.0) == looks[1]
    assert way.reached(8.9) == looks[1]
    assert way.reached(3.9) is None


def test_the_ratio_is_the_median_of_the_turns_own_ratios() -> None:
    """A busy machine slows both turns of a round; the round's ratio stands."""
    pair = Pair(256, ours_s=[0.9, 1.8, 0.8], twin_s=[1.0, 2.0, 1.0])
    assert pair.ratio == pytest.approx(0.9)


def test_the_floor_of_memory_is_filters_activations_and_what_they_are_held_against() -> None:
    first = (9 * 3 + 1) * 64 + 2 * 8 * 8 * 64  # played: its activations twice
    second = (9 * 64 + 1) * 64 + 8 * 8 * 64
    third = (9 * 64 + 1) * 128 + 2 * 4 * 4 * 128
    played = ["block1_conv1", "block2_conv1"]
    assert floor_bytes("vgg16", played, 8) == 4 * (first + second + third)
