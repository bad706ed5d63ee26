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
from styletune.errors import ConfigError

# TensorFlow and Keras import them wherever they are installed, and do without otherwise.
_OPTIONAL = ("jax", "matplotlib")


@contextlib.contextmanager
def fast_import() -> Iterator[None]:
    """Import Keras without collecting garbage and without what is not needed.

    A third less time; half where JAX and matplotlib are installed. The collector would walk again
    and again through half a million objects that all stay. Later, too, it leaves them out.

    Raises:
        ConfigError: Keras or its backend cannot be imported.
    """
    kept = {"jax"} if _runs_on_jax() else set()
    hidden = [name for name in _OPTIONAL if name not in {*kept, *sys.modules}]
    gc.disable()
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails
    try:
        with filter_stderr():
            yield
    except (ImportError, ValueError, AssertionError) as error:  # as Keras raises them
        first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ConfigError(
            f"Keras cannot be imported: {first_line}; install the backend that KERAS_BACKEND or "
            f"{_settings_file()} names, or name another one there"
        ) from error
    finally:
        for name in hidden:
            del sys.modules[name]
        gc.freeze()
        gc.enable()


def _runs_on_jax() -> bool:
    """Whether Keras is to run on JAX, by the environment or by Keras' own file."""
    backend = os.environ.get("KERAS_BACKEND", "")
    if not backend:
        with contextlib.suppress(OSError):
            backend = _settings_file().read_text(encoding="utf-8", errors="replace")
    return "jax" in backend


def _settings_file() -> Path:
    """Keras' own."""
    return Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "keras.json"
