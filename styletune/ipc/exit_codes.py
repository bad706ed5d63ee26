"""How a worker ends that must not be trusted any more: out of memory, or its device failed.

Exceptions of the worker become exit codes, exit codes and last words become causes again in
the web process. By name and text only, since the libraries whose errors these are must not be
imported there. Knows nothing about what is done about it.
"""

import re
import signal
from collections.abc import Iterable, Iterator
from enum import IntEnum


class FatalCause(IntEnum):
    """Exit codes with a meaning, clear of those of Python, shells and signals."""

    OUT_OF_MEMORY = 70
    DEVICE_FAILED = 71


# As TensorFlow, XLA, CUDA and C++ write them; the first that fits names the cause.
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
    """What an exception of the painting means for its process; None: nothing special."""
    return _cause(f"{type(link).__name__}: {link}" for link in _chain(error))


def classify_exit(code: int, last_words: Iterable[str]) -> FatalCause | None:
    """What an exit code says; where C++ gave up by itself, what it wrote before.

    Args:
        code: as in `multiprocessing`: -N when ended by signal N.
        last_words: the last lines that this process wrote.
    """
    if code in tuple(FatalCause):
        return FatalCause(code)
    return _cause(last_words) if code == -signal.SIGABRT else None


def _cause(texts: Iterable[str]) -> FatalCause | None:
    said = "\n".join(texts)
    return next((end for end, pattern in _CAUSES if pattern.search(said)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The exception and those that it was raised from or during."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__
