"""A look as a Keras model, read from its file."""

from pathlib import Path
from typing import Any

import keras

from styletune.errors import LookError
from styletune.looks import network  # noqa: F401  # its layers, which the file names


def read_model(path: Path) -> Any:
    """The network.

    Raises:
        LookError: Keras cannot read it.
    """
    try:
        return keras.saving.load_model(path, compile=False)
    except Exception as error:  # a damaged file fails in every possible way
        raise LookError(f"{path}: Keras cannot read it: {error}") from None


def load(path: Path) -> tuple[Any, str]:
    """The network, compiled for pictures of any size, and what runs it, for people.

    Raises:
        LookError: Keras cannot read it.
    """
    model = read_model(path)
    label = f"Keras {keras.__version__} on {keras.backend.backend()}"
    if keras.backend.backend() != "tensorflow":
        return model, label
    import tensorflow as tf

    return tf.function(model, reduce_retracing=True), label
