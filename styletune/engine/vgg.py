"""The feature network: a Keras model from a picture to the features of the played layers.

In: (1, h, w, 3) float32 RGB, 0..255. Out: one (1, h/s, w/s, c) float32 per played layer, after
ReLU. Frozen: only the picture is ever trained.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from styletune.config import network_layers
from styletune.engine.weights import Weights
from styletune.errors import LayerError, PictureError

# What the feature networks look like: VGG's skeleton, and which layers it computes.
#
# Pure data; runs anywhere, knows nothing about Keras.
# Source: Simonyan & Zisserman 2014, arXiv:1409.1556, table 1, columns D and E.


# ImageNet means of the channels, RGB order here; Keras' `preprocess_input` has them as BGR.
MEANS_RGB = (123.68, 116.779, 103.939)


@dataclass(frozen=True, slots=True)
class Convolution:
    """A 3×3 convolution with ReLU; `pool_before` halves the picture first."""

    name: str
    pool_before: bool


def convolutions(network: str, layers: Sequence[str]) -> tuple[Convolution, ...]:
    """The convolutions of `network` up to the deepest of `layers`, in order.

    Raises:
        LayerError: a layer that the network does not have.
    """
    known = network_layers(network)
    unknown = [layer for layer in layers if layer not in known]
    if unknown:
        raise LayerError(f"{network} has no layer `{unknown[0]}`; it has {', '.join(known)}")
    deepest = max(known.index(layer) for layer in layers)
    return tuple(
        Convolution(name, pool_before=name.endswith("_conv1") and not name.startswith("block1"))
        for name in known[: deepest + 1]
    )


def min_edge_px(network: str, layers: Sequence[str]) -> int:
    """The smallest picture edge that leaves the deepest layer 2 × 2 positions."""
    pools = sum(convolution.pool_before for convolution in convolutions(network, layers))
    return int(2 ** (pools + 1))


def check_size(network: str, layers: Sequence[str], width: int, height: int) -> None:
    """Refuse pictures that pooling would reduce to nothing.

    Raises:
        PictureError: with the smallest edge allowed.
    """
    smallest = min_edge_px(network, layers)
    if min(width, height) < smallest:
        raise PictureError(
            f"{network} pools down to its deepest layer and needs both edges at least "
            f"{smallest} px; received {width} × {height}: use a larger --size or a less "
            "extreme picture"
        )


def receptive_field_px(network: str, layer: str) -> int:
    """How many pixels across one activation of `layer` sees.

    Each 3×3 convolution adds 2 positions at its scale, each 2×2 pooling 1 and doubles the scale.

    >>> receptive_field_px("vgg19", "block2_conv1")
    10
    """
    field, scale = 1, 1
    for convolution in convolutions(network, [layer]):
        if convolution.pool_before:
            field += scale
            scale *= 2
        field += 2 * scale
    return field


@keras.saving.register_keras_serializable("styletune")
class Preprocess(layers.Layer):
    """Subtract ImageNet's channel means, where the first convolution cannot do it itself.

    Differs from `keras.applications.vgg19.preprocess_input`: the channels stay RGB; the first
    kernel is turned around instead, once, which saves a pass over the picture each step.
    """

    def call(self, picture: Any) -> Any:
        """(1, h, w, 3) RGB 0..255 → the same, centred."""
        return picture - ops.reshape(ops.convert_to_tensor(MEANS_RGB, self.dtype), (1, 1, 1, 3))


@keras.saving.register_keras_serializable("styletune")
class ReplicatePad(layers.Layer):
    """Repeat the picture's border by one pixel.

    Zero padding shows the first layer a dark frame, which the painting then tries to mend.
    """

    def call(self, picture: Any) -> Any:
        """(1, h, w, c) → (1, h + 2, w + 2, c)."""
        # A border of one: reflecting with the edge included is repeating the edge.
        return ops.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")


def _pool(kind: str, name: str, dtype: str) -> list[layers.Layer]:
    if kind == "max":
        return [layers.MaxPooling2D(2, name=name, dtype=dtype)]
    # Averages of ReLU features are smaller than their maxima: ×2 restores the size that the
    # next kernels expect. Source: style-transfer-pytorch's scaled pooling.
    return [
        layers.AveragePooling2D(2, name=name, dtype=dtype),
        layers.Rescaling(2.0, name=f"{name}_scale", dtype=dtype),
    ]


def feature_network(
    network: str,
    played: Sequence[str],
    weights: Weights,
    *,
    padding: str = "replicate",
    pooling: str = "max",
    precision: str = "float32",
) -> keras.Model:
    """Build the frozen network up to the deepest of the `played` layers.

    Args:
        played: names in network order; the outputs come in this order.
        padding: of the first convolution, `replicate` or `zero`; the others pad with zeros.
        pooling: `max` or `average` (rescaled).
        precision: of all but the first convolution, which alone sees pixels: `bfloat16` has
            eight bits for the 256 values of a pixel. `tf32` is the device's business.
    """
    dtype = precision if precision in ("bfloat16", "float16") else "float32"
    picture = keras.Input((None, None, 3), batch_size=1, name="picture")
    means = np.array(MEANS_RGB, np.float32)
    outputs = {}
    x = picture if padding == "replicate" else Preprocess(name="preprocess")(picture)
    for index, convolution in enumerate(convolutions(network, played)):
        name = convolution.name
        if convolution.pool_before:
            for layer in _pool(pooling, f"pool_before_{name}", dtype):
                x = layer(x)
        replicate = index == 0 and padding == "replicate"
        if replicate:
            x = ReplicatePad(name="replicate_pad")(x)
        kernel, bias = weights.kernels[name], weights.biases[name]
        if index == 0:
            kernel = kernel[:, :, ::-1]  # BGR → RGB
        if replicate:
            # k·(x − mean) + b = k·x + (b − k·mean): exact where no zeros are padded, and one
            # pass over the picture less in each step.
            bias = bias - np.tensordot(kernel.sum((0, 1)), means, (0, 0))
        layer = layers.Conv2D(
            kernel.shape[3],
            3,
            padding="valid" if replicate else "same",
            activation="relu",
            name=name,
            dtype="float32" if index == 0 else dtype,
        )
        x = layer(x)
        layer.set_weights([kernel, bias])
        outputs[name] = x
    model = keras.Model(picture, [outputs[name] for name in played], name=network)
    model.trainable = False
    return model
