"""What depends on Keras' backend: the device, its memory, whether XLA pays.

The only module besides `train_step` that distinguishes TensorFlow and JAX; `convolution` is for
TensorFlow alone.
"""

import contextlib
import os
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from styletune.errors import ConfigError, DeviceError


def configure(name: str = "auto", precision: str = "float32") -> None:
    """Settings that must come before the first tensor; may be called again with the same.

    Args:
        name: `auto` (the backend's choice), `cpu`, `gpu`, or `gpu:1` for the second one.
        precision: `tf32` lets GPUs round the factors of float32 products to ten bits.

    Raises:
        DeviceError: there is no such device.
    """
    # Whatever the user's keras.json says: pictures are (height, width, colours) here.
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    if keras.backend.backend() == "jax":
        _prepare_jax(name, precision)
    elif keras.backend.backend() == "tensorflow":
        _prepare_tensorflow(name, precision)


def _prepare_tensorflow(name: str, precision: str) -> None:
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")
    # Also makes TensorFlow look for its devices here, where its messages are filtered.
    found = tf.config.list_physical_devices("GPU")
    wanted = found if name == "auto" else _wanted(name, found)
    with contextlib.suppress(RuntimeError):  # in use already: it was set before the first use
        if wanted != tf.config.get_visible_devices("GPU"):
            tf.config.set_visible_devices(wanted, "GPU")
        # TensorFlow takes all of a GPU's memory at once unless set to grow.
        for gpu in wanted:
            tf.config.experimental.set_memory_growth(gpu, True)


def _prepare_jax(name: str, precision: str) -> None:
    import jax

    # JAX rounds by default.
    jax.config.update(
        "jax_default_matmul_precision", "tensorfloat32" if precision == "tf32" else "highest"
    )
    if name != "auto":
        found = [device for device in jax.devices() if device.platform != "cpu"]
        wanted = _wanted(name, found) or jax.devices("cpu")
        jax.config.update("jax_default_device", wanted[0])


def _wanted(name: str, found: list[Any]) -> list[Any]:
    """The accelerators among `found` that `name` means; none for `cpu`."""
    if name == "cpu":
        return []
    number = int(name.partition(":")[2] or 0)
    if number >= len(found):
        has = f"{len(found)} of them, from gpu:0" if found else "none; use --device cpu"
        raise DeviceError(
            f"there is no {name}: {keras.backend.backend()} finds {has}; "
            "`styletune doctor` lists what there is"
        )
    return [found[number]]


def gpus() -> list[str]:
    """Names of the accelerators that the backend may use, best first."""
    if keras.backend.backend() == "jax":
        import jax

        chosen = jax.config.jax_default_device
        devices = jax.devices() if chosen is None else [chosen]
        return [device.device_kind for device in devices if device.platform != "cpu"]
    import tensorflow as tf

    return [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.get_visible_devices("GPU")
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


def on_tensorflow_cpu() -> bool:
    """Whether it is TensorFlow that computes, and on the processor."""
    return keras.backend.backend() == "tensorflow" and not gpus()


def has_onednn() -> bool:
    """Whether TensorFlow computes by oneDNN, Intel's library for processors."""
    try:
        from tensorflow.python.util import _pywrap_util_port

        return bool(_pywrap_util_port.IsMklEnabled())
    except (ImportError, AttributeError):  # no public name; another release may lack it
        return False


def with_control_dependency(value: Any, first: Any) -> Any:
    """The value, but not before `first` is there.

    TensorFlow computes whatever it can as soon as it can, and then holds it; JAX' compiler
    orders a step by itself, with an eye on memory.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.control_dependencies([first]):
            return tf.identity(value)
    return value


def to_host(variable: Any) -> npt.NDArray[np.float32]:
    """The value of a Keras variable as it is now; later steps do not touch what is returned."""
    if keras.backend.backend() == "tensorflow":
        return np.asarray(_read(variable))
    return np.array(variable.value)  # JAX gives its buffers back to the next step


def scalar(variable: Any) -> float:
    """The value of a scalar Keras variable, or of one with a single element."""
    on_tensorflow = keras.backend.backend() == "tensorflow"
    return float(np.asarray(_read(variable) if on_tensorflow else variable.value).reshape(()))


def _read(variable: Any) -> Any:
    """The tensor in a variable on TensorFlow, in half the time of `tf.Variable.numpy`.

    That walks through ten layers of Python, and after a step the processor's caches hold none.
    """
    import tensorflow as tf

    held = variable.value
    return tf.raw_ops.ReadVariableOp(resource=held.handle, dtype=held.dtype)


def backend() -> str:
    """Keras and what it runs on, in words."""
    return f"keras {keras.__version__} on {keras.backend.backend()}"


def require_tensorflow(what: str) -> None:
    """Refuse what other backends cannot do.

    Raises:
        ConfigError: Keras does not run on TensorFlow.
    """
    if keras.backend.backend() != "tensorflow":
        raise ConfigError(
            f"{what} needs Keras on TensorFlow; received backend {keras.backend.backend()}: unset "
            "KERAS_BACKEND"
        )


def should_jit() -> bool:
    """Whether to compile the step with XLA: on JAX always, on TensorFlow with a GPU.

    On the CPU TensorFlow's own kernels (oneDNN) are as fast for VGG and faster for `lite`.
    """
    return keras.backend.backend() == "jax" or bool(gpus())
