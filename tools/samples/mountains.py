"""Mountains: an alpine lake at first light, with pines, a cabin and a rowing boat.

A content scene. `massif.py` draws the mountains and `lakeside.py` what stands near; here are the
sky, the lake that mirrors it all, and the order in which things cover each other. Pines, cabin
and boat are there so that a style has objects, not only textures, to keep.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.samples.lakeside import bank, boat, cabin, pine
from tools.samples.massif import HAZE, SHORE, massif
from tools.samples.paint import (
    Canvas,
    Field,
    Picture,
    Rng,
    Size,
    clipped,
    grid,
    ink,
    noise,
    points,
    ramp,
    sample,
    smoothstep,
    spline,
    toward_lower_right,
)

SUN_X = 1.165
"""Where the sun stands, and so where the lake glitters."""

SKY = ((0.0, "#2b4a80"), (0.35, "#6a86b4"), (0.6, "#c9a9b4"), (0.8, "#f4c39a"), (1.0, "#ffe2ae"))
CLOUD_LIT = ink("#ffd9b8")
CLOUD_SHADE = ink("#7d7ba3")
SUN = ink("#fff4d2")


def _sky(x: Field, y: Field, rng: Rng) -> Picture:
    """Return the morning sky with a low sun at the right and lit clouds."""
    size = (x.shape[1], x.shape[0])
    sky = ramp(y / SHORE + 0.10 * (x - 0.6), SKY)
    sun = np.hypot(x - SUN_X, (y - 0.315) * 1.05)
    sky = sky + 0.36 * np.exp(-(sun**2) / 0.02)[..., None] * (ink("#ffe0a0") - 0.25)
    sky = sky + 0.22 * np.exp(-(sun**2) / 0.16)[..., None] * (ink("#ffc890") - 0.35)
    disc = smoothstep(0.040, 0.036, sun)[..., None]
    sky = sky * (1 - disc) + SUN * disc
    billow = noise(size, rng, (4.5, 11), octaves=6, gain=0.55)
    cloud = smoothstep(0.52, 0.78, billow - 0.10 * np.cos(9 * y + 2 * x))
    cloud = cloud * smoothstep(0.46, 0.30, y)
    # A cloud is bright where there is less of it toward the sun, that is to the lower right.
    reach = max(2, round(0.016 * size[1]))
    toward = toward_lower_right(billow, reach)
    lit = smoothstep(-0.09, 0.10, billow - toward)[..., None]
    colour = CLOUD_SHADE * (1 - lit) + CLOUD_LIT * lit
    cover = 0.9 * cloud[..., None]
    return clipped(sky * (1 - cover) + colour * cover)


def _far_forest(canvas: Canvas, rng: Rng) -> None:
    """Draw a dark seam of forest along the far shore."""
    for depth, colour, tall in ((0.0, "#5f6b78", 0.016), (0.5, "#2c3d42", 0.020)):
        x = -0.02
        while x < 1.4:
            reach = 0.10 + 0.55 * abs(x - 0.62) ** 1.1 + 0.35 * depth
            height = tall * (0.5 + 0.9 * rng.random()) * min(1.0, 0.5 + reach)
            if abs(x - 0.66) > 0.10 * (1 - depth):
                wide = height * 0.26
                spire = points(
                    (x - wide, SHORE + 0.002), (x, SHORE - height), (x + wide, SHORE + 0.002)
                )
                canvas.fill(spire, ink(colour))
            x += 0.0035 + 0.005 * rng.random()


def _mirrored(above: Picture, x: Field, y: Field, rng: Rng) -> Picture:
    """Return the lake: what is above the shore, upside down, rippled and darkened."""
    height, width = above.shape[:2]
    size = (width, height)
    near = np.clip((y - SHORE) / (1 - SHORE), 0, 1)
    # Ripples are seen ever flatter and finer toward the far shore.
    wave = noise((width, 2 * height), rng, (7, 150), octaves=4, gain=0.6)
    row = np.clip(2 * height * (0.30 * near**0.45), 0, 2 * height - 1)
    ripple = sample(wave, x * height, row) - 0.5
    breeze = smoothstep(0.45, 0.7, noise(size, rng, (2, 16), octaves=3))
    throw = ripple * (0.006 + 0.09 * near) * (0.45 + 0.9 * breeze)
    source_y = SHORE - (y - SHORE) * 0.97 + throw
    column = (x + 0.25 * throw) * height
    seen = sample(above, column, np.clip(source_y, 0.003, SHORE - 0.002) * height)
    depth = ink("#16324a")
    # Steep looks into the water near the viewer show its own dark colour.
    dark = (0.10 + 0.42 * near)[..., None]
    water = seen * (1 - dark) + depth * dark
    water = water * (1 + 0.34 * ripple * (0.3 + near))[..., None]
    glint = (
        smoothstep(0.17, 0.32, ripple) * np.exp(-(((x - SUN_X) / 0.085) ** 2)) * (1 - 0.5 * near)
    )
    water = water + 0.85 * glint[..., None] * ink("#ffdca0")
    seam = np.exp(-(((y - SHORE) / 0.004) ** 2))[..., None]
    return clipped(water * (1 - 0.45 * seam) + 0.45 * seam * HAZE)


def _birds(canvas: Canvas, rng: Rng) -> None:
    """Draw a few birds against the sky."""
    for _ in range(7):
        x, y = 0.27 + 0.24 * rng.random(), 0.07 + 0.09 * rng.random()
        span = 0.008 + 0.007 * rng.random()
        wing = points(
            (x - span, y - 0.35 * span),
            (x - 0.4 * span, y - 0.45 * span),
            (x, y),
            (x + 0.5 * span, y - 0.5 * span),
            (x + span, y - 0.25 * span),
        )
        canvas.line(spline(wing, 16), 0.0022, ink("#2c3350"), 0.9)


def mountains(size: Size, rng: Rng) -> Picture:
    """Draw the alpine lake, (height, width, 3)."""
    x, y = grid(size)
    sky = _sky(x, y, rng)
    peaks, cover = massif(size, rng)
    shore = Canvas(size)
    _far_forest(shore, rng)
    above = shore.over(sky * (1 - cover[..., None]) + peaks * cover[..., None])
    lake = smoothstep(SHORE - 0.0008, SHORE + 0.0008, y)[..., None]
    behind = above * (1 - lake) + _mirrored(above, x, y, rng) * lake
    near = Canvas(size, tooth=noise(size, rng, (60, 45), octaves=4, gain=0.7))
    _birds(near, rng)
    for foot_x, foot_y, tall, dim in (
        (1.02, 0.765, 0.20, 0.22),
        (1.31, 0.742, 0.34, 0.10),
        (1.265, 0.748, 0.25, 0.16),
        (1.055, 0.762, 0.15, 0.25),
    ):
        pine(near, (foot_x, foot_y), tall, rng, dim)
    bank(near, rng)
    cabin(near)
    boat(near)
    for foot_x, foot_y, tall, dim in (
        (0.245, 0.86, 0.42, 0.10),
        (0.03, 0.86, 0.60, 0.06),
        (0.165, 0.91, 0.70, 0.0),
        (0.335, 0.93, 0.33, 0.03),
        (0.075, 1.0, 0.86, 0.0),
    ):
        pine(near, (foot_x, foot_y), tall, rng, dim)
    return _developed(near.over(behind), x, y, rng)


def _developed(picture: Picture, x: Field, y: Field, rng: Rng) -> NDArray[np.float32]:
    """Return the picture with darkened corners and a little film grain."""
    aspect = picture.shape[1] / picture.shape[0]
    corner = np.hypot((x - aspect / 2) / aspect, y - 0.5)
    small = noise((picture.shape[1], picture.shape[0]), rng, (600, 450), octaves=1) - 0.5
    picture = picture**0.9
    shown = picture * (1.05 - 0.34 * corner**2)[..., None] + 0.008 * small[..., None]
    return clipped(shown)
