"""What is the backend's own: which device, its memory, whether XLA pays.

The only module besides `stepping` that asks which backend Keras runs on.
"""

import os
from typing import Any

import keras
import numpy as np
import numpy.typing as npt


def prepare() -> None:
    """Settings that must come before the first tensor; may be called again.

    TensorFlow takes all of a GPU's memory at once unless told to grow.
    """
    if keras.backend.backend() != "tensorflow":
        return
    import tensorflow as tf

    # Also makes TensorFlow look for its devices here, where its chatter is filtered.
    for gpu in tf.config.list_physical_devices("GPU"):
        try:
            tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:  # already in use: it was set when it was first used
            return


def gpus() -> list[str]:
    """Names of the accelerators that the backend sees, best first."""
    if keras.backend.backend() == "jax":
        import jax

        return [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]


def describe() -> str:
    """The device that paints, in words: `NVIDIA H100` or `CPU · 2 cores`."""
    found = gpus()
    if found:
        return found[0]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"CPU · {cores} cores"


def sum_of_squares(x: Any) -> Any:
    """Σ x² as a scalar. TensorFlow has a kernel of its own that reads `x` once."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return 2.0 * tf.nn.l2_loss(x)
    return keras.ops.sum(keras.ops.square(x))


def to_host(variable: Any) -> npt.NDArray[np.float32]:
    """The value of a Keras variable as it is now; later steps do not touch what is returned.

    Faster than `keras.ops.convert_to_numpy`, which copies twice: TensorFlow copies the variable
    on its next write by itself. JAX gives its buffers back to the next step: there it is copied.
    """
    if keras.backend.backend() == "tensorflow":
        return np.asarray(variable.value)
    return np.array(variable.value)


def scalar(variable: Any) -> float:
    """The value of a scalar Keras variable, or of one with a single element."""
    return float(np.asarray(variable.value).reshape(()))


def backend() -> str:
    """Keras and what it runs on, in words."""
    return f"keras {keras.__version__} on {keras.backend.backend()}"


def worth_compiling() -> bool:
    """Whether to compile the step with XLA: on JAX always, on TensorFlow with a GPU.

    On the CPU TensorFlow's own kernels (oneDNN) are as fast for VGG and faster for `lite`.
    """
    return keras.backend.backend() == "jax" or bool(gpus())
