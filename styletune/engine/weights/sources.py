"""Where weights come from: a file of the user's, the package's own, Keras' cache or download.

Never a silent substitute: what cannot be had is an error that names file, place and remedy.
"""

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from styletune.engine.weights import keras_files, npz_files, pytorch_files
from styletune.engine.weights.arrays import Weights, random_filters
from styletune.engine.weights.stored import StoredWeights, summarize, to_weights
from styletune.errors import WeightsError
from styletune.networks import NETWORKS

PACKAGED = Path(__file__).parents[2] / "weights"
_URL = "https://storage.googleapis.com/tensorflow/keras-applications/{0}/{0}_weights_tf_dim_ordering_tf_kernels_notop.h5"
_READERS = {
    ".npz": lambda path, _: npz_files.read(path),
    ".h5": lambda path, _: keras_files.read(path),
    ".hdf5": lambda path, _: keras_files.read(path),
    ".keras": lambda path, _: keras_files.read(path),
    ".pth": pytorch_files.read,
    ".pt": pytorch_files.read,
}


def load(network: str, file: str | Path | None, layers: Sequence[str], seed: int = 0) -> Weights:
    """Find the weights of `network` for `layers` (all convolutions up to the deepest played).

    Args:
        file: `.npz` named by layer, Keras' `.h5`, `.weights.h5` or `.keras`, PyTorch's `.pth`;
            None for the network's own source.
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
        WeightsError: missing, of another kind or another network, damaged.
    """
    path = Path(file)
    what = f"weights for {network}"
    try:
        digest, stored = _read(path)
        what = f"{what}: {path}"
        return to_weights(network, stored, f"{path.name} sha256 {digest[:8]}")
    except WeightsError as error:
        raise WeightsError(f"{what}: {error}") from None


def describe(file: str | Path) -> str:
    """What a file of weights holds, in one line.

    Raises:
        WeightsError: missing, damaged, or not of a network that styletune knows.
    """
    digest, stored = _read(Path(file))
    try:
        return f"{summarize(stored)}; sha256 {digest[:8]}"
    except WeightsError as error:
        raise WeightsError(f"{file}: {error}") from None


def _read(path: Path) -> tuple[str, StoredWeights]:
    """A file's SHA-256 and its contents."""
    if path.is_dir():
        raise WeightsError(f"{path} is a folder; a file of weights is needed")
    if not path.is_file():
        raise WeightsError(f"no such file: {path}")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise WeightsError(
            "the file must be .npz, .h5, .weights.h5 or .keras, or .pth of PyTorch; "
            f"received {path}"
        )
    try:
        if not path.stat().st_size:
            raise ValueError("it is empty")
        digest = sha256(path)
        return digest, reader(path, digest)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None
    except Exception as error:  # of a damaged file each library raises what it likes
        raise WeightsError(
            f"{path} cannot be read: {_first_line(error)}; download it again"
        ) from None


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
    text = str(error).strip().strip("'\"")  # Python quotes that of a KeyError
    return (text.splitlines() or [type(error).__name__])[0][:200]


def _cache_folder() -> Path:
    # As Keras finds it: KERAS_HOME, else ~/.keras.
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"


def cached(network: str) -> Path | None:
    """The file of `network` in Keras' cache, if it is there."""
    file = _cache_folder() / _URL.format(network).rpartition("/")[2]
    return file if file.is_file() else None


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
