"""Woodcut: a breaking wave in a few flat inks, cut line by line.

A style picture. The wave is drawn as two curves, its back and its hollow, and every carved line
is a blend of the two; foam is a crowd of hooked fingers printed twice, wide in the darkest ink
and narrow in paper white, which leaves one clean outline around them all. Its parts of scale:
great curves, carved lines, foam fingers, wood grain.
"""

from __future__ import annotations

import numpy as np

from tools.samples.carving import FOAM, KEY, PALE, carve, claws, print_foam
from tools.samples.paint import (
    Canvas,
    Colour,
    Field,
    Picture,
    Points,
    Rng,
    Size,
    blur,
    clipped,
    grid,
    ink,
    noise,
    points,
    ribbon,
    sample,
    smoothstep,
    spline,
)

PAPER = ink("#f0e2c0")
DEEP = ink("#1f4272")
BLUE = ink("#3f76a0")
SUN = ink("#cf4a2c")
DUSK = ink("#d99a6c")


def _sky(canvas: Canvas, x: Field, y: Field, rng: Rng) -> None:
    """Print the graded sky, the sun and barred clouds."""
    fade = smoothstep(0.34, 0.0, y) * 0.95
    canvas.wash(BLUE, fade)
    canvas.wash(DUSK, smoothstep(0.25, 0.52, y) * smoothstep(0.72, 0.52, y) * 0.75)
    canvas.disc((1.03, 0.30), 0.150, SUN)
    for level in np.arange(0.02, 0.56, 0.0135):
        start = -0.05
        while start < 1.4:
            length = 0.12 + 0.4 * rng.random()
            line_x = np.linspace(start, start + length, 30)
            line_y = level + 0.004 * np.sin(9 * line_x + 40 * level)
            taper = 0.0019 * np.sin(np.linspace(0, np.pi, 30)) ** 0.5
            colour = PALE if level < 0.2 else PAPER
            canvas.fill(ribbon(np.stack([line_x, line_y], axis=1), taper), colour, 0.85)
            start += length + 0.03 + 0.08 * rng.random()
    for left, level, length in (
        (0.76, 0.335, 0.62),
        (0.93, 0.375, 0.5),
        (0.70, 0.41, 0.30),
        (1.05, 0.135, 0.35),
        (0.98, 0.17, 0.2),
    ):
        bar = points((left, level), (left + length / 2, level - 0.004), (left + length, level))
        line = spline(bar, 40)
        half = 0.0115 * np.sin(np.linspace(0.0, np.pi, 40)) ** 0.8
        canvas.fill(ribbon(line, half + 0.003), KEY)
        canvas.fill(ribbon(line, half), FOAM)
        canvas.fill(ribbon(line + np.array([0, 0.004]), half * 0.35), PALE)


def _island(canvas: Canvas) -> None:
    """Print a far snow-capped mountain."""
    left = spline(points((0.66, 0.66), (0.80, 0.585), (0.875, 0.505), (0.905, 0.475)), 30)
    right = spline(points((0.945, 0.475), (0.98, 0.51), (1.06, 0.585), (1.22, 0.66)), 30)
    body = np.vstack([left, right])
    canvas.fill(ribbon(body, 0.003), KEY)
    canvas.fill(body, DEEP)
    for k in np.linspace(0.06, 0.94, 15):
        slope = left[::-1] * (1 - k) + right * k
        canvas.fill(ribbon(slope[6:26], 0.0022 * np.sin(np.linspace(0, np.pi, 20))), BLUE)
    teeth = [
        (0.905, 0.475),
        (0.945, 0.475),
        (0.985, 0.516),
        (0.967, 0.512),
        (0.953, 0.545),
        (0.939, 0.512),
        (0.925, 0.553),
        (0.909, 0.515),
        (0.890, 0.540),
        (0.880, 0.512),
        (0.858, 0.522),
    ]
    canvas.fill(points(*teeth), FOAM)


