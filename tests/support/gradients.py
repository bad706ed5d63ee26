"""Gradients by the backend that runs, as NumPy arrays."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np


def gradient(layer: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """∂layer(x)/∂x by the backend that runs."""
    if keras.backend.backend() == "jax":
        import jax

        return np.asarray(jax.grad(lambda v: keras.ops.sum(layer(v)))(jax.numpy.asarray(x)))
    import tensorflow as tf

    variable = tf.Variable(x)
    with tf.GradientTape() as tape:
        loss = layer(variable)
    found = tape.gradient(loss, variable, unconnected_gradients="zero")
    return np.asarray(found.numpy())
