"""The first import of the engine: quick, and without the start-up messages of C libraries.

Imports no Keras itself.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from styletune.engine.stderr_filter import filter_stderr

# TensorFlow and Keras import them wherever they are installed, and do without otherwise.
_OPTIONAL = ("jax", "matplotlib")


@contextlib.contextmanager
def fast_import() -> Iterator[None]:
    """Import Keras without collecting garbage and without what is not needed.

    A third less time; half where JAX and matplotlib are installed. The collector would walk again
    and again through half a million objects that all stay. Later, too, it leaves them out.
    """
    kept = {"jax"} if _runs_on_jax() else set()
    hidden = [name for name in _OPTIONAL if name not in {*kept, *sys.modules}]
    gc.disable()
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails
    try:
        with filter_stderr():
            yield
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        gc.enable()


def _runs_on_jax() -> bool:
    """Whether Keras is to run on JAX, by the environment or by Keras' own file."""
    backend = os.environ.get("KERAS_BACKEND", "")
    if not backend:
        home = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser()
        with contextlib.suppress(OSError):
            backend = (home / "keras.json").read_text(encoding="utf-8", errors="replace")
    return "jax" in backend
