"""Strokes: thick oil paint along a swirling night sky, over wheat and a cypress.

A style picture. A guide says which colour and which direction belongs where; brushes of falling
size then lay strokes along the directions, each bristle leaving its own furrow, and a low lamp
lights the furrows. Its parts of scale: swirls, strokes, bristles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.samples.paint import (
    Field,
    Picture,
    Rng,
    Size,
    blur,
    clipped,
    grid,
    ink,
    noise,
    ramp,
    smoothstep,
)

GUIDE_ROWS = 288
"""Rows of the guide: it only steers strokes, so it needs no finer detail than their width."""


@dataclass(frozen=True)
class Brush:
    """One brush: sizes in picture heights, how many strokes, how much its colours stray."""

    width: float
    length: float
    count: int
    stray: float


BRUSHES = (
    Brush(width=0.060, length=0.26, count=900, stray=0.05),
    Brush(width=0.030, length=0.17, count=2600, stray=0.075),
    Brush(width=0.018, length=0.11, count=4600, stray=0.10),
)

SWIRLS = (
    # x, y, reach, turn: the big double curl in the middle carries the whole picture.
    (0.52, 0.30, 0.17, 1.0),
    (0.80, 0.38, 0.13, -1.0),
    (0.17, 0.47, 0.10, 0.9),
)

LAMPS = (
    # x, y, radius of the glow: a moon and its stars.
    (1.14, 0.17, 0.175),
    (0.16, 0.14, 0.105),
    (0.36, 0.09, 0.065),
    (0.72, 0.11, 0.085),
    (0.98, 0.45, 0.070),
    (0.34, 0.50, 0.060),
    (1.26, 0.46, 0.055),
)

SKY = ((0.0, "#0b1a4d"), (0.25, "#173a8f"), (0.5, "#2c63b8"), (0.72, "#5b9ccb"), (1.0, "#cfe3cf"))
GLOW = ((0.0, "#fff7cf"), (0.3, "#ffdf5a"), (0.55, "#f3ae2b"), (0.8, "#b9c98a"), (1.0, "#4f93c4"))
HILLS = ((0.0, "#10254f"), (0.4, "#1d4a6b"), (0.75, "#2f7a78"), (1.0, "#7fae86"))
WHEAT = ((0.0, "#7a4a12"), (0.3, "#c07d18"), (0.6, "#eab52d"), (0.85, "#f7da66"), (1.0, "#fff3b8"))
CYPRESS = ((0.0, "#0a1a1c"), (0.45, "#16382b"), (0.8, "#3c5c2a"), (1.0, "#b0772a"))


@dataclass
class Guide:
    """What belongs where: a colour for each place, and a direction to brush it in."""

    colour: Picture
    along_x: Field
    along_y: Field


def _sky(x: Field, y: Field, rng: Rng) -> Guide:
    """Return the swirling sky with its lamps."""
    size = (x.shape[1], x.shape[0])
    drift = noise(size, rng, (3, 3), octaves=2) - 0.5
    along_x = np.ones_like(x)
    along_y = 0.55 * np.cos(4.6 * x + 0.6) + 1.2 * drift
    phase = 7 * y + 1.2 * np.sin(4.6 * x + 0.6) + 3 * drift
    light = 0.42 + 0.30 * np.sin(3.4 * phase)
    for cx, cy, reach, turn in SWIRLS:
        dx, dy = x - cx, y - cy
        distance = np.hypot(dx, dy) + 1e-6
        pull = smoothstep(1.5 * reach, 0.8 * reach, distance)
        # A slight inward pull makes rings into a spiral.
        along_x = along_x * (1 - pull) + pull * (-turn * dy / distance - 0.18 * dx / distance)
        along_y = along_y * (1 - pull) + pull * (turn * dx / distance - 0.18 * dy / distance)
        spiral = np.sin(turn * np.arctan2(dy, dx) + 34 * distance * (0.15 / reach))
        light = light * (1 - pull) + pull * (0.5 + 0.42 * spiral)
    colour = ramp(light, SKY)
    for cx, cy, reach in LAMPS:
        dx, dy = x - cx, y - cy
        distance = np.hypot(dx, dy) + 1e-6
        pull = smoothstep(1.25 * reach, 0.85 * reach, distance)
        along_x = along_x * (1 - pull) - pull * dy / distance
        along_y = along_y * (1 - pull) + pull * dx / distance
        rings = distance / reach + 0.09 * np.sin(19 * distance / reach)
        shine = smoothstep(1.35, 0.62, distance / reach + 0.3 * drift)[..., None]
        colour = colour * (1 - shine) + shine * ramp(rings, GLOW)
    return Guide(colour.astype(np.float32), along_x.astype(np.float32), along_y.astype(np.float32))


def _put(guide: Guide, mask: Field, colour: Picture, along_x: Field, along_y: Field) -> None:
    """Replace the guide where `mask` says."""
    guide.colour = guide.colour * (1 - mask[..., None]) + colour * mask[..., None]
    guide.along_x = guide.along_x * (1 - mask) + along_x * mask
    guide.along_y = guide.along_y * (1 - mask) + along_y * mask


def _land(guide: Guide, x: Field, y: Field, rng: Rng) -> None:
    """Put hills, a wheat field and a cypress in front of the sky."""
    size = (x.shape[1], x.shape[0])
    grain = noise(size, rng, (9, 7), octaves=3)
    for level, height, bend, shift in ((0.63, 0.060, 5.2, 0.4), (0.70, 0.045, 6.5, 2.6)):
        crest = level - height * np.sin(bend * x + shift) - 0.02 * np.sin(2.7 * bend * x)
        slope = np.gradient(crest, axis=1) * GUIDE_ROWS
        depth = (y - crest) / 0.14
        light = 0.92 - 0.8 * depth + 0.5 * (grain - 0.5) + 0.25 * np.sin(24 * depth)
        mask = smoothstep(-0.004, 0.004, y - crest)
        _put(guide, mask, ramp(light, HILLS), np.ones_like(x), slope + 0.5 * depth)
    crest = 0.765 + 0.03 * np.sin(3.5 * x + 1.0)
    rows = np.sin(46 * (x - 0.75) / (0.35 + 1.6 * (y - 0.6)) + 5 * grain)
    light = 0.55 + 0.28 * rows + 0.6 * (grain - 0.5)
    mask = smoothstep(-0.004, 0.004, y - crest)
    _put(guide, mask, ramp(light, WHEAT), 1.6 * (x - 0.75) + 0.25 * np.sin(9 * x), -np.ones_like(x))
    _cypress(guide, x, y, grain)


def _cypress(guide: Guide, x: Field, y: Field, grain: Field) -> None:
    """Put a flame-like cypress, a tall and a small one, at the left."""
    for foot_x, foot_y, tall, wide in ((0.235, 1.02, 0.80, 0.062), (0.350, 1.03, 0.45, 0.046)):
        up = (foot_y - y) / tall
        axis = foot_x + 0.022 * np.sin(6 * up + 0.8)
        belly = np.sqrt(np.clip(up, 0, 1)) * np.clip(1 - up, 0, 1) ** 0.75 * 1.9
        half = wide * belly * (1 + 0.28 * np.sin(30 * up + 24 * (x - foot_x)))
        mask = smoothstep(0.006, -0.006, np.abs(x - axis) - half)
        lick = np.sin(38 * up + 60 * np.abs(x - axis))
        light = 0.42 + 0.3 * lick + 0.7 * (grain - 0.5) - 3.2 * (x - axis)
        _put(guide, mask, ramp(light, CYPRESS), 9 * (x - axis) + 0.5 * lick, -np.ones_like(x))


def _trace(
    guide: Guide, start: NDArray[np.float64], length: float, steps: int
) -> NDArray[np.float64]:
    """Return strokes that follow the guide both ways from `start`, (strokes, steps, 2)."""
    half = steps // 2
    halves = []
    for sense in (-1.0, 1.0):
        place, path = start.copy(), []
        for _ in range(half):
            row = np.clip((place[:, 1] * GUIDE_ROWS).astype(int), 0, GUIDE_ROWS - 1)
            column = (place[:, 0] * GUIDE_ROWS).astype(int)
            column = np.clip(column, 0, guide.along_x.shape[1] - 1)
            dx, dy = guide.along_x[row, column], guide.along_y[row, column]
            speed = np.maximum(np.hypot(dx, dy), 1e-6)
            step = sense * length / steps
            place = place + step * np.stack([dx / speed, dy / speed], axis=1)
            path.append(place)
        halves.append(path)
    line = [*reversed(halves[0]), start, *halves[1]]
    return np.stack(line, axis=1)


class Relief:
    """The wet picture: colour and thickness of the paint at every pixel."""

    def __init__(self, size: Size, ground: NDArray[np.float32]) -> None:
        """Start with a bare ground colour."""
        self.size = size
        self.colour: Picture = np.tile(ground, (size[1], size[0], 1)).astype(np.float32)
        self.height: Field = np.zeros((size[1], size[0]), dtype=np.float32)

    def lay(
        self,
        line: NDArray[np.float64],
        width: float,
        loads: NDArray[np.float32],
        bristles: NDArray[np.float32],
    ) -> None:
        """Drag one loaded brush along `line`.

        Args:
            line: The stroke's middle in picture heights, (steps, 2).
            width: The stroke's width in picture heights.
            loads: Two colours on the brush, (2, 3); bristles take up either.
            bristles: How much paint each bristle carries, in 0..1, (bristles,).
        """
        unit = self.size[1]
        steps = np.hypot(*np.diff(line, axis=0).T)
        length = float(steps.sum())
        # One and a half samples a pixel leave no holes where the stroke bends.
        along = np.linspace(0, 1, max(4, int(1.5 * length * unit)))
        across = np.linspace(-1, 1, max(3, int(1.5 * width * unit)))
        at = np.concatenate([[0.0], np.cumsum(steps)]) / max(length, 1e-9)
        cx, cy = np.interp(along, at, line[:, 0]), np.interp(along, at, line[:, 1])
        tx, ty = np.gradient(cx), np.gradient(cy)
        speed = np.maximum(np.hypot(tx, ty), 1e-9)
        reach = 0.5 * width * np.clip(along / 0.08, 0.45, 1) ** 0.5
        reach = reach * (1 - 0.35 * along**3)
        px = (cx[:, None] - across * (reach * ty / speed)[:, None]) * unit
        py = (cy[:, None] + across * (reach * tx / speed)[:, None]) * unit
        carried = np.interp(across, np.linspace(-1, 1, len(bristles)), bristles)
        # A bristle with little paint runs dry before the stroke ends: the ragged tail.
        wet = along[:, None] < 0.62 + 0.55 * carried[None, :]
        column, row = px.astype(np.int32), py.astype(np.int32)
        inside = (column >= 0) & (column < self.size[0]) & (row >= 0) & (row < unit)
        use = wet & inside & (px >= 0) & (py >= 0)
        rim = 0.35 * np.exp(-(((np.abs(across) - 0.88) / 0.10) ** 2))
        bump = 0.4 * np.exp(-(((along - 0.06) / 0.05) ** 2))
        thick = (0.30 + 0.70 * carried + rim)[None, :] * (1 - 0.25 * along)[:, None]
        thick = thick + bump[:, None]
        share = np.clip((carried - 0.5) * 2.2 + 0.35, 0, 1)[:, None]
        paint = loads[0] * (1 - share) + loads[1] * share
        rows, columns = row[use], column[use]
        self.colour[rows, columns] = np.broadcast_to(paint, (*use.shape, 3))[use]
        self.height[rows, columns] = 0.4 * self.height[rows, columns] + width * thick[use]

    def lit(self) -> Picture:
        """Return the dry picture under a low lamp at the upper left."""
        unit = self.size[1]
        relief = blur(self.height / 0.12, 0.0009 * unit) * 0.12
        # Thickness and pixels share one unit, so the furrows are as steep at every size.
        dy, dx = np.gradient(relief * 0.16 * unit)
        length = np.sqrt(dx * dx + dy * dy + 1)
        lamp = np.array([-0.52, -0.62, 0.59])
        facing = (-dx * lamp[0] - dy * lamp[1] + lamp[2]) / length
        middle = np.array([-0.26, -0.31, 0.91])
        shine = np.clip((-dx * middle[0] - dy * middle[1] + middle[2]) / length, 0, 1) ** 40
        shade = np.clip(0.52 + 0.82 * facing, 0.35, 1.5)[..., None]
        flat = 0.91**40
        gloss = 0.22 * np.clip(shine - flat - 0.12, 0, 1)[..., None]
        return clipped(self.colour * shade + gloss)


def _bristles(rng: Rng, count: int) -> NDArray[np.float32]:
    """Return how much paint each of `count` bristles carries; neighbours resemble each other."""
    raw = rng.random(count + 2, dtype=np.float32)
    soft = 0.25 * raw[:-2] + 0.5 * raw[1:-1] + 0.25 * raw[2:]
    return np.asarray(np.clip((soft - 0.5) * 1.5 + 0.5, 0, 1), dtype=np.float32)


def strokes(size: Size, rng: Rng) -> Picture:
    """Draw the thick-painted night, (height, width, 3)."""
    aspect = size[0] / size[1]
    x, y = grid((round(GUIDE_ROWS * aspect), GUIDE_ROWS))
    guide = _sky(x, y, rng)
    _land(guide, x, y, rng)
    relief = Relief(size, ink("#1a2f5e"))
    for brush in BRUSHES:
        start = rng.random((brush.count, 2)) * [aspect + 0.1, 1.1] - 0.05
        lengths = brush.length * (0.6 + 0.6 * rng.random(brush.count))
        lines = _trace(guide, start, brush.length, 14)
        row = np.clip((start[:, 1] * GUIDE_ROWS).astype(int), 0, GUIDE_ROWS - 1)
        column = np.clip((start[:, 0] * GUIDE_ROWS).astype(int), 0, x.shape[1] - 1)
        base = guide.colour[row, column]
        for i, line in enumerate(lines):
            middle = line[len(line) // 2]
            line = middle + (line - middle) * (lengths[i] / brush.length)
            # Yellow made darker turns to mud, so bright paint strays less.
            calm = 1 - 0.65 * float(base[i].mean())
            light = 1 + 2.6 * calm * brush.stray * rng.standard_normal()
            hue = brush.stray * 0.55 * rng.standard_normal((2, 3))
            streak = np.array([[0.86], [1.16]])
            loads = np.clip(base[i] * light * streak + hue, 0.02, 1).astype(np.float32)
            count = int(6 + brush.width * 330)
            width = brush.width * (0.7 + 0.6 * rng.random())
            relief.lay(line, width, loads, _bristles(rng, count))
    return relief.lit()
