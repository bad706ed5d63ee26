"""The update rules against formulas written out by hand; switching between them; ClipPixels."""

import keras
import numpy as np
import pytest

from styletune.engine.optimizers import ClipPixels, SwitchableOptimizer


def stepped(optimizer: keras.optimizers.Optimizer, gradients: list[np.ndarray]) -> np.ndarray:
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    return np.asarray(keras.ops.convert_to_numpy(variable.value))


def adam_by_hand(gradients: list[np.ndarray], lr: float, b1: float, b2: float) -> np.ndarray:
    """Kingma & Ba 2014, arXiv:1412.6980, algorithm 1."""
    x, m, v = np.zeros(3), np.zeros(3), np.zeros(3)
    for t, g in enumerate(gradients, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        x = x - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + 1e-7)
    return x


GRADIENTS = [np.array(g, np.float32) for g in ([3, 0, 4], [1, -2, 2], [0.5, 0.25, -1])]


def test_it_is_adam_on_gradients_of_norm_one() -> None:
    unit = [g / np.linalg.norm(g) for g in GRADIENTS]
    got = stepped(SwitchableOptimizer(0.5, beta_2=0.99), GRADIENTS)
    np.testing.assert_allclose(got, adam_by_hand(unit, 0.5, 0.9, 0.99), rtol=1e-4)


def test_scale_changes_between_steps_are_not_felt() -> None:
    loud = [GRADIENTS[0], GRADIENTS[1] * 100, GRADIENTS[2] * 0.01]
    same = stepped(SwitchableOptimizer(0.5), GRADIENTS)
    np.testing.assert_allclose(stepped(SwitchableOptimizer(0.5), loud), same, rtol=1e-4)
    # Keras' own Adam feels them: the reason for this class.
    plain = keras.optimizers.Adam
    assert not np.allclose(stepped(plain(0.5), loud), stepped(plain(0.5), GRADIENTS), rtol=0.05)


def test_gradient_norm_is_kept_and_tells_when_it_is_not_finite() -> None:
    optimizer = SwitchableOptimizer(0.5)
    stepped(optimizer, GRADIENTS[:1])
    assert float(optimizer.gradient_norm.value) == pytest.approx(5.0)
    optimizer = SwitchableOptimizer(0.5)
    stepped(optimizer, [np.array([1, np.nan, 0], np.float32)])
    assert not np.isfinite(float(optimizer.gradient_norm.value))


def pyramid_by_hand(gradients: list[np.ndarray], lr: float, size: tuple[int, int]) -> np.ndarray:
    """Adam on a picture and on its half size, added up by repeating; (h, w, 3) each."""
    height, width = size
    x, moments = np.zeros((height, width, 3)), [[0.0, 0.0], [0.0, 0.0]]
    for t, g in enumerate(gradients, 1):
        half = g.reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3))
        steps = []
        for moment, each in zip(moments, (g, half), strict=True):
            moment[0] = 0.9 * moment[0] + 0.1 * each
            moment[1] = 0.99 * moment[1] + 0.01 * each**2
            first, second = moment[0] / (1 - 0.9**t), moment[1] / (1 - 0.99**t)
            steps.append(lr * first / (np.sqrt(second) + 1e-7 / np.sqrt(1 - 0.99**t)))
        step = steps[0] + steps[1].repeat(2, 0).repeat(2, 1)
        mean = np.abs(step).mean() / lr
        longest = 1 / 4 + 3 / 4 * 0.94**t
        x = x - step * min(1, longest / mean) * min(1, mean / 0.6) ** 2
    return x


def levelled(levels: int, size: tuple[int, int], lr: float = 0.5) -> SwitchableOptimizer:
    return SwitchableOptimizer(lr, beta_2=0.99, levels=levels, size=size)


def painted(optimizer: SwitchableOptimizer, gradients: list[np.ndarray]) -> np.ndarray:
    """What becomes of a black picture."""
    return pictures(optimizer, gradients)[-1]


def pictures(
    optimizer: SwitchableOptimizer, gradients: list[np.ndarray], last: int = 0
) -> list[np.ndarray]:
    """A black picture after each of the steps; `last`: as which step the last one is taken."""
    variable = keras.Variable(np.zeros((1, gradients[0].size), np.float32))
    optimizer.build([variable])
    after = []
    for index, gradient in enumerate(gradients, 1):
        if last and index == len(gradients):
            optimizer.iterations.assign(last - 1)
        tensor = keras.ops.convert_to_tensor(gradient.reshape(1, -1).astype(np.float32))
        optimizer.apply([tensor], [variable])
        after.append(np.array(keras.ops.convert_to_numpy(variable.value)).reshape(gradient.shape))
    return after


