"""Draw: every sample picture anew, from its seed, as a JPEG file.

Run as `python -m tools.samples.draw [--out FOLDER]`; it takes half a minute and says on
stderr what it has drawn.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from styletune.images import samples
from tools.samples.harbour import harbour
from tools.samples.mosaic import mosaic
from tools.samples.mountains import mountains
from tools.samples.paint import Picture, Rng, Size
from tools.samples.strokes import strokes
from tools.samples.woodcut import woodcut

SHIPPED = samples.path("harbour").parent

LIMIT_BYTES = 150_000
"""Largest file: five of them keep the package well under a megabyte."""

OVERSIZE = 2
"""Drawn this many times too large and then shrunk, which smooths every edge."""


@dataclass(frozen=True)
class Drawing:
    """One sample: what draws it, its seed, and its size in pixels."""

    draw: Callable[[Size, Rng], Picture]
    seed: int
    size: Size


# Where several seeds were tried, the best was chosen by eye.
DRAWINGS: dict[str, Drawing] = {
    "harbour": Drawing(harbour, 2, (896, 672)),
    "mountains": Drawing(mountains, 2, (896, 672)),
    "strokes": Drawing(strokes, 2, (768, 576)),
    "woodcut": Drawing(woodcut, 1, (768, 576)),
    "mosaic": Drawing(mosaic, 1, (768, 576)),
}


def picture(name: str, size: Size | None = None, seed: int | None = None) -> Image.Image:
    """Draw the sample `name`.

    Args:
        name: A key of `DRAWINGS`.
        size: Width and height in pixels; as committed when left out. Pictures are composed
            for 4:3.
        seed: Another seed than the committed one.
    """
    drawing = DRAWINGS[name]
    width, height = size or drawing.size
    rng = np.random.default_rng(drawing.seed if seed is None else seed)
    values = drawing.draw((OVERSIZE * width, OVERSIZE * height), rng)
    large = Image.fromarray((values * 255 + 0.5).astype(np.uint8), mode="RGB")
    return large.resize((width, height), Image.Resampling.LANCZOS)


def jpeg(image: Image.Image, limit_bytes: int = LIMIT_BYTES) -> bytes:
    """Return `image` as the best JPEG of at most `limit_bytes`."""
    data = b""
    for quality in range(92, 20, -2):
        file = io.BytesIO()
        image.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        data = file.getvalue()
        if len(data) <= limit_bytes:
            break
    return data


def main(arguments: list[str] | None = None) -> None:
    """Draw all samples into a folder."""
    parser = argparse.ArgumentParser(description="Draw the sample pictures anew.")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder for the JPEG files")
    folder: Path = parser.parse_args(arguments).out
    folder.mkdir(parents=True, exist_ok=True)
    for name in DRAWINGS:
        data = jpeg(picture(name))
        (folder / f"{name}.jpg").write_bytes(data)
        print(f"{name}.jpg: {len(data)} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
