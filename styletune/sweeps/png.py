"""The state within a PNG: replaced without decoding a pixel. Pure: bytes in, bytes out."""

import io
import json
import struct
import zlib
from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image

KEYWORD = b"styletune"
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(picture: npt.NDArray[np.uint8]) -> bytes:
    """A picture, uint8 (h, w, 3), as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def with_state(png: bytes, state: Mapping[str, object]) -> bytes:
    """The same picture with `state` as JSON in its `styletune` text chunk, in place of any other.

    Raises:
        ValueError: it is no PNG.
    """
    if not png.startswith(_SIGNATURE):
        raise ValueError("this is no PNG")
    # iTXt: keyword, not compressed, no language, no translation, UTF-8 text.
    text = KEYWORD + b"\0\0\0\0\0" + json.dumps(state, ensure_ascii=False).encode()
    out = [_SIGNATURE]
    for kind, data in _chunks(png):
        if kind in (b"tEXt", b"iTXt", b"zTXt") and data.startswith(KEYWORD + b"\0"):
            continue
        out.append(_chunk(kind, data))
        if kind == b"IHDR":
            out.append(_chunk(b"iTXt", text))
    return b"".join(out)


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += 12 + length


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
