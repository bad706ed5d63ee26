import numpy as np
import pytest

from styletune.training.least_squares import Moments, metric, solve_ridge


def test_the_linear_map_is_found_by_hand() -> None:
    # y = 2·x: XᵀX = 1 + 4 = 5, XᵀY = 2 + 8 = 10, A = 2.
    moments = Moments()
    moments.add(np.array([[1.0], [2.0]]), np.array([[2.0], [4.0]]))
    assert moments.linear_map(ridge=0.0) == pytest.approx(np.array([[2.0]]))
    assert moments.relative_error(moments.linear_map(0.0)) == pytest.approx(0.0, abs=1e-9)
    # With A = 1 what is missing is as large as what is there: (1 + 4) / (4 + 16).
    assert moments.relative_error(np.array([[1.0]])) == pytest.approx(0.25)


def test_moments_of_batches_add_up() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.standard_normal((6, 4, 4, 3)), rng.standard_normal((6, 4, 4, 5))
    whole, parts = Moments(), Moments()
    whole.add(ours, theirs)
    for first in range(0, 6, 2):
        parts.add(ours[first : first + 2], theirs[first : first + 2])
    assert parts.linear_map() == pytest.approx(whole.linear_map(), rel=1e-4)
    assert parts.energy == pytest.approx(whole.energy)


def test_least_squares_agrees_with_numpy() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((50, 4)), rng.standard_normal((50, 3))
    expected = np.linalg.lstsq(x, y, rcond=None)[0]
    assert solve_ridge(x.T @ x, x.T @ y, 0.0) == pytest.approx(expected, rel=1e-6)


def test_the_metric_measures_gram_differences_as_the_teacher_does() -> None:
    rng = np.random.default_rng(2)
    linear_map = rng.standard_normal((4, 9))
    one, other = rng.standard_normal((20, 4)), rng.standard_normal((20, 4))
    change = one.T @ one - other.T @ other
    root = metric(linear_map)
    assert root == pytest.approx(root.T)
    assert np.linalg.norm(root @ change @ root) == pytest.approx(
        np.linalg.norm(linear_map.T @ change @ linear_map), rel=1e-5
    )
