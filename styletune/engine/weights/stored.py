"""What a file of weights holds, and of which network it is.

Readers list a file's convolutions as they find them; here they become layers of a network, or an
error that says what the file is instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from styletune.engine.weights.arrays import MEANS_RGB, Array, Colour, Weights
from styletune.errors import WeightsError
from styletune.networks import NETWORKS, network_title

LAYER_NAMES = frozenset(name for network in NETWORKS.values() for name in network.layers)


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """A convolution as a file holds it.

    Attributes:
        model: the model that it lies in, where a file nests them; layers without a name of
            VGG's are counted within it.
        name: one of `LAYER_NAMES`, or any other.
        kernel: (height, width, in, out).
    """

    model: str
    name: str
    kernel: Array
    bias: Array | None


@dataclass(frozen=True, slots=True)
class Colours:
    """What a network's first convolution takes: `matrix` · (RGB − `mean_rgb`).

    Attributes:
        matrix: (3, 3), from RGB 0..255 to its input channels.
        mean_rgb: 0..255; zeros around its picture are of this colour.
    """

    matrix: npt.NDArray[np.float64]
    mean_rgb: Colour = MEANS_RGB


# Of Caffe, of Keras' published files and of styletune's own.
BGR = Colours(np.eye(3)[::-1])
RGB = Colours(np.eye(3))

# kernel[0, 0, :, 0] of the first layer of Caffe's networks, which most files go back to: blue,
# green, red. They tell the one network from the other where both have the same shapes.
_CAFFES = {"vgg16": (0.429471, 0.550379, 0.480015), "vgg19": (0.341195, 0.464184, 0.394167)}


@dataclass(frozen=True, slots=True)
class StoredWeights:
    """The contents of a file.

    Attributes:
        kind: of file, in words.
        layers: its convolutions, in the order in which it says that they are computed.
        normalisations: how many layers of batch normalisation or the like it holds.
        label: a name for the weights, which the file brings along.
    """

    kind: str
    layers: Sequence[StoredLayer]
    colours: Colours = BGR
    normalisations: int = 0
    metrics: Mapping[str, Array] = field(default_factory=dict)
    label: str = ""


Layers = Mapping[str, StoredLayer]


def identify(stored: StoredWeights) -> dict[str, Layers]:
    """The networks whose first convolutions, or all, these are; with their layers by name.

    Usually one: the first seven of VGG-16 and of VGG-19 have the same shapes, and where nothing
    else tells them apart, both are named.

    Raises:
        WeightsError: two arrays for one layer; batch normalisation between them.
    """
    named = [layer for layer in stored.layers if layer.name in LAYER_NAMES]
    models: dict[str, list[StoredLayer]] = {}
    for layer in stored.layers if not named else ():
        models.setdefault(layer.model, []).append(layer)
    found: dict[str, Layers] = {}
    for network, row in NETWORKS.items():
        candidates = (
            [_by_name(named)]
            if named
            else [dict(zip(row.layers, model, strict=False)) for model in models.values()]
        )
        fitting = [layers for layers in candidates if _fits(network, layers)]
        if len(fitting) > 1:
            raise WeightsError(
                f"it holds {len(fitting)} models of {network_title(network)}; save one alone"
            )
        if fitting:
            found[network] = fitting[0]
    if len(found) > 1:
        first = next(iter(found.values()))
        known = _known(first[next(iter(first))])
        # Files are cut after a block: seven convolutions are VGG-16's three blocks.
        likely = [known[0]] if known else [n for n in found if _ends_block(n, len(found[n]))]
        found = {name: found[name] for name in likely if name in found} or found
    if found and stored.normalisations >= max(map(len, found.values())):
        titles = " or ".join(network_title(name) for name in found)
        raise WeightsError(
            f"this is {titles} with batch normalisation, which styletune does not compute; "
            "use the file of the plain network"
        )
    return found


def _by_name(named: Sequence[StoredLayer]) -> Layers:
    found: dict[str, StoredLayer] = {}
    for layer in named:
        if layer.name in found:
            raise WeightsError(f"it holds two kernels for `{layer.name}`; save one model alone")
        found[layer.name] = layer
    return {name: found[name] for name in sorted(found)}


def _known(layer: StoredLayer) -> tuple[str, Colours] | None:
    """Of which of Caffe's networks it is the first layer, and the order of colours in it."""
    for network, first in _CAFFES.items():
        for colours, values in ((BGR, first), (RGB, first[::-1])):
            if np.allclose(layer.kernel[0, 0, :, 0], values, atol=1e-3):
                return network, colours
    return None


