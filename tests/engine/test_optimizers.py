"""LiveAdam against Adam written out by hand; PixelRange."""

import keras
import numpy as np
import pytest

from styletune.engine.optimizers import LiveAdam, PixelRange


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
    got = stepped(LiveAdam(0.5, beta_2=0.99), GRADIENTS)
    np.testing.assert_allclose(got, adam_by_hand(unit, 0.5, 0.9, 0.99), rtol=1e-4)


def test_scale_changes_between_steps_are_not_felt() -> None:
    loud = [GRADIENTS[0], GRADIENTS[1] * 100, GRADIENTS[2] * 0.01]
    same = stepped(LiveAdam(0.5), GRADIENTS)
    np.testing.assert_allclose(stepped(LiveAdam(0.5), loud), same, rtol=1e-4)
    # Keras' own Adam feels them: the reason for this class.
    plain = keras.optimizers.Adam
    assert not np.allclose(stepped(plain(0.5), loud), stepped(plain(0.5), GRADIENTS), rtol=0.05)


def test_gradient_norm_is_kept_and_tells_when_it_is_not_finite() -> None:
    optimizer = LiveAdam(0.5)
    stepped(optimizer, GRADIENTS[:1])
    assert float(optimizer.gradient_norm.value) == pytest.approx(5.0)
    optimizer = LiveAdam(0.5)
    stepped(optimizer, [np.array([1, np.nan, 0], np.float32)])
    assert not np.isfinite(float(optimizer.gradient_norm.value))


def test_a_gradient_of_zero_moves_nothing() -> None:
    np.testing.assert_array_equal(stepped(LiveAdam(0.5), [np.zeros(3, np.float32)]), 0)


def test_without_normalising_it_is_keras_adam() -> None:
    plain = stepped(keras.optimizers.Adam(0.5, beta_2=0.999, epsilon=1e-7), GRADIENTS)
    ours = stepped(LiveAdam(0.5, beta_2=0.999, epsilon=1e-7, normalize=False), GRADIENTS)
    np.testing.assert_allclose(ours, plain, rtol=1e-6)


@pytest.mark.parametrize("normalize", [True, False])
def test_descent_moves_by_the_learning_rate_in_the_mean_square(normalize: bool) -> None:
    optimizer = LiveAdam(2.0, normalize=normalize)
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    optimizer.descent.assign(1.0)
    gradient = np.array([3, 0, 4], np.float32)
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    moved = keras.ops.convert_to_numpy(variable.value)
    np.testing.assert_allclose(moved, -2 * np.sqrt(3) * gradient / 5, rtol=1e-6)
    assert np.sqrt(np.mean(moved**2)) == pytest.approx(2.0)


def test_changing_from_descent_to_adam_goes_on_with_warm_moments() -> None:
    optimizer = LiveAdam(0.5)
    variable = keras.Variable(np.zeros(3, np.float32))
    optimizer.build([variable])
    optimizer.descent.assign(1.0)
    for gradient in GRADIENTS[:2]:
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
    optimizer.descent.assign(0.0)
    before = np.array(keras.ops.convert_to_numpy(variable.value))
    optimizer.apply([keras.ops.convert_to_tensor(GRADIENTS[2])], [variable])
    moved = keras.ops.convert_to_numpy(variable.value) - before
    always = stepped(LiveAdam(0.5), GRADIENTS) - stepped(LiveAdam(0.5), GRADIENTS[:2])
    np.testing.assert_allclose(moved, always, rtol=1e-4)


def test_pixel_range_clips_to_what_can_be_shown() -> None:
    kernel = np.array([[-3.0, 12.5, 300.0]], np.float32)
    got = keras.ops.convert_to_numpy(PixelRange()(keras.ops.convert_to_tensor(kernel)))
    np.testing.assert_array_equal(got, [[0, 12.5, 255]])
