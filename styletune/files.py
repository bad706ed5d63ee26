"""Files: written whole or not at all (temporary file beside it, fsync, replace); their names."""

import contextlib
import glob
import logging
import os
import re
import stat
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO

from styletune.errors import ConfigError

# `mkstemp`'s eight characters after a name; locked at once by whoever writes it.
_TEMPORARY = re.compile(r"\..+\.[a-z0-9_]{8}")
_LOCKED_WITHIN_S = 1.0
# A name that a person gives to a file, on any system; without its suffix.
FILE_NAME = re.compile(r"\w[\w .+&,'-]*")
MAX_FILE_NAME = 40

_log = logging.getLogger(__name__)


def make_private_folder(path: Path) -> None:
    """Make a folder that only its owner may enter; one that is there becomes so.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    with contextlib.suppress(PermissionError):  # somebody else's, who has let us write there
        path.chmod(0o700)


def write_bytes_atomically(path: str | Path, data: bytes) -> None:
    """Replace `path` by `data` in one step; a crash leaves the old file or the new one.

    Raises:
        OSError: the folder is missing, read-only or full; the old file is untouched.
    """
    write_atomically(path, lambda file: file.write(data))


def write_atomically(path: str | Path, fill: Callable[[IO[bytes]], object]) -> None:
    """Replace `path` by what `fill` writes into a file, as `write_bytes_atomically` does.

    Raises:
        OSError: likewise; what `fill` raises comes through, and the old file is untouched.
    """
    with open_atomically(path) as file:
        fill(file)


@contextlib.contextmanager
def open_atomically(path: str | Path) -> Iterator[IO[bytes]]:
    """A file that replaces `path` once it is left, as `write_bytes_atomically` does.

    Its `name` is that of a file beside `path`.

    Raises:
        OSError: likewise; after any exception the old file is untouched.
    """
    path = Path(path)
    remove_stale_temporaries(path.parent.glob(f".{glob.escape(path.name)}.*"))
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            _lock(file)  # until it has its name: a sweep must not take it for a dead writer's
            yield file
            file.flush()
            os.fsync(file.fileno())
            # Temporary files are private; pictures are for anyone whom the umask lets read.
            mask = os.umask(0)
            os.umask(mask)
            Path(file.name).chmod(0o666 & ~mask)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def remove_stale_temporaries(paths: Iterable[Path]) -> int:
    """Remove those of the paths that killed writers have left; return how many there were."""
    removed = 0
    for path in paths:
        with contextlib.suppress(OSError):  # as after another process has removed it
            if _TEMPORARY.fullmatch(path.name) and _is_stale(path):
                path.unlink()
                removed += 1
    return removed


def _is_stale(path: Path) -> bool:
    """Whether it is a file of ours that nobody is writing."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode) or time.time() - status.st_mtime < _LOCKED_WITHIN_S:
        return False
    with path.open("r+b") as file:
        return _lock(file) and status.st_uid == os.getuid()


def _lock(file: IO[bytes]) -> bool:
    """Lock a file until it is closed or this process ends, however it ends."""
    try:
        import fcntl  # here, for Windows has none

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def set_aside(path: Path, why: str) -> bool:
    """Rename a file of ours that is damaged, with a warning: it must not be read, nor overwritten.

    Returns:
        Whether that could be done.
    """
    number = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        _log.warning("%s is damaged (%s) and cannot be set aside: %s", path, why, error)
        return False
    _log.warning("%s is damaged (%s) and was set aside as %s", path, why, aside.name)
    return True


def is_set_aside(path: Path) -> bool:
    """Whether `set_aside` has made this name."""
    return re.search(r"\.damaged-\d+$", path.stem) is not None


def printable(name: str) -> str:
    """Return a file's name as text for JSON and people, whatever the locale.

    Python stands surrogates, which no JSON takes, for bytes that its locale cannot decode; what is
    no UTF-8 either is replaced.
    """
    try:
        data = name.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # other surrogates, which Windows allows
        data = name.encode(errors="replace")
    return data.decode(errors="replace")


# Files that ship with the code: within the package in a wheel, beside it in a checkout and in an
# editable install.

PACKAGE = Path(__file__).resolve().parent


def web_folder() -> Path:
    """The folder of the page: `index.html`, its scripts and styles.

    Raises:
        ConfigError: it is in neither place.
    """
    return _folder("web")


def configs_folder() -> Path:
    """The folder of the shipped session files and, in `controllers`, MIDI profiles.

    Raises:
        ConfigError: it is in neither place.
    """
    return _folder("configs")


def _folder(name: str, package: Path = PACKAGE) -> Path:
    places = (package / name, package.parent / name)
    for place in places:
        if place.is_dir():
            return place
    raise ConfigError(
        f"the installation lacks its folder `{name}`; looked for {places[0]} and {places[1]}; "
        "install styletune again"
    )
