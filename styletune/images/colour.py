"""Colours of any picture as sRGB: profiles, 16 bits, palettes, CMYK and transparency.

LittleCMS converts by embedded ICC profiles, with the perceptual intent.
"""

import io
import logging
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from PIL import ImageCms

_log = logging.getLogger(__name__)

_SPACES = {"1": "GRAY", "L": "GRAY", "I;16": "GRAY", "CMYK": "CMYK"}  # of a profile; else RGB
_DEVICES = ("scnr", "mntr", "prtr", "spac")  # other classes of profile describe no picture


class SrgbConverter:
    """Converts a picture to sRGB, piece by piece.

    Args:
        image: the picture; it has a profile, or is taken as sRGB.
        source: names the picture in the log, where its profile is left out.
    """

    def __init__(self, image: Image.Image, source: str) -> None:
        self._mode = _plain_mode(image.mode)
        self._transform: ImageCms.ImageCmsTransform | None = None
        if "icc_profile" in image.info:
            try:
                self._transform = _transform(image.info["icc_profile"], self._mode)
            except (OSError, ValueError) as error:
                _log.warning("%s: the colour profile is left out: %s", source, error)

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
