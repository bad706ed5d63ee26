"""Mosaic: two koi circling each other in glass and gold tesserae.

A style picture. Tiles settle into rows along a field of directions by Hausner's method: square
distances turned with the field, and a few rounds of moving each tile to the middle of what lies
nearest to it. Its parts of scale: fish, rows of tiles, single tiles, bevels.

Source: A. Hausner, Simulating Decorative Mosaics, SIGGRAPH 2001.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tools.samples.paint import (
    Field,
    Picture,
    Points,
    Rng,
    Size,
    clipped,
    grid,
    ink,
    noise,
    ramp,
    smoothstep,
)

GUIDE_ROWS = 384
"""Rows of the guide and of the settling: about eight to a tile, enough to turn it by."""

TILES = 6400
"""Tiles in the picture; with 4:3 that makes each about 1/69 of the height wide."""

ROUNDS = 14
"""Rounds of settling; later ones move nothing that an eye would notice."""

WATER = ((0.0, "#06263f"), (0.3, "#0c4a6e"), (0.55, "#13808c"), (0.8, "#52b7a6"), (1.0, "#c9ead0"))
SCALES = ((0.0, "#8f1f14"), (0.4, "#d8401c"), (0.75, "#f07a22"), (1.0, "#ffc04a"))
PEARL = ((0.0, "#b9a98f"), (0.5, "#efe3c8"), (1.0, "#fffaf0"))
GOLD = ((0.0, "#8a5a12"), (0.5, "#dba52c"), (1.0, "#ffe890"))
LEAF = ((0.0, "#123c22"), (0.5, "#3f7d33"), (1.0, "#a9c24f"))
LOTUS = ((0.0, "#a92f62"), (0.5, "#ea86a8"), (1.0, "#ffe6ea"))
GROUT = ink("#2a2521")


@dataclass
class Guide:
    """What belongs where: colour, and the angle in radians that tiles line up with."""

    colour: Picture
    angle: Field


@dataclass
class Beside:
    """Every pixel as seen from a curve: how far along (0..1), how far off, and its heading."""

    along: Field
    off: Field
    heading: Field


def _beside(x: Field, y: Field, curve: Points) -> Beside:
    """Return where every pixel lies beside `curve`."""
    nearest = np.full(x.shape, np.inf, dtype=np.float32)
    index = np.zeros(x.shape, dtype=np.int32)
    for i, (cx, cy) in enumerate(curve):
        gap = (x - np.float32(cx)) ** 2 + (y - np.float32(cy)) ** 2
        closer = gap < nearest
        nearest[closer] = gap[closer]
        index[closer] = i
    slope = np.gradient(curve, axis=0)
    heading = np.arctan2(slope[:, 1], slope[:, 0])[index]
    dx, dy = x - curve[index, 0], y - curve[index, 1]
    off = dy * np.cos(heading) - dx * np.sin(heading)
    sign = np.where(off >= 0, 1.0, -1.0)
    return Beside(
        (index / (len(curve) - 1)).astype(np.float32),
        (sign * np.sqrt(nearest)).astype(np.float32),
        heading.astype(np.float32),
    )


def _put(guide: Guide, mask: NDArray[np.bool_], colour: Picture, angle: Field) -> None:
    """Replace the guide where `mask` says."""
    guide.colour[mask] = colour[mask]
    guide.angle[mask] = angle[mask]


def _koi(guide: Guide, x: Field, y: Field, spine: Points, plain: bool, rng: Rng) -> None:
    """Put one koi, head first along `spine`; a `plain` one is gold, the other red and white."""
    size = (x.shape[1], x.shape[0])
    place = _beside(x, y, spine)
    t, off = place.along, place.off
    profile = np.interp(
        t,
        [0, 0.04, 0.14, 0.32, 0.55, 0.78, 0.86, 1.0],
        [0.016, 0.046, 0.074, 0.088, 0.068, 0.032, 0.027, 0.0],
    )
    patch = noise(size, rng, (7, 5), octaves=3)
    edge = np.abs(off) / np.maximum(profile, 1e-4)
    _fins(guide, x, y, spine, plain)
    scale = 0.5 + 0.5 * np.sin(88 * t + np.pi * np.floor(edge * 3.2))
    light = np.clip(0.35 + 0.5 * scale + 0.35 * (0.5 - edge), 0, 1)
    if plain:
        colour = ramp(light, GOLD)
        colour[patch > 0.62] = ramp(light, SCALES)[patch > 0.62]
    else:
        colour = ramp(light + 0.25, PEARL)
        colour[patch > 0.46] = ramp(light, SCALES)[patch > 0.46]
        colour[patch > 0.86] = ink("#1a1c26")
    colour[edge > 0.84] = ink("#6a1f10") if plain else ink("#b8331a")
    body = (np.abs(off) < profile) & (t < 0.93) & (t > 0.0)
    head = np.hypot(x - spine[6, 0], y - spine[6, 1]) < 0.048
    _put(guide, body | head, colour, place.heading)
    for side in (-1, 1):
        turn = np.arctan2(*(spine[18] - spine[14])[::-1])
        eye_x = spine[15, 0] - side * 0.042 * np.sin(turn)
        eye_y = spine[15, 1] + side * 0.042 * np.cos(turn)
        gap = np.hypot(x - eye_x, y - eye_y)
        ring = np.where((gap < 0.011)[..., None], ink("#0c0d14"), ink("#ffe27a"))
        _put(guide, gap < 0.020, ring.astype(np.float32), place.heading)


def _fins(guide: Guide, x: Field, y: Field, spine: Points, plain: bool) -> None:
    """Put the tail and two pairs of fins as fans of rays."""
    last = len(spine) - 1
    fans = [(int(0.86 * last), 0.0, 0.62, 0.19)]
    for at, reach in ((0.26, 0.205), (0.62, 0.135)):
        fans += [(int(at * last), side * 0.95, 0.36, reach) for side in (-1.0, 1.0)]
    for i, lean, spread, reach in fans:
        back = spine[min(i + 4, last)] - spine[i - 4]
        axis = np.arctan2(back[1], back[0]) + lean
        dx, dy = x - spine[i, 0], y - spine[i, 1]
        away = np.hypot(dx, dy)
        turn = (np.arctan2(dy, dx) - axis + np.pi) % (2 * np.pi) - np.pi
        fork = 1 - (0.30 * np.cos(turn / spread * np.pi * 0.5) if lean == 0 else 0.0)
        rays = 0.5 + 0.5 * np.cos(30 * turn)
        light = np.clip(0.25 + 0.45 * rays + 0.4 * away / reach, 0, 1)
        colour = ramp(light, GOLD if plain else PEARL)
        tip = away > 0.78 * reach * fork
        colour[tip] = ramp(light, SCALES)[tip]
        mask = (np.abs(turn) < spread) & (away < reach * fork * (0.93 + 0.07 * rays))
        _put(guide, mask, colour, (turn + axis).astype(np.float32))


def _lily(
    guide: Guide,
    x: Field,
    y: Field,
    centre: tuple[float, float],
    reach: float,
    notch: float,
    flower: bool,
) -> None:
    """Put a lily pad with a notch, and perhaps a lotus on it."""
    dx, dy = x - centre[0], y - centre[1]
    away, turn = np.hypot(dx, dy), np.arctan2(dy, dx)
    gap = np.abs((turn - notch + np.pi) % (2 * np.pi) - np.pi)
    veins = 0.5 + 0.5 * np.cos(11 * turn)
    light = np.clip(0.15 + 0.5 * veins + 0.35 * away / reach, 0, 1)
    colour = ramp(light, LEAF)
    colour[away > 0.9 * reach] = ink("#d7d56a")
    tangent = (turn + np.pi / 2).astype(np.float32)
    _put(guide, (away < reach) & (gap > 0.22), colour, tangent)
    if not flower:
        return
    for scale, petals, shift in ((0.72, 9, 0.0), (0.48, 8, 0.35), (0.27, 6, 0.1)):
        wave = np.abs(np.cos(petals / 2 * (turn + shift)))
        limit = reach * scale * (0.62 + 0.38 * wave)
        light = np.clip(0.1 + 0.95 * away / limit * wave + 0.25 * (0.72 - scale), 0, 1)
        _put(guide, away < limit, ramp(light, LOTUS), turn.astype(np.float32))
    _put(guide, away < 0.11 * reach, ramp(np.full_like(x, 0.6), GOLD), tangent)


def _guide(aspect: float, rng: Rng) -> Guide:
    """Return the pond: swirling water, two koi, lilies."""
    size = (round(GUIDE_ROWS * aspect), GUIDE_ROWS)
    x, y = grid(size)
    cx, cy = aspect / 2, 0.5
    sway = noise(size, rng, (4, 3), octaves=3) - 0.5
    away, turn = np.hypot(x - cx, y - cy), np.arctan2(y - cy, x - cx)
    swirl = 58 * away + 2 * turn + 7 * sway
    light = 0.42 + 0.30 * np.sin(swirl * 0.72) + 0.32 * smoothstep(0.26, 0.02, away) - 0.2 * away
    # Lines of equal phase are where the rows of tiles should run.
    gy, gx = np.gradient(swirl - 2 * turn)
    guide = Guide(ramp(light, WATER), (np.arctan2(gy, gx) + np.pi / 2).astype(np.float32))
    thread = np.abs(np.sin(swirl * 0.36)) > 0.985
    guide.colour[thread] = ramp(np.full_like(x, 0.7), GOLD)[thread]
    _lily(guide, x, y, (0.12, 0.15), 0.165, 0.9, flower=True)
    _lily(guide, x, y, (aspect - 0.11, 0.87), 0.155, 3.7, flower=True)
    _lily(guide, x, y, (aspect - 0.10, 0.10), 0.105, 2.2, flower=False)
    _lily(guide, x, y, (0.09, 0.92), 0.10, 5.4, flower=False)
    middle = np.array([cx, cy])
    bow = np.radians(np.linspace(18, -124, 120))
    arc = np.stack([0.425 * np.cos(bow), 0.315 * np.sin(bow) - 0.01 * np.sin(2 * bow)], axis=1)
    for spine, plain in ((middle + arc, False), (middle - arc, True)):
        near = _beside(x, y, spine)
        band = np.abs(near.off)
        halo = (band < 0.165) & (near.along > 0.0) & (near.along < 0.98)
        # Rows follow a fish closely before the pond's own swirl takes over (opus vermiculatum).
        guide.angle[halo] = near.heading[halo]
        guide.colour[halo] *= 0.50 + 0.50 * smoothstep(0.095, 0.165, band)[halo][:, None]
        _koi(guide, x, y, np.asarray(spine), plain, rng)
    return guide


def _nearest(
    centres: NDArray[np.float64], angles: NDArray[np.float32], reach: float, size: Size, unit: float
) -> tuple[NDArray[np.int32], Field, Field]:
    """Return for every pixel its tile, the square distance to it, and to the second nearest.

    Args:
        centres: Tiles in picture heights, (tiles, 2).
        angles: How each is turned, (tiles,).
        reach: How far a tile looks, in picture heights.
        size: Pixels of the answer.
        unit: Pixels in a picture height.
    """
    owner = np.zeros((size[1], size[0]), dtype=np.int32)
    first = np.full((size[1], size[0]), 9.0, dtype=np.float32)
    second = first.copy()
    columns = (np.arange(size[0], dtype=np.float32) + 0.5) / unit
    rows = (np.arange(size[1], dtype=np.float32) + 0.5) / unit
    for i, (cx, cy) in enumerate(centres):
        left, right = max(int((cx - reach) * unit), 0), int((cx + reach) * unit) + 1
        top, foot = max(int((cy - reach) * unit), 0), int((cy + reach) * unit) + 1
        here = (slice(top, foot), slice(left, right))
        dx = columns[None, left:right] - np.float32(cx)
        dy = rows[top:foot, None] - np.float32(cy)
        cos, sin = np.float32(np.cos(angles[i])), np.float32(np.sin(angles[i]))
        gap = np.maximum(np.abs(dx * cos + dy * sin), np.abs(dy * cos - dx * sin))
        nearer = gap < first[here]
        second[here] = np.where(nearer, first[here], np.minimum(second[here], gap))
        owner[here][nearer] = i
        first[here] = np.where(nearer, gap, first[here])
    return owner, first, second


def _settle(guide: Guide, aspect: float, rng: Rng) -> tuple[NDArray[np.float64], float]:
    """Return tile centres in picture heights, (tiles, 2), and the side of a tile."""
    rows, columns = guide.angle.shape
    side = float(np.sqrt(aspect / TILES))
    centres = rng.random((TILES, 2)) * [aspect, 1.0]
    x, y = grid((columns, rows))
    for _ in range(ROUNDS):
        angles = _turned(guide, centres)
        owner, _, _ = _nearest(centres, angles, 1.6 * side, (columns, rows), rows)
        flat = owner.ravel()
        share = np.maximum(np.bincount(flat, minlength=TILES), 1)
        middle_x = np.bincount(flat, weights=x.ravel(), minlength=TILES) / share
        middle_y = np.bincount(flat, weights=y.ravel(), minlength=TILES) / share
        alive = np.bincount(flat, minlength=TILES) > 0
        centres[alive] = np.stack([middle_x, middle_y], axis=1)[alive]
    return centres, side


def _turned(guide: Guide, centres: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the guide's angle at every tile."""
    row = np.clip((centres[:, 1] * GUIDE_ROWS).astype(int), 0, guide.angle.shape[0] - 1)
    column = np.clip((centres[:, 0] * GUIDE_ROWS).astype(int), 0, guide.angle.shape[1] - 1)
    return np.asarray(guide.angle[row, column], dtype=np.float32)


