"""What a take's file holds, without reading all of it: a painting within it may be large."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from styletune.errors import TakeError, explain_validation_error
from styletune.takes.lines import VERSION, SourcePicture

CHUNK_BYTES = 1 << 20
# All of a start but its painting has some ten thousand bytes.
_HEAD_BYTES, _TAIL_BYTES = 1 << 18, 1 << 16
_PIXELS = re.compile(rb'"pixels"\s{0,4}:\s{0,4}"([0-9a-f]{64})"')
_PIXELS_BYTES = 96  # of such a match, at most


@dataclass(frozen=True, slots=True)
class Summary:
    """A take in short.

    Attributes:
        time: of its first line, seconds since 1970.
        length_s: until its last line.
        size: longer edge of its first canvas, px.
        pictures: names of its first pictures: the content, then the styles.
    """

    time: float
    length_s: float
    size: int
    pictures: tuple[str, ...]


class _Head(BaseModel):
    type: Literal["start"]
    time: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    content: SourcePicture
    styles: tuple[SourcePicture, ...]
    size: int


def summarize(path: Path) -> Summary:
    """A take in short, from its first and its last bytes.

    Raises:
        TakeError: not a take, or of another version; without the file's name.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            found = from_json(file.read(_HEAD_BYTES).partition(b"\n")[0], allow_partial=True)
        except ValueError:
            raise TakeError("is damaged, or no take: it is no JSON") from None
        version = found.get("version", VERSION) if isinstance(found, dict) else VERSION
        if version != VERSION:
            raise TakeError(
                f"was written as version {version!r}; this styletune reads version {VERSION}"
            )
        try:
            head = _Head.model_validate(found)
        except ValidationError as error:
            raise TakeError(f"is no take: {explain_validation_error(error)}") from None
        length_s = max(0.0, _last_time(file) - head.time)
    pictures = tuple(picture.name for picture in (head.content, *head.styles))
    return Summary(head.time, length_s, head.size, pictures)


def whole_size(file: IO[bytes]) -> int:
    """Bytes of a file up to the end of its last whole line; its writer may be within another."""
    end = file.seek(0, os.SEEK_END)
    while end:
        begin = max(0, end - CHUNK_BYTES)
        file.seek(begin)
        at = file.read(end - begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


def read_chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    """The first `size` bytes of a file."""
    file.seek(0)
    while size > 0 and (chunk := file.read(min(CHUNK_BYTES, size))):
        size -= len(chunk)
        yield chunk


def picture_hashes(path: Path) -> frozenset[str]:
    """SHA-256 of the pixels of all source pictures that a take names.

    Raises:
        OSError: it cannot be read.
    """
    found, before = set[str](), b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            found.update(pixels.decode() for pixels in _PIXELS.findall(before + chunk))
            before = chunk[-_PIXELS_BYTES:]
    return frozenset(found)


def _last_time(file: IO[bytes]) -> float:
    """Time of the last whole line; of one that is too long, when it was written."""
    end = whole_size(file)
    begin = max(0, end - _TAIL_BYTES)
    file.seek(begin)
    last = file.read(end - begin).removesuffix(b"\n").rpartition(b"\n")
    if last[1] or not begin:
        try:
            found = from_json(last[2])
        except ValueError:
            found = None
        if isinstance(found, dict) and isinstance(found.get("time"), int | float):
            return float(found["time"])
    return os.fstat(file.fileno()).st_mtime
