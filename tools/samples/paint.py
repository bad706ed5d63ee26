"""Paint: the canvas, noise and colour with which every sample picture is drawn.

Comes in: sizes in pixels, shapes in picture heights (x to the right, y down; the picture's
height is 1). Goes out: float32 arrays in 0..1. Every random number comes from a generator
that the caller hands in, and no count of random numbers depends on the size in pixels, so one
seed gives the same picture at every size. Knows nothing about what is being drawn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFilter

Size = tuple[int, int]
"""Width and height in pixels."""

Colour = NDArray[np.floating[Any]]
"""Red, green, blue in 0..1, (3,)."""

Field = NDArray[np.floating[Any]]
"""One number for each pixel, (height, width)."""

Picture = NDArray[np.floating[Any]]
"""Red, green, blue in 0..1, (height, width, 3)."""

Points = NDArray[np.float64]
"""Corners in picture heights, (n, 2)."""

Rng = np.random.Generator


def ink(code: str) -> Colour:
    """Return the colour `#rrggbb` as three numbers in 0..1."""
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)], dtype=np.float32)


def points(*corners: tuple[float, float]) -> Points:
    """Return corners in picture heights as an array, (n, 2)."""
    return np.array(corners, dtype=np.float64)


def grid(size: Size) -> tuple[Field, Field]:
    """Return x and y of every pixel's centre in picture heights, each (height, width)."""
    width, height = size
    x = (np.arange(width, dtype=np.float32) + 0.5) / height
    y = (np.arange(height, dtype=np.float32) + 0.5) / height
    across, down = np.meshgrid(x, y)
    return across, down


def clipped(values: NDArray[np.floating[Any]]) -> Picture:
    """Return `values` as float32, those outside 0..1 at its ends."""
    return np.asarray(np.clip(values, 0, 1), dtype=np.float32)


def smoothstep(low: float, high: float, t: ArrayLike) -> Field:
    """Return 0 below `low`, 1 above `high` and a smooth rise between; `low` > `high` falls."""
    s = np.clip((np.asarray(t, dtype=np.float32) - low) / (high - low), 0, 1)
    return np.asarray(s * s * (3 - 2 * s), dtype=np.float32)


def ramp(t: ArrayLike, stops: Sequence[tuple[float, str]]) -> Picture:
    """Return the colours at `t` of a gradient through `stops` of (place, `#rrggbb`)."""
    places = [place for place, _ in stops]
    inks = np.array([ink(code) for _, code in stops])
    value = np.asarray(t, dtype=np.float32)
    channels = [np.interp(value, places, inks[:, c]) for c in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def resize(field: Field, size: Size) -> Field:
    """Return `field` stretched smoothly (bicubic) to `size`."""
    image = Image.fromarray(np.ascontiguousarray(field, dtype=np.float32))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


def noise(
    size: Size,
    rng: Rng,
    cells: tuple[float, float],
    octaves: int = 5,
    gain: float = 0.5,
    ridged: bool = False,
) -> Field:
    """Return fractal lattice noise with mean about 0.5, clipped to 0..1.

    Args:
        size: Pixels of the answer.
        rng: Source of the lattices.
        cells: Lattice cells across and down in the coarsest octave.
        octaves: How many lattices, each twice as fine as the one before.
        gain: Weight of an octave relative to the one before.
        ridged: Fold every octave at its middle, which gives crests instead of hills.
    """
    total = np.zeros((size[1], size[0]), dtype=np.float32)
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        columns = math.ceil(cells[0] * 2**octave) + 1
        rows = math.ceil(cells[1] * 2**octave) + 1
        lattice = rng.random((rows, columns), dtype=np.float32)
        layer = resize(lattice, size)
        if ridged:
            layer = 1 - np.abs(2 * layer - 1)
        total += weight * layer
        weights += weight
        weight *= gain
    # Sums of octaves crowd around the middle; spread them over the whole range again.
    return clipped((total / weights - 0.5) * 1.6 + 0.5)


def blur(field: Field, radius_px: float) -> Field:
    """Return `field` (values in about 0..1) blurred by a Gaussian of `radius_px`."""
    if radius_px < 0.3:
        return field
    # Pillow blurs 8-bit pictures only; shrinking first would lose the fine lines, so two
    # bytes' worth of precision is kept by blurring the coarse and the fine part separately.
    scaled = np.clip(field, 0, 1) * 255
    coarse = np.floor(scaled)
    fine = (scaled - coarse) * 255
    parts = []
    for part in (coarse, fine):
        image = Image.fromarray(part.astype(np.uint8))
        parts.append(np.asarray(image.filter(ImageFilter.GaussianBlur(radius_px)), np.float32))
    return np.asarray((parts[0] + parts[1] / 255) / 255, dtype=np.float32)


def sample(field: Picture, x_px: Field, y_px: Field) -> Picture:
    """Return `field` read at pixel places (bilinear), its edges repeated outside."""
    height, width = field.shape[:2]
    x = np.clip(x_px, 0, width - 1.001)
    y = np.clip(y_px, 0, height - 1.001)
    left, top = x.astype(np.int32), y.astype(np.int32)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    fx, fy = x - left, y - top
    if field.ndim == 3:
        fx, fy = fx[..., None], fy[..., None]
    upper = field[top, left] * (1 - fx) + field[top, right] * fx
    lower = field[bottom, left] * (1 - fx) + field[bottom, right] * fx
    return np.asarray(upper * (1 - fy) + lower * fy, dtype=np.float32)


def toward_lower_right(field: Field, reach_px: int) -> Field:
    """Return what lies `reach_px` to the right and below of each pixel, edges repeated."""
    padded = np.pad(field, ((0, reach_px), (0, reach_px)), mode="edge")
    return np.asarray(padded[reach_px:, reach_px:], dtype=np.float32)


def spline(corners: Points, count: int) -> Points:
    """Return `count` points of the Catmull-Rom curve through `corners`."""
    padded = np.vstack([2 * corners[0] - corners[1], corners, 2 * corners[-1] - corners[-2]])
    t = np.linspace(0, len(corners) - 1.000001, count)
    i = t.astype(int)
    f = (t - i)[:, None]
    a, b, c, d = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    curve = 2 * b + (c - a) * f + (2 * a - 5 * b + 4 * c - d) * f**2
    return np.asarray(0.5 * (curve + (3 * b - a - 3 * c + d) * f**3), dtype=np.float64)


def ribbon(line: Points, half_width: ArrayLike) -> Points:
    """Return the outline of a band along `line`, `half_width` to either side of it."""
    along = np.gradient(line, axis=0)
    along /= np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=1)
    reach = np.broadcast_to(np.asarray(half_width, dtype=np.float64), (len(line),))[:, None]
    return np.vstack([line + normal * reach, (line - normal * reach)[::-1]])


