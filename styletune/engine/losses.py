"""The loss terms as Keras layers: one class and one row of `LOSSES` each.

Targets are variables of layer classes: a new picture is an assignment, never a new trace.
Source: Gatys, Ecker, Bethge 2015, arXiv:1508.06576, eqs. 1, 3, 4, with means instead of sums.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from styletune.engine.backend import sum_of_squares, with_control_dependency


def tap_features(
    features: Any,
    value: Callable[[Any], Any],
    gradient: Callable[[Any, Any, Any], Any],
) -> tuple[Any, Any]:
    """Read a value off the features on their way through the network.

    The features are handed on, so that in the backward pass this part of the gradient comes
    after that of all later layers. From a branch of its own, TensorFlow would compute it as soon
    as the forward pass has ended, and hold it, as large as the features, until the backward
    pass comes by: half of a step's memory.

    Args:
        features: (1, h, w, c); all that is kept for the gradient.
        value: from the features to what is read off.
        gradient: from the features, the gradient that later layers have with respect to them
            and that with respect to the value, to the gradient of both: of the features' shape.

    Returns:
        The features, and the value.
    """

    def tap(features: Any) -> tuple[Any, Any]:
        still = ops.stop_gradient(features)

        def backward(*upstream: Any) -> Any:
            # TensorFlow gives them one by one, JAX as one tuple.
            later, slope = upstream if len(upstream) == 2 else upstream[0]
            return gradient(still, later, with_control_dependency(slope, later))

        return (features, value(still)), backward

    tapped, read = ops.custom_gradient(tap)(features)
    return tapped, read


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


def gram_matrix(features: Any, centering: float = 0.0) -> Any:
    """G = (FᵀF / (h·w) − k·μᵀμ) / c: which features occur together, wherever they are.

    The gradient holds where what comes after treats G as symmetric, as every loss here does.

    Args:
        features: F, (1, h, w, c) float.
        centering: k, how much of the means μ is taken out: 0 gives the Gram matrix, 1 the
            covariance.

    Returns:
        (c, c), symmetric. Source: arXiv:1508.06576 eq. 3.
    """
    flat = ops.reshape(features, (-1, features.shape[-1]))  # (h·w, c)
    positions, channels = ops.shape(flat)
    still = ops.stop_gradient(flat)
    gram = double_gradient(ops.matmul(ops.transpose(still), flat))
    gram = gram / ops.cast(positions * channels, gram.dtype)
    if not centering:
        return gram
    mean = ops.mean(flat, axis=0, keepdims=True)  # (1, c)
    return gram - ops.matmul(ops.transpose(mean), mean) * (centering / channels)


class LayerLoss(layers.Layer):
    """One term of one layer: compares a statistic of the features with that of a picture.

    Args:
        skips: whether the term may be left out where it is not wanted, and not computed beside.
        metric: (c, c), symmetric: how the features' directions are weighed; see `Weights`.
        centering: of a Gram matrix; see `gram_matrix`.

    Attributes:
        source: whose pictures make the target, `content` or `style`.
        target: their statistic, a variable.
        content: where a term's target is blended (`LossTerm.blends`), the statistic of the
            content picture, a variable; else None.
    """

    source: ClassVar[str]
    content: Any = None

    def __init__(
        self,
        skips: bool = False,
        metric: npt.NDArray[np.float32] | None = None,
        centering: float = 0.0,
        **kwargs: Any,
    ) -> None:
        # The features are handed on in the precision in which they came.
        super().__init__(autocast=False, **kwargs)
        self._skips = skips
        self._metric = metric
        self._centering = centering

    def statistic(self, features: Any) -> Any:
        """What is compared, of features (1, h, w, c) float32; of the target's shape."""
        raise NotImplementedError

    def set_content(self, features: Any) -> None:
        """Take the features of a content picture."""
        variable = self.target if self.source == "content" else self.content
        if variable is not None:
            variable.assign(self.statistic(features))

    def call(self, features: Any, active: Any, is_last: bool = False) -> tuple[Any, Any]:
        """Return the features and the loss, (1, 1).

        A term whose target is blended also takes `amount`, (1, 1): where between the content's
        own statistic (0) and the style's (1) the target lies, or beyond it.

        Args:
            active: (1, 1), not 0 where the loss counts or is wanted for the table.
            is_last: nothing comes after these features, so that no gradient has to wait.
        """
        raise NotImplementedError


