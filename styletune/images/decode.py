"""Decode pictures from outside into upright sRGB without metadata, or refuse them with a reason.

The header is judged before a pixel is decoded, so that a decompression bomb costs nothing.
"""

import math
import warnings
from pathlib import Path

from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from styletune.errors import PictureError
from styletune.images import formats
from styletune.images.colour import SrgbConverter
from styletune.images.transparency import over_white

MAX_PIXELS = 50_000_000  # Pillow holds 4 bytes a pixel: 200 MB while decoding
MAX_EDGE_PX = 4096  # what is larger is reduced; a painting is never larger than this
MIN_EDGE_PX = 16  # four poolings of a feature network must leave a pixel
MAX_ASPECT = 8  # beyond it the shorter edge of a painting vanishes
MAX_FILE_BYTES = 256_000_000
_BAND_PX = 256  # rows converted at a time

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


def read(
    path: str | Path, *, max_pixels: int = MAX_PIXELS, keep_alpha: bool = False
) -> Image.Image:
    """Read a picture file; see `decode`.

    Raises:
        PictureError: no such file, a folder, not readable, or anything that `decode` refuses.
    """
    data = read_bytes(path)
    return decode(data, source=str(path), max_pixels=max_pixels, keep_alpha=keep_alpha)


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


def decode(
    data: bytes,
    *,
    source: str,
    max_pixels: int = MAX_PIXELS,
    max_edge_px: int = MAX_EDGE_PX,
    keep_alpha: bool = False,
) -> Image.Image:
    """Decode a picture.

    Args:
        source: names it in errors.
        max_pixels: that are held at a time; most JPEGs of more are read at a reduced size.
        max_edge_px: of what is returned.
        keep_alpha: return what is transparent as such, instead of over white.

    Returns:
        sRGB, upright, longer edge at most `max_edge_px`, without metadata: RGB, or with
        `keep_alpha` RGBA if any of it is transparent.

    Raises:
        PictureError: not a JPEG, PNG, WebP, AVIF or HEIC, damaged, too many pixels, an edge
            under `MIN_EDGE_PX`, or one edge more than `MAX_ASPECT` times the other.
    """
    if not data:
        raise PictureError(f"{source}: is empty; {formats.ACCEPTED}")
    name = formats.recognise(data, source)
    with warnings.catch_warnings():
        # Pillow warns of broken EXIF and of many pixels: the first is harmless, the second is
        # refused below with both numbers.
        warnings.simplefilter("ignore")
        try:
            image = formats.open_picture(data, name, source)
        except Image.DecompressionBombError:
            raise PictureError(
                f"{source}: a picture has at most {max_pixels // 10**6} megapixels; "
                "received far more"
            ) from None
        _check_size(image, max_pixels, source)
        try:
            return _upright_srgb(image, max_pixels, max_edge_px, keep_alpha, source)
        except Exception as error:  # decoders fail in every possible way on hostile bytes
            raise formats.damaged(name, error, source) from None


def fit(image: Image.Image, longer_edge_px: int) -> Image.Image:
    """Scale so that the longer edge is exactly `longer_edge_px`, in the same aspect ratio.

    The other edge is rounded, and at least 1 px.
    """
    scale = longer_edge_px / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)


def _check_size(image: Image.Image, max_pixels: int, source: str) -> None:
    width, height = image.size
    received = f"received {width} × {height} px"
    scale = _scale_on_load(image, max_pixels)
    if width * height > max_pixels * scale**2:
        raise PictureError(
            f"{source}: a picture has at most {max_pixels // 10**6} megapixels; {received}; "
            f"reduce it, or allow it with --max-megapixels {math.ceil(width * height / 10**6)}"
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


def _scale_on_load(image: Image.Image, max_pixels: int, max_edge_px: int = MAX_EDGE_PX) -> int:
    """By how much a JPEG is reduced while it is decoded, without ever being whole."""
    # A progressive one is held whole in any case: as coefficients.
    if not isinstance(image, JpegImageFile) or "progressive" in image.info:
        return 1
    scales = (1, 2, 4, 8)
    edge, pixels = max(image.size), image.width * image.height
    large_enough = [scale for scale in scales if edge >= scale * max_edge_px] or [1]
    few_enough = [scale for scale in scales if pixels <= scale**2 * max_pixels] or [8]
    return max(large_enough[-1], few_enough[0])


def _upright_srgb(
    image: Image.Image, max_pixels: int, max_edge_px: int, keep_alpha: bool, source: str
) -> Image.Image:
    scale = _scale_on_load(image, max_pixels, max_edge_px)
    if scale > 1:
        image.draft(None, (image.width // scale, image.height // scale))
    image.load()  # before anything that forgives: EXIF may lie behind the pixels
    orientation = _orientation(image)
    converter = SrgbConverter(image, source)
    longer = min(max(image.size), max_edge_px)
    width, height = (max(1, round(edge * longer / max(image.size))) for edge in image.size)
    rows = image.height / height  # of the picture for one of the result
    margin = math.ceil(rows * 3) if rows > 1 else 0  # the filter sees so many more
    mode = "RGBA" if keep_alpha and image.has_transparency_data else "RGB"
    upright = Image.new(mode, (width, height))
    # In bands: every conversion makes a copy, and a copy of all of it may be 200 MB.
    for top in range(0, height, _BAND_PX):
        bottom = min(top + _BAND_PX, height)
        first = max(0, math.floor(top * rows) - margin)
        last = min(image.height, math.ceil(bottom * rows) + margin)
        band = converter.convert(image.crop((0, first, image.width, last)))
        if mode == "RGB":
            band = over_white(band)
        if rows > 1 or width < image.width:
            box = (0, top * rows - first, image.width, bottom * rows - first)
            band = band.resize((width, bottom - top), Image.Resampling.LANCZOS, box)
        upright.paste(band, (0, top))
    if mode == "RGBA" and upright.getchannel("A").getextrema() == (255, 255):
        upright = upright.convert("RGB")
    if orientation in _UPRIGHT:
        upright = upright.transpose(_UPRIGHT[orientation])
    return upright  # made anew: no metadata, such as where it was taken


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # broken EXIF does not make the pixels unusable
        return 1
