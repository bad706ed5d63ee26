"""A feature network, frozen: from a picture to the features of its layers."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from styletune.engine.backend import on_tensorflow_cpu
from styletune.engine.convolution import FrozenConvolution
from styletune.engine.weights import MEANS_RGB, Array, Weights
from styletune.networks import NETWORKS, SCALES, ScaledLayer, convolutions, parse_layer


@keras.saving.register_keras_serializable("styletune")
class Preprocess(layers.Layer):
    """Subtract the channels' means, where the first convolution cannot do it itself.

    Differs from `keras.applications.vgg19.preprocess_input`: the channels stay RGB; the first
    kernel is turned around instead, once, which saves a pass over the picture each step.

    Args:
        means_rgb: 0..255; ImageNet's, unless the network was trained with others.
    """

    def __init__(self, means_rgb: Sequence[float] = MEANS_RGB, **settings: Any) -> None:
        super().__init__(**settings)
        self.means_rgb = tuple(means_rgb)

    def call(self, picture: Any) -> Any:
        """(1, h, w, 3) RGB 0..255 → the same, centred."""
        means = ops.convert_to_tensor(self.means_rgb, self.dtype)
        return picture - ops.reshape(means, (1, 1, 1, 3))

    def get_config(self) -> dict[str, Any]:
        """For Keras' own files of the model."""
        return {**super().get_config(), "means_rgb": self.means_rgb}


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


@keras.saving.register_keras_serializable("styletune")
class Halve(layers.Layer):
    """Blur by [1 3 3 1] / 8 in each direction and keep every second pixel.

    The mean of 2×2 pixels lets stripes through as other stripes; they come back as boxes when
    the gradient goes the other way.
    """

    def call(self, picture: Any) -> Any:
        """(1, h, w, 3) → (1, ⌊h/2⌋, ⌊w/2⌋, 3)."""
        bordered = ops.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="symmetric")
        kernel = ops.convert_to_tensor(_BLUR[:, :, None, None] * np.eye(3, dtype=np.float32))
        return ops.conv(bordered, ops.cast(kernel, picture.dtype), strides=2, padding="valid")


_BLUR = np.outer([1, 3, 3, 1], [1, 3, 3, 1]).astype(np.float32) / 64


class FeatureExtractor:
    """The frozen layers of a network, applied to a picture at one or more of its scales.

    Call it with a picture (1, h, w, 3) float32 RGB, 0..255, for the features of the selected
    layers: (1, h/s, w/s, c) each, after ReLU.

    Args:
        network: a row of `NETWORKS`.
        selected: layers in the order in which they are computed.
        padding: of the first convolution, `replicate` or `zero`; the others pad with zeros.
        pooling: `max` or `average` (rescaled).
        precision: of all but the first convolution, which alone sees pixels: `bfloat16` has
            eight bits for the 256 values of a pixel. `tf32` is the device's business.

    Attributes:
        first: the convolution that sees the pixels themselves.
    """

    def __init__(
        self,
        network: str,
        selected: Sequence[str],
        weights: Weights,
        *,
        padding: str = "replicate",
        pooling: str = "max",
        precision: str = "float32",
    ) -> None:
        self.first = NETWORKS[network].layers[0]
        self._selected = tuple(selected)
        self._halve = Halve(name="halve")
        self._layers: list[layers.Layer] = []
        dtype = precision if precision in ("bfloat16", "float16") else "float32"
        for convolution in convolutions(network, selected):
            name = convolution.name
            kernel, bias = weights.kernels[name], weights.biases[name]
            if convolution.pool_before:
                self._layers += _pool(pooling, f"pool_before_{name}", dtype)
            if self._layers:
                self._layers.append(_convolution(name, kernel, bias, dtype))
            else:
                self._layers += _first_convolution(name, weights, padding)

    def __call__(self, picture: Any) -> list[Any]:
        """The features of all selected layers."""
        found: list[Any] = []

        def keep(_: str, features: Any, is_last: bool) -> Any:
            found.append(features)
            return features

        self.tap(picture, self._selected, keep)
        return found

    def tap(
        self, picture: Any, selected: Sequence[str], on_layer: Callable[[str, Any, bool], Any]
    ) -> None:
        """Compute the features of layers, and let each be looked at, or replaced, on the way.

        What came before is let go: all features of a large picture at once are more than a
        painting's steps take.

        Args:
            selected: some or all of the network's, in the same order.
            on_layer: takes a layer's name, its features, and whether no convolution comes after
                them; the next one goes on from what it returns.
        """
        found = [parse_layer(name) for name in selected]
        # No further than the coarsest: a narrow picture has few pixels to halve.
        for scale in SCALES[: SCALES.index(found[-1].scale) + 1]:
            if scale > 1:
                picture = self._halve(picture)
            names = [layer.name for layer in found if layer.scale == scale]
            features = picture
            for layer in self._layers if names else ():
                features = layer(features)
                name = ScaledLayer(layer.name, scale).name
                if name in names:
                    is_last = name == names[-1]
                    features = on_layer(name, features, is_last)
                    if is_last:
                        break


def _first_convolution(name: str, weights: Weights, padding: str) -> list[layers.Layer]:
    """From pixels, RGB 0..255: with what centres and pads them, always in float32."""
    kernel, bias = weights.kernels[name][:, :, ::-1], weights.biases[name]  # BGR → RGB
    # k·(x − mean) + b = k·x + (b − k·mean): exact where no zeros are padded, and one pass over
    # the picture less in each step.
    zero_padded = padding == "zero"
    origin = weights.border_rgb if zero_padded else (0, 0, 0)
    offset = np.subtract(origin, MEANS_RGB, dtype=np.float32)
    bias = bias + np.tensordot(kernel.sum((0, 1)), offset, (0, 0))
    if zero_padded:
        return [
            Preprocess(weights.border_rgb, name="preprocess"),
            _convolution(name, kernel, bias, "float32"),
        ]
    return [
        ReplicatePad(name="replicate_pad"),
        _convolution(name, kernel, bias, "float32", padding="valid"),
    ]


def _convolution(
    name: str, kernel: Array, bias: Array, dtype: str, padding: str = "same"
) -> layers.Layer:
    """A frozen 3×3 convolution with ReLU."""
    kind = FrozenConvolution if on_tensorflow_cpu() else layers.Conv2D
    layer = kind(
        kernel.shape[3], 3, padding=padding, activation="relu", name=name, dtype=dtype,
        trainable=False,
    )  # fmt: skip
    layer.build((1, None, None, kernel.shape[2]))
    layer.set_weights([kernel, bias])
    return layer
