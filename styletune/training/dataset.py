"""Training pictures: an endless, seeded supply, procedural or cut from a user's folder.

The same seed gives the same picture, bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from styletune.errors import PictureError
from styletune.images import decode
from styletune.training.motifs import MOTIFS
from styletune.training.noise import (
    Field,
    Pixels,
    blur,
    fractal_noise,
    from_image,
    jpeg,
    to_image,
    warp,
)
from styletune.training.strokes import strokes_over

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LONGEST_SIDE_PX = 1024
"""Folder pictures are shrunk to this on loading: memory, and finer grain teaches nothing."""


def teaching_picture(seed: int | np.random.Generator, size: int = 256) -> Pixels:
    """Draw one procedural picture.

    Args:
        seed: an integer, or a generator that is drawn from.
        size: height and width in pixels, at least 32.

    Returns:
        uint8 (size, size, 3), RGB, never constant.
    """
    if size < 32:
        raise ValueError(f"a teaching picture is at least 32 px wide; received size={size}")
    rng = np.random.default_rng(seed)
    picture = _motif(rng, size)
    if rng.random() < 0.25:
        # A collage of two motifs along a ragged edge.
        mask = fractal_noise(rng, size, rng.uniform(1.5, 2.3)) > rng.uniform(-0.8, 0.8)
        picture = np.where(mask, picture, _motif(rng, size))
    return finish(rng, picture)


def _motif(rng: np.random.Generator, size: int) -> Field:
    weights = np.array([weight for _, weight in MOTIFS.values()])
    name = list(MOTIFS)[rng.choice(len(weights), p=weights / weights.sum())]
    return MOTIFS[name][0](rng, size)


def finish(rng: np.random.Generator, picture: Field) -> Pixels:
    """Vary a picture (size, size, 3), 0..255, as lenses, films, printers and files do.

    Warp, zoom, blur, contrast, colour mix, grain, JPEG: each at random. Returns uint8.
    """
    size = picture.shape[0]
    if rng.random() < 0.2:
        move = fractal_noise(rng, size, 2.2, 2) * rng.uniform(1.0, 10.0)
        picture = warp(picture, move[..., 0], move[..., 1])
    if rng.random() < 0.4:
        part = int(size * rng.uniform(0.4, 1.0))
        y, x = rng.integers(0, size - part + 1, 2)
        cut = to_image(picture[y : y + part, x : x + part])
        picture = from_image(cut.resize((size, size), Image.Resampling.BICUBIC))
    if rng.random() < 0.35:
        picture = blur(picture, rng.exponential(1.2))
    if rng.random() < 0.5:
        mix = np.eye(3) + rng.standard_normal((3, 3)) * rng.choice([0.05, 0.25])
        grey = picture.mean()
        picture = (picture - grey) @ mix * rng.uniform(0.4, 1.5) + grey + rng.normal(0.0, 25.0)
    if rng.random() < 0.4:
        grain = fractal_noise(rng, size, rng.uniform(0.0, 0.8), int(rng.choice([1, 3])))
        picture = picture + grain * rng.exponential(7.0)
    picture = np.clip(picture, 0.0, 255.0).astype(np.float32)
    if rng.random() < 0.3:
        picture = jpeg(picture, int(rng.integers(30, 95)))
    pixels = np.rint(picture).astype(np.uint8)
    if pixels.std() < 2.0:
        # A washed-out picture teaches nothing and its relative error is all noise.
        grain = fractal_noise(rng, size, 1.0, 3) * 20.0
        pixels = np.clip(picture + grain, 0, 255).astype(np.uint8)
    return pixels


class Folder:
    """Pictures of one's own, cut and varied at random.

    Raises:
        PictureError: no picture in the folder, or one that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self.names: list[str] = []
        self._pictures: list[Field] = []
        for path in sorted(folder.glob("*")):
            if path.suffix.lower() not in SUFFIXES:
                continue
            try:
                image = decode.read(path)
            except PictureError as error:
                raise PictureError(f"cannot read teaching picture {error}") from None
            image.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX), Image.Resampling.LANCZOS)
            self._pictures.append(from_image(image))
            self.names.append(path.name)
        if not self._pictures:
            raise PictureError(f"no picture ({', '.join(SUFFIXES)}) in teaching folder {folder}")

    def cut(self, rng: np.random.Generator, size: int) -> Pixels:
        """Return uint8 (size, size, 3): a random square at a random scale, turned and varied.

        One in four is painted over with brush strokes, so that paintings are met as well.
        """
        picture = self._pictures[rng.integers(0, len(self._pictures))]
        side = min(picture.shape[:2])
        part = int(np.clip(size * np.exp(rng.uniform(-0.4, 1.3)), min(48, side), side))
        y = rng.integers(0, picture.shape[0] - part + 1)
        x = rng.integers(0, picture.shape[1] - part + 1)
        square = to_image(picture[y : y + part, x : x + part])
        cut = from_image(square.resize((size, size), Image.Resampling.BICUBIC))
        if rng.random() < 0.5:
            cut = cut[:, ::-1]
        if rng.random() < 0.2:
            cut = np.rot90(cut, int(rng.integers(1, 4)))
        if rng.random() < 0.25:
            cut = strokes_over(rng, np.ascontiguousarray(cut))
        return finish(rng, np.ascontiguousarray(cut))


def crops(rng: np.random.Generator, picture: Pixels, size: int, count: int) -> Sequence[Pixels]:
    """Return `count` random squares uint8 (size, size, 3) of `picture`."""
    last = picture.shape[0] - size, picture.shape[1] - size
    places = [(rng.integers(0, last[0] + 1), rng.integers(0, last[1] + 1)) for _ in range(count)]
    return [picture[y : y + size, x : x + size] for y, x in places]
