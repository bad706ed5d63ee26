"""What became of a move, by hand."""

import numpy as np
import pytest

from benchmarks.quality.step_response import settling


def test_steps_are_counted_from_the_move_to_nine_tenths_of_the_way() -> None:
    losses = [10.0, 8, 6, 3, 1, 1, 1, 1, 1, 1]
    found = settling(losses, [2.0, 3, 1, 0, 0, 0, 0, 0, 0, 0])
    assert found.steps == 4
    assert found.peak == 3.0


@pytest.mark.parametrize("direction", [1, -1])
def test_it_may_rise_as_well_as_fall(direction: int) -> None:
    way = 100 + direction * 40 * (1 - np.exp(-np.arange(200) / 10))
    assert settling(way, np.zeros(200)).steps == 24  # e^-2.4 < 0.1 < e^-2.3
