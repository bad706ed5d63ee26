"""Quayside: the church, the quay, its lamps and the people on it.

Drawn through a `View`, in metres.
"""

from __future__ import annotations

import numpy as np

from tools.samples.paint import Rng, ink
from tools.samples.view import GROUND, View, beside_quay

QUAY_WIDE = 5.0
"""From the houses to the quay's edge, in metres."""


def church(view: View) -> None:
    """Draw the church tower behind the row, its right side in the sun."""
    x, z, half = 5.4, 80.0, 2.9
    edge = x + 0.9
    base, top = 0.0, 25.0
    view.fill(
        [(x - half, base, z), (x - half, top, z), (edge, top, z), (edge, base, z)],
        ink("#9c7768"),
        tooth=0.18,
        to=ink("#6e5a5c"),
    )
    view.fill(
        [(edge, base, z), (edge, top, z), (x + half, top, z), (x + half, base, z)],
        ink("#f3c592"),
        tooth=0.18,
        to=ink("#b98a6c"),
    )
    for up in (13.0, 18.5, 24.6):
        view.fill(
            [
                (x - half - 0.3, up, z),
                (x + half + 0.3, up, z),
                (x + half + 0.3, up + 0.55, z),
                (x - half - 0.3, up + 0.55, z),
            ],
            ink("#e2b48c"),
        )
    for left, up in ((-1.9, 20.0), (-0.5, 20.0), (1.5, 20.0), (-1.2, 14.6), (1.5, 14.6)):
        wide = 0.42
        view.fill(
            [
                (x + left - wide, up, z),
                (x + left - wide, up + 2.4, z),
                (x + left, up + 3.0, z),
                (x + left + wide, up + 2.4, z),
                (x + left + wide, up, z),
            ],
            ink("#33262f"),
        )
    view.disc((x - 0.95, 16.9 + 0.2, z), 1.05, ink("#f6e7c8"))
    view.disc((x - 0.95, 16.9 + 0.2, z), 0.85, ink("#2c3a4c"))
    view.line([(x - 0.95, 17.1, z), (x - 0.95, 17.75, z)], 0.16, ink("#ffd98a"))
    view.line([(x - 0.95, 17.1, z), (x - 0.5, 16.9, z)], 0.16, ink("#ffd98a"))
    copper, sunny = ink("#3f6f68"), ink("#9cc0a0")
    for low, high, wide, thin in ((25.2, 28.2, 3.2, 1.7), (30.4, 39.5, 1.75, 0.06)):
        view.fill(
            [
                (x - wide, low, z),
                (x - thin, high, z),
                (x + 0.3 * thin, high, z),
                (x + 0.3 * wide, low, z),
            ],
            copper,
            to=copper * 0.8,
        )
        view.fill(
            [
                (x + 0.3 * wide, low, z),
                (x + 0.3 * thin, high, z),
                (x + thin, high, z),
                (x + wide, low, z),
            ],
            sunny,
            to=sunny * 0.85,
        )
    view.fill(
        [(x - 1.5, 28.2, z), (x - 1.5, 30.4, z), (x + 1.5, 30.4, z), (x + 1.5, 28.2, z)],
        ink("#b98d70"),
    )
    for left in (-0.9, 0.0, 0.9):
        view.fill(
            [
                (x + left - 0.28, 28.4, z),
                (x + left - 0.28, 30.0, z),
                (x + left + 0.28, 30.0, z),
                (x + left + 0.28, 28.4, z),
            ],
            ink("#3a2c33"),
        )
    view.line([(x, 39.3, z), (x, 42.0, z)], 0.16, ink("#ffd98a"))
    view.line([(x - 0.7, 41.0, z), (x + 0.7, 41.0, z)], 0.16, ink("#ffd98a"))


