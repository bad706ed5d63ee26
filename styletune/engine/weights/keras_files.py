"""Keras' files of weights and of whole models, `.h5` and `.keras`, of Keras 2 and 3."""

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import chain, count, takewhile
from pathlib import Path
from typing import Any

import numpy as np

from styletune.engine.weights.stored import LAYER_NAMES, StoredLayer, StoredWeights
from styletune.errors import WeightsError

# Of layers that nobody has named, in the order in which they are computed.
_NUMBERED = re.compile(r"conv2d(_\d+)?")


def read(path: Path) -> StoredWeights:
    """The convolutions of a model; never what its optimizer keeps of them.

    Raises:
        WeightsError: two arrays for one place.
        Exception: whatever HDF5 raises of a damaged file.
    """
    import h5py  # comes with Keras; kept out of the path of the other files

    source: Any = path
    if path.suffix.lower() == ".keras":
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read("model.weights.h5"))
    with h5py.File(source, "r") as file:
        whole = path.suffix.lower() == ".keras" or "model_weights" in file
        # A whole model of `.h5` has its optimizer beside its weights.
        layers, normalisations = _layers(file.get("model_weights", file))
    kind = "a whole model of Keras" if whole else "weights of Keras"
    return StoredWeights(kind, layers, normalisations=normalisations)


def _layers(root: Any) -> tuple[list[StoredLayer], int]:
    """The convolutions, and the number of layers that only scale and shift."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for path, dataset in _datasets(root):
        folder = path[:-2] if path[-2:-1] == ("vars",) else path[:-1]
        groups.setdefault(folder, []).append(dataset)
    found, normalisations = [], 0
    for folder, datasets in groups.items():
        name = _layer_name(folder, datasets[0].parent.attrs.get("name", ""))
        kernels = [each for each in datasets if each.ndim == 4]
        vectors = [each for each in datasets if each.ndim == 1 and each.dtype.kind == "f"]
        if name and kernels:
            if len(kernels) > 1 or len(vectors) > 1:
                raise WeightsError(f"it holds two arrays for one place of `{name}`")
            bias = np.asarray(vectors[0]) if vectors else None
            kernel = np.asarray(kernels[0])
            found.append(StoredLayer(_model_name(folder), name, kernel, bias))
        elif len(vectors) == len(datasets):
            normalisations += 1
    return found, normalisations


def _datasets(root: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All arrays of the model with their paths, layer after layer."""
    layers = _names(root, "layer_names")
    if not layers:
        yield from _walk(root, ())
    for layer in layers:  # Keras 2, and `.h5` of Keras 3: which arrays are a layer's, and the order
        path, names = tuple(layer.split("/")), _names(root[layer], "weight_names")
        if not names:
            yield from _walk(root[layer], path)
        # Of a model within the model they are sorted by whether they are trained.
        for name in sorted(names, key=_natural):
            yield (*path, *name.split("/")), root[layer][name]


def _walk(group: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in sorted(group, key=_natural):
        if name.startswith("optimizer"):
            continue
        node = group[name]
        if hasattr(node, "shape"):
            yield (*path, name), node
        else:
            yield from _walk(node, (*path, name))


def _names(group: Any, attribute: str) -> list[str]:
    """A list of names; Keras splits one that is too long for HDF5 into numbered parts."""
    parts = takewhile(group.attrs.__contains__, (f"{attribute}{number}" for number in count()))
    found = [*group.attrs.get(attribute, ()), *chain(*(group.attrs[part] for part in parts))]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in found]


def _natural(name: str) -> str:
    """A key that sorts `conv2d`, `conv2d_2`, `conv2d_10`."""
    return re.sub(r"\d+", lambda number: number[0].zfill(9), name)


def _layer_name(folder: tuple[str, ...], own_name: Any) -> str:
    """VGG's name of a layer, its numbered one, or "" for any other layer."""
    parts = [str(own_name), *reversed(folder)]
    # TensorFlow 1 numbered the arrays of a second model: block1_conv1_1/kernel:0.
    for name in (*parts, *(re.sub(r"_\d+$", "", part) for part in parts)):
        if name in LAYER_NAMES:
            return name
    return folder[-1] if folder and _NUMBERED.fullmatch(folder[-1]) else ""


def _model_name(folder: tuple[str, ...]) -> str:
    # Keras 2 repeats the layer's name: conv2d_1/conv2d_1/kernel:0.
    return "/".join(part for part in folder[:-1] if part != folder[-1])
