"""Write a picture as the file that its name asks for, whole or not at all."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from styletune import files
from styletune.errors import PictureError, StorageError
from styletune.images.png_metadata import encode_png
from styletune.images.transparency import over_white

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
SUFFIXES = tuple(_FORMATS)
QUALITY = 95  # of JPEG and WebP


def check_name(path: Path) -> None:
    """Refuse a name that `write` cannot write.

    Raises:
        PictureError: of another kind of file, or in a folder that is not there.
    """
    if path.suffix.lower() not in _FORMATS:
        raise PictureError(
            f"the picture can be written as {', '.join(_FORMATS)}; received {str(path)!r}"
        )
    if not path.parent.is_dir():
        raise PictureError(f"cannot write {path}: the folder {path.parent} does not exist")


def write(
    path: Path,
    picture: "npt.NDArray[np.uint8]",
    state: Mapping[str, object],
    quality: int = QUALITY,
) -> None:
    """Write a picture, (h, w, 3) or (h, w, 4) uint8.

    Args:
        path: see `check_name`.
        state: goes into a PNG.
        quality: of other files, 1 to 100.

    Raises:
        StorageError: it cannot be written; a file that was there is untouched.
    """
    kind = _FORMATS[path.suffix.lower()]
    if kind == "PNG":
        data = encode_png(picture, state)
    else:
        buffer = io.BytesIO()
        image = Image.fromarray(picture)
        image = over_white(image) if kind == "JPEG" else image  # which has no transparency
        image.save(buffer, kind, quality=quality)
        data = buffer.getvalue()
    try:
        files.write_bytes_atomically(path, data)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error}") from None
