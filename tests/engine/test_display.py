"""The average of iterates, against the formula written out."""

import numpy as np
import pytest

from styletune.engine.display import (
    DECAY,
    ColorTransfer,
    ExponentialMovingAverage,
    match_color_statistics,
)
from tests.support.small_painter import fresh_painter, picture


def uniform_image(value: float) -> np.ndarray:
    return np.full((2, 3, 3), value, np.float32)


def test_the_first_picture_is_its_own_average() -> None:
    average = ExponentialMovingAverage()
    assert average.value() is None
    average.add(uniform_image(7), steps=3)
    np.testing.assert_allclose(average.value(), uniform_image(7), rtol=1e-6)


def test_it_is_the_bias_corrected_moving_average() -> None:
    average, values = ExponentialMovingAverage(), [10.0, 40.0, 25.0]
    for value in values:
        average.add(uniform_image(value), steps=1)
    weights = [(1 - DECAY) * DECAY ** (2 - index) for index in range(3)]
    expected = np.dot(weights, values) / sum(weights)
    np.testing.assert_allclose(average.value(), uniform_image(expected), rtol=1e-5)


def test_several_steps_weigh_as_many_single_ones() -> None:
    together, apart = ExponentialMovingAverage(), ExponentialMovingAverage()
    for average in (together, apart):
        average.add(uniform_image(100), steps=1)
    together.add(uniform_image(0), steps=5)
    for _ in range(5):
        apart.add(uniform_image(0), steps=1)
    np.testing.assert_allclose(together.value(), apart.value(), rtol=1e-5)


def test_it_forgets_when_the_picture_jumps() -> None:
    average = ExponentialMovingAverage()
    average.add(uniform_image(100), steps=1)
    average.clear()
    average.add(uniform_image(5), steps=1)
    np.testing.assert_allclose(average.value(), uniform_image(5), rtol=1e-6)


def test_the_painter_shows_it_when_switched_on_and_is_not_moved_by_it() -> None:
    plain, averaged = fresh_painter(0), fresh_painter(1)
    moved = plain.session.positions() | {"learning_rate": 0.6}
    for painter, on in ((plain, 0.0), (averaged, 1.0)):
        painter.apply(moved | {"average": on})
        for _ in range(20):
            painter.run(1)
    np.testing.assert_array_equal(plain.pixels(), averaged.pixels())
    assert np.abs(plain.picture().astype(int) - averaged.picture()).mean() > 0.5
    averaged.apply(moved | {"average": 0.0})
    np.testing.assert_array_equal(averaged.picture(), plain.picture())
    averaged.apply(moved | {"average": 1.0})
    np.testing.assert_array_equal(averaged.picture(), plain.picture())  # begins anew


# Colours as shown, against hand-computed pixels and plain NumPy.


CONTENT = picture(24, 32, seed=1)
PAINTING = picture(24, 32, seed=2)
LUMA = np.array([0.299, 0.587, 0.114])


def test_full_is_the_painting_itself() -> None:
    assert ColorTransfer(CONTENT.astype(np.float32)).apply(PAINTING, "full") is PAINTING


def test_luminance_of_one_pixel_by_hand() -> None:
    # Y of (100, 50, 0) is 59.25; the painting's grey of 109.25 raises each channel by 50.
    content = np.array([[[100, 50, 0]]], np.float32)
    painting = np.array([[[110, 110, 106]]], np.uint8)  # Y = 109.544
    shown = ColorTransfer(content).apply(painting, "luminance")
    np.testing.assert_array_equal(shown, [[[150, 100, 50]]])


def test_luminance_keeps_the_light_of_the_painting_and_the_chroma_of_the_content() -> None:
    content = np.clip(CONTENT, 90, 160)
    painting = np.clip(PAINTING, 110, 140)  # nothing is clipped on the way
    shown = ColorTransfer(content.astype(np.float32)).apply(painting, "luminance").astype(float)
    np.testing.assert_allclose(shown @ LUMA, painting @ LUMA, atol=1)
    for a, b in ((0, 1), (1, 2)):
        difference = content[..., a].astype(float) - content[..., b]
        np.testing.assert_allclose(shown[..., a] - shown[..., b], difference, atol=1)


def test_histogram_brings_the_colours_to_the_distribution_of_the_content() -> None:
    shown = ColorTransfer(CONTENT.astype(np.float32)).apply(PAINTING, "histogram")
    for channel in range(3):
        for part in (10, 25, 50, 75, 90):
            wanted = np.percentile(CONTENT[..., channel], part)
            assert np.percentile(shown[..., channel], part) == pytest.approx(wanted, abs=6)


def test_channels_that_go_together_in_the_content_go_together_in_what_is_shown() -> None:
    # A sky from blue to white, red and green rising together; a painting in which they oppose.
    rise = np.linspace(0, 1, 60, dtype=np.float32)
    noise = np.random.default_rng(3).uniform(0, 1, (60, 60)).astype(np.float32)
    sky = np.stack(np.broadcast_arrays(rise * 200, rise * 180 + 40, 255 - 30 * noise), -1)
    oppose = np.stack([rise * noise, (1 - rise) * noise, 1 - noise], -1) * 220 + 20
    shown = ColorTransfer(sky.astype(np.float32)).apply(oppose.astype(np.uint8), "histogram")
    got, wanted = (np.corrcoef(c.reshape(-1, 3).T.astype(float)) for c in (shown, sky))
    assert np.corrcoef(oppose.reshape(-1, 3).T)[0, 1] < 0.1
    assert got[0, 1] == pytest.approx(wanted[0, 1], abs=0.1)


def test_the_histogram_of_the_content_leaves_it_as_it_is() -> None:
    shown = ColorTransfer(CONTENT.astype(np.float32)).apply(CONTENT, "histogram")
    np.testing.assert_array_equal(shown, CONTENT)


def test_tinting_brings_mean_and_covariance_to_the_styles() -> None:
    rng = np.random.default_rng(4)
    mix = np.array([[20, 6, 2], [0, 15, 5], [0, 0, 9]], np.float32)
    content = (rng.normal(0, 1, (40, 50, 3)) @ (mix * 1.5) + 120).astype(np.float32)
    style = (rng.normal(0, 1, (30, 30, 3)) @ mix.T + [100, 130, 150]).astype(np.float32)
    got, wanted = (c.reshape(-1, 3) for c in (match_color_statistics(content, style), style))
    np.testing.assert_allclose(got.mean(0), wanted.mean(0), atol=0.05)
    np.testing.assert_allclose(np.cov(got.T), np.cov(wanted.T), atol=1.0)


def test_tinting_a_picture_by_itself_changes_nothing_and_grey_ones_stay_finite() -> None:
    content = np.random.default_rng(5).uniform(20, 230, (20, 20, 3)).astype(np.float32)
    np.testing.assert_allclose(match_color_statistics(content, content), content, atol=0.1)
    grey = np.repeat(content[..., :1], 3, axis=2)
    assert np.isfinite(match_color_statistics(grey, content)).all()
    flat = np.full_like(content, 77)
    np.testing.assert_allclose(match_color_statistics(content, flat), 77, atol=2)
