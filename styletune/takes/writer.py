"""Writes takes: line by line, so that a killed process loses none, and never more than fits."""

import contextlib
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from styletune.takes import sources
from styletune.takes.lines import Line, SourcePicture, encode
from styletune.takes.summary import whole_size

SUFFIX = ".jsonl"
MAX_BYTES = 500_000_000  # of a take; hours, unless pictures are large and swapped all the time
# What is recorded unasked: so many pieces of so long, together an hour.
PIECE_S, PIECES = 300.0, 13
MAX_RECENT_BYTES = 300_000_000
_CURRENT = "take"  # beside these pieces: the name of the take's file that is being written

_log = logging.getLogger(__name__)


class TakeWriter:
    """One file that grows.

    Args:
        path: a new file, or one that goes on.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(self._file, "rb", closefd=False) as file:
            self.size = whole_size(file)
        # A killed writer may have left half a line, to which nothing can be added.
        os.ftruncate(self._file, self.size)

    def write(self, line: Line) -> None:
        """Add a line.

        Raises:
            OSError: the disk is full; no half of the line stays.
        """
        data = encode(line)
        try:
            written = os.write(self._file, data)
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self.size)
            raise
        self.size += len(data)

    def keep(self, pictures: Iterable[tuple[str, SourcePicture]]) -> None:
        """Put these source pictures, with their paths, beside the take.

        Raises:
            OSError: they cannot be written.
        """
        for path, picture in pictures:
            sources.keep(path, picture, self.path.parent)

    def close(self) -> None:
        """Close the file as it is."""
        os.close(self._file)


def recent_pieces(folder: Path) -> list[Path]:
    """What was recorded unasked, oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())


def next_piece(folder: Path) -> Path:
    """The file of the next piece; the oldest are removed to make room."""
    pieces = recent_pieces(folder)
    size = sum(path.stat().st_size for path in pieces)
    while len(pieces) >= PIECES or size > MAX_RECENT_BYTES:
        size -= pieces[0].stat().st_size
        pieces.pop(0).unlink(missing_ok=True)
    return folder / f"{int(pieces[-1].stem) + 1 if pieces else 1:09}{SUFFIX}"


def current_take(recent: Path) -> str:
    """Name of the take's file that is being written; empty: none.

    Args:
        recent: folder of what is recorded unasked.
    """
    try:
        name = (recent / _CURRENT).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""
    return name if name == Path(name).name else ""


def set_current_take(recent: Path, name: str) -> None:
    """Note the take that is being written, for the next worker and for the server.

    Args:
        name: of its file; empty: none.

    Raises:
        OSError: it cannot be noted.
    """
    if name:
        (recent / _CURRENT).write_text(name, encoding="utf-8")
    else:
        (recent / _CURRENT).unlink(missing_ok=True)
