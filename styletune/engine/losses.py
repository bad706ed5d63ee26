"""Content, style and smoothness as Keras layers, each with its target as a variable.

Layer classes rather than lambdas: a lambda in a loop captures its variable late, and after a
re-trace every layer would read the last layer's target. Targets are non-trainable weights, so a
new picture is an assignment, never a new trace.
Source: Gatys, Ecker, Bethge 2015, arXiv:1508.06576, eqs. 1, 3, 4, with means instead of sums.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from styletune.engine.backend import sum_of_squares, with_control_dependency

# Taps: values read off the features on their way through the network.
#
# A tap hands the features on, so that in the backward pass its own part of the gradient comes after
# that of all later layers. Were it a branch of its own, TensorFlow would work out the parts of all
# taps as soon as the forward pass has ended, and hold them, each as large as its features, until
# the backward pass comes by: half of a step's memory.


def tap_features(
    features: Any,
    value: Callable[[Any], Any],
    pull: Callable[[Any, Any, Any], Any],
) -> tuple[Any, Any]:
    """Read a value off the features; nothing is kept for the gradient but the features.

    Args:
        features: (1, h, w, c).
        value: from the features to what is read off.
        pull: from the features, the gradient that later layers have with respect to them and
            that with respect to the value, to the gradient of both: of the features' shape.

    Returns:
        The features, and the value.
    """

    def tap(features: Any) -> tuple[Any, Any]:
        still = ops.stop_gradient(features)

        def gradient(*upstream: Any) -> Any:
            # TensorFlow gives them one by one, JAX as one tuple.
            later, slope = upstream if len(upstream) == 2 else upstream[0]
            return pull(still, later, with_control_dependency(slope, later))

        return (features, value(still)), gradient

    found, read = ops.custom_gradient(tap)(features)
    return found, read


def dot(x: Any, y: Any) -> Any:
    """Σ x·y of two tensors of one shape, (1, 1)."""
    # As a matrix product of (1, n) and (n, 1) it took up to three times as long.
    return ops.reshape(ops.sum(x * y), (1, 1))


def double_gradient(half: Any) -> Any:
    """Correct the gradient of a product whose second factor was held still.

    For a symmetric form x·A·x, differentiating one factor gives half the gradient. Holding the
    other still and doubling costs one pass where the product rule costs two and a sum: the
    losses' share of a `lite` step on a CPU falls by more than half.

    Args:
        half: the form's value, with one factor under `stop_gradient`.

    Returns:
        The same value with twice the gradient.
    """
    return 2.0 * half - ops.stop_gradient(half)


def gram_matrix(features: Any) -> Any:
    """G = FᵀF / (h·w·c): which features occur together, wherever they are.

    The gradient holds where what comes after treats G as symmetric, as every loss here does.

    Args:
        features: (1, h, w, c) float.

    Returns:
        (c, c), symmetric. Source: arXiv:1508.06576 eq. 3.
    """
    flat = ops.reshape(features, (-1, features.shape[-1]))  # (h·w, c)
    positions, channels = ops.shape(flat)
    still = ops.stop_gradient(flat)
    gram = double_gradient(ops.matmul(ops.transpose(still), flat))
    return gram / ops.cast(positions * channels, gram.dtype)


@keras.saving.register_keras_serializable("styletune")
class ContentLoss(layers.Layer):
    """mean((F − F_content)²) of one layer; (1, h, w, c) and whether it is wanted → F and (1, 1).

    Where it is not wanted (its fader is off, and nobody looks) the value of the last time stands
    and nothing is computed: most content faders are off most of the time, and their terms alone
    take a tenth of a `lite` step on a CPU.
    Source: arXiv:1508.06576 eq. 1.

    Args:
        skips: whether the above holds; else the loss is always computed, which is quicker on a
            GPU than asking.
    """

    def __init__(self, skips: bool = False, **kwargs: Any) -> None:
        # The features are handed on in the precision in which they came.
        super().__init__(autocast=False, **kwargs)
        self._skips = skips

    def build(self, shape: tuple[int, ...], *_: Any) -> None:
        """Make the target variable, of the features' shape, and the last value."""
        self.target = self.add_weight(shape, "zeros", trainable=False, name="target")
        self.last = self.add_weight((1, 1), "zeros", trainable=False, name="last")

    def call(self, features: Any, wanted: Any) -> tuple[Any, Any]:
        """Return the features and the loss, (1, 1); `wanted` (1, 1) is not 0 where it counts."""
        target, last = map(ops.convert_to_tensor, (self.target, self.last))
        values, counts = math.prod(features.shape), wanted[0, 0] != 0

        def difference(still: Any) -> Any:
            return ops.cast(still, target.dtype) - target

        def loss(still: Any) -> Any:
            def compute() -> Any:
                return ops.reshape(sum_of_squares(difference(still)) / values, (1, 1))

            return self._where(counts, compute, lambda: last)

        def pull(still: Any, later: Any, slope: Any) -> Any:
            def compute() -> Any:
                own = difference(still) * (2.0 / values * slope)
                return later + ops.cast(own, later.dtype)

            # With a fader at 0 that is only listened to, there is nothing to add either.
            pulls = ops.logical_and(counts, slope[0, 0] != 0)
            return self._where(pulls, compute, lambda: later)

        features, raw = tap_features(features, loss, pull)
        self.last.assign(ops.stop_gradient(raw))
        return features, raw

    def _where(self, counts: Any, compute: Callable[[], Any], spare: Callable[[], Any]) -> Any:
        return ops.cond(counts, compute, spare) if self._skips else compute()


