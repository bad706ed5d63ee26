"""Decode pictures from outside into upright RGB without metadata, or refuse them with a reason.

The header is judged before a pixel is decoded, so that a decompression bomb costs nothing.
"""

import io
import re
import warnings
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from styletune.errors import PictureError

FORMATS = ("JPEG", "PNG", "WEBP")  # every further decoder is a further way in
MAX_PIXELS = 50_000_000  # Pillow holds 4 bytes a pixel: 200 MB while decoding
MAX_EDGE_PX = 4096  # what is larger is reduced; a painting is never larger than this
MIN_EDGE_PX = 16  # four poolings of a feature network must leave a pixel
MAX_ASPECT = 8  # beyond it the shorter edge of a painting vanishes
MAX_FILE_BYTES = 256_000_000
_BAND_PX = 256  # rows converted at a time

_ACCEPTED = "JPEG, PNG and WebP pictures are accepted"
_SIGNATURES = {
    "JPEG": re.compile(rb"\xff\xd8\xff"),
    "PNG": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "WebP": re.compile(rb"RIFF....WEBP", re.DOTALL),
}
_ORIENTATION = 0x0112  # EXIF tag
_UPRIGHT = {  # what undoes each EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read(path: str | Path) -> Image.Image:
    """Read a picture file; see `decode`.

    Raises:
        PictureError: no such file, a folder, not readable, or anything that `decode` refuses.
    """
    return decode(read_bytes(path), source=str(path))


def read_bytes(path: str | Path) -> bytes:
    """Read a picture file without decoding it.

    Raises:
        PictureError: no such file, a folder, too large, or not readable.
    """
    path = Path(path)
    try:
        if path.is_dir():
            raise PictureError(f"{path}: is a folder; a picture file is needed")
        if not path.exists():
            raise PictureError(f"{path}: no such picture file")
        if not path.is_file():  # a device or a pipe may never end
            raise PictureError(f"{path}: not a regular file; a picture file is needed")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise PictureError(
                f"{path}: a picture file has at most {MAX_FILE_BYTES // 10**6} MB; "
                f"received {size / 1e6:.0f} MB"
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{path}: cannot be read: {reason}") from None


def decode(data: bytes, *, source: str) -> Image.Image:
    """Decode a picture; `source` names it in errors.

    Returns:
        RGB, upright, longer edge at most `MAX_EDGE_PX`, without metadata.

    Raises:
        PictureError: not a JPEG, PNG or WebP, damaged, more than `MAX_PIXELS` pixels, an edge
            under `MIN_EDGE_PX`, or one edge more than `MAX_ASPECT` times the other.
    """
    if not data:
        raise PictureError(f"{source}: is empty; {_ACCEPTED}")
    with warnings.catch_warnings():
        # Pillow warns of broken EXIF and of many pixels: the first is harmless, the second is
        # refused below with both numbers.
        warnings.simplefilter("ignore")
        return _decode(data, source)


def fit(image: Image.Image, longer_edge_px: int) -> Image.Image:
    """Scale so that the longer edge is exactly `longer_edge_px`, in the same aspect ratio.

    The other edge is rounded, and at least 1 px.
    """
    scale = longer_edge_px / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _decode(data: bytes, source: str) -> Image.Image:
    image = _open(data, source)
    _check_size(*image.size, source)
    try:
        return _upright_rgb(image)
    except Exception as error:  # decoders fail in every possible way on hostile bytes
        raise _damaged(image.format, error, source) from None


def _open(data: bytes, source: str) -> Image.Image:
    """Read the header only."""
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise PictureError(
            f"{source}: a picture has at most {MAX_PIXELS // 10**6} megapixels; received far more"
        ) from None
    except Exception as error:  # decoders fail in every possible way on hostile bytes
        for kind, signature in _SIGNATURES.items():
            if signature.match(data):
                raise _damaged(kind, error, source) from None
        raise PictureError(
            f"{source}: not a picture that can be read; {_ACCEPTED}; "
            f"received {len(data)} bytes starting with {data[:8]!r}"
        ) from None


def _damaged(kind: str | None, error: Exception, source: str) -> PictureError:
    damaged = f"{source}: the {kind} is damaged or cut short"
    if isinstance(error, UnidentifiedImageError):  # says only which object it was read from
        return PictureError(damaged)
    reason = (str(error) or type(error).__name__).split("\n")[0][:80]
    return PictureError(f"{damaged} ({reason})")


def _check_size(width: int, height: int, source: str) -> None:
    received = f"received {width} × {height} px"
    if width * height > MAX_PIXELS:
        raise PictureError(
            f"{source}: a picture has at most {MAX_PIXELS // 10**6} megapixels; {received}"
        )
    if min(width, height) < MIN_EDGE_PX:
        raise PictureError(
            f"{source}: both edges of a picture must have at least {MIN_EDGE_PX} px; {received}"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(
            f"{source}: the longer edge of a picture is at most {MAX_ASPECT} times the shorter; "
            f"{received}"
        )


def _upright_rgb(image: Image.Image) -> Image.Image:
    orientation = _orientation(image)
    divisor = -(-max(image.size) // MAX_EDGE_PX)
    if divisor > 1:  # a JPEG can be decoded at 1/2, 1/4 or 1/8 without ever being whole
        image.draft("RGB", (image.width // divisor, image.height // divisor))
        divisor = -(-max(image.size) // MAX_EDGE_PX)
    image.load()
    size = (-(-image.width // divisor), -(-image.height // divisor))
    upright = Image.new("RGB", size)
    # In bands: every conversion makes a copy, and a copy of all of it may be 200 MB.
    for top in range(0, size[1], _BAND_PX):
        bottom = min((top + _BAND_PX) * divisor, image.height)
        band = _over_white(image.crop((0, top * divisor, image.width, bottom)))
        upright.paste(band.reduce(divisor) if divisor > 1 else band, (0, top))
    if orientation in _UPRIGHT:
        upright = upright.transpose(_UPRIGHT[orientation])
    return upright  # made anew: no metadata, such as where it was taken


def _over_white(image: Image.Image) -> Image.Image:
    """Convert any mode to RGB; what is transparent lies over white."""
    if image.mode.startswith("I"):
        image = _eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image.convert("RGBA"))
    return white.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16 bits down; Pillow's own conversion would clip at 255."""
    import numpy as np  # rarely needed, and half of this module's start

    pixels = np.asarray(image, dtype=np.uint32)
    return Image.fromarray(((pixels * 255 + 32767) // 65535).astype(np.uint8))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF does not make the pixels unusable
        return 1
