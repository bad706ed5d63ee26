"""Weights of the feature networks, as arrays by layer name.

A file of the user's, else the package's own or Keras' cache or download. Never a silent
substitute: what cannot be had is an error that names the file, the place and the remedy.
"""

import hashlib
import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.errors import WeightsError
from styletune.networks import NETWORKS

Array = npt.NDArray[np.float32]

PACKAGED = Path(__file__).parent.parent / "weights"
_URL = "https://storage.googleapis.com/tensorflow/keras-applications/{0}/{0}_weights_tf_dim_ordering_tf_kernels_notop.h5"


@dataclass(frozen=True, slots=True)
class Weights:
    """Kernels of one network.

    Attributes:
        kernels: by layer, (3, 3, in, out) float32; the input of the first layer is BGR.
        biases: by layer, (out,) float32.
        metrics: by layer, (out, out) float32, symmetric: `lite`'s Gram matrix G is compared as
            M·G·M, which weighs its directions as the teacher's would. May be empty.
        label: where they come from, in words for people.
    """

    kernels: Mapping[str, Array]
    biases: Mapping[str, Array]
    label: str
    metrics: Mapping[str, Array] = field(default_factory=dict)

    def require(self, network: str, layers: Sequence[str]) -> None:
        """Check that all of `layers` are here and fit onto each other.

        Raises:
            WeightsError: naming the layer that is missing or has the wrong shape.
        """
        channels = 3
        for layer in layers:
            if layer not in self.kernels or layer not in self.biases:
                raise WeightsError(
                    f"{network}: the weights ({self.label}) hold no `{layer}`; they hold "
                    f"{', '.join(self.kernels) or 'no layer'}: name layers among these in the "
                    "session's [network] layers, or use a complete file"
                )
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


def load(network: str, file: str | Path | None, layers: Sequence[str], seed: int = 0) -> Weights:
    """Find the weights of `network` for `layers` (all convolutions up to the deepest played).

    Args:
        file: `.npz` named by layer, Keras `.h5`, `.weights.h5` or `.keras`; None for the
            network's own source.
        seed: of the random filters that stand in where the package has no file.

    Raises:
        WeightsError: missing, damaged or not of this network; the message says the remedy.
    """
    if file:
        weights = read(network, file)
    elif application := NETWORKS[network].keras_application:
        weights = _from_keras(network, application)
    else:
        packaged = PACKAGED / f"{network}.npz"
        weights = read(network, packaged) if packaged.is_file() else random_filters(network, seed)
    weights.require(network, layers)
    return weights


def read(network: str, file: str | Path) -> Weights:
    """Read a weight file of any of the kinds that `load` takes.

    Raises:
        WeightsError: missing, of another kind, damaged.
    """
    path = Path(file)
    if not path.is_file():
        raise WeightsError(f"weights for {network}: no such file: {path}")
    try:
        if path.suffix == ".npz":
            return _read_npz(path)
        if path.suffix in (".h5", ".keras"):
            return _read_keras(network, path)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise WeightsError(f"weights for {network}: {path} cannot be read: {error}") from None
    raise WeightsError(
        f"weights for {network}: the file must be .npz, .h5, .weights.h5 or .keras; received {path}"
    )


def _read_npz(path: Path) -> Weights:
    # Opened here, since np.load leaves a damaged file open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        arrays = {
            name: archive[name].astype(np.float32)
            for name in archive.files
            if name.partition(".")[2] in ("kernel", "bias", "metric")
        }
        provenance = json.loads(str(archive["provenance"])) if "provenance" in archive else {}
    label = provenance.get("label") if isinstance(provenance, dict) else None
    return _by_layer(arrays, str(label) if label else f"{path.name} sha256 {sha256(path)[:8]}")


def _by_layer(arrays: Mapping[str, Array], label: str) -> Weights:
    def part(kind: str) -> dict[str, Array]:
        return {
            name.removesuffix(f".{kind}"): array
            for name, array in arrays.items()
            if name.endswith(f".{kind}")
        }

    return Weights(part("kernel"), part("bias"), label, part("metric"))


def _read_keras(network: str, path: Path) -> Weights:
    """Read a Keras file by layer name, whichever way this Keras version groups them."""
    import h5py  # comes with Keras; kept out of the path of the .npz files

    source: Any = path
    if path.suffix == ".keras":
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read("model.weights.h5"))
    arrays: dict[str, Array] = {}
    known = NETWORKS[network].layers
    with h5py.File(source, "r") as file:

        def visit(name: str, node: Any) -> None:
            if not isinstance(node, h5py.Dataset):
                return
            layer = _layer_of(name.split("/"), known)
            if layer is None:
                return
            array = np.asarray(node, np.float32)
            if array.ndim in (1, 4):
                arrays[f"{layer}.{'kernel' if array.ndim == 4 else 'bias'}"] = array

        file.visititems(visit)
    if not arrays:
        raise WeightsError(
            f"weights for {network}: {path} names none of its layers ({', '.join(known)})"
        )
    return _by_layer(arrays, f"{path.name} sha256 {sha256(path)[:8]}")


def _layer_of(path: Sequence[str], known: Sequence[str]) -> str | None:
    """The layer that a dataset of a Keras file belongs to, or None for any other."""
    for part in path:
        if part in known:  # Keras 2 and the published files: by the layer's name
            return part
        # Keras 3: by class, numbered in the order of the layers: conv2d, conv2d_1, …
        kind, _, number = part.partition("_")
        if kind == "conv2d" and (number.isdecimal() or not number):
            index = int(number or 0)
            return known[index] if index < len(known) else None
    return None


def _from_keras(network: str, application: str) -> Weights:
    import keras

    url = _URL.format(network)
    try:
        model = getattr(keras.applications, application)(include_top=False, weights="imagenet")
    except Exception as error:  # Keras raises bare Exception when a download fails
        raise WeightsError(
            f"weights for {network} are not in Keras' cache and could not be downloaded "
            f"({_first_line(error)}); fetch {url} on another machine, put it into "
            f"{_cache_folder()} or name it with --weights FILE; or paint now with --network lite"
        ) from None
    kernels, biases = {}, {}
    for layer in model.layers:
        if layer.name in NETWORKS[network].layers:
            kernel, bias = layer.get_weights()
            kernels[layer.name], biases[layer.name] = kernel, bias
    return Weights(kernels, biases, "ImageNet, keras.applications")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _cache_folder() -> Path:
    # As Keras finds it: KERAS_HOME, else ~/.keras.
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"


def cached(network: str) -> Path | None:
    """The file of `network` in Keras' cache, if it is there."""
    file = _cache_folder() / _URL.format(network).rpartition("/")[2]
    return file if file.is_file() else None


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


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