def mosaic(size: Size, rng: Rng) -> Picture:
    """Draw the koi mosaic, (height, width, 3)."""
    aspect = size[0] / size[1]
    guide = _guide(aspect, rng)
    centres, side = _settle(guide, aspect, rng)
    angles = _turned(guide, centres)
    row = np.clip((centres[:, 1] * GUIDE_ROWS).astype(int), 0, GUIDE_ROWS - 1)
    column = np.clip((centres[:, 0] * GUIDE_ROWS).astype(int), 0, guide.angle.shape[1] - 1)
    tiles = guide.colour[row, column]
    # Hand-cut glass: each tile a little lighter or darker, and a few nearly of another batch.
    batch = 1 + 0.13 * rng.standard_normal((len(tiles), 1))
    tint = 0.035 * rng.standard_normal((len(tiles), 3))
    tiles = np.clip(tiles * batch + tint, 0.02, 1).astype(np.float32)
    tilt = rng.standard_normal((len(tiles), 2)).astype(np.float32)
    owner, first, second = _nearest(centres, angles, 1.6 * side, size, size[1])
    rim = np.clip((second - first) / side, 0, 1)
    x, y = grid(size)
    dx = (x - centres[owner, 0].astype(np.float32)) / side
    dy = (y - centres[owner, 1].astype(np.float32)) / side
    wobble = 0.05 * (noise(size, rng, (200, 150), octaves=2) - 0.5)
    glass = smoothstep(0.10, 0.17, rim + wobble) * smoothstep(0.66, 0.60, first / side + wobble)
    slope = tilt[owner, 0] * dx + tilt[owner, 1] * dy
    bevel = smoothstep(0.42, 0.14, rim) * np.clip(-(dx + 1.2 * dy) * 1.5, -1, 1)
    grain = noise(size, rng, (120, 90), octaves=4, gain=0.7) - 0.5
    light = 1 + 0.20 * slope + 0.34 * bevel + 0.20 * grain
    glint = 0.32 * smoothstep(0.16, 0.0, np.hypot(dx + 0.17, dy + 0.19)) * (tilt[owner, 0] > 0.3)
    shown = tiles[owner] * light[..., None] + glint[..., None]
    bed = GROUT * (0.75 + 0.7 * (grain + 0.5))[..., None]
    picture = bed * (1 - glass[..., None]) + shown * glass[..., None]
    return clipped(picture)
