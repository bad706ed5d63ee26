"""PyTorch's files of a state dict, `.pth`, as `torch.save` writes them, without PyTorch.

They are pickles: only what builds tensors of plain numbers is let through, so nothing in a file is
run. The format is that of `torch.serialization`, zip and legacy.
"""

import io
import pickle
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from styletune.engine.weights.arrays import Array
from styletune.engine.weights.stored import BGR, RGB, Colours, StoredLayer, StoredWeights
from styletune.errors import WeightsError

_MAGIC = 0x1950A86A20F9469CFC6C  # how a legacy file begins
_TYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "BFloat16Storage": "<u2",
    # Of what is no weight, such as batch normalisation's count of batches.
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "BoolStorage": "?",
}
# In which of its entries a checkpoint of a training keeps the model.
_MODELS = ("state_dict", "model_state_dict", "model")

# torchvision's own weights take RGB 0..1, less these means and by these deviations.
_DEVIATIONS = (0.229, 0.224, 0.225)
_TORCHVISION = Colours(
    np.diag(1 / (255 * np.array(_DEVIATIONS))), (255 * 0.485, 255 * 0.456, 255 * 0.406)
)
# Files of the same names and shapes for other colours, by the beginning of their SHA-256, which is
# also part of their published names.
_PUBLISHED = {
    "00b39a1b": BGR,  # VGG-16 and -19 of Caffe, by github.com/jcjohnson/pytorch-vgg
    "d01eb7cb": BGR,
    # torchvision's VGG16_Weights.IMAGENET1K_FEATURES
    "88682ab5": Colours(RGB.matrix, (255 * 0.48235, 255 * 0.45882, 255 * 0.40784)),
}


class _Storage(NamedTuple):
    """A tensor's memory, which lies elsewhere in the file."""

    type: str
    key: str
    length: int


class _Tensor(NamedTuple):
    """A view of a storage; offset and strides count numbers, not bytes."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def _rebuild_tensor(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, offset, shape, strides)


def _rebuild_parameter(data: _Tensor, *_: object) -> _Tensor:
    return data


_ALLOWED: Mapping[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{(module, name): name for module in ("torch", "torch.cuda") for name in _TYPES},
}


class _Unpickler(pickle.Unpickler):
    """Builds containers, numbers and `_Tensor`s, and refuses all else."""

    def __init__(self, file: BinaryIO | io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, _Storage] = {}

    def find_class(self, module: str, name: str) -> object:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise WeightsError(
                f"it holds {module}.{name}, which is code and not weights: save the model's "
                "state_dict() instead"
            ) from None

    def persistent_load(self, pid: Any) -> _Storage:
        _, kind, key, _, length, *view = pid
        if view and view[0] is not None:
            raise ValueError("a tensor within another one's storage")
        return self.storages.setdefault(key, _Storage(kind, key, length))


Reader = Callable[[_Storage], bytes]


def read(path: Path, sha256: str) -> StoredWeights:
    """The convolutions of a state dict: torchvision's, Gatys', or AdaIN's normalised VGG.

    Args:
        sha256: of the file; hexadecimal.

    Raises:
        WeightsError: it holds more than tensors.
        Exception: whatever a damaged file leads to.
    """
    with _open(path) as (saved, read_storage):
        parts: dict[str, dict[str, _Tensor]] = {}
        for name, tensor in _state_dict(saved).items():
            layer, _, part = name.rpartition(".")
            parts.setdefault(layer, {})[part] = tensor
        layers, normalisations = [], 0
        for name in sorted(parts, key=_number):
            weight, bias = parts[name].get("weight"), parts[name].get("bias")
            if weight is None or len(weight.shape) == 1:
                normalisations += 1
            elif len(weight.shape) == 4:
                model, _, own_name = name.rpartition(".")
                kernel = _array(weight, read_storage).transpose(2, 3, 1, 0)
                vector = None if bias is None else _array(bias, read_storage)
                named = re.sub(r"^conv(\d)_(\d)$", r"block\1_conv\2", own_name)
                layers.append(StoredLayer(model, named, kernel, vector))
    colours = next(
        (found for key, found in _PUBLISHED.items() if sha256.startswith(key) or key in path.name),
        # Gatys' files name their layers as Caffe does.
        BGR if any(layer.name.startswith("block") for layer in layers) else _TORCHVISION,
    )
    if layers and layers[0].kernel.shape == (1, 1, 3, 3):
        colours = _colours(layers.pop(0))
    return StoredWeights("a state dict of PyTorch", layers, colours, normalisations)


def _colours(layer: StoredLayer) -> Colours:
    """What a 1×1 convolution before the first makes of RGB 0..1, as in AdaIN's normalised VGG."""
    matrix = layer.kernel[0, 0].T.astype(np.float64)
    bias = np.zeros(3) if layer.bias is None else layer.bias
    red, green, blue = -255 * np.linalg.solve(matrix, bias)
    return Colours(matrix / 255, (red, green, blue))


def _number(layer: str) -> tuple[str, int]:
    """Sort the layers of a model as they are computed: features.2 before features.10."""
    model, _, name = layer.rpartition(".")
    return model, int(name) if name.isdecimal() else 0


def _state_dict(saved: Any) -> dict[str, _Tensor]:
    for key in _MODELS:
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            saved = saved[key]
    if not isinstance(saved, dict):
        raise WeightsError("it holds no state dict")
    return {
        name: value
        for name, value in saved.items()
        if isinstance(name, str) and isinstance(value, _Tensor)
    }


def _array(tensor: _Tensor, read_storage: Reader) -> Array:
    kind = np.dtype(_TYPES[tensor.storage.type])
    # NumPy checks that this lies within the bytes.
    found = np.ndarray(
        tensor.shape,
        kind,
        read_storage(tensor.storage),
        tensor.offset * kind.itemsize,
        [stride * kind.itemsize for stride in tensor.strides],
    )
    if tensor.storage.type == "BFloat16Storage":  # the upper half of a float32
        return (found.astype(np.uint32) << 16).view(np.float32)
    return found


@contextmanager
def _open(path: Path) -> Iterator[tuple[Any, Reader]]:
    """What a file's pickle holds, and what reads the storages that its tensors need."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            pickled = next(name for name in archive.namelist() if name.endswith("data.pkl"))
            folder = pickled.removesuffix("data.pkl") + "data/"
            saved = _Unpickler(io.BytesIO(archive.read(pickled))).load()
            yield saved, lambda storage: archive.read(f"{folder}{storage.key}")
    else:
        with path.open("rb") as file:
            yield _load_legacy(file)


def _load_legacy(file: BinaryIO) -> tuple[Any, Reader]:
    """One pickle after the other, then the storages, each after the number of its numbers."""
    if _Unpickler(file).load() != _MAGIC:
        raise ValueError("it is not a file of torch.save")
    for _ in ("the format's version", "the machine's sizes"):
        _Unpickler(file).load()
    unpickler = _Unpickler(file)
    saved = unpickler.load()
    positions = {}
    for key in _Unpickler(file).load():
        storage = unpickler.storages[key]
        if int.from_bytes(file.read(8), "little") != storage.length:
            raise ValueError("it was cut short")
        positions[key] = file.tell()
        file.seek(storage.length * np.dtype(_TYPES[storage.type]).itemsize, io.SEEK_CUR)

    def read_storage(storage: _Storage) -> bytes:
        file.seek(positions[storage.key])
        return file.read(storage.length * np.dtype(_TYPES[storage.type]).itemsize)

    return saved, read_storage
