"""What the feature networks look like: VGG's skeleton, and which layers it computes.

Pure data; runs anywhere, knows nothing about Keras.
Source: Simonyan & Zisserman 2014, arXiv:1409.1556, table 1, columns D and E.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from styletune.config import selected_layers
from styletune.errors import LayerError, PictureError

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
    known = selected_layers(network)
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
