"""Pictures on their way from and to the server."""

import io
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from styletune.errors import MessageError
from styletune.images import decode, samples

if TYPE_CHECKING:  # rarely needed, and slow to load
    import numpy as np
    import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Frame:
    """One painted picture of /frames, as JPEG.

    Attributes:
        epoch, step: count up, until the painting is reset.
        rev: revision of the controls that it contains.
        width, height: of the painting, px.
        time: when it was painted, seconds since 1970.
    """

    epoch: int
    step: int
    rev: int
    width: int
    height: int
    time: float
    jpeg: bytes = field(repr=False)

    @classmethod
    def parse(cls, message: bytes) -> "Frame":
        """Parse a binary message: uint32 n (little-endian), n bytes of JSON, JPEG.

        Raises:
            MessageError: it is not of this form.
        """
        try:
            (length,) = struct.unpack_from("<I", message)
            head = json.loads(message[4 : 4 + length])
            return cls(
                epoch=head["epoch"],
                step=head["step"],
                rev=head["rev"],
                width=head["width"],
                height=head["height"],
                time=head["time"],
                jpeg=message[4 + length :],
            )
        except (struct.error, ValueError, KeyError, TypeError) as error:
            raise MessageError(f"this is no frame: {error!r:.80}") from None

    def image(self) -> Image.Image:
        """The picture for Pillow, RGB."""
        return decode_picture(self.jpeg, "JPEG")

    def array(self) -> "npt.NDArray[np.uint8]":
        """The picture as uint8 (height, width, 3)."""
        import numpy as np

        return np.asarray(self.image())


def encode_upload(picture: str | Path | bytes | Image.Image, name: str) -> tuple[bytes, str]:
    """A picture as the bytes of a file, and its name.

    Args:
        picture: a file or the name of a sample, bytes of a file, or a picture of Pillow's.
        name: default: that of the file.
    """
    if isinstance(picture, bytes):
        return picture, name
    if isinstance(picture, Image.Image):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        return buffer.getvalue(), name
    return decode.read_bytes(samples.locate(str(picture))), name or Path(picture).name


def decode_picture(data: bytes, file_format: str) -> Image.Image:
    """A picture of the server's for Pillow, decoded; `file_format` is `PNG` or `JPEG`."""
    image = Image.open(io.BytesIO(data), formats=(file_format,))
    image.load()
    return image
