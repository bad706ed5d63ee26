"""The student: `lite` while it is trained, beside its throw-away linear maps.

Every channel is kept near root-mean-square 1 inside, so that one learning rate suits all
layers; `arrays` folds these scales away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.errors import WeightsError
from styletune.networks import NETWORKS

LAYERS = NETWORKS["lite"].layers
POOLED_BEFORE = tuple(
    index for index, layer in enumerate(NETWORKS["lite"].convolutions) if layer.pool_before
)
"""Indices of the layers that a 2×2 max-pooling precedes."""
WIDTHS = tuple(layer.channels for layer in NETWORKS["lite"].convolutions)
INPUT_SCALE = 64.0
"""Preprocessed values are about this large; the student divides them by it."""

Array = npt.NDArray[np.float32]
Convolution = tuple[Array, Array]
"""Kernel (3, 3, in, out) and bias (out,)."""


def features(convolutions: Sequence[tuple[Any, Any]], x: Any) -> list[Any]:
    """Return the eight activations after ReLU of `x` (n, h, w, 3), a tensor each."""
    found = []
    for index, (kernel, bias) in enumerate(convolutions):
        if index in POOLED_BEFORE:
            x = ops.max_pool(x, 2, strides=2, padding="valid")
        x = ops.relu(ops.conv(x, kernel, strides=1, padding="same") + bias)
        found.append(x)
    return found


class Student:
    """Eight convolutions and, for each, a linear map to the teacher's channels.

    Args:
        convolutions: kernels and biases in the teacher's own scale (see `initialize`).
        channels: widths of the teacher's layers.
    """

    def __init__(self, convolutions: Sequence[Convolution], channels: Sequence[int]) -> None:
        if len(convolutions) != len(LAYERS):
            raise WeightsError(
                f"a student has {len(LAYERS)} convolutions; received {len(convolutions)}"
            )
        self.kernels = [_variable(kernel) for kernel, _ in convolutions]
        self.biases = [_variable(bias) for _, bias in convolutions]
        self.kernels[0].assign(self.kernels[0] * INPUT_SCALE)
        self.maps = [
            _variable(np.zeros((kernel.shape[-1], count), np.float32))
            for (kernel, _), count in zip(convolutions, channels, strict=True)
        ]

    def load(self, convolutions: Sequence[Convolution]) -> None:
        """Take over convolutions of the same shapes that work on preprocessed pictures."""
        for index, (kernel, bias) in enumerate(convolutions):
            self.kernels[index].assign(kernel * (INPUT_SCALE if index == 0 else 1.0))
            self.biases[index].assign(bias)

    @property
    def variables(self) -> list[Any]:
        """All that is learned: kernels, biases, maps."""
        return [*self.kernels, *self.biases, *self.maps]

    def features(self, x: Any) -> list[Any]:
        """Return the eight activations of preprocessed pictures `x` (n, h, w, 3)."""
        return features(list(zip(self.kernels, self.biases, strict=True)), x / INPUT_SCALE)

    def rescale(self, factors: Sequence[npt.NDArray[np.float64]]) -> None:
        """Multiply each channel of each activation by a positive factor, changing nothing else.

        ReLU passes positive factors through, so they move from one layer's kernel to the next.
        """
        before: npt.NDArray[np.float64] | None = None
        for index, factor in enumerate(factors):
            kernel = np.asarray(self.kernels[index]) * factor
            if before is not None:
                kernel = kernel / before[:, None]
            self.kernels[index].assign(kernel)
            self.biases[index].assign(np.asarray(self.biases[index]) * factor)
            self.maps[index].assign(np.asarray(self.maps[index]) / factor[:, None])
            before = factor

    def reinitialize_dead(self, index: int, dead: Sequence[int], rng: np.random.Generator) -> None:
        """Replace dead channels of one activation.

        Each becomes the negative of a living channel: it is active exactly where that one is
        0, which nothing after the ReLU could see so far. Its weights in the next layer start
        at 0, so no other activation changes.
        """
        if not dead:
            return
        kernel, bias = np.asarray(self.kernels[index]).copy(), np.asarray(self.biases[index]).copy()
        living = np.setdiff1d(np.arange(bias.size), dead)
        models = rng.choice(living if len(living) else np.arange(bias.size), len(dead))
        noise = rng.standard_normal((*kernel.shape[:3], len(dead))) * kernel.std() * 0.3
        kernel[..., dead] = noise - kernel[..., models]
        bias[dead] = -bias[models]
        self.kernels[index].assign(kernel)
        self.biases[index].assign(bias)
        if index + 1 < len(self.kernels):
            following = np.asarray(self.kernels[index + 1]).copy()
            following[:, :, dead] = 0.0
            self.kernels[index + 1].assign(following)

    def arrays(self) -> list[Convolution]:
        """Return kernels and biases that take preprocessed pictures as they are."""
        kernels = [np.asarray(kernel, dtype=np.float32) for kernel in self.kernels]
        kernels[0] = kernels[0] / np.float32(INPUT_SCALE)
        biases = [np.asarray(bias, dtype=np.float32) for bias in self.biases]
        return list(zip(kernels, biases, strict=True))


def _variable(value: npt.NDArray[Any]) -> Any:
    return keras.Variable(np.asarray(value, dtype=np.float32), dtype="float32")