def _ends_block(network: str, count: int) -> bool:
    rest = NETWORKS[network].convolutions[count:]
    return not rest or rest[0].pool_before


def _fits(network: str, layers: Layers) -> bool:
    """Whether `layers` are the network's first ones, in names and shapes."""
    if tuple(layers) != NETWORKS[network].layers[: len(layers)]:
        return False
    channels = 3
    for layer, row in zip(layers.values(), NETWORKS[network].convolutions, strict=False):
        if layer.kernel.shape != (3, 3, channels, row.channels):
            return False
        channels = row.channels
    return bool(layers)


def to_weights(network: str, stored: StoredWeights, label: str) -> Weights:
    """The layers of `network`; those that are used are checked by `Weights.require`.

    Args:
        label: where they come from, if the file does not say it.

    Raises:
        WeightsError: it is another network's file, or ambiguous.
    """
    found = identify(stored)
    layers = found.get(network)
    if layers is None:
        named = [layer for layer in stored.layers if layer.name in LAYER_NAMES]
        foreign = [layer for layer in named if layer.name not in NETWORKS[network].layers]
        if found or foreign or (stored.layers and not named):
            raise WeightsError(_other_network(network, found, stored))
        # `lite` may be taught in other widths. `require` says what is missing or does not fit.
        layers = _by_name(named)
    for name, layer in layers.items():
        if layer.kernel.dtype.kind != "f":
            raise WeightsError(f"the kernel of `{name}` must be of floating-point numbers")
    kernels = {name: np.asarray(layer.kernel, np.float32) for name, layer in layers.items()}
    biases = {
        name: np.asarray(layer.bias, np.float32)
        for name, layer in layers.items()
        if layer.bias is not None
    }
    colours, first = stored.colours, NETWORKS[network].layers[0]
    if found and (known := _known(layers[first])):
        colours = known[1]
    if colours is not BGR and first in kernels and first in biases:
        kernels[first], biases[first] = _for_bgr(kernels[first], biases[first], colours)
    return Weights(kernels, biases, stored.label or label, stored.metrics, colours.mean_rgb)


def _for_bgr(kernel: Array, bias: Array, colours: Colours) -> tuple[Array, Array]:
    """The same convolution for BGR less `MEANS_RGB`: exact, but for float32.

    k·A·(x − m) + b = k·A·(x − MEANS) + b + k·A·(MEANS − m)
    """
    rgb = np.einsum("hwio,ic->hwco", kernel.astype(np.float64), colours.matrix)
    offset = np.subtract(MEANS_RGB, colours.mean_rgb)
    shifted = bias + np.einsum("hwco,c->o", rgb, offset)
    return rgb[:, :, ::-1].astype(np.float32), shifted.astype(np.float32)


def _other_network(network: str, found: Mapping[str, Layers], stored: StoredWeights) -> str:
    if found:
        titles = " or ".join(network_title(name) for name in found)
        return f"this is {titles}; use {' or '.join(f'--network {name}' for name in found)}"
    kernels = [layer.kernel.shape for layer in stored.layers]
    return (
        f"this is not {network_title(network)}, nor another network that styletune knows: its "
        f"convolutions are {', '.join('×'.join(map(str, shape)) for shape in kernels[:4])}"
        f"{', …' if len(kernels) > 4 else ''}"
    )


def summarize(stored: StoredWeights) -> str:
    """Which network it is, how much of it, and from where, in one line.

    Raises:
        WeightsError: it is of none, or ambiguous, or its arrays are damaged.
    """
    found = identify(stored)
    if not found:
        raise WeightsError(
            _other_network("vgg19", found, stored)
            if stored.layers
            else "it holds no convolution of VGG"
        )
    for name, layers in found.items():
        to_weights(name, stored, stored.kind).require(name, list(layers))
    held, total = list(layers), len(NETWORKS[name].layers)
    titles = " or ".join(f"{network_title(name)} (--network {name})" for name in found)
    if len(held) == total:
        return f"{titles}, all {total} convolutions; {stored.kind}"
    return f"{titles}, the first {len(held)} convolutions, to {held[-1]}; {stored.kind}"
