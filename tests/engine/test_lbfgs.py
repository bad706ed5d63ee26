"""L-BFGS: by hand, against SciPy's, within bounds, and on the painter's own loss."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.optimize import fmin_l_bfgs_b

from styletune.engine.lbfgs import FIRST_MOVE, LBFGS, Objective
from styletune.errors import StyletuneError
from tests.support.small_painter import fresh_painter, small_painter, small_session

SHIFT = 100.0  # keeps everything of interest within 0..255


def bowl(weights: np.ndarray, target: np.ndarray) -> Objective:
    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        away = x - target
        return float(0.5 * (weights * away) @ away), weights * away

    return objective


def rosenbrock(x: np.ndarray) -> tuple[float, np.ndarray]:
    a, b = (x.astype(np.float64) - SHIFT) / 10
    gradient = [-2 * (1 - a) - 400 * a * (b - a**2), 200 * (b - a**2)]
    return (1 - a) ** 2 + 100 * (b - a**2) ** 2, np.array(gradient, np.float32) / 10


def counted(objective: Objective) -> tuple[Callable[..., tuple[float, np.ndarray]], list[float]]:
    values: list[float] = []

    def watched(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(x.astype(np.float32))
        values.append(value)
        return value, gradient.astype(x.dtype)

    return watched, values


def test_the_first_move_goes_downhill_by_a_length_of_its_own() -> None:
    target = np.full(4, 200, np.float32)
    watched, _ = counted(bowl(np.ones(4, np.float32), target))
    descent = LBFGS(watched, np.full(4, 100, np.float32), 0, 255)
    descent.run(2)
    np.testing.assert_allclose(descent.x, 100 + FIRST_MOVE, rtol=1e-6)


def test_one_curvature_is_enough_for_a_round_bowl() -> None:
    """s·y/y·y of the first move is the exact inverse: the second move lands on the target."""
    target = np.array([120, 80, 101], np.float32)
    descent = LBFGS(bowl(np.full(3, 7, np.float32), target), np.full(3, 100, np.float32), 0, 255)
    descent.run(3)
    np.testing.assert_allclose(descent.x, target, atol=1e-3)


@pytest.mark.parametrize("spread", [1.0, 3.0])
def test_it_needs_no_more_evaluations_than_scipys(spread: float) -> None:
    rng = np.random.default_rng(0)
    weights = np.exp(rng.normal(0, spread, 500)).astype(np.float32)
    target = rng.uniform(30, 220, 500).astype(np.float32)
    start = np.full(500, 128, np.float32)
    theirs, reached = counted(bowl(weights, target))
    fmin_l_bfgs_b(theirs, start.astype(np.float64), m=10, maxfun=40, factr=0, pgtol=0)
    ours = LBFGS(bowl(weights, target), start, 0, 255)
    ours.run(48)
    assert ours.value <= min(reached[:40])


def test_it_walks_through_a_bent_valley() -> None:
    descent = LBFGS(rosenbrock, np.array([88, 110], np.float32), 0, 255)
    descent.run(120)
    np.testing.assert_allclose(descent.x, [SHIFT + 10, SHIFT + 10], atol=0.2)


def test_it_stays_within_the_bounds_and_finds_the_best_point_there() -> None:
    target = np.array([300, -40, 90], np.float32)
    seen: list[np.ndarray] = []

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        seen.append(x)
        return bowl(np.array([1, 9, 2], np.float32), target)(x)

    descent = LBFGS(objective, np.array([20, 20, 20], np.float32), 0, 255)
    descent.run(40)
    np.testing.assert_allclose(descent.x, [255, 0, 90], atol=1e-2)
    assert descent.done  # what pulls outwards at a bound is no reason to go on
    assert all(x.min() >= 0 and x.max() <= 255 for x in seen)


def test_run_in_parts_it_is_the_same_descent() -> None:
    """Never started anew: its memory outlives each run."""
    start = np.array([88, 110], np.float32)
    whole, parts = (LBFGS(rosenbrock, start, 0, 255) for _ in range(2))
    whole.run(40)
    while parts.evaluations < 40:
        parts.run(parts.evaluations + 1)
    assert parts.evaluations == whole.evaluations
    np.testing.assert_array_equal(parts.x, whole.x)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_scale_of_the_loss_does_not_matter(scale: float) -> None:
    """SciPy's takes small gradients for none; this one looks at the loss only."""

    def scaled(x: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = rosenbrock(x)
        return value * scale, gradient * np.float32(scale)

    descent = LBFGS(scaled, np.array([88, 110], np.float32), 0, 255)
    descent.run(120)
    np.testing.assert_allclose(descent.x, [SHIFT + 10, SHIFT + 10], atol=0.5)


def test_interrupted_it_keeps_the_best_point() -> None:
    calls = 0

    def objective(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal calls
        calls += 1
        if calls == 9:
            raise KeyboardInterrupt
        return rosenbrock(x)

    descent = LBFGS(objective, np.array([88, 110], np.float32), 0, 255)
    with pytest.raises(KeyboardInterrupt):
        descent.run(50)
    assert descent.value == rosenbrock(descent.x)[0] < rosenbrock(np.array([88, 110], "f4"))[0]


def test_the_painters_gradient_is_that_of_its_loss() -> None:
    painter = fresh_painter()
    painter.apply(painter.session.positions() | {"smooth": 0.6})
    painter.calibrate()
    rng = np.random.default_rng(3)
    pixels = rng.uniform(60, 190, (32, 40, 3)).astype(np.float32)
    direction = rng.normal(0, 1, pixels.shape).astype(np.float32)
    loss, gradient = painter.loss_and_gradient(pixels)
    ahead, behind = (
        painter.loss_and_gradient(pixels + np.float32(e) * direction)[0] for e in (0.5, -0.5)
    )
    slope = float((gradient.astype(np.float64) * direction).sum())
    assert ahead - behind == pytest.approx(slope, rel=0.02)
    assert painter.loss_and_gradient(pixels)[0] == pytest.approx(loss, rel=1e-6)
    assert painter.traces == 1


def test_without_normalising_the_gradient_is_the_same() -> None:
    pixels = np.random.default_rng(3).uniform(60, 190, (32, 40, 3)).astype(np.float32)
    plain = small_painter(small_session(optimizer={"normalize": False}))
    first, second = (p.loss_and_gradient(pixels)[1] for p in (fresh_painter(), plain))
    np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-5 * np.abs(second).max())


def test_a_loss_that_is_not_finite_is_told() -> None:
    with pytest.raises(StyletuneError, match="not finite"):
        fresh_painter().loss_and_gradient(np.full((32, 40, 3), np.nan, np.float32))


GOLDEN_LOSS = 140.919


def test_a_golden_run_of_lbfgs() -> None:
    """Seeded; 3 % for other machines' rounding over 20 evaluations."""
    controls = {"content.block3_conv2": 0.5, "smooth": 0.5}
    controls |= {f"style.block{layer}": 0.5 for layer in ("1_conv1", "2_conv1", "3_conv2")}
    painter = fresh_painter()
    painter.apply(painter.session.positions() | controls)
    painter.calibrate()

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = painter.loss_and_gradient(flat.reshape(32, 40, 3))
        return value, gradient.ravel()

    descent = LBFGS(objective, painter.pixels().ravel(), 0, 255)
    descent.run(20)
    assert descent.value == pytest.approx(GOLDEN_LOSS, rel=0.03)
