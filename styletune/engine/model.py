"""The Keras model whose kernel is the painting.

A bias-free dense layer on the constant 1.0 is the picture, and its kernel all that is trained.
Source: "Tuning Style Transfer with a Control Surface" (2018), after arXiv:1508.06576.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from keras import layers, ops

from styletune.config import Optimizer
from styletune.engine.losses import LOSSES, WeightedTerms
from styletune.engine.optimizers import ClipPixels, SwitchableOptimizer
from styletune.engine.vgg import FeatureExtractor
from styletune.engine.weights import Weights
from styletune.networks import parse_layer
from styletune.terms import TERMS, blended_terms, layer_terms, picture_terms

Batch = tuple[dict[str, Any], Any]  # the model's inputs and targets


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
    """How many of the selected layers a step may end with: the last of a block or of a scale.

    A step costs what its deepest layer costs; between two layers of one block there is little
    to save, or between blocks of a smaller picture.

    >>> depth_boundaries(["block1_conv2", "block2_conv1", "block2_conv2", "block2_conv1@2"])
    (1, 3, 4)
    """
    layers = map(parse_layer, names)
    blocks = [
        (layer.scale, layer.convolution.split("_")[0] if layer.scale == 1 else "")
        for layer in layers
    ]
    return tuple(
        index
        for index, block in enumerate(blocks, 1)
        if index == len(blocks) or blocks[index] != block
    )


def loss_name(term: str, layer: str) -> str:
    """The name of the Keras layer that computes a term of a layer."""
    return f"{term}_{layer}".replace("@", "-")  # TensorFlow's names have no @


def style_transfer_models(
    features: FeatureExtractor,
    names: Sequence[str],
    height: int,
    width: int,
    weights: Weights,
    *,
    clamp: bool = True,
    skips: bool = False,
    centering: float = 0.0,
) -> Callable[[int], StyleTransfer]:
    """Prepare the model for pictures of `height` × `width` px, and its shallow parts.

    Weights are inputs, so that moving a fader never builds or traces anything. The output is
    the vector of the k·n weighted losses of k terms and n layers, whose target is zeros under
    `mean_absolute_error`; the picture's terms are added to the loss.

    All models have the same inputs, output and layers, hence the same variables; they differ in
    how many of the selected layers they compute.

    Args:
        features: the frozen network.
        names: the selected layers, in the order of its outputs.
        weights: read for the metrics of the style terms only.
        clamp: keep pixels in 0..255 after each step.
        centering: of the Gram matrices; see `losses.gram_matrix`. The first convolution at full
            size keeps its means: they are the colours.
        skips: leave out content terms of weight 0 in steps that do not compute all terms.

    Returns:
        What builds the model of the first so many layers, one of `depth_boundaries(names)`. The
        whole must be the first: it gives the variables their shapes.
    """
    inputs = {
        name: keras.Input((size,), batch_size=1, name=name)
        for name, size in (
            ("one", 1),
            *((f"{term}_weights", len(names)) for term in layer_terms()),
            *((f"{term}_amounts", len(names)) for term in blended_terms()),
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
            skips=skips,
            metric=weights.metrics.get(parse_layer(name).convolution),
            centering=0.0 if name == features.first else centering,
            name=loss_name(term, name),
        )
        for term in layer_terms()
        for name in names
    }
    terms = WeightedTerms(len(layer_terms()), name="terms")

    def model(depth: int) -> StyleTransfer:
        # Each loss hands the features on, and the next layer takes them from there.
        raws: dict[str, list[Any]] = {term: [] for term in layer_terms()}

        def on_layer(name: str, tapped: Any, is_last: bool) -> Any:
            column = slice(names.index(name), names.index(name) + 1)
            for term, raw in raws.items():
                more = (
                    {"amount": inputs[f"{term}_amounts"][:, column]} if TERMS[term].blends else {}
                )
                tapped, value = losses[term, name](
                    tapped,
                    active[term][:, column],
                    is_last=is_last and term == layer_terms()[-1],
                    **more,
                )
                raw.append(value)
            return tapped

        features.tap(picture, names[:depth], on_layer)
        flat = [value for raw in raws.values() for value in raw]
        raw = layers.Concatenate(name="raw_terms")(flat)
        return StyleTransfer(inputs, terms(raw, both), name="style_transfer")

    return model


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
    weights: Mapping[str, npt.ArrayLike],
    amounts: Mapping[str, npt.ArrayLike],
    *,
    all_terms: bool = True,
) -> Batch:
    """The model's inputs and its target of zeros, as tensors on the device.

    Args:
        weights: (n,) of each layer term, (1,) of each picture term.
        amounts: (n,) of each term whose target is blended.
        all_terms: also compute the terms of weight 0.
    """
    inputs = {f"{term}_weights": row_tensor(values) for term, values in weights.items()}
    inputs |= {f"{term}_amounts": row_tensor(values) for term, values in amounts.items()}
    inputs |= {"one": row_tensor(1.0), "all_terms": row_tensor(float(all_terms))}
    count = sum(np.size(weights[term]) for term in layer_terms())
    return inputs, row_tensor(np.zeros(count))


def row_tensor(values: npt.ArrayLike) -> Any:
    """A tensor (1, n) float32 on the device."""
    return ops.convert_to_tensor(np.reshape(np.asarray(values, np.float32), (1, -1)))
