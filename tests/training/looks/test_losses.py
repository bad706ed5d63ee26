"""The losses of a batch are the painter's."""

import numpy as np
import pytest
from keras import ops

from styletune.engine.painter import Painter
from styletune.looks.desk import desk_values
from styletune.terms import TERMS
from styletune.training.looks.losses import DeskLoss
from tests.support.small_painter import picture, small_session

MOVED = {
    "style.block1_conv1": 0.1,
    "style.block3_conv2": 0.9,
    "content.block2_conv1": 0.6,
    "style.block2_conv1.mute": 1.0,
    "smooth": 0.8,
}


@pytest.fixture(scope="module")
def painter() -> Painter:
    session = small_session(painting={"faders": "amount", "centering": 0.85, "init": "noise"})
    return Painter(session, picture(40, 40, seed=1), [picture(40, 40, seed=2)])


@pytest.fixture(scope="module")
def loss(painter: Painter) -> DeskLoss:
    painter.calibrate()
    return DeskLoss(painter.session, [picture(40, 40, seed=2)], 40, painter.loss_scales)


def test_the_sum_is_the_painters_total_for_each_picture_of_a_batch(
    painter: Painter, loss: DeskLoss
) -> None:
    middle = painter.session.positions()
    totals, styles, desks, painted = [], [], [], []
    for seed, positions in enumerate(({}, MOVED)):
        positions = middle | positions
        painter.reset(seed)
        painter.apply(positions)
        painted.append(painter.pixels().copy())
        painter.run(1, all_terms=True)
        totals.append(painter.losses().total)
        styles.append(painter.losses().weighted["style"].sum())
        desks.append(desk_values(painter.inputs.table, positions, 1))
    desk = {name: np.stack([values[name] for values in desks]) for name in desks[0]}
    contents = np.stack([picture(40, 40, seed=1)] * 2).astype(np.float32)
    style, other, _ = loss.terms(
        ops.convert_to_tensor(np.stack(painted)), ops.convert_to_tensor(contents), desk
    )
    assert np.asarray(style) == pytest.approx(styles, rel=1e-3)
    # The border counts a little otherwise in the smoothness.
    assert np.asarray(style + other) == pytest.approx(totals, rel=0.02)


def test_the_content_picture_has_all_of_its_style_loss_left(loss: DeskLoss) -> None:
    session = small_session(painting={"faders": "amount"})
    desk = desk_values(session.table(), session.positions(), 1)
    contents = ops.convert_to_tensor(picture(40, 40, seed=1)[None].astype(np.float32))
    _, left = loss(contents, contents, {name: values[None] for name, values in desk.items()})
    # Not quite 1: knobs at the content's own have nothing to remove, and must not divide by it.
    assert float(left[0]) == pytest.approx(1 / 1.1, rel=0.1)


def test_all_terms_are_taken_along() -> None:
    assert set(TERMS) == {"content", "style", "smooth"}, "a new term must be taught to looks too"
