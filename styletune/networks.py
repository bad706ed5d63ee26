"""The table of feature networks, and what follows from their convolutions.

A new network is one row of `NETWORKS`; `engine.vgg` builds it, `engine.weights` fills it. A
*layer* is a convolution that sees the picture at full size, or at 1/n of it: `block3_conv1@2`.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from styletune.errors import LayerError, PictureError


@dataclass(frozen=True, slots=True)
class Convolution:
    """A 3×3 convolution with ReLU.

    Attributes:
        channels: of its output.
        pool_before: whether the picture is halved first.
    """

    name: str
    channels: int
    pool_before: bool = False


SCALES = (1, 2, 4, 8)  # a layer may see the picture at 1/scale of its size


class ScaledLayer(NamedTuple):
    """What a layer's name says.

    Attributes:
        convolution: whose output it is.
        scale: it sees the picture at 1/scale of its size.
    """

    convolution: str
    scale: int = 1

    @property
    def name(self) -> str:
        """The name that was parsed."""
        return self.convolution if self.scale == 1 else f"{self.convolution}@{self.scale}"


def parse_layer(name: str) -> ScaledLayer:
    """Read a layer's name.

    >>> parse_layer("block3_conv1@2")
    ScaledLayer(convolution='block3_conv1', scale=2)

    Raises:
        LayerError: a scale that there is not.
    """
    convolution, at, scale = name.partition("@")
    if not at:
        return ScaledLayer(name)
    if scale not in map(str, SCALES[1:]):
        raise LayerError(
            f"layer `{name}`: after @ comes {', '.join(map(str, SCALES[1:]))} for the picture at "
            "a half, a quarter or an eighth of its size"
        )
    return ScaledLayer(convolution, int(scale))


@dataclass(frozen=True, slots=True)
class FeatureNetwork:
    """One row of the table.

    Attributes:
        summary: what it is good for, in the words of `--help`.
        convolutions: all of them, in the order in which they are computed.
        default_layers: the one to eight that a session uses unless it names others.
        keras_application: the class in `keras.applications` that has the weights; None: the
            package's own file, `styletune/weights/<name>.npz`.
    """

    summary: str
    convolutions: tuple[Convolution, ...]
    default_layers: tuple[str, ...]
    keras_application: str | None = None

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of all convolutions, in order."""
        return tuple(convolution.name for convolution in self.convolutions)

    def order(self, layers: Iterable[str]) -> tuple[str, ...]:
        """Those layers as they are computed: from the full size to the coarsest, then by depth.

        Raises:
            LayerError: a layer that the network does not have, or a scale that there is not.
        """
        return tuple(layer.name for layer in sorted(map(self._find, layers), key=self._place))

    def _find(self, name: str) -> ScaledLayer:
        layer = parse_layer(name)
        if layer.convolution not in self.layers:
            raise LayerError(f"no layer `{layer.convolution}`; there are {', '.join(self.layers)}")
        return layer

    def _place(self, layer: ScaledLayer) -> tuple[int, int]:
        return layer.scale, self.layers.index(layer.convolution)


def vgg_blocks(*blocks: tuple[int, int]) -> tuple[Convolution, ...]:
    """VGG's skeleton: blocks of (how many convolutions, their channels), with pooling between.

    >>> [convolution.name for convolution in vgg_blocks((2, 64), (1, 128))]
    ['block1_conv1', 'block1_conv2', 'block2_conv1']
    """
    return tuple(
        Convolution(f"block{block}_conv{number}", channels, pool_before=number == 1 < block)
        for block, (count, channels) in enumerate(blocks, 1)
        for number in range(1, count + 1)
    )


def _at_three_scales(deepest: str) -> tuple[str, ...]:
    """Colours at full size to sweeps at a quarter: no layer implies its neighbour's Gram matrix."""
    return (
        "block1_conv1", "block2_conv1", "block3_conv1",
        "block2_conv1@2", "block3_conv1@2", f"{deepest}@2",
        "block3_conv1@4", f"{deepest}@4",
    )  # fmt: skip


_LARGE = "the real thing, for a GPU or patience"

