"""The painter's losses for a batch: each picture with its own weights, targets and amounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.config import SessionConfig
from styletune.engine import weights
from styletune.engine.style_targets import repeat_to_size
from styletune.engine.vgg import FeatureExtractor
from styletune.networks import convolutions, parse_layer
from styletune.terms import TERMS, layer_terms

LossScales = Mapping[str, npt.NDArray[np.float32]]

# What is left of a picture's own style loss counts at least as if this part of the default's had
# to be removed: with all knobs at the content's texture there is none.
_SMALLEST_LOSS = 0.1


class DeskLoss:
    """How far painted pictures are from what the desk asks for.

    Args:
        session: its network, layers, centering.
        styles: (h, w, 3) 0..255 each, at the size at which their strokes are learned.
        size: edge of the crops, px.
        scales: what raw losses are multiplied by, by term; see `control_inputs.calibrate`.
    """

    def __init__(
        self,
        session: SessionConfig,
        styles: Sequence[npt.NDArray[Any]],
        size: int,
        scales: LossScales,
    ) -> None:
        network = session.network
        self._layers = network.selected_layers
        used = [row.name for row in convolutions(network.name, self._layers)]
        source = weights.load(network.name, network.weights, used)
        self._features = FeatureExtractor(
            network.name, self._layers, source, padding=network.padding, pooling=network.pooling
        )
        self._metrics = [source.metrics.get(parse_layer(name).convolution) for name in self._layers]
        self._centering = session.painting.centering
        self._scales = {term: np.asarray(values, np.float32) for term, values in scales.items()}
        grams = [
            self._grams(repeat_to_size(np.asarray(style, np.float32), size, size)[None])
            for style in styles
        ]
        self._style_grams = [ops.concatenate(layer) for layer in zip(*grams, strict=True)]

    def _grams(self, pictures: Any) -> list[Any]:
        """(n, c, c) of each layer."""
        features = self._features(ops.convert_to_tensor(pictures))
        return [self._gram(layer, index) for index, layer in enumerate(features)]

    def _gram(self, features: Any, index: int) -> Any:
        """(n, h, w, c) → (n, c, c); see `losses.gram_matrix`."""
        count, height, width, channels = features.shape
        flat = ops.reshape(features, (count, height * width, channels))
        still = ops.stop_gradient(flat)
        half = ops.matmul(ops.transpose(still, (0, 2, 1)), flat) / (height * width * channels)
        gram = 2.0 * half - ops.stop_gradient(half)
        centering = 0.0 if self._layers[index] == self._features.first else self._centering
        if not centering:
            return gram
        mean = ops.mean(flat, axis=1, keepdims=True)
        return gram - ops.matmul(ops.transpose(mean, (0, 2, 1)), mean) * (centering / channels)

    def _distance(self, difference: Any, index: int) -> Any:
        """(n, c, c) → (n,): the mean square of M·D·M."""
        metric = self._metrics[index]
        if metric is not None:
            difference = ops.matmul(ops.matmul(metric, difference), metric)
        return ops.mean(ops.square(difference), axis=(1, 2))

    def __call__(self, painted: Any, contents: Any, desk: Mapping[str, Any]) -> tuple[Any, Any]:
        """The loss of each picture, relative to that of its content picture, and its style part.

        Args:
            painted, contents: (n, h, w, 3) float32 0..255.
            desk: the look's inputs, (n, size) each.

        Returns:
            (n,) and (n,): all terms; those of style alone, 1 at the content picture.
        """
        style, other, before = self.terms(painted, contents, desk)
        return (style + other) / before, style / before

    def terms(self, painted: Any, contents: Any, desk: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        """The sum of the weighted style terms, that of all others, and the content's style terms.

        The first two together are the painter's total loss. (n,) each.
        """
        count = len(self._layers)
        given = [ops.stop_gradient(layer) for layer in self._features(contents)]
        scales = {term: ops.convert_to_tensor(self._scales[term]) for term in TERMS}
        targets, before, usual = [], 0.0, 0.0
        for index, features in enumerate(given):
            gram = self._gram(features, index)
            mixed = ops.tensordot(desk["style_shares"], self._style_grams[index], 1) - gram
            amount = desk["style_amounts"][:, index]
            targets.append(gram + amount[:, None, None] * mixed)
            distance = scales["style"][index] * self._distance(mixed, index)
            before += desk["style_weights"][:, index] * ops.square(amount) * distance
            usual += distance / count
        total = sum(
            ops.mean(desk[f"{term}_weights"], axis=-1) for term in layer_terms()
        )  # of a usual layer, so that muting some of them does not make a picture count for more
        before = ops.stop_gradient(before + _SMALLEST_LOSS * count * total * usual)
        style: Any = 0.0
        other: Any = 0.0
        for index, features in enumerate(self._features(painted)):
            difference = self._gram(features, index) - targets[index]
            distance = scales["style"][index] * self._distance(difference, index)
            style += desk["style_weights"][:, index] * distance
            miss = ops.mean(ops.square(features - given[index]), axis=(1, 2, 3))
            other += desk["content_weights"][:, index] * scales["content"][index] * miss
        # Beside the mean over all terms of layers, as in the painter's model.
        smooth = desk["smooth_weights"][:, 0] * scales["smooth"][0] * len(layer_terms()) * count
        other += smooth * total_variation(painted)
        return style, other, before


def total_variation(pictures: Any) -> Any:
    """(n, h, w, 3) → (n,): see `losses.total_variation_loss`, the border left out."""
    right = ops.square(pictures[:, :, 1:] - pictures[:, :, :-1])
    below = ops.square(pictures[:, 1:] - pictures[:, :-1])
    falling = ops.square(pictures[:, 1:, 1:] - pictures[:, :-1, :-1])
    rising = ops.square(pictures[:, 1:, :-1] - pictures[:, :-1, 1:])
    axes = (1, 2, 3)
    sides = ops.mean(right, axis=axes) + ops.mean(below, axis=axes)
    return sides / 3 + (ops.mean(falling, axis=axes) + ops.mean(rising, axis=axes)) / 12
