"""The state inside a saved picture: written into a PNG's text chunk, and found there again.

Only the chunks are walked; no pixel of a picture from outside is decoded here. Pure: bytes
in, bytes or values out. Knows nothing about the session.

Source: Portable Network Graphics (Third Edition), 5.3 (chunk layout), 11.3.3 (tEXt).
"""

import zlib
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune.errors import PictureError

KEYWORD = "styletune"
MAX_TEXT = 64 * 1024
MAX_CHUNKS = 100_000  # of 20 MB in IDAT chunks of 8 KiB there are 2,500
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class EmbeddedState(BaseModel):
    """What a saved picture says of how it was painted; see `app._embedded_state`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    controls: Annotated[dict[Annotated[str, Field(max_length=100)], Any], Field(max_length=500)]


def read_metadata(png: bytes) -> EmbeddedState:
    """The state in a PNG that styletune saved.

    Raises:
        PictureError: no PNG, a damaged one, or none of ours.
    """
    for kind, data in _chunks(png):
        keyword, separator, text = data.partition(b"\0")
        if kind == b"tEXt" and separator and keyword == KEYWORD.encode():
            return _state(text)
        if kind == b"IEND":
            break
    raise PictureError(
        "the picture holds no state of styletune; drop one that the page's save button wrote"
    )


def _state(text: bytes) -> EmbeddedState:
    if len(text) > MAX_TEXT:
        raise PictureError(
            f"the picture's state has at most {MAX_TEXT} bytes; received {len(text)}"
        )
    try:
        return EmbeddedState.model_validate_json(text)
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"]
        raise PictureError(f"the picture's state cannot be read: {why}") from None


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and data of each chunk, checked by its CRC; the pixels' are passed over unread."""
    if not png.startswith(_SIGNATURE):
        raise PictureError("only a PNG holds a state; received another kind of file")
    at = len(_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        head = png[at : at + 8]
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        end = at + 12 + length
        if len(head) < 8 or end > len(png):
            raise PictureError("the picture is cut off before its end")
        if kind == b"tEXt":
            data = png[at + 8 : end - 4]
            if zlib.crc32(kind + data) != int.from_bytes(png[end - 4 : end], "big"):
                raise PictureError("the picture's state is damaged: its checksum does not fit")
            yield kind, data
        else:
            yield kind, b""
        at = end
    raise PictureError(f"the picture has more than {MAX_CHUNKS} chunks")
