"""Several styles: blended, exchanged, added and removed without a trace."""

import keras
import numpy as np
import pytest

from styletune.engine.painter import Painter
from styletune.engine.style_targets import repeat_to_size
from tests.support.small_painter import picture, small_painter


@pytest.fixture(scope="module")
def painter() -> Painter:
    return small_painter()


def target(painter: Painter) -> np.ndarray:
    layer = painter.model.get_layer("style_block2_conv1")
    return np.array(keras.ops.convert_to_numpy(layer.target.value))


def test_a_second_style_is_added_and_removed_while_it_paints(painter: Painter) -> None:
    painter.run(1)
    alone = target(painter)
    painter.set_style(1, picture(40, 24, seed=9))
    painter.apply(painter.session.positions() | {"style_mix": 0.5})
    both = target(painter)
    assert not np.allclose(both, alone)
    painter.run(1)
    painter.remove_style(1)
    np.testing.assert_array_equal(target(painter), alone)
    painter.run(1)
    assert painter.traces == 1


def test_removing_the_first_moves_the_second_up(painter: Painter) -> None:
    painter.set_style(1, picture(40, 24, seed=9))
    painter.apply(painter.session.positions() | {"style_mix": 1.0})
    second = target(painter)
    painter.remove_style(0)
    np.testing.assert_array_equal(target(painter), second)


def test_there_is_always_a_style_and_never_a_gap(painter: Painter) -> None:
    with pytest.raises(IndexError, match="cannot be removed"):
        painter.remove_style(0)
    with pytest.raises(IndexError, match="styles 0 to 1 can be put; received 3"):
        painter.set_style(3, picture(40, 24, seed=9))


def test_a_small_style_is_repeated_the_same_way_around(painter: Painter) -> None:
    small = picture(16, 20, seed=3)
    large = repeat_to_size(small, painter.height, painter.width)
    assert large.shape == (painter.height, painter.width, 3)
    np.testing.assert_array_equal(large[16:], large[:-16])
    np.testing.assert_array_equal(large[:, 20:], large[:, :-20])
    np.testing.assert_array_equal(large[8:24, 10:30], small)
    painter.set_style(0, small)
    repeated = target(painter)
    painter.set_style(0, large)
    np.testing.assert_array_equal(target(painter), repeated)
    # What is as long as the painting stays as it is, however narrow.
    narrow = picture(12, 40, seed=3)
    assert repeat_to_size(narrow, painter.height, painter.width) is narrow
