"""Recognise picture formats by their first bytes, and open what is whole.

Source: Portable Network Graphics (Third Edition), 11.2; ITU-T T.81, B.2; ISO/IEC 23008-12, B.
"""

import io
import re

from PIL import Image, PngImagePlugin, UnidentifiedImageError, features

from styletune.errors import PictureError

TITLE = "Title"  # in a decoded picture's PNG: its name, as people know it
# By which files are recognised before they are opened.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif"})
ACCEPTED = "JPEG, PNG and WebP pictures are accepted"
# Encoders write a dozen. Each one walks the whole picture again, however few bytes it has.
MAX_SCANS = 64

# Every further decoder is a further way in. An ISO media file lists its brands four bytes each.
_SIGNATURES = {
    name: re.compile(signature, re.DOTALL)
    for name, signature in {
        "JPEG": rb"\xff\xd8\xff",
        "PNG": rb"\x89PNG\r\n\x1a\n",
        "WebP": rb"RIFF....WEBP",
        "AVIF": rb"....ftyp(?:....){0,20}?avi[fs]",
        "HEIC": rb"....ftyp(?:....){0,20}?(?:hei[cmsx]|hev[cmsx]|mif1|msf1)",
    }.items()
}
# What people bring, too; only to name it.
_OTHERS = {
    "GIF": rb"GIF8",
    "BMP": rb"BM.{12}[\x0c\x28-\x7c]\0\0\0",
    "TIFF or a camera's raw format": rb"II\*\0|MM\0\*|II[RU]|....ftypcrx|FUJIFILMCCD-RAW",
    "JPEG XL": rb"\xff\x0a|\0\0\0\x0cJXL ",
    "JPEG 2000": rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  ",
    "Photoshop's PSD": rb"8BPS",
    "SVG": rb"\s*<(?:svg|\?xml)",
    "PDF": rb"%PDF",
}
_PLUGINS = {"WebP": "WEBP", "HEIC": "HEIF"}  # what Pillow calls them
_JPEG_MARKER = re.compile(rb"\xff([^\x00\xd0-\xd8\xff])")  # that a segment follows, or the end


def recognise(data: bytes, source: str) -> str:
    """Return the name of the format, as people write it.

    Raises:
        PictureError: it is none that is read here.
    """
    for name, signature in _SIGNATURES.items():
        if signature.match(data):
            return name
    received = f"{len(data)} bytes starting with {data[:8]!r}"
    for other, start in _OTHERS.items():
        if re.match(start, data[:64], re.DOTALL):
            received = f"{other}: save it as one of these"
    raise PictureError(f"{source}: not a picture that can be read; {ACCEPTED}; received {received}")


def open_picture(data: bytes, name: str, source: str) -> Image.Image:
    """Read the header of a picture of the format `name`, and look for damage.

    Raises:
        PictureError: damaged, no decoder is installed, or far too much work to decode.
    """
    if name == "HEIC":
        _register_heif(source)
    elif name == "AVIF" and not features.check("avif"):
        raise PictureError(f"{source}: this Pillow reads no AVIF; save the picture as JPEG or PNG")
    elif name == "PNG":
        allow_large_text()
    formats = [_PLUGINS.get(name, name)]
    try:
        if name == "PNG":  # its pixels are decoded without a look at the checksums
            Image.open(io.BytesIO(data), formats=formats).verify()
        image = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError:
        raise
    except Exception as error:  # decoders fail in every possible way on hostile bytes
        raise damaged(name, error, source) from None
    if "progressive" in image.info and _count_scans(data) > MAX_SCANS:
        raise PictureError(
            f"{source}: a JPEG has at most {MAX_SCANS} scans; save it again, as baseline JPEG"
        )
    if name == "PNG":
        _scale_transparency(image, bit_depth=data[24])
    return image


def allow_large_text() -> None:
    """Let each text and profile of a PNG have as much as all of them together: not 1 MB, but 64."""
    PngImagePlugin.MAX_TEXT_CHUNK = PngImagePlugin.MAX_TEXT_MEMORY


def damaged(name: str, error: Exception, source: str) -> PictureError:
    """What to raise where a decoder has raised `error`."""
    if isinstance(error, MemoryError):
        return PictureError(f"{source}: this machine has too little memory for the picture")
    sentence = f"{source}: the {name} is damaged or cut short"
    if name == "HEIC":
        sentence += ", or of a kind that pillow-heif does not read; save it as JPEG or PNG"
    if isinstance(error, UnidentifiedImageError):  # says only which object it was read from
        return PictureError(sentence)
    reason = (str(error) or type(error).__name__).split("\n")[0][:80]
    return PictureError(f"{sentence} ({reason})")


def _register_heif(source: str) -> None:
    try:
        import pillow_heif
    except ImportError:
        raise PictureError(
            f"{source}: HEIC pictures are read where pillow-heif is installed; "
            "`pip install pillow-heif`, or save the picture as JPEG or PNG"
        ) from None
    pillow_heif.register_heif_opener()


def _count_scans(data: bytes) -> int:
    """Count the scans of a JPEG, at most one more than `MAX_SCANS`."""
    scans, position = 0, 2
    while scans <= MAX_SCANS and (marker := _JPEG_MARKER.search(data, position)):
        kind, position = marker[1], marker.end()
        if kind == b"\xd9":  # what follows the end belongs to another file, such as a film
            break
        scans += kind == b"\xda"
        position += int.from_bytes(data[position : position + 2])  # an embedded preview is skipped
    return scans


def _scale_transparency(image: Image.Image, bit_depth: int) -> None:
    """Bring the transparent value of a PNG to the bits that its pixels are decoded to."""
    match image.mode, image.info.get("transparency"):
        case "L", int(grey) if bit_depth < 8:
            image.info["transparency"] = grey * 255 // (2**bit_depth - 1)
        case "RGB", tuple(colour) if bit_depth == 16:
            image.info["transparency"] = tuple(value >> 8 for value in colour)
