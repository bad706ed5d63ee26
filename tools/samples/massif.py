"""Massif: snowy mountains beyond a lake, seen through a camera.

Comes in: a size and a generator. Goes out: the mountains' picture and where it covers the sky.
The ground is ridged noise, lit by a low sun at the right and paled by distance.
"""

from __future__ import annotations

import numpy as np

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
    sample,
    smoothstep,
)

SHORE = 0.615
"""Height of the far shore in the picture."""

GROUND_PX = 1024
"""Samples along one side of the ground; finer ones would be smaller than a pixel."""

HAZE = ink("#e6c3b4")


def _ground(rng: Rng) -> Field:
    """Return the height of the ground over a square, in camera heights, (n, n).

    Rows go away from the camera, columns to the right; a valley holds the lake.
    """
    size = (GROUND_PX, GROUND_PX)
    x, y = grid(size)
    bend = noise(size, rng, (5, 5), octaves=3) - 0.5
    ridge = noise(size, rng, (6, 6), octaves=7, gain=0.47, ridged=True)
    shift = GROUND_PX * 0.045
    column, row = x * GROUND_PX, y * GROUND_PX
    ridge = sample(ridge, column + shift * bend, row - shift * bend)
    massif = noise(size, rng, (3, 3), octaves=2)
    valley = np.abs(x - 0.5 - 0.05 * np.sin(7 * y))
    rise = smoothstep(0.03, 0.30, valley + 0.55 * smoothstep(0.30, 0.75, y) - 0.02)
    far = 0.45 + 1.1 * y
    return np.asarray(rise * far * (0.25 + 0.75 * massif) * ridge**1.35, dtype=np.float32)


def _lit(ground: Field, tall: float) -> tuple[Field, Field]:
    """Return how the low sun lights the ground, 0..1, and how level it lies, 0..1."""
    dy, dx = np.gradient(ground * tall * GROUND_PX)
    length = np.sqrt(dx * dx + dy * dy + 1)
    sun = np.array([0.80, 0.10, 0.46])
    light = np.clip((-dx * sun[0] - dy * sun[1] + sun[2]) / length, 0, 1)
    # Walk from the right, where the sun is: ground below the last crest's ray lies in shade.
    shade = np.ones_like(ground)
    ray = ground[:, -1].copy()
    fall = 0.34 / (tall * GROUND_PX)
    for column in range(GROUND_PX - 1, -1, -1):
        ray = np.maximum(ray - fall, ground[:, column])
        shade[:, column] = smoothstep(0.03, 0.0, ray - ground[:, column])
    return (light * shade).astype(np.float32), (1 / length).astype(np.float32)


def _painted(ground: Field, rng: Rng) -> Picture:
    """Return the ground's colours: forest, rock and snow, warm in the sun, blue in the shade."""
    size = (GROUND_PX, GROUND_PX)
    light, level = _lit(ground, 0.36)
    mottle = noise(size, rng, (90, 90), octaves=4, gain=0.7)
    _, y = grid(size)
    high = ground / (0.45 + 1.1 * y) + 0.10 * (mottle - 0.5)
    rock = ramp(0.3 + 0.6 * mottle, ((0, "#4a4350"), (0.5, "#75676b"), (1, "#a2908a")))
    forest = ramp(mottle, ((0, "#1d3230"), (0.6, "#36523f"), (1, "#5f7448")))
    snow = ink("#f6f2f0")
    trees = smoothstep(0.26, 0.15, high)[..., None] * smoothstep(0.2, 0.5, level)[..., None]
    white = smoothstep(0.15, 0.30, high + 0.10 * (level - 0.4))
    white = (white * smoothstep(0.16, 0.36, level + 0.14 * mottle))[..., None]
    colour = rock * (1 - trees) + forest * trees
    colour = colour * (1 - white) + snow * white
    warm = ink("#ffd29c") * 1.38
    cold = ink("#6c82bd") * 0.84
    glow = smoothstep(0.03, 0.75, light)[..., None]
    return clipped(colour * (cold * (1 - glow) + warm * glow))


def massif(size: Size, rng: Rng) -> tuple[Picture, Field]:
    """Return the mountains as seen over the lake, and where they cover the sky."""
    width, height = size
    ground = _ground(rng)
    colours = _painted(ground, rng)
    away = np.geomspace(0.16, 1.0, 700).astype(np.float32)
    x = (np.arange(width, dtype=np.float32) + 0.5) / height
    centre = 0.5 * width / height
    across = 0.5 + 0.62 * (x[None, :] - centre) * away[:, None] / 0.72
    column = across * GROUND_PX
    row = np.broadcast_to((away[:, None] - 0.001) * (GROUND_PX - 1), column.shape)
    seen = sample(ground, column, row)
    top = SHORE - 0.50 * seen / (0.30 + away[:, None]) + 0.004
    # From near to far, each column keeps the highest it has seen: what lies lower is hidden.
    skyline = np.minimum.accumulate(np.minimum(top, 1.0), axis=0)
    down = (np.arange(height, dtype=np.float32) + 0.5) / height
    step = np.empty((height, width), dtype=np.float32)
    for i in range(width):
        step[:, i] = np.searchsorted(-skyline[:, i], -down, side="left")
    cover = (step < len(away)) & (down[:, None] < SHORE + 0.002)
    depth = away[np.minimum(step.astype(np.int32), len(away) - 1)]
    place = 0.5 + 0.62 * (x[None, :] - centre) * depth / 0.72
    shown = sample(colours, place * GROUND_PX, depth * (GROUND_PX - 1))
    veil = np.clip(0.92 * (1 - np.exp(-1.35 * (depth - 0.16))), 0, 1)
    # Haze gathers low over the water.
    low = smoothstep(0.30, SHORE, np.broadcast_to(down[:, None], depth.shape))
    veil = np.clip(veil * (0.45 + 0.55 * low), 0, 1)[..., None]
    mist = (
        HAZE * (0.72 + 0.28 * low[..., None]) + np.array([-0.06, 0.0, 0.10]) * (1 - low)[..., None]
    )
    mask = blur(cover.astype(np.float32), 0.5)
    return (shown * (1 - veil) + mist * veil).astype(np.float32), mask
