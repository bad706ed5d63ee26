"""What layers make of a picture: their strongest feature maps and their Gram matrices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.engine.losses import gram_matrix
from styletune.engine.state import Pixels
from styletune.engine.vgg import FeatureExtractor

Array = npt.NDArray[np.float32]

STRONGEST = 8  # maps of a layer that are shown


@dataclass(frozen=True, slots=True)
class Observation:
    """One layer's features of one picture.

    Attributes:
        channels: those with the largest mean activation, the strongest first; at most
            `STRONGEST`.
        maps: their activations, (n, h, w), at least 0.
        gram: the Gram matrix of all channels, (c, c), nothing taken out of it.
    """

    layer: str
    channels: tuple[int, ...]
    maps: Array
    gram: Array


def observe(features: FeatureExtractor, pixels: Pixels, layers: Sequence[str]) -> list[Observation]:
    """The layers' observations of a picture, (h, w, 3) float32 0..255.

    Args:
        layers: some or all of the network's selected ones, in their order.
    """
    found: list[Observation] = []

    def on_layer(name: str, activations: Any, is_last: bool) -> Any:
        single = ops.cast(activations, "float32")
        means = ops.convert_to_numpy(ops.mean(single, axis=(0, 1, 2)))
        strongest = np.argsort(-means, kind="stable")[:STRONGEST]
        maps = ops.convert_to_numpy(ops.take(single[0], strongest, axis=-1))
        gram = ops.convert_to_numpy(gram_matrix(single))
        channels = tuple(map(int, strongest))
        found.append(Observation(name, channels, np.moveaxis(maps, -1, 0), gram))
        return activations

    features.tap(ops.convert_to_tensor(pixels[None]), layers, on_layer)
    return found
