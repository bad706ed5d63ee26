"""Training crops that the student itself has begun to paint in the style of others.

A student that met only finished pictures errs most on what painting with it leads to.
Source of the idea: Ross, Gordon, Bagnell 2011 (DAgger), arXiv:1011.0686.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from styletune.training.batches import preprocess
from styletune.training.noise import Pixels
from styletune.training.student import Array, Student

BATCH = 16
MAX_STEPS = 32
CONTENT_LAYER = 6


def style_grams(activations: Sequence[Any], metrics: Sequence[Any]) -> list[Any]:
    """Return M·FᵀF·M / positions, (n, c, c) for each layer."""
    grams = []
    for activation, metric in zip(activations, metrics, strict=True):
        count, height, width, channels = activation.shape
        flat = ops.matmul(ops.reshape(activation, (count, height * width, channels)), metric)
        grams.append(ops.matmul(ops.transpose(flat, (0, 2, 1)), flat) / (height * width))
    return grams


class StyleFinetuning:
    """Paints batches of crops with the student as it stands."""

    def __init__(self, student: Student) -> None:
        self._student = student
        self._gradient: Callable[..., Any] = tf.function(self._style_gradient)

    def _style_gradient(
        self,
        picture: Any,
        metrics: Sequence[Any],
        grams: Sequence[Any],
        content: Any,
        weights: Any,
    ) -> Any:
        """Gradient of style and content loss with respect to the pictures, of norm 1 each."""
        with tf.GradientTape() as tape:
            tape.watch(picture)
            seen = self._student.features(picture)
            loss = 0.0
            for index, (gram, wanted) in enumerate(
                zip(style_grams(seen, metrics), grams, strict=True)
            ):
                miss = ops.sum(ops.square(gram - wanted), axis=(1, 2))
                size = ops.sum(ops.square(wanted), axis=(1, 2)) + 1e-6
                loss += ops.sum(weights[:, index] * miss / size)
            miss = ops.sum(ops.square(seen[CONTENT_LAYER] - content), axis=(1, 2, 3))
            size = ops.sum(ops.square(content), axis=(1, 2, 3)) + 1e-6
            loss += ops.sum(weights[:, -1] * miss / size)
        gradient = tape.gradient(loss, picture)
        return gradient / (
            ops.sqrt(ops.mean(ops.square(gradient), axis=(1, 2, 3), keepdims=True)) + 1e-12
        )

    def paint(
        self, rng: np.random.Generator, contents: Pixels, styles: Pixels, metrics: Sequence[Array]
    ) -> Pixels:
        """Paint each content crop towards its style crop for a random number of steps.

        Args:
            contents: uint8 (n, h, w, 3), RGB; n is a multiple of `BATCH`.
            styles: the same shape.
            metrics: (c, c) for each layer, in the scale of the student's activations.

        Returns:
            uint8 (n, h, w, 3).
        """
        done = []
        tensors = [ops.convert_to_tensor(metric) for metric in metrics]
        for first in range(0, len(contents), BATCH):
            part = slice(first, first + BATCH)
            done.append(self._paint_batch(rng, contents[part], styles[part], tensors))
        return np.concatenate(done)

    def _paint_batch(
        self, rng: np.random.Generator, contents: Pixels, styles: Pixels, metrics: Sequence[Any]
    ) -> Pixels:
        count = len(contents)
        # Every painter sets the faders differently: two decades each way would be too wild.
        weights = np.exp(rng.normal(0.0, 1.0, (count, len(metrics) + 1))).astype(np.float32)
        weights[:, -1] *= 0.03
        start = preprocess(contents)
        wanted = style_grams(
            self._student.features(ops.convert_to_tensor(preprocess(styles))), metrics
        )
        content = self._student.features(ops.convert_to_tensor(start))[CONTENT_LAYER]
        if rng.random() < 0.3:
            start = start * 0.3 + rng.standard_normal(start.shape).astype(np.float32) * 40.0
        picture: npt.NDArray[Any] = start
        first: npt.NDArray[Any] = np.zeros_like(start)
        second: npt.NDArray[Any] = np.zeros_like(start)
        low, high = preprocess(np.zeros((1, 1, 1, 3))), preprocess(np.full((1, 1, 1, 3), 255.0))
        rate = rng.uniform(3.0, 8.0)
        for step in range(1, int(rng.integers(8, MAX_STEPS + 1)) + 1):
            gradient = np.asarray(
                self._gradient(ops.convert_to_tensor(picture), metrics, wanted, content, weights)
            )
            first = 0.9 * first + 0.1 * gradient
            second = 0.99 * second + 0.01 * gradient * gradient
            move = (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-3)
            picture = np.clip(picture - np.float32(rate) * move, low, high)
        painted = picture[..., ::-1] - preprocess(np.zeros((1, 1, 1, 3)))[..., ::-1]
        return np.asarray(np.clip(np.rint(painted), 0, 255), np.uint8)
