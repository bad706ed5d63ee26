"""Exit codes of a worker whose process cannot go on: out of memory, or its device failed.

Causes are found by names and texts only, as the web process must not import the libraries.
"""

import re
import signal
from collections.abc import Iterable, Iterator
from enum import IntEnum


class FatalCause(IntEnum):
    """Exit codes with a meaning, clear of those of Python, shells and signals."""

    OUT_OF_MEMORY = 70
    DEVICE_FAILED = 71
    PROCESSOR_UNSUPPORTED = 72  # a restart would not mend it


# As TensorFlow, XLA, CUDA and C++ write them; the first match is the cause.
_CAUSES = (
    (
        FatalCause.OUT_OF_MEMORY,
        re.compile(
            r"ResourceExhausted|RESOURCE_EXHAUSTED|CUDA_ERROR_OUT_OF_MEMORY|OOM when allocating"
            r"|std::bad_alloc|[Oo]ut of memory|MemoryError|ALLOC_FAILED"
        ),
    ),
    (
        FatalCause.DEVICE_FAILED,
        re.compile(r"CUDA_ERROR_\w+|CUDNN_STATUS_\w+|CUBLAS_STATUS_\w+|cudaError\w+|CUDA error"),
    ),
)


def classify_exception(error: BaseException) -> FatalCause | None:
    """The fatal cause of an exception, or None: the process may go on."""
    return _cause(f"{type(link).__name__}: {link}" for link in _chain(error))


def classify_exit(code: int, last_lines: Iterable[str]) -> FatalCause | None:
    """The fatal cause of an exit code; where C++ has aborted, of the lines that it wrote.

    Args:
        code: as in `multiprocessing`: -N when ended by signal N.
        last_lines: of the output of this process.
    """
    if code in tuple(FatalCause):
        return FatalCause(code)
    if code == -signal.SIGILL:
        return FatalCause.PROCESSOR_UNSUPPORTED
    return _cause(last_lines) if code == -signal.SIGABRT else None


def _cause(texts: Iterable[str]) -> FatalCause | None:
    text = "\n".join(texts)
    return next((cause for cause, pattern in _CAUSES if pattern.search(text)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it was raised from or during."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
