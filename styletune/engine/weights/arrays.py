"""Weights of a network as arrays by layer name, and what they must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from styletune.errors import WeightsError
from styletune.networks import NETWORKS

Array = npt.NDArray[np.float32]
Colour = tuple[float, float, float]

# ImageNet means of the channels, RGB order here; Keras' `preprocess_input` has them as BGR.
MEANS_RGB = (123.68, 116.779, 103.939)

# A trained kernel does not end in so many zeros: where a download was cut short in a file that has
# its full size, it does.
_ZEROS = 16


@dataclass(frozen=True, slots=True)
class Weights:
    """Kernels of one network.

    Attributes:
        kernels: by layer, (3, 3, in, out) float32; the input of the first layer is BGR, 0..255,
            less `MEANS_RGB`.
        biases: by layer, (out,) float32.
        metrics: by layer, (out, out) float32, symmetric: `lite`'s Gram matrix G is compared as
            M·G·M, which weighs its directions as the teacher's would. May be empty.
        label: where they come from, in words for people.
        border_rgb: the colour, 0..255, that the zeros around a picture stand for: `MEANS_RGB`,
            but where a network was trained with other means.
    """

    kernels: Mapping[str, Array]
    biases: Mapping[str, Array]
    label: str
    metrics: Mapping[str, Array] = field(default_factory=dict)
    border_rgb: Colour = MEANS_RGB

    def require(self, network: str, layers: Sequence[str]) -> None:
        """Check that all of `layers` are here, fit onto each other and hold trained values.

        Raises:
            WeightsError: naming the layer that is missing, cut short or has the wrong shape.
        """
        channels = 3
        for layer in layers:
            if layer not in self.kernels or layer not in self.biases:
                raise WeightsError(self._missing(network, layer))
            kernel, bias = self.kernels[layer], self.biases[layer]
            if kernel.ndim != 4 or kernel.shape[:3] != (3, 3, channels):
                raise WeightsError(
                    f"{network}: kernel of `{layer}` must have shape (3, 3, {channels}, n); "
                    f"received {kernel.shape} ({self.label})"
                )
            channels = kernel.shape[3]
            if bias.shape != (channels,):
                raise WeightsError(
                    f"{network}: bias of `{layer}` must have shape ({channels},); "
                    f"received {bias.shape} ({self.label})"
                )
            metric = self.metrics.get(layer)
            if metric is not None and metric.shape != (channels, channels):
                raise WeightsError(
                    f"{network}: metric of `{layer}` must have shape ({channels}, {channels}); "
                    f"received {metric.shape} ({self.label})"
                )
            for name, array in (("kernel", kernel), ("bias", bias), ("metric", metric)):
                if array is not None and not np.isfinite(array).all():
                    raise WeightsError(
                        f"{network}: {name} of `{layer}` holds values that are not finite "
                        f"({self.label})"
                    )
            if _is_cut_short(kernel):
                raise WeightsError(
                    f"{network}: kernel of `{layer}` holds zeros where weights belong "
                    f"({self.label}): the file was cut short; download it again"
                )

    def _missing(self, network: str, layer: str) -> str:
        where = f"{network}: the weights ({self.label}) hold no "
        if layer in self.kernels:
            return f"{where}bias of `{layer}`"
        if not self.kernels:
            return (
                f"{where}`{layer}` nor any other layer of VGG: it is a file of something else, or "
                "names them otherwise; docs/weights.md says what a file must hold"
            )
        return (
            f"{where}`{layer}`; they hold {', '.join(self.kernels)}: name layers among these in "
            "the session's [network] layers, or use a complete file"
        )


def _is_cut_short(kernel: Array) -> bool:
    """Whether it is all zeros, or ends in them after hardly any."""
    nonzero = np.flatnonzero(kernel)
    end = int(nonzero[-1]) + 1 if nonzero.size else 0
    return kernel.size - end >= _ZEROS and nonzero.size >= 0.99 * end


def random_filters(network: str, seed: int) -> Weights:
    """Seeded random filters in the network's shape: they paint colour and grain, no more.

    He-normal, so that activations keep their size from layer to layer (He et al. 2015,
    arXiv:1502.01852, eq. 10).
    """
    rng = np.random.default_rng(seed)
    kernels, biases, channels = {}, {}, 3
    for layer in NETWORKS[network].convolutions:
        scale, shape = np.sqrt(2.0 / (9 * channels)), (3, 3, channels, layer.channels)
        kernels[layer.name] = rng.normal(0, scale, shape).astype(np.float32)
        biases[layer.name] = np.zeros(layer.channels, np.float32)
        channels = layer.channels
    return Weights(kernels, biases, f"seeded-random filters, seed {seed}: untaught")
