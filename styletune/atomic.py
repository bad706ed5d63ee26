"""Write a file whole or not at all: temporary file beside it, fsync, replace."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO


def write_bytes(path: str | Path, data: bytes) -> None:
    """Replace `path` by `data` in one step; a crash leaves the old file or the new one.

    Raises:
        OSError: the folder is missing, read-only or full; the old file is untouched.
    """
    write(path, lambda file: file.write(data))


def write(path: str | Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Replace `path` by what `fill` writes into a file, as `write_bytes` does.

    Raises:
        OSError: likewise; what `fill` raises comes through, and the old file is untouched.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes private files; pictures are for anyone whom the umask lets read.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
