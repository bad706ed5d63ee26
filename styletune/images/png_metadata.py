"""The state inside a saved PNG, in its text chunk `styletune`: written and read by Pillow.

Reading looks at the chunks before the pixels only; no pixel from outside is decoded.

Source: Portable Network Graphics (Third Edition), 11.3.3 (tEXt, iTXt).
"""

import io
import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune.errors import PictureError, explain_validation_error
from styletune.images.formats import allow_large_text

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

KEYWORD = "styletune"
MAX_TEXT = 64 * 1024
MAX_HEADER = 1024 * 1024  # bytes before the pixels: bounds how many chunks are looked at
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


class EmbeddedState(BaseModel):
    """What a saved picture tells about how it was painted."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    controls: Annotated[dict[Annotated[str, Field(max_length=100)], Any], Field(max_length=500)]


def encode_png(picture: "npt.NDArray[np.uint8]", state: Mapping[str, object]) -> bytes:
    """Encode a picture, uint8 (h, w, 3) or (h, w, 4), as PNG with `state` as JSON inside."""
    return _encode(Image.fromarray(picture), state)


def replace_state(png: bytes, state: Mapping[str, object]) -> bytes:
    """Put `state` into a PNG in place of any other; the pixels stay.

    Raises:
        PictureError: it is no PNG, or a damaged one.
    """
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            return _encode(image, state)
    except (OSError, SyntaxError, ValueError) as error:
        raise PictureError(f"the picture is no PNG or damaged: {error}") from None


def read_metadata(png: bytes) -> EmbeddedState:
    """Return the state in a PNG that styletune saved.

    Raises:
        PictureError: no PNG, a damaged one, or none of ours.
    """
    if not png.startswith(_SIGNATURE):
        raise PictureError("only a PNG holds a state; received another kind of file")
    allow_large_text()  # of others, before ours
    try:
        text = PngImageFile(io.BytesIO(png[:MAX_HEADER])).info.get(KEYWORD)
    except Exception as error:  # decoders fail in every possible way on hostile bytes
        if "bad header checksum" in str(error):  # as Pillow words it
            raise PictureError(
                "the picture's state is damaged: its checksum does not fit"
            ) from None
        if len(png) > MAX_HEADER:
            raise PictureError(
                f"the picture has more than {MAX_HEADER} bytes before its pixels"
            ) from None
        raise PictureError("the picture is damaged or cut off before its end") from None
    if not isinstance(text, str):
        raise PictureError(
            "the picture holds no state of styletune; drop one that the page's save button wrote"
        )
    if len(text) > MAX_TEXT:
        raise PictureError(
            f"the picture's state has at most {MAX_TEXT} bytes; received {len(text)}"
        )
    try:
        return EmbeddedState.model_validate_json(text)
    except ValidationError as error:
        why = explain_validation_error(error)
        raise PictureError(f"the picture's state cannot be read: {why}") from None


def file_name(pictures: Iterable[str], step: int) -> str:
    """Name a saved picture after its content, its styles and its step, plain for any system."""
    return "-".join(["styletune", *filter(None, map(_slug, pictures)), str(step)]) + ".png"


def _encode(image: Image.Image, state: Mapping[str, object]) -> bytes:
    info = PngInfo()
    info.add_text("Software", "styletune")
    info.add_text(KEYWORD, json.dumps(state))
    png = io.BytesIO()
    image.save(png, "PNG", pnginfo=info)
    return png.getvalue()


def _slug(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:24]