@keras.saving.register_keras_serializable("styletune")
class ContentLoss(LayerLoss):
    """mean((F − F_content)²).

    Where it is not active (its fader is off, and the table is not due) the value of the last
    time stands and nothing is computed, if it `skips`: most content faders are off most of the
    time, and their terms alone take a tenth of a `lite` step on a CPU. On a GPU computing it is
    quicker than deciding.
    Source: arXiv:1508.06576 eq. 1.
    """

    source = "content"

    def build(self, shape: tuple[int, ...], *_: Any) -> None:
        """Make the target variable, of the features' shape, and the last value."""
        self.target = self.add_weight(shape, "zeros", trainable=False, name="target")
        self.last = self.add_weight((1, 1), "zeros", trainable=False, name="last")

    def statistic(self, features: Any) -> Any:
        """The features themselves."""
        return features

    def call(self, features: Any, active: Any, is_last: bool = False) -> tuple[Any, Any]:
        """See `LayerLoss.call`."""
        target, last = map(ops.convert_to_tensor, (self.target, self.last))
        values, is_active = math.prod(features.shape), active[0, 0] != 0

        def difference(still: Any) -> Any:
            return ops.cast(still, target.dtype) - target

        def loss(still: Any) -> Any:
            def compute() -> Any:
                return ops.reshape(sum_of_squares(difference(still)) / values, (1, 1))

            return self._where(is_active, compute, lambda: last)

        def gradient(still: Any, later: Any, slope: Any) -> Any:
            def compute() -> Any:
                own = difference(still) * (2.0 / values * slope)
                return later + ops.cast(own, later.dtype)

            # With a fader at 0 that is computed for the table only, there is nothing to add.
            counts = ops.logical_and(is_active, slope[0, 0] != 0)
            return self._where(counts, compute, lambda: later)

        features, raw = tap_features(features, loss, gradient)
        self.last.assign(ops.stop_gradient(raw))
        return features, raw

    def _where(self, wanted: Any, compute: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
        return ops.cond(wanted, compute, otherwise) if self._skips else compute()


@keras.saving.register_keras_serializable("styletune")
class StyleLoss(LayerLoss):
    """mean((G − target)²) of Gram matrices, target = (1 − a)·G_content + a·G_style.

    Moving the target is what a hand sees: with weights alone, all Gram matrices can be met
    together, and the neighbours of a layer nearly imply its own.

    With a `metric` M, both are compared as M·G·M: `lite`'s features span those of its teacher,
    and M weighs their directions as the teacher would.
    Source: arXiv:1508.06576 eq. 4.
    """

    source = "style"

    def build(self, shape: tuple[int, ...], *_: Any) -> None:
        """Make the target variable, (c, c)."""
        channels = shape[-1]
        self.target, self.content = (
            self.add_weight((channels, channels), "zeros", trainable=False, name=name)
            for name in ("target", "content")
        )
        if self._metric is not None:
            self.metric = self.add_weight(
                (channels, channels),
                keras.initializers.Constant(self._metric),
                trainable=False,
                name="metric",
            )

    def statistic(self, features: Any) -> Any:
        """The Gram matrix as it is compared, (c, c)."""
        return self._apply_metric(gram_matrix(features, self._centering))

    def _apply_metric(self, gram: Any) -> Any:
        if self._metric is None:
            return gram
        return ops.matmul(ops.matmul(self.metric, gram), self.metric)

    def call(
        self, features: Any, active: Any, is_last: bool = False, *, amount: Any = 1.0
    ) -> tuple[Any, Any]:
        """See `LayerLoss.call`."""
        if is_last:
            gram = self._gram_float32(features)
        else:
            features, gram = tap_features(features, self._gram_float32, self._gradient)
        target = self.content + amount * (self.target - self.content)
        difference = self._apply_metric(gram) - target
        return features, ops.reshape(ops.mean(ops.square(difference)), (1, 1))

    def _gram_float32(self, features: Any) -> Any:
        return gram_matrix(ops.cast(features, self.compute_dtype), self._centering)

    def _gradient(self, still: Any, later: Any, slope: Any) -> Any:
        flat = ops.reshape(ops.cast(still, slope.dtype), (-1, still.shape[-1]))
        # Both factors of the product are the features, and the slope is symmetric, as G and all
        # that it is compared with are.
        slope = slope * (2.0 / math.prod(still.shape))
        own = ops.matmul(flat, slope)
        if self._centering:
            mean = ops.mean(flat, axis=0, keepdims=True)
            own = own - ops.matmul(mean, slope) * self._centering
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
    scale = 1 / (12 * math.prod(picture.shape))

    def form(picture: Any) -> tuple[Any, Any]:
        still = ops.stop_gradient(picture)
        bordered = ops.pad(still, ((0, 0), (1, 1), (1, 1), (0, 0)), "symmetric")
        kernel = _LAPLACIAN_12[:, :, None, None] * np.eye(3, dtype=np.float32)
        curvature = ops.conv(bordered, ops.cast(kernel, still.dtype), padding="valid")
        # Of x·Lx with a symmetric L the gradient is 2·Lx, which is there already.
        return dot(still, curvature) * scale, lambda upstream: curvature * (2 * scale * upstream)

    return ops.custom_gradient(form)(picture)


@keras.saving.register_keras_serializable("styletune")
class TotalVariation(layers.Layer):
    """Adds weight × `total_variation_loss` to the model's loss; hands the picture on.

    Attributes:
        raw: the loss of the last step, (1, 1), a variable.
    """

    def build(self, *_: Any) -> None:
        """Make the variable."""
        self.raw = self.add_weight((1, 1), "zeros", trainable=False, name="raw")

    def call(self, picture: Any, weight: Any) -> Any:
        """(1, h, w, 3) and (1, 1) → the picture, unchanged."""
        raw = total_variation_loss(picture)
        self.raw.assign(ops.stop_gradient(raw))
        self.add_loss(ops.sum(raw * weight))
        return picture


# By the names of `terms.TERMS`. A term of the picture is a layer like `TotalVariation`: it hands
# the picture on, adds its part to the model's loss and keeps its raw value.
LOSSES: dict[str, type[layers.Layer]] = {
    "content": ContentLoss,
    "style": StyleLoss,
    "smooth": TotalVariation,
}


@keras.saving.register_keras_serializable("styletune")
class WeightedTerms(layers.Layer):
    """The model's output: the raw losses of k terms and n layers, times their weights.

    Raw losses are kept apart from the weights: a muted term would read 0 otherwise, and nobody
    would see where it stands.

    Args:
        terms: k.

    Attributes:
        raw: those of the last step, (1, k·n), term by term, a variable.
    """

    def __init__(self, terms: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._terms = terms

    def build(self, shape: tuple[int, ...], *_: Any) -> None:
        """Make the variable."""
        self.raw = self.add_weight(shape, "zeros", trainable=False, name="raw")

    def call(self, raw: Any, weights: Any) -> Any:
        """(1, k·m) raw and (1, k·n) weights → (1, k·n) weighted; m ≤ n layers are computed.

        The terms of layers that a shallow step does not compute keep their last raw values;
        their weights are 0.
        """
        computed, count = raw.shape[1] // self._terms, weights.shape[1] // self._terms
        if computed < count:
            shape = (1, self._terms, -1)
            last = ops.reshape(ops.convert_to_tensor(self.raw), shape)[:, :, computed:]
            raw = ops.concatenate([ops.reshape(raw, shape), last], axis=2)
            raw = ops.reshape(raw, (1, -1))
        self.raw.assign(ops.stop_gradient(raw))
        return raw * weights
