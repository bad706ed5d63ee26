"""The network of a look, a Keras model: a picture and the desk in, the painted picture out.

Source: Johnson, Alahi, Fei-Fei 2016, arXiv:1603.08155 (encoder, residual blocks, decoder);
Dumoulin et al. 2017, arXiv:1610.07629 (conditional instance normalisation); Babaeizadeh and
Ghiasi 2018, arXiv:1811.08560 (the weights of the losses as its conditions).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, ops

from styletune.controls import AMOUNT_HIGH, AMOUNT_LOW
from styletune.looks.desk import SHARED_STATISTICS, desk_sizes

# Of the sum of all layers' weights; what is less is off to the network.
_SMALLEST_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class Widths:
    """How wide and deep a network is.

    Attributes:
        half: channels at half of the picture's size.
        quarter: channels at a quarter of it, where strokes are made.
        blocks: residual blocks there.
        kernel: edge of their depthwise convolution, odd.
        desk: units between the desk and the normalisations.
    """

    half: int = 24
    quarter: int = 64
    blocks: int = 5
    kernel: int = 5
    desk: int = 32


def look_network(layer_count: int, styles: int, widths: Widths | None = None) -> keras.Model:
    """A new network, untrained: at first it shows the picture itself.

    Most of it works at a quarter of the picture's size: strokes are large, and a pixel there
    costs a sixteenth. Upwards it goes by nearest-neighbour copies and a convolution, which
    leave no checkerboard; the last step, from half size, gives four pixels at a time.

    Args:
        layer_count: layers of the desk, 1 to 8.
        styles: that it is taught, 1 to 4.

    Returns:
        A model of a dict: `picture` (n, h, w, 3) float32 RGB 0..255, h and w multiples of 4
        and at least 16; those of `desk_sizes`, (n, size) float32; and `shared_statistics`,
        (n, 1), 1 for parts of one picture and 0 otherwise. Its output is like the picture.
    """
    widths = widths or Widths()
    picture = keras.Input((None, None, 3), name="picture")
    desk = {
        name: keras.Input((size,), name=name)
        for name, size in desk_sizes(layer_count, styles).items()
    }
    features = DeskFeatures(name="desk")(desk)
    condition = layers.Dense(widths.desk, activation="relu", name="condition")(features)
    # Of the first picture for all: see `ConditionalNormalization`.
    shared = keras.Input((1,), name=SHARED_STATISTICS)

    def normalize(x: Any, name: str) -> Any:
        return ConditionalNormalization(name=name)([x, condition, shared])

    def convolve(x: Any, channels: int, kernel: int, name: str, stride: int = 1) -> Any:
        x = ReflectPad((kernel - 1) // 2, name=f"{name}_pad")(x)
        return layers.Conv2D(channels, kernel, stride, name=name)(x)

    unit = layers.Rescaling(1 / 127.5, -1.0, name="unit")(picture)
    # Six pixels across with stride 2: all of the picture is seen, no pixel less than another.
    x = convolve(unit, widths.half, 6, "encode_half", stride=2)
    x = layers.ReLU()(normalize(x, "encode_half_norm"))
    x = convolve(x, widths.quarter, 4, "encode_quarter", stride=2)
    x = layers.ReLU()(normalize(x, "encode_quarter_norm"))
    for number in range(1, widths.blocks + 1):
        name = f"block{number}"
        y = ReflectPad(widths.kernel // 2, name=f"{name}_pad")(x)
        y = layers.DepthwiseConv2D(widths.kernel, name=f"{name}_depthwise")(y)
        y = normalize(y, f"{name}_norm")
        y = layers.Conv2D(2 * widths.quarter, 1, activation="relu", name=f"{name}_expand")(y)
        y = layers.Conv2D(widths.quarter, 1, name=f"{name}_project")(y)
        x = layers.Add(name=name)([x, y])
    x = layers.Conv2D(widths.half, 1, name="narrow")(x)
    x = layers.UpSampling2D(2, interpolation="nearest", name="upsample")(x)
    x = convolve(x, widths.half, 3, "decode_half")
    x = layers.ReLU()(normalize(x, "decode_half_norm"))
    x = ReflectPad(1, name="paint_pad")(x)
    x = layers.Conv2D(12, 3, kernel_initializer="zeros", name="paint")(x)
    x = PixelShuffle(name="paint_full")(x)
    x = PictureGain(name="keep")([unit, condition, x])
    x = layers.Activation("tanh", name="limit")(x)
    # A little beyond black and white, so that both can be reached.
    painted = layers.Rescaling(150.0, 127.5, name="painted")(x)
    inputs = {"picture": picture, **desk, SHARED_STATISTICS: shared}
    return keras.Model(inputs, painted, name="look")


@keras.saving.register_keras_serializable("styletune")
class DeskFeatures(layers.Layer):
    """From weights and amounts to numbers in about −1..1, one for each.

    Only what weights are beside each other counts, as in painting; hands move them by factors.
    """

    def call(self, desk: Mapping[str, Any]) -> Any:
        """The inputs of a look but the picture, (n, size) each → (n, sum of sizes)."""
        weights = [desk["style_weights"], desk["content_weights"], desk["smooth_weights"]]
        total = sum(ops.sum(w, axis=-1, keepdims=True) for w in weights[:2])
        logs = [
            ops.log10(ops.maximum(w / ops.maximum(total, 1e-9), _SMALLEST_SHARE)) * 0.5 + 1.0
            for w in weights
        ]
        # 0 is the content's texture, 1 the style's; beyond it a step means less.
        amounts = ops.clip(desk["style_amounts"], AMOUNT_LOW, AMOUNT_HIGH) - 1.0
        amounts = ops.where(amounts < 0, amounts / (1 - AMOUNT_LOW), amounts / (AMOUNT_HIGH - 1))
        return ops.concatenate([amounts, *logs, desk["style_shares"] * 2.0 - 1.0], axis=-1)

    def compute_output_shape(self, desk: Mapping[str, Any]) -> tuple[int | None, int]:
        """(n, sum of sizes)."""
        return (None, sum(shape[-1] for shape in desk.values()))


@keras.saving.register_keras_serializable("styletune")
class ConditionalNormalization(layers.Layer):
    """Instance normalisation whose scale and shift come from a condition.

    x → (1 + γ)·(x − mean) / deviation + β, over each picture's positions, with γ and β linear
    in the condition. Source: arXiv:1610.07629 eq. 5.

    The parts of a picture that is too large for the memory are normalised by the statistics of
    the whole, made small, which comes first in their batch: or each would have its own light.
    """

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        """Make the linear map; at first γ and β are 0 in the middle of the desk."""
        channels = shapes[0][-1] or 0
        self.affine = layers.Dense(
            2 * channels, kernel_initializer=keras.initializers.RandomNormal(0.0, 0.05)
        )
        self.affine.build(shapes[1])

    def call(self, inputs: list[Any]) -> Any:
        """(n, h, w, c), (n, k) and (n, 1) → (n, h, w, c)."""
        x, condition, shared = inputs
        shared = shared[:, None, None, :]
        scale, shift = ops.split(self.affine(condition)[:, None, None, :], 2, axis=-1)
        mean = ops.mean(x, axis=(1, 2), keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=(1, 2), keepdims=True)
        mean += shared * (mean[:1] - mean)
        variance += shared * (variance[:1] - variance)
        centred = x - mean
        return centred * ((1.0 + scale) * ops.rsqrt(variance + 1e-5)) + shift

    def compute_output_shape(self, shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """That of x."""
        return shapes[0]


@keras.saving.register_keras_serializable("styletune")
class PictureGain(layers.Layer):
    """Adds the picture itself to what is painted, as much as the condition asks for.

    With all knobs at the content's own, the picture can come through whole.
    """

    def build(self, shapes: list[tuple[int | None, ...]]) -> None:
        """Make the linear map: at first the picture comes through."""
        self.gain = layers.Dense(3, kernel_initializer="zeros", bias_initializer="ones")
        self.gain.build(shapes[1])

    def call(self, inputs: list[Any]) -> Any:
        """(n, h, w, 3), (n, k) and (n, h, w, 3) → (n, h, w, 3)."""
        picture, condition, painted = inputs
        return painted + picture * self.gain(condition)[:, None, None, :]

    def compute_output_shape(self, shapes: list[tuple[int | None, ...]]) -> tuple[int | None, ...]:
        """That of the picture."""
        return shapes[0]


@keras.saving.register_keras_serializable("styletune")
class ReflectPad(layers.Layer):
    """Mirror the border: zeros would be a dark frame, which grows into the picture."""

    def __init__(self, pixels: int, **settings: Any) -> None:
        super().__init__(**settings)
        self.pixels = pixels

    def call(self, x: Any) -> Any:
        """(n, h, w, c) → (n, h + 2·pixels, w + 2·pixels, c)."""
        if not self.pixels:
            return x
        edge = (self.pixels, self.pixels)
        return ops.pad(x, ((0, 0), edge, edge, (0, 0)), mode="reflect")

    def get_config(self) -> dict[str, Any]:
        """For Keras' own files of the model."""
        return {**super().get_config(), "pixels": self.pixels}


@keras.saving.register_keras_serializable("styletune")
class PixelShuffle(layers.Layer):
    """Twice the size from four times the channels. Source: Shi et al. 2016, arXiv:1609.05158."""

    def call(self, x: Any) -> Any:
        """(n, h, w, 4·c) → (n, 2·h, 2·w, c)."""
        count, height, width, channels = ops.shape(x)
        x = ops.reshape(x, (count, height, width, 2, 2, channels // 4))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (count, 2 * height, 2 * width, channels // 4))

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """(n, 2·h, 2·w, c)."""
        count, height, width, channels = shape
        double = (None if height is None else 2 * height, None if width is None else 2 * width)
        return (count, *double, (channels or 0) // 4)