# Source: Simonyan & Zisserman 2014, arXiv:1409.1556, table 1, columns D and E.
NETWORKS = {
    # A quarter of VGG-19's channels: about a sixth of VGG-16's time on two CPU cores.
    "lite": FeatureNetwork(
        "ships with styletune, live on a CPU",
        vgg_blocks((2, 16), (2, 32), (4, 64)),
        _at_three_scales("block3_conv4"),
    ),
    "vgg16": FeatureNetwork(
        _LARGE,
        vgg_blocks((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
        _at_three_scales("block3_conv3"),
        keras_application="VGG16",
    ),
    "vgg19": FeatureNetwork(
        _LARGE,
        vgg_blocks((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
        _at_three_scales("block3_conv4"),
        keras_application="VGG19",
    ),
}
DEFAULT_NETWORK = "lite"


def network_title(name: str) -> str:
    """A network as people write it.

    >>> network_title("vgg19")
    'VGG-19'
    """
    return (NETWORKS[name].keras_application or name).replace("VGG", "VGG-")


def convolutions(network: str, layers: Sequence[str]) -> tuple[Convolution, ...]:
    """The convolutions of `network` up to the deepest of `layers`, in order.

    Raises:
        LayerError: a layer that the network does not have.
    """
    known = NETWORKS[network].layers
    names = [parse_layer(layer).convolution for layer in layers]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise LayerError(f"{network} has no layer `{unknown[0]}`; it has {', '.join(known)}")
    deepest = max(map(known.index, names))
    return NETWORKS[network].convolutions[: deepest + 1]


def min_edge_px(network: str, layers: Sequence[str]) -> int:
    """The smallest picture edge that leaves each of `layers` 2 × 2 positions."""
    return max(2 * stride_px(network, layer) for layer in layers)


def stride_px(network: str, layer: str) -> int:
    """How many pixels of the picture lie between two positions of `layer`."""
    pools = sum(convolution.pool_before for convolution in convolutions(network, [layer]))
    return int(2**pools * parse_layer(layer).scale)


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
    """How many pixels across of the painting one activation of `layer` sees.

    Each halving of the picture by four pixels adds 3 positions at its scale, each 3×3
    convolution 2, each 2×2 pooling 1; halving and pooling double the scale.

    >>> receptive_field_px("vgg19", "block2_conv1")
    10
    >>> receptive_field_px("vgg19", "block2_conv1@2")
    22
    """
    field, scale = 1, 1
    while scale < parse_layer(layer).scale:
        field += 3 * scale
        scale *= 2
    for convolution in convolutions(network, [layer]):
        if convolution.pool_before:
            field += scale
            scale *= 2
        field += 2 * scale
    return field


# What one notices when a layer of up to that receptive field is turned.
_EFFECTS = {
    3: "colour", 5: "grain", 10: "hatching", 14: "marks", 22: "dabs", 24: "strokes", 32: "curls",
    40: "swirls", 48: "motifs", 60: "shapes", 92: "forms", 98: "whorls", 102: "sweeps",
}  # fmt: skip


def layer_effect(field_px: int) -> str:
    """One word for what a layer of that receptive field changes."""
    return next((word for limit, word in _EFFECTS.items() if field_px <= limit), "figures")


def control_effect(control: str, network: str) -> str:
    """What the layer of a control changes, in the word of the page; empty: it is of no layer.

    >>> control_effect("style.block3_conv1.mute", "vgg16")
    'strokes'
    """
    for part in control.split("."):
        with contextlib.suppress(LayerError):
            return layer_effect(receptive_field_px(network, part))
    return ""


class LayerRow(TypedDict):
    """A layer of the session, as the page shows it."""

    name: str
    field_px: int  # see `receptive_field_px`
    effect: str


def layer_rows(network: str, layers: Sequence[str]) -> list[LayerRow]:
    """What the page needs of each layer, as `GET /api/controls` sends it."""
    fields = {layer: receptive_field_px(network, layer) for layer in layers}
    return [LayerRow(name=n, field_px=px, effect=layer_effect(px)) for n, px in fields.items()]
