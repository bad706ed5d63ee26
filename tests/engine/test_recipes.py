"""Published procedures, held against NumPy renderings of their formulas."""

from pathlib import Path

import numpy as np
import pytest

from styletune.config import SessionConfig, parse
from styletune.engine import recipes, weights
from styletune.engine.painter import Painter
from styletune.engine.recipes import GradientDescent2017
from tests.support.small_painter import picture, random_weights

SHARED = Path(__file__).parents[3] / "shared" / "weights" / "vgg19_imagenet_blocks1-3.npz"
LAYER = "block2_conv1"  # two convolutions, a pooling, and one more
CONTENT, STYLE = picture(24, 32, seed=1) // 64 * 85, picture(28, 20, seed=2)  # 0, 85, 170, 255

Array = np.ndarray


def patches(x: Array) -> Array:
    """(h, w, c) → (h, w, 3, 3, c): what each 3 × 3 kernel sees, zeros around the picture."""
    windows = np.lib.stride_tricks.sliding_window_view(
        np.pad(x, ((1, 1), (1, 1), (0, 0))), (3, 3), (0, 1)
    )
    return windows.transpose(0, 1, 3, 4, 2)


class NumPyVGG:
    """`block1_conv1` to `block2_conv1`, forwards and backwards."""

    def __init__(self, found: weights.Weights) -> None:
        names = ("block1_conv1", "block1_conv2", LAYER)
        self.kernels = [found.kernels[name].astype(np.float64) for name in names]
        self.biases = [found.biases[name] for name in names]

    def features(self, x: Array) -> Array:
        """(h, w, 3) RGB 0..255 → X, (N, M); keeps what `backward` needs."""
        now = (x - weights.MEANS_RGB)[..., ::-1]
        self.positive = []
        for index, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            if index == 2:
                height, width, channels = now.shape
                blocks = now.reshape(height // 2, 2, width // 2, 2, channels)
                now = blocks.max((1, 3))
                self.largest = blocks == now[:, None, :, None]
            now = np.tensordot(patches(now), kernel, 3) + bias
            self.positive.append(now > 0)
            now = now * self.positive[-1]
        return now.reshape(-1, now.shape[-1])

    def backward(self, slope: Array) -> Array:
        """∂loss/∂X, (N, M) → ∂loss/∂x, (h, w, 3)."""
        slope = slope.reshape(self.positive[-1].shape)
        for index in (2, 1, 0):
            turned = self.kernels[index][::-1, ::-1].transpose(0, 1, 3, 2)
            slope = np.tensordot(patches(slope * self.positive[index]), turned, 3)
            if index == 2:
                slope = (self.largest * slope[:, None, :, None]).reshape(self.positive[1].shape)
        return slope[..., ::-1]


def gram(x: Array) -> Array:
    positions, channels = x.shape
    return x.T @ x / (positions * channels)


def descend(network: NumPyVGG, steps: int) -> tuple[list[Array], list[float]]:
    """The recipe word by word: the pictures after each step, the losses before."""
    target = gram(network.features(STYLE.astype(np.float64)))
    x, pictures, losses = CONTENT.astype(np.float64), [], []
    for _ in range(steps):
        features = network.features(x)
        positions, channels = features.shape
        difference = gram(features) - target
        losses.append((difference**2).sum() / channels**2)
        slope = features @ (2 * difference / channels**2) * 2 / (positions * channels)
        gradient = network.backward(slope)
        x = x - 100 * gradient / np.sqrt((gradient**2).sum())
        pictures.append(x)
    return pictures, losses


def session(network: str, file: str) -> SessionConfig:
    data = {"network": {"name": network, "weights": file}}
    return recipes.gradient_descent_2017(parse(data, "the test"), LAYER)


@pytest.mark.parametrize("network", ["lite", "vgg19"])
def test_gradient_descent_2017_is_its_formula(network: str) -> None:
    if network == "vgg19" and not SHARED.is_file():
        pytest.skip(f"needs VGG-19's weights: {SHARED} is not there")
    file = str(SHARED) if network == "vgg19" else random_weights()
    made = session(network, file)
    found = weights.load(network, file, ["block1_conv1", "block1_conv2", LAYER], 0)
    pictures, losses = descend(NumPyVGG(found), 3)
    descent = GradientDescent2017(Painter(made, CONTENT, [STYLE]))
    np.testing.assert_array_equal(descent.picture(), CONTENT)  # before the first step
    stops = descent.paint(lambda: False, (1, 2, 3))
    for step, (_, expected, loss) in enumerate(zip(stops, pictures, losses, strict=True), 1):
        assert descent.steps_taken == step
        np.testing.assert_allclose(descent.painter.pixels(), expected, atol=0.02)
        assert descent.painter.solver.raw_losses()["style"][0] == pytest.approx(loss, rel=1e-3)
    assert np.linalg.norm(expected - pictures[1]) == pytest.approx(100)
    assert expected.max() > 255  # where a clamp would have moved it back
    shown = np.clip(np.rint(expected), 0, 255)
    assert np.abs(descent.picture() - shown).max() <= 1


def test_gradient_descent_2017_ends_between_steps() -> None:
    descent = GradientDescent2017(Painter(session("lite", random_weights()), CONTENT, [STYLE]))
    next(descent.paint(lambda: True, (10,)))
    assert descent.steps_taken == 1