def test_two_levels_are_two_adams_added_up() -> None:
    # Two by two pixels: their half size is one pixel, which no interpolation changes.
    rng = np.random.default_rng(1)
    gradients = [rng.normal(0, 1, (2, 2, 3)) for _ in range(4)]
    unit = [g / np.linalg.norm(g) for g in gradients]
    got = painted(levelled(2, (2, 2)), gradients)
    np.testing.assert_allclose(got, pyramid_by_hand(unit, 0.5, (2, 2)), rtol=2e-3, atol=1e-4)


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (1, 9)])
def test_a_warm_step_over_levels_is_a_quarter_of_the_rate_at_most(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(2)
    gradients = [np.abs(rng.normal(0, 1, (*size, 3))) for _ in range(20)]
    steps = pictures(levelled(3, size), gradients, last=200)
    assert np.abs(steps[-1] - steps[-2]).mean() == pytest.approx(0.5 / 4, rel=0.02)
    assert 0.4 < np.abs(steps[0]).mean() <= 0.5  # a painting begins with whole steps


def test_gradients_that_contradict_each_other_let_the_picture_rest() -> None:
    rng = np.random.default_rng(3)
    there = rng.normal(0, 1, (8, 8, 3))
    gradients = [there * (-1) ** step + rng.normal(0, 0.3, there.shape) for step in range(60)]
    resting, plain = (
        np.abs(steps[-1] - steps[-2]).mean()
        for steps in (pictures(levelled(n, (8, 8)), gradients, last=200) for n in (3, 1))
    )
    assert resting < 0.5 / 20 < plain


def test_restored_moments_of_coarser_levels_are_averages_and_are_reset() -> None:
    optimizer = levelled(2, (4, 4))
    painted(optimizer, [np.ones((4, 4, 3))])
    velocity = np.arange(48, dtype=np.float32).reshape(4, 4, 3)
    optimizer.restore_moments(np.zeros((4, 4, 3), np.float32), velocity, 7)
    coarse = keras.ops.convert_to_numpy(optimizer.adam.coarse_velocities[0].value)[0]
    np.testing.assert_allclose(coarse, velocity.reshape(2, 2, 2, 2, 3).mean((1, 3)))
    assert int(optimizer.iterations.value) == 7
    optimizer.reset_moments()
    for moment in (
        optimizer.adam.momentum,
        optimizer.adam.velocity,
        *optimizer.adam.coarse_velocities,
        optimizer.iterations,
    ):
        assert not np.any(keras.ops.convert_to_numpy(moment.value))


def test_a_gradient_of_zero_moves_nothing() -> None:
    np.testing.assert_array_equal(stepped(SwitchableOptimizer(0.5), [np.zeros(3, np.float32)]), 0)


def test_without_normalising_it_is_keras_adam() -> None:
    plain = stepped(keras.optimizers.Adam(0.5, beta_2=0.999, epsilon=1e-7), GRADIENTS)
    ours = stepped(SwitchableOptimizer(0.5, beta_2=0.999, epsilon=1e-7, normalize=False), GRADIENTS)
    np.testing.assert_allclose(ours, plain, rtol=1e-6)


@pytest.mark.parametrize("normalize", [True, False])
def test_descent_moves_by_a_quarter_of_the_rate_in_the_mean_square(normalize: bool) -> None:
    optimizer = SwitchableOptimizer(8.0, normalize=normalize)
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    optimizer.select("gd")
    gradient = np.array([3, 0, 4], np.float32)
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    moved = keras.ops.convert_to_numpy(variable.value)
    np.testing.assert_allclose(moved, -2 * np.sqrt(3) * gradient / 5, rtol=1e-6)
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(2.0)


def test_changing_from_descent_to_adam_goes_on_with_warm_moments() -> None:
    optimizer = SwitchableOptimizer(0.5)
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    optimizer.select("gd")
    for gradient in GRADIENTS[:2]:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    optimizer.select("adam")
    before = np.array(keras.ops.convert_to_numpy(variable.value))
    optimizer.apply([keras.ops.convert_to_tensor(GRADIENTS[2])], [variable])
    moved = keras.ops.convert_to_numpy(variable.value) - before
    always = stepped(SwitchableOptimizer(0.5), GRADIENTS) - stepped(
        SwitchableOptimizer(0.5), GRADIENTS[:2]
    )
    np.testing.assert_allclose(moved, always, rtol=1e-4)


def test_pixel_range_clips_to_what_can_be_shown() -> None:
    kernel = np.array([[-3.0, 12.5, 300.0]], np.float32)
    got = keras.ops.convert_to_numpy(ClipPixels()(keras.ops.convert_to_tensor(kernel)))
    np.testing.assert_array_equal(got, [[0, 12.5, 255]])


def test_moments_of_coarser_levels_come_back_as_they_were() -> None:
    optimizer = levelled(2, (4, 4))
    painted(optimizer, [np.ones((4, 4, 3))])
    moment, coarse = np.zeros((4, 4, 3), np.float32), np.full((2, 2, 3), 5, np.float32)
    optimizer.restore_moments(moment, moment, 7, (coarse,))
    found = keras.ops.convert_to_numpy(optimizer.adam.coarse_velocities[0].value)[0]
    np.testing.assert_array_equal(found, coarse)
