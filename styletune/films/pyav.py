"""PyAV, which is optional, and how it opens films from outside."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletune.errors import ConfigError, FilmError

if TYPE_CHECKING:
    from av.container import InputContainer

# What may be a film by its name.
SUFFIXES = (
    ".mp4", ".m4v", ".mov", ".3gp", ".mkv", ".webm", ".avi", ".gif", ".mpg", ".mpeg", ".ts",
    ".mts", ".m2ts", ".wmv", ".asf", ".flv", ".ogv",
)  # fmt: skip
# Of files only: a playlist under the name of a film would open what it names, and the network.
_OPTIONS = {
    "format_whitelist": "mov,matroska,webm,avi,gif,mpeg,mpegts,asf,flv,ogg",
    "protocol_whitelist": "file",
}
_START_UNIT = Fraction(1, 1_000_000)


def load() -> Any:
    """The module `av`.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import av
    except ImportError:
        raise ConfigError("films need PyAV: pip install 'styletune[film]'") from None
    return av


@contextlib.contextmanager
def open_film(path: Path) -> "Iterator[InputContainer]":
    """Open a film to read from.

    Raises:
        FilmError: missing, or not a film that can be decoded.
    """
    av = load()
    try:
        container = av.open(f"file:{path}", options=_OPTIONS)
    except av.FFmpegError as error:
        raise FilmError(f"{path}: not a film that can be decoded: {error.strerror}") from None
    with container:
        yield container


def start(container: "InputContainer") -> Fraction:
    """Seconds at which the film begins on the clock of its streams."""
    return (container.start_time or 0) * _START_UNIT