class Canvas:
    """A transparent sheet to fill shapes on; colours are premultiplied by coverage."""

    def __init__(self, size: Size, tooth: Field | None = None) -> None:
        """Start an empty sheet.

        Args:
            size: Width and height in pixels.
            tooth: Noise in 0..1 that `fill` may let through as the paint's unevenness.
        """
        self.size = size
        self.unit_px = size[1]
        self.rgb: Picture = np.zeros((size[1], size[0], 3), dtype=np.float32)
        self.cover: Field = np.zeros((size[1], size[0]), dtype=np.float32)
        self.tooth = tooth

    def fill(
        self,
        outline: Points,
        colour: Colour,
        opacity: float = 1.0,
        soft: float = 0.0,
        tooth: float = 0.0,
        to: Colour | None = None,
    ) -> None:
        """Fill a closed outline.

        Args:
            outline: Corners in picture heights.
            colour: Three numbers in 0..1.
            opacity: 0 leaves the sheet as it is, 1 covers it.
            soft: Blur of the edge, in picture heights.
            tooth: How far the sheet's tooth lightens and darkens the colour.
            to: A colour at the shape's foot; between its top and its foot colours run over.
        """
        soft_px = soft * self.unit_px
        corners = outline * self.unit_px
        margin = math.ceil(3 * soft_px) + 1
        low = np.floor(corners.min(axis=0)).astype(int) - margin
        high = np.ceil(corners.max(axis=0)).astype(int) + margin
        low = np.maximum(low, 0)
        high = np.minimum(high, np.array(self.size))
        if (high <= low).any():
            return
        wide, tall = int(high[0] - low[0]), int(high[1] - low[1])
        stencil = Image.new("L", (wide, tall))
        shape = [(float(x - low[0] - 0.5), float(y - low[1] - 0.5)) for x, y in corners]
        ImageDraw.Draw(stencil).polygon(shape, fill=255)
        mask = opacity * blur(np.asarray(stencil, dtype=np.float32) / 255, soft_px)
        here = (slice(int(low[1]), int(high[1])), slice(int(low[0]), int(high[0])))
        paint = np.broadcast_to(colour.astype(np.float32), (tall, wide, 3))
        if to is not None:
            top, foot = float(corners[:, 1].min()), float(corners[:, 1].max())
            rows = np.arange(low[1], high[1], dtype=np.float32)
            share = np.clip((rows - top) / max(foot - top, 1e-6), 0, 1)[:, None, None]
            paint = np.asarray(paint * (1 - share) + to * share, dtype=np.float32)
        if tooth and self.tooth is not None:
            uneven = 1 + tooth * (2 * self.tooth[here] - 1)
            paint = np.asarray(paint * uneven[..., None], dtype=np.float32)
        self._lay(here, paint, mask)

    def line(
        self,
        path: Points,
        width: float,
        colour: Colour,
        opacity: float = 1.0,
    ) -> None:
        """Draw a line of `width` picture heights along `path`.

        A line thinner than a pixel is drawn one pixel wide and as much fainter, so that a
        small picture keeps its rigging.
        """
        width_px = width * self.unit_px
        faint = min(1.0, width_px)
        self.fill(ribbon(path, max(width, 1 / self.unit_px) / 2), colour, opacity * faint)

    def disc(
        self,
        centre: tuple[float, float],
        radius: float | tuple[float, float],
        colour: Colour,
        opacity: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """Fill an ellipse with one radius, or one across and one down."""
        across, down = (radius, radius) if isinstance(radius, float) else radius
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        outline = np.stack(
            [centre[0] + across * np.cos(turn), centre[1] + down * np.sin(turn)], axis=1
        )
        self.fill(outline, colour, opacity, soft)

    def wash(self, colours: Picture, mask: ArrayLike) -> None:
        """Lay one colour, or a colour for each pixel, over the sheet where `mask` says."""
        whole = (slice(None), slice(None))
        shape = (self.size[1], self.size[0])
        cover = np.broadcast_to(np.asarray(mask, dtype=np.float32), shape)
        self._lay(whole, np.broadcast_to(colours, (*shape, 3)), cover)

    def over(self, below: Picture) -> Picture:
        """Return this sheet laid over an opaque picture."""
        return np.asarray(below * (1 - self.cover[..., None]) + self.rgb, dtype=np.float32)

    def _lay(self, here: tuple[slice, slice], paint: Picture, mask: Field) -> None:
        keep = 1 - mask
        self.rgb[here] = self.rgb[here] * keep[..., None] + paint * mask[..., None]
        self.cover[here] = self.cover[here] * keep + mask
