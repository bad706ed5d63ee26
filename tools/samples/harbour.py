"""Harbour: a row of gabled houses along a quay at sunset, boats and their mirror images.

A content scene. Everything stands in metres before a camera; `houses.py`, `quayside.py` and
`boats.py` draw the pieces. The scene is drawn twice, the second time with heights turned over:
that is exactly what still water shows, and ripples then shake it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tools.samples.boats import dinghy, moored, sailing
from tools.samples.houses import back_row, row
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
    ribbon,
    sample,
    smoothstep,
    spline,
    toward_lower_right,
)
from tools.samples.quayside import church, quay
from tools.samples.view import HORIZON, View

SUN = (1.275, 0.490)
"""Where the sun stands, in picture heights: low over the open sea."""

SKY = ((0.0, "#27507f"), (0.35, "#5f8fb0"), (0.62, "#b9b9ac"), (0.82, "#f6c687"), (1.0, "#ffb467"))
CLOUD_LIT = ink("#ffdcae")
CLOUD_SHADE = ink("#6f7394")


def _sky(x: Field, y: Field, rng: Rng) -> Picture:
    """Return the evening sky: a low sun, heaped clouds above and barred ones near it."""
    size = (x.shape[1], x.shape[0])
    sky = ramp(y / HORIZON + 0.09 * (x - 0.7), SKY)
    away = np.hypot(x - SUN[0], y - SUN[1])
    heap = noise(size, rng, (4, 6), octaves=7, gain=0.55)
    mass = heap + 0.16 * np.sin(3.2 * x + 6.5 * y + 0.6)
    cloud = smoothstep(0.50, 0.76, mass) * smoothstep(0.52, 0.38, y)
    reach = max(2, round(0.020 * size[1]))
    toward = toward_lower_right(heap, reach)
    lit = smoothstep(-0.10, 0.10, heap - toward) * (0.55 + 0.6 * smoothstep(0.0, 1.1, x))
    lit = np.clip(lit, 0, 1)[..., None]
    cover = 0.92 * cloud[..., None]
    sky = sky * (1 - cover) + (CLOUD_SHADE * (1 - lit) + CLOUD_LIT * lit) * cover
    bars = noise(size, rng, (2.2, 30), octaves=5)
    band = smoothstep(0.56, 0.74, bars) * smoothstep(0.30, 0.42, y) * smoothstep(0.60, 0.54, y)
    band = 0.75 * band[..., None]
    sky = sky * (1 - band) + band * (ink("#c9706a") * 0.75 + 0.25 * ink("#ffcf7a"))
    sky = sky + 0.34 * np.exp(-(away**2) / 0.012)[..., None] * ink("#ffcf80")
    sky = sky + 0.24 * np.exp(-(away**2) / 0.12)[..., None] * ink("#ff9a50")
    disc = smoothstep(0.041, 0.037, away)[..., None]
    return clipped(sky * (1 - disc) + ink("#fff3c8") * disc)


def _coast(canvas: Canvas, flip: float) -> None:
    """Draw hazy hills beyond the sea; `flip` is -1 for their mirror image."""
    for heights, colour in (
        (
            (
                (0.55, 0.10),
                (0.75, 0.085),
                (0.92, 0.05),
                (1.03, 0.038),
                (1.16, 0.022),
                (1.3, 0.03),
                (1.4, 0.045),
            ),
            "#c98f7f",
        ),
        (
            (
                (0.45, 0.09),
                (0.62, 0.075),
                (0.85, 0.045),
                (0.97, 0.025),
                (1.06, 0.008),
                (1.1, 0.0),
                (1.4, 0.0),
            ),
            "#8f7682",
        ),
    ):
        crest = spline(points(*((x, HORIZON - flip * h) for x, h in heights)), 90)
        foot = points((1.4, HORIZON), (0.4, HORIZON))
        canvas.fill(np.vstack([crest, foot]), ink(colour))


def _lighthouse(view: View) -> None:
    """Draw a mole and a small lighthouse at its end."""
    x, z = 45.0, 92.0
    for base, tall, colour in ((0.0, 1.6, "#5f4f52"), (1.6, 2.0, "#a5806f")):
        view.fill(
            [(x - 7.0, base, z), (62.0, base, z), (62.0, tall, z), (x - 6.0, tall, z)], ink(colour)
        )
    storeys = 5
    for k in range(storeys):
        low, high = 2 + 2.1 * k, 2 + 2.1 * (k + 1)
        thick, thin = 1.45 - 0.10 * k, 1.45 - 0.10 * (k + 1)
        tone = ink("#f3dfc8") if k % 2 == 0 else ink("#b8362e")
        band = [(x - thick, low, z), (x + thick, low, z), (x + thin, high, z), (x - thin, high, z)]
        view.fill(band, tone)
        shade = [(x - thick, low, z), (x - 0.2, low, z), (x - 0.2, high, z), (x - thin, high, z)]
        view.fill(shade, ink("#4a3a4c"), 0.45)
    for half, low, slim, high, colour in (
        (1.3, 12.5, 1.1, 13.0, "#3a2c33"),
        (0.7, 13.0, 0.7, 14.5, "#ffe9a0"),
        (1.0, 14.5, 0.05, 15.9, "#8e2b29"),
    ):
        piece = [(x - half, low, z), (x + half, low, z), (x + slim, high, z), (x - slim, high, z)]
        view.fill(piece, ink(colour))


def _scene(canvas: Canvas, seed: int, flip: float) -> None:
    """Draw all that stands ashore and afloat, or its mirror image where `flip` is -1.

    Both drawings start from the same seed, so that the mirror image is of the same things.
    """
    rng = np.random.default_rng(seed)
    view = View(canvas, flip)
    _coast(canvas, flip)
    _lighthouse(view)
    back_row(view, rng)
    church(view)
    row(view, rng)
    quay(view, rng)
    for along, length, mast, colour in (
        (43.0, 8.0, 10.0, "#e9e2d2"),
        (33.0, 9.0, 11.5, "#27566b"),
        (22.5, 8.5, 10.5, "#b63b2c"),
        (12.0, 9.5, 12.0, "#efe6d4"),
    ):
        moored(view, along, length, mast, ink(colour))
    sailing(view, rng)
    dinghy(view)


def _water(mirror: Picture, x: Field, y: Field, rng: Rng) -> Picture:
    """Return the harbour's water: the mirror image, shaken by ripples, with the sun's path."""
    height, width = mirror.shape[:2]
    size = (width, height)
    near = np.clip((y - HORIZON) / (1 - HORIZON), 0, 1)
    wave = noise((width, 2 * height), rng, (13, 150), octaves=4, gain=0.6)
    row_px = np.clip(2 * height * 0.40 * near**0.5, 0, 2 * height - 1)
    ripple = sample(wave, x * height, row_px) - 0.5
    calm = 0.35 + 0.9 * smoothstep(0.30, 0.75, noise(size, rng, (2, 10), octaves=3))
    throw = ripple * (0.005 + 0.075 * near) * calm
    seen_y = np.maximum(y + throw, HORIZON + 0.001)
    seen = sample(mirror, (x + 0.30 * throw) * height, seen_y * height)
    dark = (0.12 + 0.34 * near)[..., None]
    water = seen * (1 - dark) + ink("#12384a") * dark
    water = water * (1 + 0.40 * ripple * (0.4 + near))[..., None]
    path = np.exp(-(((x - SUN[0]) / (0.05 + 0.16 * near)) ** 2))
    spark = smoothstep(0.05, 0.24, ripple + 0.10 * path) * path * (1 - 0.45 * near)
    water = water + spark[..., None] * ink("#ffd283") * 0.95
    crest = smoothstep(0.20, 0.34, ripple) * (0.10 + 0.20 * near)
    water = water * (1 - crest[..., None]) + crest[..., None] * ink("#cfd3c4")
    return clipped(water)


def _gulls(canvas: Canvas, rng: Rng) -> None:
    """Draw gulls over the water."""
    for gx, gy, span in (
        (0.93, 0.155, 0.030),
        (1.03, 0.21, 0.020),
        (1.12, 0.115, 0.024),
        (0.86, 0.225, 0.014),
        (1.25, 0.23, 0.017),
        (0.60, 0.08, 0.016),
    ):
        lift = 0.25 + 0.3 * float(rng.random())
        wing = spline(
            points(
                (gx - span, gy - lift * span),
                (gx - 0.45 * span, gy - 0.5 * span),
                (gx, gy),
                (gx + 0.45 * span, gy - 0.55 * span),
                (gx + span, gy - 0.1 * span),
            ),
            24,
        )
        half = 0.10 * span * np.sin(np.linspace(0.1, np.pi - 0.1, 24)) ** 0.6
        canvas.fill(ribbon(wing, half), ink("#f7efe4"))
        canvas.fill(ribbon(wing + np.array([0, 0.05 * span]), half * 0.5), ink("#6d6a7a"))
        canvas.disc((gx, gy + 0.04 * span), (0.16 * span, 0.10 * span), ink("#f0e6d8"))


def harbour(size: Size, rng: Rng) -> Picture:
    """Draw the harbour at sunset, (height, width, 3)."""
    x, y = grid(size)
    seed = int(rng.integers(0, 2**32))
    tooth = noise(size, rng, (110, 82), octaves=4, gain=0.75)
    sky = _sky(x, y, rng)
    ashore, mirrored = Canvas(size, tooth), Canvas(size, tooth)
    _scene(ashore, seed, 1.0)
    _scene(mirrored, seed, -1.0)
    # The sky's mirror image hangs from the horizon.
    sky_down = sample(sky, x * size[1], np.clip(2 * HORIZON - y, 0, 1) * size[1])
    water = _water(mirrored.over(sky_down), x, y, rng)
    sea = smoothstep(HORIZON - 0.0006, HORIZON + 0.0006, y)[..., None]
    picture = ashore.over((sky * (1 - sea) + water * sea).astype(np.float32))
    above = Canvas(size)
    _gulls(above, rng)
    return _evening(above.over(picture), x, y, rng)


def _evening(picture: Picture, x: Field, y: Field, rng: Rng) -> NDArray[np.float32]:
    """Return the picture in the sun's haze, with darkened corners and a little grain."""
    aspect = picture.shape[1] / picture.shape[0]
    away = np.hypot(x - SUN[0], y - SUN[1])
    haze = 0.26 * np.exp(-(away**2) / 0.05)
    # Haze lies before all but the sun itself.
    haze = (haze * smoothstep(0.037, 0.041, away))[..., None]
    picture = picture * (1 - haze) + haze * ink("#ffc27a")
    corner = np.hypot((x - aspect / 2) / aspect, y - 0.5)
    grain = noise((picture.shape[1], picture.shape[0]), rng, (600, 450), octaves=1) - 0.5
    shown = picture * (1.04 - 0.32 * corner**2)[..., None] + 0.008 * grain[..., None]
    return clipped(shown)
