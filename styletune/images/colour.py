"""Colours of any picture as sRGB: profiles, 16 bits, palettes, CMYK and transparency.

LittleCMS converts by embedded ICC profiles, with the perceptual intent.

Source: ICC.1:2001-04, 6.1 to 6.5 (profiles); Exif 2.32, 4.6.7 (interoperability).
"""

import io
import logging
import struct
from typing import TYPE_CHECKING

from PIL import ExifTags, Image

if TYPE_CHECKING:
    from PIL import ImageCms

_log = logging.getLogger(__name__)

_SPACES = {"1": "GRAY", "L": "GRAY", "I;16": "GRAY", "CMYK": "CMYK"}  # of a profile; else RGB
_DEVICES = ("scnr", "mntr", "prtr", "spac")  # other classes of profile describe no picture


class SrgbConverter:
    """Converts a picture to sRGB, piece by piece.

    Args:
        image: the picture, loaded; it has a profile, or is taken as sRGB.
        source: names the picture in the log, where its colours are not what it says.
    """

    def __init__(self, image: Image.Image, source: str) -> None:
        self._mode = _plain_mode(image.mode)
        self._transform: ImageCms.ImageCmsTransform | None = None
        if "icc_profile" in image.info:
            try:
                self._transform = _transform(image.info["icc_profile"], self._mode)
            except (OSError, ValueError) as error:
                _log.warning("%s: the colour profile is left out: %s", source, error)
        elif self._mode == "RGB" and _is_adobe_rgb(image):
            self._transform = _transform(_adobe_rgb(), self._mode)
        elif "srgb" not in image.info and not 0.4 < image.info.get("gamma", 0.45) < 0.5:
            gamma = image.info["gamma"]
            _log.warning("%s: the PNG's gamma of %.2f is left out; use a profile", source, gamma)

    def convert(self, image: Image.Image) -> Image.Image:
        """Convert the picture or a part of it: RGB, or RGBA if any of it may be transparent."""
        alpha = _alpha(image)
        image.info.pop("transparency", None)  # alpha has it now
        image = image if image.mode == self._mode else image.convert(self._mode)
        if self._transform is not None:
            image = self._transform.apply(image)
        elif image.mode.startswith("I"):
            image = _eight_bits(image)
        image = image.convert("RGB")
        if alpha is not None:
            image.putalpha(alpha)
        return image


def _plain_mode(mode: str) -> str:
    """The mode that LittleCMS and `_eight_bits` take in place of `mode`: without alpha."""
    if mode.startswith("I"):
        return "I;16"
    return {"1": "L", "L": "L", "LA": "L", "La": "L", "CMYK": "CMYK"}.get(mode, "RGB")


def _alpha(image: Image.Image) -> Image.Image | None:
    """What is opaque, 0..255, or None where all is."""
    if not image.has_transparency_data:
        return None
    if not image.mode.startswith("I"):
        return image.convert("RGBA").getchannel("A")
    import numpy as np

    opaque = np.asarray(image) != image.info["transparency"]
    return Image.fromarray(np.where(opaque, np.uint8(255), np.uint8(0)))


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16 bits down; Pillow's own conversion would clip at 255."""
    import numpy as np  # rarely needed, and half of this module's start

    pixels = np.asarray(image, dtype=np.uint32)
    return Image.fromarray(((pixels * 255 + 32767) // 65535).astype(np.uint8))


def _is_adobe_rgb(image: Image.Image) -> bool:
    """Whether a camera says so in EXIF, as many do that embed no profile."""
    try:
        interoperability = image.getexif().get_ifd(ExifTags.IFD.Interop)
    except Exception:  # broken EXIF does not make the pixels unusable
        return False
    return interoperability.get(ExifTags.Interop.InteropIndex) == "R03"


def _adobe_rgb() -> bytes:
    """A profile of Adobe RGB (1998): a gamma of 2 51/256, and primaries in XYZ under D50."""
    gamma = struct.pack(">4s4xIH2x", b"curv", 1, 563)
    tags = {b"rTRC": gamma, b"gTRC": gamma, b"bTRC": gamma}
    for name, primary in (
        (b"rXYZ", (0.60974, 0.31111, 0.01947)),
        (b"gXYZ", (0.20528, 0.62567, 0.06087)),
        (b"bXYZ", (0.14919, 0.06322, 0.74457)),
    ):
        tags[name] = struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in primary))
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(value))
        data += value
    head = (start + len(data), 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"acsp", 63190, 65536, 54061)
    return struct.pack(">I4xI4s4s4s12x4s28x3i48x", *head) + table + data


def _transform(profile: bytes | None, mode: str) -> "ImageCms.ImageCmsTransform":
    """From a profile to sRGB.

    Raises:
        OSError, ValueError: the profile is damaged, or made for other pictures.
    """
    from PIL import ImageCms  # rarely needed

    if not profile:
        raise ValueError("it cannot be decompressed, or a part is missing")
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    space, device = source.profile.xcolor_space.strip(), source.profile.device_class
    if space != _SPACES.get(mode, "RGB") or device not in _DEVICES:
        raise ValueError(f"it is made for {space} ({device}), the picture is {mode}")
    try:
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except ImageCms.PyCMSError as error:
        raise ValueError(error) from None