def _swell(
    canvas: Canvas,
    level: float,
    rng: Rng,
    peaks: list[tuple[float, float, float]],
    body: Colour,
    lines: Colour,
    foam: float,
) -> None:
    """Print one rolling swell with carved lines under it and foam along its peaks.

    Args:
        canvas: What is printed on.
        level: Height of the trough.
        rng: Source of disorder.
        peaks: Place, height and width of every peak.
        body: Ink of the water.
        lines: Ink of the lines in it.
        foam: Length of the foam's fingers in picture heights.
    """
    x = np.linspace(-0.08, 1.42, 420)
    y = np.full_like(x, level)
    for place, height, width in peaks:
        # A pointed peak with a long back: steeper on the side it runs to.
        d = (x - place) / width
        y -= height * np.exp(-(np.abs(d) ** 1.25) * np.where(d > 0, 2.1, 0.9))
    crest = np.stack([x, y], axis=1)
    foot = points((1.45, 1.1), (-0.1, 1.1))
    canvas.fill(ribbon(crest, 0.0042), KEY)
    canvas.fill(np.vstack([crest, foot]), body)

    def sunk(k: float) -> Points:
        soft = y * (1 - 0.75 * k) + (level + 0.02) * 0.75 * k
        return np.stack([x, soft + 0.30 * k + 0.006 * np.sin(17 * x + 21 * k) * k], axis=1)

    for k in np.linspace(0.05, 1, 15):
        line = sunk(float(k))
        start = int(30 * rng.random())
        while start < len(line) - 12:
            length = int(50 + 130 * rng.random())
            piece = line[start : start + length]
            if len(piece) > 6:
                t = np.linspace(0, np.pi, len(piece))
                half = 0.0058 * (0.7 + 0.5 * rng.random()) * np.sin(t) ** 0.6
                canvas.fill(ribbon(piece, half), lines)
            start += length + int(4 + 14 * rng.random())
    for place, height, width in peaks:
        near = (x > place - 0.55 * width) & (x < place + 0.42 * width)
        top = crest[near]
        fingers = claws(top, rng, 13, foam * (0.8 + 5 * height), 0.5, 2.0)
        fingers += claws(top, rng, 8, 0.55 * foam * (0.8 + 5 * height), -0.7, 2.2)
        knots = [
            (float(a), float(b + 0.004), 0.003 + 0.006 * float(rng.random()))
            for a, b in top[:: max(1, len(top) // 26)]
        ]
        print_foam(canvas, fingers, knots)


def _great_wave(canvas: Canvas, rng: Rng) -> None:
    """Print the breaking wave: body, carved lines, the hollow and the claws of foam."""
    back = spline(
        points(
            (-0.10, 0.70),
            (0.02, 0.50),
            (0.15, 0.28),
            (0.31, 0.135),
            (0.49, 0.085),
            (0.65, 0.125),
            (0.745, 0.225),
            (0.765, 0.33),
        ),
        160,
    )
    hollow = spline(
        points(
            (0.62, 1.02),
            (0.44, 0.86),
            (0.335, 0.69),
            (0.315, 0.52),
            (0.375, 0.375),
            (0.495, 0.285),
            (0.62, 0.275),
            (0.70, 0.345),
        ),
        160,
    )
    floor = spline(
        points(
            (0.62, 1.02),
            (0.56, 0.86),
            (0.50, 0.68),
            (0.50, 0.52),
            (0.56, 0.41),
            (0.64, 0.36),
            (0.69, 0.345),
            (0.70, 0.345),
        ),
        160,
    )
    belly = np.vstack([hollow, floor[::-1]])
    canvas.fill(ribbon(np.vstack([floor]), 0.004), KEY)
    canvas.fill(belly, DEEP)

    def inside(k: float) -> Points:
        return np.asarray(hollow * (1 - k) + floor * k)

    carve(canvas, inside, PALE, np.linspace(0.10, 0.95, 7), 0.0046, rng)
    foot = points((0.62, 1.12), (-0.12, 1.12))
    canvas.fill(ribbon(np.vstack([back, hollow[::-1]]), 0.0045), KEY)
    canvas.fill(np.vstack([back, hollow[::-1], foot]), BLUE)

    def across(k: float) -> Points:
        start = np.stack([np.linspace(-0.16, -0.1, 40), np.linspace(1.1, 0.7, 40)], axis=1)
        outer = np.vstack([start, back])
        inner = np.vstack([np.tile(hollow[:1], (40, 1)), hollow])
        return np.asarray(outer * (1 - k) + inner * k)

    carve(canvas, across, KEY, np.array([0.985]), 0.0055, rng)
    carve(canvas, across, DEEP, np.linspace(0.10, 0.93, 12), 0.0105, rng)
    carve(canvas, across, PALE, np.linspace(0.135, 0.89, 11), 0.0034, rng)
    carve(canvas, across, KEY, np.linspace(0.06, 0.96, 13), 0.0020, rng)
    lip = back[58:]
    under = hollow[112:]
    rim = np.vstack([lip, under[::-1][:6]])
    fingers = claws(rim, rng, 22, 0.21, 0.55, 2.2)
    fingers += claws(lip[:-12], rng, 15, 0.085, -0.75, 2.3)
    fingers += claws(under[4:], rng, 10, 0.10, 1.25, 1.8)
    knots = []
    for curve, low, high in ((lip, 0.006, 0.019), (under, 0.004, 0.010)):
        for cx, cy in curve[::3]:
            away = low + (high - low) * float(rng.random())
            knots.append((float(cx - 0.01 * rng.random()), float(cy + 0.010), away))
    print_foam(canvas, fingers, knots)
    _spray(canvas, rng)


def _spray(canvas: Canvas, rng: Rng) -> None:
    """Print drops of foam thrown ahead of the crest."""
    for _ in range(120):
        turn, away = rng.random() * 2.6 - 1.35, 0.12 + 0.28 * rng.random() ** 1.4
        cx = 0.62 + away * 1.15 * np.cos(turn)
        cy = 0.27 + away * np.sin(turn)
        radius = 0.0022 + 0.0055 * float(rng.random()) ** 2.5
        canvas.disc((cx, cy), radius + 0.0028, KEY)
        canvas.disc((cx, cy), radius, FOAM)


def _press(flat: Picture, rng: Rng) -> Picture:
    """Return the print as it leaves the press: wavering edges, wood grain, mottled ink."""
    height, width = flat.shape[:2]
    size = (width, height)
    x, y = grid(size)
    waver = 0.0032
    cut_x = (noise(size, rng, (56, 42), octaves=3) - 0.5) * waver
    cut_y = (noise(size, rng, (56, 42), octaves=3) - 0.5) * waver
    cut = sample(flat, (x + cut_x) * height - 0.5, (y + cut_y) * height - 0.5)
    warp = noise(size, rng, (3, 5), octaves=3)
    rings = np.sin(95 * y + 26 * warp + 2.5 * noise(size, rng, (5, 60), octaves=2))
    fibre = noise(size, rng, (26, 420), octaves=2)
    grain = 0.55 * smoothstep(0.1, 1.0, rings) + 0.6 * smoothstep(0.55, 0.95, fibre)
    mottle = noise(size, rng, (90, 68), octaves=4, gain=0.8)
    # Ink lets the paper through where the block's grain stood low; bare paper stays bare.
    inked = np.clip((0.86 - flat.mean(axis=2)) * 1.6, 0, 1)
    through = np.clip(0.17 * grain + 0.30 * (mottle - 0.42), 0, 0.45) * inked
    printed = cut * (1 - through[..., None]) + PAPER * through[..., None]
    sheet = 1 + 0.055 * (noise(size, rng, (150, 110), octaves=3, gain=0.8) - 0.5)
    return clipped(2 * printed * blur(sheet / 2, 0.0008 * height)[..., None])


def woodcut(size: Size, rng: Rng) -> Picture:
    """Draw the woodcut wave, (height, width, 3)."""
    x, y = grid(size)
    canvas = Canvas(size)
    canvas.wash(PAPER, 1.0)
    _sky(canvas, x, y, rng)
    _island(canvas)
    _swell(canvas, 0.675, rng, [(0.86, 0.035, 0.16), (1.20, 0.055, 0.2)], PALE, BLUE, 0.05)
    _swell(canvas, 0.755, rng, [(1.08, 0.085, 0.26)], BLUE, DEEP, 0.075)
    _great_wave(canvas, rng)
    _swell(canvas, 0.90, rng, [(0.98, 0.075, 0.22), (0.16, 0.06, 0.25)], DEEP, PALE, 0.07)
    _swell(canvas, 1.0, rng, [(0.60, 0.085, 0.28), (1.3, 0.1, 0.22)], BLUE, KEY, 0.07)
    return _press(canvas.rgb, rng)