@keras.saving.register_keras_serializable("styletune")
class StyleLoss(layers.Layer):
    """mean((G − G_style)²) of one layer; (1, h, w, c) → the features and (1, 1).

    With a `metric` M, both Gram matrices are compared as M·G·M: `lite`'s features span those of
    its teacher, and M weighs their directions as the teacher would.
    Source: arXiv:1508.06576 eq. 4.
    """

    def __init__(self, metric: npt.NDArray[np.float32] | None = None, **kwargs: Any) -> None:
        # The features are handed on in the precision in which they came.
        super().__init__(autocast=False, **kwargs)
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
        return self._apply_metric(gram_matrix(features))

    def _apply_metric(self, gram: Any) -> Any:
        if self._metric is None:
            return gram
        return ops.matmul(ops.matmul(self.metric, gram), self.metric)

    def call(self, features: Any, last: bool = False) -> tuple[Any, Any]:
        """Return the features and the loss, shape (1, 1).

        Args:
            last: nothing comes after these features, so that there is nothing to wait for.
        """
        if last:
            gram = self._gram_float32(features)
        else:
            features, gram = tap_features(features, self._gram_float32, self._gradient)
        return features, ops.reshape(
            ops.mean(ops.square(self._apply_metric(gram) - self.target)), (1, 1)
        )

    def _gram_float32(self, features: Any) -> Any:
        return gram_matrix(ops.cast(features, self.compute_dtype))

    def _gradient(self, still: Any, later: Any, slope: Any) -> Any:
        flat = ops.reshape(ops.cast(still, slope.dtype), (-1, still.shape[-1]))
        # Both factors of the product are the features.
        own = ops.matmul(flat, (slope + ops.transpose(slope)) / math.prod(still.shape))
        return later + ops.cast(ops.reshape(own, still.shape), later.dtype)


# 12 × the graph Laplacian of a pixel and its eight neighbours (1/3 to the sides, 1/12 diagonally):
# whole numbers, so that a flat picture gives exactly 0 and no rounding noise.
_LAPLACIAN_12 = np.array([[-1, -4, -1], [-4, 20, -4], [-1, -4, -1]], np.float32)


def total_variation_loss(picture: Any) -> Any:
    """Mean squared difference of each pixel to its neighbours, nine-point stencil.

    Σ w·(x_i − x_j)² / (h·w·3) over all pairs of neighbours, w = 1/3 to the sides and 1/12
    diagonally, so that edges along the axes are not preferred; at the border the picture is
    repeated. Written as x·Lx with the Laplacian L of that graph: a single convolution instead of
    eight slices and their gradients, which cost as much as a block of the network.

    Args:
        picture: (1, h, w, 3) float.

    Returns:
        (1, 1).
    """
    bordered = ops.pad(ops.stop_gradient(picture), ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")
    kernel = ops.convert_to_tensor(_LAPLACIAN_12[:, :, None, None] * np.eye(3, dtype=np.float32))
    curvature = ops.conv(bordered, ops.cast(kernel, picture.dtype), padding="valid")
    return double_gradient(dot(picture, curvature)) / (12 * math.prod(picture.shape))


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
        """(1, 2k) raw and (1, 2n) weights → (1, 2n) weighted; k ≤ n of the n layers are computed.

        The terms of layers that a shallow step does not compute keep their last raw values;
        their weights are 0.
        """
        computed, count = raw.shape[1] // 2, weights.shape[1] // 2
        if computed < count:
            last = ops.convert_to_tensor(self.raw)
            raw = ops.concatenate(
                [
                    raw[:, :computed],
                    last[:, computed:count],
                    raw[:, computed:],
                    last[:, count + computed :],
                ],
                axis=1,
            )
        self.raw.assign(ops.stop_gradient(raw))
        return raw * weights
