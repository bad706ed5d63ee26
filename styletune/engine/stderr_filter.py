"""Keeps start-up messages of C libraries off the terminal; imports no Keras itself.

TensorFlow's C++ side writes to file descriptor 2 before any log level counts: that oneDNN is on,
that no CUDA was found. All other lines pass; nothing is lost when loading fails.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_MESSAGES = re.compile(
    rb"All log messages before absl|port\.cc:\d+\] oneDNN|cudart_stub\.cc|cpu_feature_guard\.cc|"
    rb"To enable the following instructions|"
    # Error 303 is that there is no driver: no GPU, which the device line says in words.
    rb"cuInit: UNKNOWN ERROR \(303\)|computation_placer\.cc|"
    rb"^ALSA lib "
)


@contextmanager
def filter_stderr() -> Iterator[None]:
    """Hold back what is written to stderr meanwhile, then let all but those messages through."""
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            for line in held:
                if not _MESSAGES.search(line):
                    os.write(2, line)
