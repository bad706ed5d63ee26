"""Carving: what a woodcut's knife does: tapering lines, and foam with one outline around it.

Drawn on a canvas in picture heights. Knows nothing about the waves it is used for.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tools.samples.paint import Canvas, Colour, Points, Rng, ink, ribbon

FOAM = ink("#f7eedb")
KEY = ink("#13233f")
PALE = ink("#9dbfc1")

Finger = tuple[Points, NDArray[np.float64]]
"""A finger of foam: its middle line and its half width along it."""


def _finger(
    root: NDArray[np.float64], heading: float, length: float, bend: float, thick: float
) -> Finger:
    """Return one hooked finger that leaves `root` at `heading` and turns by `bend` in all."""
    t = np.linspace(0, 1, 26)
    angle = heading + bend * t**1.5
    steps = np.stack([np.cos(angle), np.sin(angle)], axis=1) * (length / len(t))
    line = root + np.cumsum(steps, axis=0)
    half = thick * (1 - t**1.4) ** 0.8 * (0.75 + 0.25 * np.cos(5 * t))
    return line, half + 0.0012


def claws(
    crest: Points, rng: Rng, count: int, size: float, lean: float, curl: float
) -> list[Finger]:
    """Return foam fingers along `crest`: each a claw with smaller claws on its back.

    Args:
        crest: The line they grow from, (n, 2).
        rng: Source of their disorder.
        count: How many main fingers.
        size: Length of the longest in picture heights.
        lean: Angle between the crest's direction and the fingers.
        curl: How far a finger turns from root to tip.
    """
    fingers: list[Finger] = []
    along = np.gradient(crest, axis=0)
    for place in np.linspace(0.02, 0.98, count):
        i = int(place * (len(crest) - 1))
        heading = float(np.arctan2(along[i, 1], along[i, 0])) + lean + 0.25 * rng.standard_normal()
        length = size * (0.45 + 0.55 * rng.random()) * (0.55 + 0.45 * np.sin(np.pi * place))
        main = _finger(crest[i], heading, length, curl * (0.8 + 0.4 * rng.random()), length * 0.125)
        fingers.append(main)
        for step, side in ((6, 1), (10, -1), (15, 1), (19, 1)):
            turn = heading + curl * (step / 26) ** 1.5 - side * np.sign(curl) * 0.9
            small = length * (0.46 - 0.012 * step)
            fingers.append(_finger(main[0][step], turn, small, curl * 1.3 * side, small * 0.15))
    return fingers


def print_foam(
    canvas: Canvas, fingers: list[Finger], knots: list[tuple[float, float, float]]
) -> None:
    """Print fingers and round knots of foam with one outline around them all."""
    edge = 0.0042
    for spread, colour in ((edge, KEY), (0.0, FOAM)):
        for line, half in fingers:
            canvas.fill(ribbon(line, half + spread), colour)
            canvas.disc((float(line[0, 0]), float(line[0, 1])), float(half[0] + spread), colour)
        for x, y, radius in knots:
            canvas.disc((x, y), radius + spread, colour)
    for line, half in fingers:
        if half[0] > 0.006:
            cut = line[3:18] + (half[3:18] * 0.35)[:, None] * np.array([0.5, 0.8])
            canvas.fill(ribbon(cut, 0.0016 * np.sin(np.linspace(0.1, np.pi, len(cut)))), PALE)


def carve(
    canvas: Canvas,
    between: Callable[[float], Points],
    colour: Colour,
    places: NDArray[np.float64],
    thick: float,
    rng: Rng,
) -> None:
    """Cut tapering lines that blend from one curve to another.

    Args:
        canvas: What is printed on.
        between: Gives the curve at a blend from 0 to 1.
        colour: The ink of the lines.
        places: The blends at which lines lie.
        thick: Half width of a full line in picture heights.
        rng: Source of where each line begins, ends and swells.
    """
    for place in places:
        line = between(float(place))
        n = len(line)
        first = int(n * 0.16 * rng.random())
        last = int(n * (1 - 0.20 * rng.random()))
        line = line[first:last]
        t = np.linspace(0, 1, len(line))
        swell = 0.72 + 0.28 * np.sin(2 * np.pi * (1.5 * t + rng.random()))
        canvas.fill(ribbon(line, thick * swell * np.sin(np.pi * t) ** 0.45), colour)
