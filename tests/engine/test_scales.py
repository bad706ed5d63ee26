"""Scales: sizes by hand, and what resampling must keep."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.engine import state


@pytest.mark.parametrize(
    ("last", "first", "expected"),
    [
        (256, 128, (128, 184, 256)),
        (256, 64, (64, 88, 128, 184, 256)),
        (512, 128, (128, 184, 256, 360, 512)),
        (250, 128, (128, 176, 250)),  # the last is exactly what was asked for
        (140, 128, (140,)),  # half a scale is none
        (64, 128, (64,)),
        (32, 32, (32,)),
    ],
)
def test_sizes_grow_by_the_root_of_two(last: int, first: int, expected: tuple[int, ...]) -> None:
    assert state.pyramid_sizes(last, first) == expected


def test_a_first_size_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1; received 0"):
        state.pyramid_sizes(256, 0)


@given(last=st.integers(1, 4096), first=st.integers(16, 1024))
def test_sizes_always_rise_and_end_as_asked(last: int, first: int) -> None:
    found = state.pyramid_sizes(last, first)
    assert found[-1] == last
    assert list(found) == sorted(set(found))
    assert all(edge % state.SNAP_PX == 0 for edge in found[:-1])
    steps = [b / a for a, b in pairwise(found)]
    assert all(1 < step < 2.5 for step in steps)


def waves(height: int, width: int) -> np.ndarray:
    """A smooth picture that is the same at every size."""
    y, x = np.mgrid[0.5:height, 0.5:width] / [[[height]], [[width]]]
    planes = [128 + 90 * np.sin(2 * np.pi * (x + y / 2 + phase)) for phase in (0, 0.3, 0.6)]
    return np.stack(planes, axis=2).astype(np.float32)


@pytest.mark.parametrize("shape", [(72, 96), (36, 48), (48, 48)])
def test_a_smooth_picture_is_the_same_at_every_size(shape: tuple[int, int]) -> None:
    got = state.resize_image(waves(48, 64), *shape)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got[4:-4, 4:-4], waves(*shape)[4:-4, 4:-4], atol=1.5)


def test_a_picture_stays_in_range_where_lanczos_overshoots() -> None:
    edge = np.zeros((16, 16, 3), np.float32)
    edge[:, 8:] = 255
    got = state.resize_image(edge, 24, 24)
    assert got.min() == 0
    assert got.max() == 255


def test_the_same_size_changes_nothing_and_is_a_copy() -> None:
    before = waves(20, 30)
    after = state.resize_image(before, 20, 30)
    np.testing.assert_array_equal(after, before)
    assert not np.shares_memory(after, before)


def test_flat_moments_are_scaled_as_normalised_gradients_are() -> None:
    """A gradient of norm 1 that is flat over N values is 1/√N in each."""
    coarse = np.full((10, 20, 3), 1 / np.sqrt(600), np.float32)
    m, v = state.resize_moments(coarse, coarse**2, 20, 40)
    np.testing.assert_allclose(m, 1 / np.sqrt(2400), rtol=1e-5)
    np.testing.assert_allclose(v, 1 / 2400, rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(m), 1, rtol=1e-4)


def test_plain_gradients_of_means_are_scaled_by_the_pixel_count() -> None:
    coarse = np.full((10, 20, 3), 4e-3, np.float32)
    m, v = state.resize_moments(coarse, coarse**2, 20, 40, normalized=False)
    np.testing.assert_allclose(m, 1e-3, rtol=1e-5)
    np.testing.assert_allclose(v, 1e-6, rtol=1e-5)


@given(seed=st.integers(0, 999), height=st.integers(4, 40), width=st.integers(4, 40))
def test_second_moments_never_fall_below_zero(seed: int, height: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    m = rng.normal(0, 1, (16, 12, 3)).astype(np.float32) * (rng.random((16, 12, 3)) < 0.1)
    new_m, new_v = state.resize_moments(m, m**2, height, width)
    assert new_m.shape == new_v.shape == (height, width, 3)
    assert new_v.min() >= 0
    assert np.isfinite(new_m).all()
