"""Models as other programs save them: by Keras' own savers, and in PyTorch's format by hand."""

import io
import pickle
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple
from unittest.mock import patch

import numpy as np

from styletune.networks import NETWORKS

Arrays = dict[str, np.ndarray]


def random_arrays(network: str, count: int, seed: int = 0) -> Arrays:
    """`<layer>.kernel` and `<layer>.bias` of the first `count` convolutions."""
    rng = np.random.default_rng(seed)
    found, channels = {}, 3
    for layer in NETWORKS[network].convolutions[:count]:
        shape = (3, 3, channels, layer.channels)
        found[f"{layer.name}.kernel"] = rng.standard_normal(shape, np.float32) / channels
        found[f"{layer.name}.bias"] = rng.standard_normal(layer.channels, np.float32)
        channels = layer.channels
    return found


# ------------------------------------------------------------------- Keras


def keras_model(keras: Any, arrays: Arrays, *, named: bool = True, frozen: bool = False) -> Any:
    """A VGG of `arrays` in Keras 2 or 3, pooled to a vector.

    Args:
        named: as in `keras.applications`; otherwise Keras numbers the layers.
        frozen: all but the last convolution, as where a model is adapted.
    """
    names = [name.removesuffix(".kernel") for name in arrays if name.endswith(".kernel")]
    features = picture = keras.Input((None, None, 3))
    for name in names:
        layer = keras.layers.Conv2D(
            arrays[f"{name}.bias"].size, 3, padding="same", activation="relu",
            name=name if named else None,
        )  # fmt: skip
        features = layer(features)
        layer.set_weights([arrays[f"{name}.kernel"], arrays[f"{name}.bias"]])
        layer.trainable = not frozen or name == names[-1]
    return keras.Model(picture, keras.layers.GlobalAveragePooling2D()(features))


def nested(keras: Any, model: Any) -> Any:
    """The model within another one, before layers of its own."""
    picture = keras.Input((None, None, 3))
    return keras.Model(picture, keras.layers.Dense(2)(model(picture)))


def train(model: Any, optimizer: Any) -> None:
    """Take a step, so that the optimizer has moments; then set the weights as they were."""
    before = model.get_weights()
    model.compile(optimizer, "mse")
    variables = model.trainable_variables
    gradients = [variable * 0 + 0.5 for variable in variables]
    model.optimizer.apply_gradients(zip(gradients, variables, strict=True))
    model.set_weights(before)


# ----------------------------------------------------------------- PyTorch


class _Tensor(NamedTuple):
    key: str
    array: np.ndarray


class _Storage(NamedTuple):
    tensor: _Tensor


def state_dict(arrays: Arrays, names: Mapping[str, str]) -> Arrays:
    """The arrays as PyTorch has them, under the names of its layers."""
    return {
        f"{theirs}.{part}": array
        for ours, theirs in names.items()
        for part, array in (
            ("weight", arrays[f"{ours}.kernel"].transpose(3, 2, 0, 1)),
            ("bias", arrays[f"{ours}.bias"]),
        )
    }


def torchvision_names(network: str, count: int) -> dict[str, str]:
    """`features.0` and so on, between which lie ReLU and pooling."""
    found, number = {}, 0
    for layer in NETWORKS[network].convolutions[:count]:
        number += layer.pool_before
        found[layer.name] = f"features.{number}"
        number += 2
    return found


def save_torch(path: Path, saved: Any, *, legacy: bool = False) -> Path:
    """Write what `torch.save` writes; arrays become tensors, wherever in `saved` they are."""
    torch, utils = ModuleType("torch"), ModuleType("torch._utils")
    torch.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})  # type: ignore[attr-defined]

    def _rebuild_tensor_v2() -> None: ...

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = (
        "torch._utils",
        "_rebuild_tensor_v2",
    )
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2  # type: ignore[attr-defined]
    tensors: list[np.ndarray] = []

    class Pickler(pickle.Pickler):
        def reducer_override(self, value: Any) -> Any:
            if not isinstance(value, np.ndarray):
                return NotImplemented
            array = np.ascontiguousarray(value, np.float32)
            tensors.append(array)
            strides = tuple(stride // 4 for stride in array.strides)
            storage = _Storage(_Tensor(str(len(tensors) - 1), array))
            return _rebuild_tensor_v2, (storage, 0, array.shape, strides, False, OrderedDict())

        def persistent_id(self, value: Any) -> Any:
            if not isinstance(value, _Storage):
                return None
            key, array = value.tensor
            pid = ("storage", torch.FloatStorage, key, "cpu", array.size)
            return (*pid, None) if legacy else pid

    stream = io.BytesIO()
    with patch.dict(sys.modules, {"torch": torch, "torch._utils": utils}):
        Pickler(stream, 2).dump(saved)
    if legacy:
        head = [
            pickle.dumps(value, 2)
            for value in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})
        ]
        keys = pickle.dumps([str(number) for number in range(len(tensors))], 2)
        data = [array.size.to_bytes(8, "little") + array.tobytes() for array in tensors]
        path.write_bytes(b"".join([*head, stream.getvalue(), keys, *data]))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", stream.getvalue())
            archive.writestr("archive/version", "3\n")
            for number, array in enumerate(tensors):
                archive.writestr(f"archive/data/{number}", array.tobytes())
    return path