def quay(view: View, rng: Rng) -> None:
    """Draw the quay: paving, wall of blocks, lamps, bollards and people."""
    start, end = -14.0, 62.0
    view.fill(
        [
            beside_quay(start, GROUND, 0),
            beside_quay(end, GROUND, 0),
            beside_quay(end, GROUND, QUAY_WIDE),
            beside_quay(start, GROUND, QUAY_WIDE),
        ],
        ink("#c79a78"),
        tooth=0.25,
        to=ink("#8d7468"),
    )
    wall = [
        beside_quay(start, GROUND, QUAY_WIDE),
        beside_quay(end, GROUND, QUAY_WIDE),
        beside_quay(end, 0, QUAY_WIDE),
        beside_quay(start, 0, QUAY_WIDE),
    ]
    view.fill(wall, ink("#8a6f66"), tooth=0.35, to=ink("#3a3538"))
    for course in range(4):
        up = GROUND - 0.38 * course
        view.line(
            [beside_quay(start, up, QUAY_WIDE), beside_quay(end, up, QUAY_WIDE)],
            0.05,
            ink("#2c262b"),
            0.8,
        )
        for along in np.arange(start + 0.5 * (course % 2), end, 1.1):
            tone = ink("#b08c78") if rng.random() < 0.4 else ink("#544a4e")
            a = float(along)
            view.fill(
                [
                    beside_quay(a, up - 0.05, QUAY_WIDE),
                    beside_quay(a + 1.0, up - 0.05, QUAY_WIDE),
                    beside_quay(a + 1.0, up - 0.33, QUAY_WIDE),
                    beside_quay(a, up - 0.33, QUAY_WIDE),
                ],
                tone,
                0.25 + 0.35 * float(rng.random()),
            )
    view.line(
        [beside_quay(start, GROUND, QUAY_WIDE), beside_quay(end, GROUND, QUAY_WIDE)],
        0.16,
        ink("#f2c795"),
    )
    for along in np.arange(50.0, -10, -7.5):
        _lamp(view, float(along))
    for along in np.arange(56.0, -12, -2.6):
        _person(view, float(along + 2 * rng.random()), 0.9 + 2.4 * float(rng.random()), rng)
    for along in np.arange(54.0, -10, -4.0):
        a = float(along)
        view.line(
            [beside_quay(a, GROUND, 4.6), beside_quay(a, GROUND + 0.45, 4.6)], 0.30, ink("#2a2428")
        )
        view.disc(beside_quay(a, GROUND + 0.45, 4.6), 0.19, ink("#5a4a48"))


def _lamp(view: View, along: float) -> None:
    """Draw a street lamp with its glow."""
    view.line(
        [beside_quay(along, GROUND, 4.0), beside_quay(along, GROUND + 4.2, 4.0)],
        0.12,
        ink("#231f28"),
    )
    view.line(
        [
            beside_quay(along - 0.35, GROUND + 4.0, 4.0),
            beside_quay(along + 0.35, GROUND + 4.0, 4.0),
        ],
        0.10,
        ink("#231f28"),
    )
    view.disc(beside_quay(along, GROUND + 4.5, 4.0), 0.85, ink("#ffcf7a"), 0.28, 0.006)
    view.disc(beside_quay(along, GROUND + 4.5, 4.0), 0.27, ink("#fff0b8"))


def _person(view: View, along: float, out: float, rng: Rng) -> None:
    """Draw somebody walking along the quay."""
    coat = ink(
        ("#7a2a2a", "#24384f", "#3d4a35", "#c9a05a", "#e8dcc6", "#2a2530")[int(rng.integers(0, 6))]
    )
    tall = 1.6 + 0.2 * float(rng.random())
    stride = 0.22 * float(rng.random()) + 0.08
    for side in (-1, 1):
        view.line(
            [
                beside_quay(along, GROUND + 0.8, out),
                beside_quay(along + side * stride, GROUND, out),
            ],
            0.19,
            ink("#26222c"),
        )
    view.fill(
        [
            beside_quay(along - 0.30, GROUND + 0.62, out),
            beside_quay(along - 0.22, GROUND + tall - 0.28, out),
            beside_quay(along + 0.22, GROUND + tall - 0.28, out),
            beside_quay(along + 0.30, GROUND + 0.62, out),
        ],
        coat,
        to=coat * 0.65,
    )
    view.disc(beside_quay(along, GROUND + tall - 0.10, out), 0.17, ink("#d9a07a"))
