"""From a taught network to a look's file, and from there to others, by Keras' own exports."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from styletune.errors import LookError
from styletune.looks.desk import SHARED_STATISTICS
from styletune.looks.keras_model import read_model


def round_weights(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """To 8 bits of mantissa, as bfloat16: packed they take less than half, and nobody sees it.

    >>> round_weights(np.array([1.001, 3.14159], np.float32)).tolist()
    [1.0, 3.140625]
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    return ((bits + 0x8000) & 0xFFFF0000).view(np.float32)


def network_files(network: keras.Model) -> tuple[bytes, bytes]:
    """Keras' file of a look's network, and the network for ONNX Runtime.

    The weights are rounded meanwhile; they are as before afterwards.

    Raises:
        LookError: what exports to ONNX is not installed, or a weight is not finite.
    """
    before = [np.asarray(variable) for variable in network.variables]
    if not all(np.isfinite(values).all() for values in before):
        raise LookError("the network has weights that are not finite; teach it again")
    for variable, values in zip(network.variables, before, strict=True):
        variable.assign(round_weights(values))
    try:
        with tempfile.TemporaryDirectory(prefix="styletune-look-") as folder:
            model, onnx = Path(folder, "look.keras"), Path(folder, "look.onnx")
            network.save(model)
            export_onnx(network, onnx)
            return model.read_bytes(), onnx.read_bytes()
    finally:
        for variable, values in zip(network.variables, before, strict=True):
            variable.assign(values)


def export_onnx(network: keras.Model, path: Path) -> None:
    """Write the network for ONNX Runtime, for pictures of any number and size.

    Raises:
        LookError: what Keras needs for it is not installed.
    """
    network(example_inputs(network))  # Keras exports what has been called
    try:
        import tf2onnx  # noqa: F401

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of tf2onnx with NumPy 2
            network.export(path, format="onnx", verbose=False)
    except ImportError:
        raise LookError("exporting to ONNX needs tf2onnx: pip install 'styletune[train]'") from None


def export_saved_model(path: Path, folder: Path) -> None:
    """Write a look's network as TensorFlow's SavedModel, for pictures of any number and size.

    Args:
        path: the look's file.
        folder: is made.

    Raises:
        LookError: Keras cannot read the look, or runs on another backend than TensorFlow.
        OSError: the folder is there, or cannot be made.
    """
    network = _read_for_tensorflow(path)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as beside:
        whole = Path(beside, "saved_model")
        network.export(whole, format="tf_saved_model", verbose=False)
        whole.rename(folder)


def export_litert(path: Path, width: int, height: int) -> bytes:
    """A look's network for LiteRT, for one picture at a time of one size.

    Any size would need TensorFlow's own operations beside LiteRT's.

    Raises:
        LookError: Keras cannot read the look, or runs on another backend than TensorFlow.
    """
    network = _read_for_tensorflow(path)
    signature = {
        name: keras.InputSpec(shape=values.shape, dtype="float32", name=name)
        for name, values in example_inputs(network, width, height).items()
    }
    with tempfile.TemporaryDirectory(prefix="styletune-look-") as folder:
        file = Path(folder, "look.tflite")
        network.export(file, format="litert", input_signature=[signature], verbose=False)
        return file.read_bytes()


def _read_for_tensorflow(path: Path) -> keras.Model:
    if keras.backend.backend() != "tensorflow":
        raise LookError(
            f"Keras on {keras.backend.backend()} exports no such file: set KERAS_BACKEND=tensorflow"
        )
    return read_model(path)


def example_inputs(
    network: keras.Model, width: int = 32, height: int = 32
) -> dict[str, npt.NDArray[np.float32]]:
    """Inputs of the shapes that the network takes: a grey picture, an even desk."""
    inputs = {tensor.name: np.ones((1, tensor.shape[-1]), np.float32) for tensor in network.inputs}
    inputs["picture"] = np.full((1, height, width, 3), 127.5, np.float32)
    inputs[SHARED_STATISTICS][:] = 0
    return inputs
