"""The average of iterates, against the formula written out."""

import numpy as np

from styletune.engine.average import DECAY, Average
from tests.engine.small import small_painter, small_session


def picture(value: float) -> np.ndarray:
    return np.full((2, 3, 3), value, np.float32)


def test_the_first_picture_is_its_own_average() -> None:
    average = Average()
    assert average.value() is None
    average.add(picture(7), steps=3)
    np.testing.assert_allclose(average.value(), picture(7), rtol=1e-6)


def test_it_is_the_bias_corrected_moving_average() -> None:
    average, values = Average(), [10.0, 40.0, 25.0]
    for value in values:
        average.add(picture(value), steps=1)
    weights = [(1 - DECAY) * DECAY ** (2 - index) for index in range(3)]
    expected = np.dot(weights, values) / sum(weights)
    np.testing.assert_allclose(average.value(), picture(expected), rtol=1e-5)


def test_several_steps_weigh_as_many_single_ones() -> None:
    together, apart = Average(), Average()
    for average in (together, apart):
        average.add(picture(100), steps=1)
    together.add(picture(0), steps=5)
    for _ in range(5):
        apart.add(picture(0), steps=1)
    np.testing.assert_allclose(together.value(), apart.value(), rtol=1e-5)


def test_it_forgets_when_the_picture_jumps() -> None:
    average = Average()
    average.add(picture(100), steps=1)
    average.clear()
    average.add(picture(5), steps=1)
    np.testing.assert_allclose(average.value(), picture(5), rtol=1e-6)


def test_the_painter_shows_it_when_switched_on_and_is_not_moved_by_it() -> None:
    plain, averaged = (
        small_painter(small_session(controls={"average": on, "learning_rate": 0.6}))
        for on in (False, True)
    )
    for painter in (plain, averaged):
        for _ in range(20):
            painter.run(1)
    np.testing.assert_array_equal(plain.pixels(), averaged.pixels())
    assert np.abs(plain.picture().astype(int) - averaged.picture()).mean() > 0.5
    averaged.apply(averaged.session.positions() | {"average": 0.0})
    np.testing.assert_array_equal(averaged.picture(), plain.picture())
    averaged.apply(averaged.session.positions())
    np.testing.assert_array_equal(averaged.picture(), plain.picture())  # begins anew
