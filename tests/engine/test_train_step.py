"""Steps no deeper than the deepest term that counts."""

import numpy as np
import pytest

from styletune.engine.model import depth_boundaries
from styletune.engine.painter import Painter
from tests.support.small_painter import LAYERS, fresh_painter, small_painter

SHALLOW = {"content.block3_conv2": 0.0, "style.block3_conv2": 0.0}


def test_a_step_may_end_with_each_block() -> None:
    eight = [f"block{b}_conv{c}" for b, c in ((1, 2), (2, 1), (2, 2), (3, 1), (3, 3), (4, 1))]
    assert depth_boundaries(eight) == (1, 3, 5, 6)
    assert depth_boundaries(LAYERS) == (1, 2, 3)


@pytest.fixture(scope="module")
def painter() -> Painter:
    painter = small_painter()
    for depth in (1, 2):
        painter.trace(depth)
    return painter


def test_each_depth_is_traced_once_whatever_is_moved(painter: Painter) -> None:
    painter.run(2)
    assert painter.traces == 3
    for changes in (SHALLOW, {}, {"style.block1_conv1.solo": 1.0}, {"content.block2_conv1": 0.7}):
        painter.apply(painter.session.positions() | changes)
        painter.run(2)
    assert painter.traces == 3


def test_shallow_and_whole_steps_paint_the_same() -> None:
    shallow, whole = small_painter(), fresh_painter()
    for painter in (shallow, whole):
        painter.calibrate()
        painter.apply(painter.session.positions() | SHALLOW)
        if painter is shallow:
            painter.trace()
        for _ in range(4):
            painter.run(2)
    assert shallow.traces == whole.traces + 1
    np.testing.assert_allclose(shallow.pixels(), whole.pixels(), atol=0.5)
    np.testing.assert_allclose(
        shallow.losses().weighted["style"][:2], whole.losses().weighted["style"][:2], rtol=0.01
    )


def test_what_is_not_computed_keeps_its_raw_loss_until_the_next_look(painter: Painter) -> None:
    painter.apply(painter.session.positions() | SHALLOW)
    painter.reset()
    seen = []
    for _ in range(21):
        painter.run(2)
        seen.append(float(painter.losses().raw["style"][2]))
    assert 2 <= len(set(seen)) <= 4
    assert all(seen)
    assert painter.losses().weighted["style"][2] == 0


def test_before_it_is_prepared_the_whole_is_painted() -> None:
    painter = fresh_painter()
    painter.apply(painter.session.positions() | SHALLOW)
    painter.run(3)
    assert painter.traces == 1


def test_with_everything_off_the_shallowest_step_is_enough(painter: Painter) -> None:
    painter.apply(dict.fromkeys(painter.session.positions(), 0.0))
    painter.run(2)
    assert painter.traces == 3
