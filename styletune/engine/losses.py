"""Content, style and smoothness as Keras layers, each with its target as a variable.

Layer classes rather than lambdas: a lambda in a loop captures its variable late, and after a
re-trace every layer would read the last layer's target. Targets are non-trainable weights, so a
new picture is an assignment, never a new trace.
Source: Gatys, Ecker, Bethge 2015, arXiv:1508.06576, eqs. 1, 3, 4, with means instead of sums.
"""

from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops


def gram_matrix(features: Any) -> Any:
    """G = FᵀF / (h·w·c): which features occur together, wherever they are.

    Args:
        features: (1, h, w, c) float.

    Returns:
        (c, c), symmetric. Source: arXiv:1508.06576 eq. 3.
    """
    _, height, width, channels = features.shape
    if None in (height, width):  # the feature network alone takes pictures of any size
        _, height, width, _ = ops.shape(features)
    flat = ops.reshape(features, (-1, channels))  # (h·w, c)
    scale = ops.cast(height * width * channels, features.dtype)
    return ops.matmul(ops.transpose(flat), flat) / scale


@keras.saving.register_keras_serializable("styletune")
class ContentLoss(layers.Layer):
    """mean((F − F_content)²) of one layer; (1, h, w, c) → (1, 1).

    Source: arXiv:1508.06576 eq. 1.
    """

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the target variable, of the features' shape."""
        self.target = self.add_weight(shape, "zeros", trainable=False, name="target")

    def call(self, features: Any) -> Any:
        """Return the loss, shape (1, 1)."""
        return ops.reshape(ops.mean(ops.square(features - self.target)), (1, 1))


@keras.saving.register_keras_serializable("styletune")
class StyleLoss(layers.Layer):
    """mean((G − G_style)²) of one layer; (1, h, w, c) → (1, 1).

    With a `metric` M, both Gram matrices are compared as M·G·M: `lite`'s features span those of
    its teacher, and M weighs their directions as the teacher would.
    Source: arXiv:1508.06576 eq. 4.
    """

    def __init__(self, metric: npt.NDArray[np.float32] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._metric = metric

    def build(self, shape: tuple[int, ...]) -> None:
        """Make the target variable, (c, c)."""
        channels = shape[-1]
        self.target = self.add_weight((channels, channels), "zeros", trainable=False, name="target")
        if self._metric is not None:
            self.metric = self.add_weight(
                (channels, channels),
                keras.initializers.Constant(self._metric),
                trainable=False,
                name="metric",
            )

    def gram(self, features: Any) -> Any:
        """The Gram matrix as this layer compares it, (c, c)."""
        gram = gram_matrix(features)
        if self._metric is None:
            return gram
        return ops.matmul(ops.matmul(self.metric, gram), self.metric)

    def call(self, features: Any) -> Any:
        """Return the loss, shape (1, 1)."""
        return ops.reshape(ops.mean(ops.square(self.gram(features) - self.target)), (1, 1))


def total_variation_loss(picture: Any) -> Any:
    """Mean squared difference of each pixel to its eight neighbours, diagonals at half weight.

    Nine-point stencil: (dx² + dy²) / 3 + (diagonals²) / 12; unlike the plain one it does not
    prefer edges along the axes.

    Args:
        picture: (1, h, w, 3) float.

    Returns:
        (1, 1).
    """
    right = picture[:, :, 1:] - picture[:, :, :-1]
    down = picture[:, 1:] - picture[:, :-1]
    falling = picture[:, 1:, 1:] - picture[:, :-1, :-1]
    rising = picture[:, 1:, :-1] - picture[:, :-1, 1:]
    straight = ops.mean(ops.square(right)) + ops.mean(ops.square(down))
    diagonal = ops.mean(ops.square(falling)) + ops.mean(ops.square(rising))
    return ops.reshape(straight / 3.0 + diagonal / 12.0, (1, 1))


@keras.saving.register_keras_serializable("styletune")
class TotalVariation(layers.Layer):
    """Adds weight × `total_variation_loss` to the model's loss; hands the picture on."""

    def build(self, *_: Any) -> None:
        """Make the variable that keeps the raw value for the loss table."""
        self.raw = self.add_weight((1, 1), "zeros", trainable=False, name="raw")

    def call(self, picture: Any, weight: Any) -> Any:
        """(1, h, w, 3) and (1, 1) → the picture, unchanged."""
        raw = total_variation_loss(picture)
        self.raw.assign(ops.stop_gradient(raw))
        self.add_loss(ops.sum(raw * weight))
        return picture


@keras.saving.register_keras_serializable("styletune")
class WeightedTerms(layers.Layer):
    """The model's output: the raw terms, kept in `raw`, times their weights.

    Raw losses must be read apart from the weights: a muted term reads 0 otherwise, and nobody
    sees where it stands.
    """

    def build(self, shape: tuple[int, ...], *_: Any) -> None:
        """Make the variable that keeps the raw values, (1, 2n)."""
        self.raw = self.add_weight(shape, "zeros", trainable=False, name="raw")

    def call(self, raw: Any, weights: Any) -> Any:
        """(1, 2n) raw and (1, 2n) weights → (1, 2n) weighted."""
        self.raw.assign(ops.stop_gradient(raw))
        return raw * weights
