"""A feature network as a frozen Keras model: from a picture to the features of its layers."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from styletune.engine.backend import on_tensorflow_cpu
from styletune.engine.convolution import FrozenConvolution
from styletune.engine.weights import Weights
from styletune.networks import convolutions

# ImageNet means of the channels, RGB order here; Keras' `preprocess_input` has them as BGR.
MEANS_RGB = (123.68, 116.779, 103.939)


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
    selected: Sequence[str],
    weights: Weights,
    *,
    padding: str = "replicate",
    pooling: str = "max",
    precision: str = "float32",
) -> keras.Model:
    """Build the frozen network up to the deepest of the `selected` layers.

    In: (1, h, w, 3) float32 RGB, 0..255. Out: one (1, h/s, w/s, c) per selected layer, after ReLU.

    Args:
        network: a row of `NETWORKS`.
        selected: names in network order; the outputs come in this order.
        padding: of the first convolution, `replicate` or `zero`; the others pad with zeros.
        pooling: `max` or `average` (rescaled).
        precision: of all but the first convolution, which alone sees pixels: `bfloat16` has
            eight bits for the 256 values of a pixel. `tf32` is the device's business.
    """
    dtype = precision if precision in ("bfloat16", "float16") else "float32"
    picture = keras.Input((None, None, 3), batch_size=1, name="picture")
    means = np.array(MEANS_RGB, np.float32)
    outputs = {}
    convolution_class = FrozenConvolution if on_tensorflow_cpu() else layers.Conv2D
    x = picture if padding == "replicate" else Preprocess(name="preprocess")(picture)
    for index, convolution in enumerate(convolutions(network, selected)):
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
        layer = convolution_class(
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
    model = keras.Model(picture, [outputs[name] for name in selected], name=network)
    model.trainable = False
    return model
