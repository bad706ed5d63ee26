"""Thumbnails as text: small JPEGs in Base64, for JSON files that say what something looked like."""

import base64
import binascii
import io

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from styletune.errors import PictureError

EDGE_PX = 192  # the longer one
MAX_CHARS = 16_384  # of the text; grain at 192 px and the first quality takes 14 kB
_QUALITIES = (80, 60, 40, 20)


def encode_thumbnail(picture: npt.NDArray[np.uint8]) -> str | None:
    """Shrink a picture, (h, w, 3), to a thumbnail; None: none of it is small enough."""
    image = Image.fromarray(picture)
    image.thumbnail((EDGE_PX, EDGE_PX), Image.Resampling.BOX)
    for quality in _QUALITIES:
        jpeg = io.BytesIO()
        image.save(jpeg, "JPEG", quality=quality)
        text = base64.b64encode(jpeg.getvalue()).decode("ascii")
        if len(text) <= MAX_CHARS:
            return text
    return None


def decode_thumbnail(text: str) -> bytes:
    """The JPEG of a thumbnail from outside; its header is read and none of its pixels.

    Raises:
        PictureError: no Base64, no JPEG, or one that a page would unpack to a large picture.
    """
    try:
        jpeg = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
            size = image.size
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError):
        raise PictureError("a thumbnail must be a JPEG in Base64") from None
    if max(size) > EDGE_PX:
        raise PictureError(
            f"a thumbnail has at most {EDGE_PX} × {EDGE_PX} px; received {size[0]} × {size[1]}"
        )
    return jpeg
