"""The supply of crops: what a step sees follows from the seed and the step."""

import numpy as np
import pytest

from styletune.training.looks import contents
from styletune.training.looks.contents import STEPS_A_PICTURE, Contents


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "PICTURE_PX", 48)


def crops(supply: Contents, step: int) -> np.ndarray:
    return supply.draw(np.random.default_rng(step), step, 3, 32)


def test_a_later_start_sees_what_an_unbroken_one_sees() -> None:
    unbroken = Contents(1, pool=6)
    first = crops(unbroken, 0)
    last = 3 * STEPS_A_PICTURE
    for step in range(1, last):
        crops(unbroken, step)
    later = Contents(1, step=last, pool=6)
    other = Contents(2, pool=6)
    try:
        assert first.shape == (3, 32, 32, 3)
        assert first.dtype == np.uint8
        assert np.array_equal(crops(unbroken, last), crops(later, last))
        assert not np.array_equal(first, crops(other, 0))
    finally:
        for supply in (unbroken, later, other):
            supply.close()


def test_pictures_are_replaced_one_after_the_other() -> None:
    supply = Contents(1, pool=6)
    try:
        before = [future.result() for future in supply._pool]
        crops(supply, 2 * STEPS_A_PICTURE)
        after = [future.result() for future in supply._pool]
    finally:
        supply.close()
    assert all(np.array_equal(a, b) for a, b in zip(before[2:], after[:-2], strict=True))
    assert not np.array_equal(before[0], after[-1])
