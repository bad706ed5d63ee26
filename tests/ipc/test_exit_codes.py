"""Exceptions and last words that mean: this process is not to be trusted any more."""

import signal

import pytest

from styletune.errors import PictureError
from styletune.ipc.exit_codes import FatalCause, classify_exception, classify_exit


class ResourceExhaustedError(Exception):
    """TensorFlow's, by name."""


class XlaRuntimeError(RuntimeError):
    """JAX's, by name."""


def during(cause: Exception, error: Exception) -> Exception:
    error.__context__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (ResourceExhaustedError("{{function_node __wrapped__}}"), FatalCause.OUT_OF_MEMORY),
        (XlaRuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating"), FatalCause.OUT_OF_MEMORY),
        (MemoryError(), FatalCause.OUT_OF_MEMORY),
        (RuntimeError("Failed: CUDA_ERROR_OUT_OF_MEMORY: out of memory"), FatalCause.OUT_OF_MEMORY),
        (RuntimeError("INTERNAL: CUDNN_STATUS_ALLOC_FAILED"), FatalCause.OUT_OF_MEMORY),
        (during(MemoryError(), ValueError("while telling of it")), FatalCause.OUT_OF_MEMORY),
        (
            RuntimeError("CUDA_ERROR_ILLEGAL_ADDRESS: an illegal memory access"),
            FatalCause.DEVICE_FAILED,
        ),
        (RuntimeError("INTERNAL: cuDNN: CUDNN_STATUS_EXECUTION_FAILED"), FatalCause.DEVICE_FAILED),
        (ValueError("shapes do not fit"), None),
        (PictureError("a picture that fits into memory"), None),
    ],
)
def test_an_exception_is_recognised_by_its_name_and_text(
    error: Exception, end: FatalCause | None
) -> None:
    assert classify_exception(error) is end


def test_an_exception_that_is_its_own_cause_comes_to_an_end() -> None:
    error = ValueError("x")
    error.__context__ = other = ValueError("y")
    other.__context__ = error
    assert classify_exception(error) is None


def test_real_errors_of_tensorflow_are_recognised() -> None:
    import tensorflow as tf

    with pytest.raises(tf.errors.ResourceExhaustedError) as caught:
        tf.zeros(1 << 50, tf.uint8)  # more than any address space
    assert classify_exception(caught.value) is FatalCause.OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("code", "words", "end"),
    [
        (70, [], FatalCause.OUT_OF_MEMORY),
        (71, [], FatalCause.DEVICE_FAILED),
        (
            -signal.SIGABRT,
            ["F0000 cuda_dnn.cc: CUDA_ERROR_LAUNCH_FAILED", ""],
            FatalCause.DEVICE_FAILED,
        ),
        (
            -signal.SIGABRT,
            ["terminate called", "what():  std::bad_alloc"],
            FatalCause.OUT_OF_MEMORY,
        ),
        (-signal.SIGILL, [], FatalCause.PROCESSOR_UNSUPPORTED),
        (-signal.SIGABRT, ["an assertion failed"], None),
        (1, ["MemoryError: of an earlier worker"], None),
        (-signal.SIGKILL, ["CUDA_ERROR_UNKNOWN"], None),
        (0, [], None),
    ],
)
def test_an_end_is_recognised_by_its_code_or_last_lines(
    code: int, words: list[str], end: FatalCause | None
) -> None:
    assert classify_exit(code, words) is end
