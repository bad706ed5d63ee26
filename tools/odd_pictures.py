"""Compare what is decoded here with Pillow's own conversion: `python -m tools.odd_pictures FOLDER`.

For folders of odd pictures, such as `Tests/images` of Pillow's source package. Prints a line for
each difference and the counts; the exit code is 1 where a picture differs or an error escapes.
"""

import argparse
import io
import sys
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

from styletune.errors import PictureError
from styletune.images import decode, formats
from styletune.images.transparency import over_white

MAX_DIFFERENCE = 1.0  # mean, of 255


def pillow_conversion(data: bytes) -> Image.Image:
    """Upright RGB over white, by Pillow's and LittleCMS' own means."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    if image.mode in ("P", "PA", "RGBA", "LA"):
        image = image.convert({"LA": "L"}.get(image.mode, "RGB"))
    image.info.pop("transparency", None)
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image, np.float64) / 257).round().astype(np.uint8))
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        srgb = ImageCms.createProfile("sRGB")
        image = ImageCms.buildTransform(profile, srgb, image.mode, "RGB").apply(image)
    except (KeyError, OSError, TypeError, ImageCms.PyCMSError):
        image = image.convert("RGB")
    if alpha is not None:
        image.putalpha(alpha)
    return over_white(image)


def compare(data: bytes) -> tuple[str, str]:
    """Return the kind of outcome, and what to print of it."""
    try:
        formats.recognise(data, "")
    except PictureError:
        return "of another format", ""
    decoded: Image.Image | None = None
    expected: Image.Image | None = None
    try:
        decoded = decode.decode(data, source="")  # first: it registers the decoder of HEIC
    except PictureError as error:
        refusal = str(error)
    try:
        expected = pillow_conversion(data)
    except Exception as error:  # as decoders may
        if decoded is not None:
            return "refused by Pillow", repr(error)
    if decoded is None:
        return ("refused by both", "") if expected is None else ("refused here", refusal)
    assert expected is not None
    if expected.size != decoded.size:
        expected = expected.resize(decoded.size, Image.Resampling.LANCZOS)
    both = (np.asarray(picture, np.float64) for picture in (expected, decoded))
    difference = float(np.abs(np.subtract(*both)).mean())
    kind = "the same" if difference <= MAX_DIFFERENCE else "different"
    return kind, "" if kind == "the same" else f"mean difference {difference:.1f} of 255"


def main() -> int:
    """Compare all files below a folder; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    warnings.simplefilter("ignore")
    outcomes: Counter[str] = Counter()
    # Also small pictures: how a picture is decoded does not depend on its size.
    decode.MIN_EDGE_PX, decode.MAX_ASPECT = 1, 10_000
    for path in sorted(parser.parse_args().folder.rglob("*")):
        if path.is_file():
            try:
                kind, detail = compare(path.read_bytes())
            except Exception as error:
                kind, detail = "an error escaped", repr(error)
            outcomes[kind] += 1
            if detail:
                print(f"{path.name}: {kind}: {detail}")
    for kind, count in outcomes.most_common():
        print(f"{count:5} {kind}")
    return 1 if outcomes["different"] or outcomes["an error escaped"] else 0


if __name__ == "__main__":
    sys.exit(main())
