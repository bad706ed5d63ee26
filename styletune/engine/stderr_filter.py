"""Start-up chatter of C libraries, TensorFlow's above all, kept off the terminal.

Its C++ side writes to file descriptor 2 before any log level is obeyed: that oneDNN is on, that no
CUDA was found. `doctor` says that better. All other lines pass; nothing is lost when loading fails.
Imports no Keras, so that it can stand around the import.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_CHATTER = re.compile(
    rb"All log messages before absl|port\.cc:\d+\] oneDNN|cudart_stub\.cc|cpu_feature_guard\.cc|"
    rb"To enable the following instructions|"
    # Error 303 is that there is no driver: no GPU, which the device line says in words.
    rb"cuInit: UNKNOWN ERROR \(303\)|computation_placer\.cc|"
    rb"^ALSA lib "
)


@contextmanager
def filter_stderr() -> Iterator[None]:
    """Hold back what is written to stderr meanwhile, then let all but the chatter through."""
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
                if not _CHATTER.search(line):
                    os.write(2, line)
