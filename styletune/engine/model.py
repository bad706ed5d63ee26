"""The Keras model whose kernel is the painting.

The real input is the constant 1.0; a bias-free dense layer named `image` turns it into the
picture: fitting that kernel is fitting the picture. `content_weights`, `style_weights` (1, n) and
`smooth_weight` (1, 1) are inputs too, so moving a slider never builds or traces anything; so is
`all_terms` (1, 1), which asks for the raw losses of terms that count nothing. The
output is the vector of 2n weighted losses, whose target is zeros under `mean_absolute_error`.
Source: "Tuning Style Transfer with a Control Surface" (2018), after arXiv:1508.06576.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from styletune.config import Optimizer
from styletune.engine.losses import ContentLoss, StyleLoss, TotalVariation, WeightedTerms
from styletune.engine.optimizers import ClipPixels, NormalizedAdam
from styletune.engine.weights import Weights


@keras.saving.register_keras_serializable("styletune")
class StyleTransfer(keras.Model):
    """A functional Keras model that counts how often its training step was traced."""

    traces = 0

    def train_step(self, *args: Any) -> Any:
        """Run (or, under a tracer, record) Keras' own step; Python is here only when tracing."""
        self.traces += 1
        return super().train_step(*args)

    @property
    def image(self) -> Any:
        """The kernel that is the painting: (1, h·w·3), RGB 0..255."""
        return self.get_layer("image").kernel


def depth_boundaries(names: Sequence[str]) -> tuple[int, ...]:
    """How many of the played layers a step may end with: up to the last of each block.

    A step costs what its deepest layer costs; between two layers of one block there is little
    to save.

    >>> depths(["block1_conv2", "block2_conv1", "block2_conv2"])
    (1, 3)
    """
    blocks = [name.split("_")[0] for name in names]
    return tuple(
        index
        for index, block in enumerate(blocks, 1)
        if index == len(blocks) or blocks[index] != block
    )


def style_transfer_models(
    features: keras.Model,
    names: Sequence[str],
    height: int,
    width: int,
    weights: Weights,
    *,
    clamp: bool = True,
    skips: bool = False,
) -> dict[int, StyleTransfer]:
    """Assemble the model for pictures of `height` × `width` px, and its shallow parts.

    All have the same inputs, the same output (2n terms) and the same layers, hence the same
    variables; they differ in how many of the played layers they compute.

    Args:
        features: the frozen network of `feature_network`.
        names: the played layers, in the order of its outputs.
        weights: read for the metrics of the style terms only.
        clamp: keep pixels in 0..255 after each step.
        skips: leave out content terms of weight 0 in steps that do not compute all terms.

    Returns:
        Models by `depths(names)`; the last is the whole.
    """
    count = len(names)
    inputs = {
        "one": keras.Input((1,), batch_size=1, name="one"),
        "content_weights": keras.Input((count,), batch_size=1, name="content_weights"),
        "style_weights": keras.Input((count,), batch_size=1, name="style_weights"),
        "smooth_weight": keras.Input((1,), batch_size=1, name="smooth_weight"),
        # Not 0: also compute the terms that count nothing, for the table.
        "all_terms": keras.Input((1,), batch_size=1, name="all_terms"),
    }
    kernel = layers.Dense(
        height * width * 3,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_constraint=ClipPixels() if clamp else None,
        name="image",
    )(inputs["one"])
    picture = layers.Reshape((height, width, 3), name="picture")(kernel)
    picture = TotalVariation(name="smooth")(picture, inputs["smooth_weight"])
    wanted = layers.Add(name="wanted")([inputs["content_weights"], inputs["all_terms"]])  # (1, n)
    both = layers.Concatenate(name="weights")([inputs["content_weights"], inputs["style_weights"]])
    content = [ContentLoss(skips, name=f"content_{name}") for name in names]
    style = [StyleLoss(weights.metrics.get(name), name=f"style_{name}") for name in names]
    terms = WeightedTerms(name="terms")

    def model(depth: int) -> StyleTransfer:
        # Each loss hands the features on, and the next layer takes them from there: see `taps`.
        found = picture
        heard: list[Any] = []
        seen: list[Any] = []
        for layer in features.layers[1:]:  # the first is the input
            found = layer(found)
            if layer.name not in names:
                continue
            index = len(heard)
            found, raw = content[index](found, wanted[:, index : index + 1])
            heard.append(raw)
            found, raw = style[index](found, last=index == depth - 1)
            seen.append(raw)
            if index == depth - 1:
                break
        raw = layers.Concatenate(name="raw_terms")([*heard, *seen])
        return StyleTransfer(inputs, terms(raw, both), name="style_transfer")

    # The whole first: it is what gives `terms` the shape of its variable.
    return {depth: model(depth) for depth in reversed(depth_boundaries(names))}


def make_optimizer(settings: Optimizer, height: int, width: int) -> NormalizedAdam:
    """Make the session's optimizer; its learning rate is set before each run."""
    return NormalizedAdam(
        0.0,
        normalize=settings.normalize,
        levels=settings.levels,
        size=(height, width),
        beta_1=settings.beta_1,
        beta_2=settings.beta_2,
        epsilon=settings.epsilon,
    )


def make_batch(
    content_weights: npt.ArrayLike,
    style_weights: npt.ArrayLike,
    smooth_weight: float,
    *,
    all_terms: bool = True,
) -> tuple[dict[str, Any], Any]:
    """The model's inputs and its target of zeros, as tensors on the device."""
    x = {
        "one": row_tensor(1.0),
        "content_weights": row_tensor(content_weights),
        "style_weights": row_tensor(style_weights),
        "smooth_weight": row_tensor(smooth_weight),
        "all_terms": row_tensor(float(all_terms)),
    }
    return x, row_tensor(np.zeros(x["content_weights"].shape[1] * 2))


def row_tensor(values: npt.ArrayLike) -> Any:
    """A tensor (1, n) float32 on the device."""
    return ops.convert_to_tensor(np.reshape(np.asarray(values, np.float32), (1, -1)))
