"""The Keras model whose kernel is the painting.

A bias-free dense layer on the constant 1.0 is the picture, and its kernel all that is trained.
Source: "Tuning Style Transfer with a Control Surface" (2018), after arXiv:1508.06576.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from styletune.config import Optimizer
from styletune.engine.losses import LOSSES, WeightedTerms
from styletune.engine.optimizers import ClipPixels, SwitchableOptimizer
from styletune.engine.weights import Weights
from styletune.terms import layer_terms, picture_terms


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
    """How many of the selected layers a step may end with: up to the last of each block.

    A step costs what its deepest layer costs; between two layers of one block there is little
    to save.

    >>> depth_boundaries(["block1_conv2", "block2_conv1", "block2_conv2"])
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

    Weights are inputs, so that moving a fader never builds or traces anything. The output is
    the vector of the k·n weighted losses of k terms and n layers, whose target is zeros under
    `mean_absolute_error`; the picture's terms are added to the loss.

    All models have the same inputs, output and layers, hence the same variables; they differ in
    how many of the selected layers they compute.

    Args:
        features: the frozen network of `feature_network`.
        names: the selected layers, in the order of its outputs.
        weights: read for the metrics of the style terms only.
        clamp: keep pixels in 0..255 after each step.
        skips: leave out content terms of weight 0 in steps that do not compute all terms.

    Returns:
        Models by `depth_boundaries(names)`; the last is the whole.
    """
    inputs = {
        name: keras.Input((size,), batch_size=1, name=name)
        for name, size in (
            ("one", 1),
            *((f"{term}_weights", len(names)) for term in layer_terms()),
            *((f"{term}_weights", 1) for term in picture_terms()),
            ("all_terms", 1),  # not 0: also compute the terms that count nothing, for the table
        )
    }
    kernel = layers.Dense(
        height * width * 3,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_constraint=ClipPixels() if clamp else None,
        name="image",
    )(inputs["one"])
    picture = layers.Reshape((height, width, 3), name="picture")(kernel)
    for term in picture_terms():
        picture = LOSSES[term](name=term)(picture, inputs[f"{term}_weights"])
    # (1, n) each: whether a term counts, or is wanted for the table
    active = {
        term: layers.Add(name=f"{term}_active")([inputs[f"{term}_weights"], inputs["all_terms"]])
        for term in layer_terms()
    }
    both = layers.Concatenate(name="weights")([inputs[f"{term}_weights"] for term in layer_terms()])
    losses = {
        (term, name): LOSSES[term](
            skips=skips, metric=weights.metrics.get(name), name=f"{term}_{name}"
        )
        for term in layer_terms()
        for name in names
    }
    terms = WeightedTerms(len(layer_terms()), name="terms")

    def model(depth: int) -> StyleTransfer:
        # Each loss hands the features on, and the next layer takes them from there.
        tapped = picture
        raws: dict[str, list[Any]] = {term: [] for term in layer_terms()}
        last = (layer_terms()[-1], names[depth - 1])
        for layer in features.layers[1:]:  # the first is the input
            tapped = layer(tapped)
            if layer.name not in names:
                continue
            index = names.index(layer.name)
            for term, raw in raws.items():
                tapped, value = losses[term, layer.name](
                    tapped,
                    active[term][:, index : index + 1],
                    is_last=(term, layer.name) == last,
                )
                raw.append(value)
            if index == depth - 1:
                break
        flat = [value for raw in raws.values() for value in raw]
        raw = layers.Concatenate(name="raw_terms")(flat)
        return StyleTransfer(inputs, terms(raw, both), name="style_transfer")

    # The whole first: it is what gives `terms` the shape of its variable.
    return {depth: model(depth) for depth in reversed(depth_boundaries(names))}


def make_optimizer(settings: Optimizer, height: int, width: int) -> SwitchableOptimizer:
    """Make the session's optimizer; its learning rate is set before each run."""
    return SwitchableOptimizer(
        0.0,
        normalize=settings.normalize,
        levels=settings.levels,
        size=(height, width),
        beta_1=settings.beta_1,
        beta_2=settings.beta_2,
        epsilon=settings.epsilon,
    )


def make_batch(
    weights: Mapping[str, npt.ArrayLike], *, all_terms: bool = True
) -> tuple[dict[str, Any], Any]:
    """The model's inputs and its target of zeros, as tensors on the device.

    Args:
        weights: (n,) of each layer term, (1,) of each picture term.
        all_terms: also compute the terms of weight 0.
    """
    inputs = {f"{term}_weights": row_tensor(values) for term, values in weights.items()}
    inputs |= {"one": row_tensor(1.0), "all_terms": row_tensor(float(all_terms))}
    count = sum(np.size(weights[term]) for term in layer_terms())
    return inputs, row_tensor(np.zeros(count))


def row_tensor(values: npt.ArrayLike) -> Any:
    """A tensor (1, n) float32 on the device."""
    return ops.convert_to_tensor(np.reshape(np.asarray(values, np.float32), (1, -1)))
