import numpy as np
import pytest
from keras import ops

from styletune.training.batches import preprocess
from styletune.training.dataset import teaching_picture
from styletune.training.initialize import fit_convolution, initialize, select_channels
from tests.support.small_trainer import STUDENT_WIDTHS, small_teacher


def test_the_channel_that_explains_most_is_chosen_first() -> None:
    rng = np.random.default_rng(0)
    base = rng.standard_normal((200, 1))
    # Channel 1 is the source of 0 and 2; channel 3 is small and alone.
    features = np.hstack([base * 0.5, base, base * 0.8, 0.1 * rng.standard_normal((200, 1))])
    chosen = select_channels(features.T @ features, 2)
    assert chosen[0] in (0, 1, 2)
    assert chosen[1] == 3


def test_no_channel_is_chosen_twice() -> None:
    features = np.ones((10, 3))
    assert sorted(select_channels(features.T @ features, 3)) == [0, 1, 2]


def test_a_known_convolution_is_found_again() -> None:
    rng = np.random.default_rng(1)
    kernel = rng.standard_normal((3, 3, 2, 3)).astype(np.float32)
    bias = rng.standard_normal(3).astype(np.float32)
    x = ops.convert_to_tensor(rng.standard_normal((4, 20, 20, 2)).astype(np.float32))
    y = ops.conv(x, kernel, padding="same") + bias
    found_kernel, found_bias = fit_convolution([(x, y)])
    assert found_kernel == pytest.approx(kernel, abs=2e-3)
    assert found_bias == pytest.approx(bias, abs=2e-3)


def test_the_first_layer_is_the_teachers_own() -> None:
    teacher = small_teacher()
    crops = np.stack([teaching_picture(seed, 32) for seed in range(8)])
    started = initialize(teacher, [preprocess(crops)], STUDENT_WIDTHS)
    assert [kernel.shape[-1] for kernel, _ in started] == list(STUDENT_WIDTHS)
    kernel, _ = teacher[0]
    for index in range(STUDENT_WIDTHS[0]):
        same = [np.array_equal(started[0][0][..., index], kernel[..., j]) for j in range(6)]
        assert any(same)
