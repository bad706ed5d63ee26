"""Houses: what stands ashore in the harbour: gabled fronts, roofs, the town behind.

Drawn through a `View`, in metres; far things first, so that near ones cover them.
"""

from __future__ import annotations

import numpy as np

from tools.samples.paint import Colour, Rng, ink
from tools.samples.view import GROUND, Place, View, beside_quay

FRONTS = (
    # colour, width, height to the eaves, height of the gable, its form
    ("#d9a441", 6.4, 10.4, 3.4, "step"),
    ("#a83e2c", 5.6, 9.2, 3.8, "point"),
    ("#e8d9b8", 6.2, 11.0, 3.2, "bell"),
    ("#3f7f86", 5.4, 9.4, 3.6, "point"),
    ("#c8623a", 6.6, 10.6, 3.6, "step"),
    ("#dfb7a0", 5.6, 8.8, 3.4, "bell"),
    ("#6f8f5a", 5.8, 10.2, 3.8, "point"),
    ("#e0b64c", 6.2, 9.4, 3.4, "step"),
    ("#8f3b3a", 5.8, 10.8, 3.6, "point"),
    ("#dcd2bc", 6.0, 9.6, 3.2, "bell"),
)

ROOFS = ("#8a4632", "#6b3a35", "#99553a", "#574249")
DUSK = ink("#3c3450")
GLOW = ink("#ffce85")


def _gable(form: str, left: float, right: float, eaves: float, rise: float) -> list[Place]:
    """Return the gable's outline over the eaves, from left to right."""
    middle, half = (left + right) / 2, (right - left) / 2
    if form == "step":
        steps = 5
        outline = []
        for i in range(steps):
            near, far = half * (1 - i / steps), half * (1 - (i + 1) / steps)
            top = eaves + rise * (i + 1) / steps
            outline += [(-near, top), (-max(far, 0.16 * half), top)]
    elif form == "bell":
        t = np.linspace(0, 1, 16)
        reach = 1 - t * (0.55 + 0.45 * t**6) - 0.10 * np.sin(2 * np.pi * t)
        outline = [
            (-half * float(r), eaves + rise * float(u)) for r, u in zip(reach, t, strict=True)
        ]
    else:
        outline = [(-half, eaves), (0.0, eaves + rise)]
    outline += [(-x, up) for x, up in reversed(outline)]
    return [beside_quay(middle + x, up, 0.0) for x, up in outline]


def _window(
    view: View, along: float, low: float, wide: float, tall: float, rng: Rng, out: float = 0.02
) -> None:
    """Draw one window: shadow, frame, glass that shows the sky or a lamp, bars, sill."""

    def box(grow: float, drop: float = 0.0) -> list[Place]:
        left, right = along - wide / 2 - grow, along + wide / 2 + grow
        return [
            beside_quay(left, low - grow - drop, out),
            beside_quay(left, low + tall + grow - drop, out),
            beside_quay(right, low + tall + grow - drop, out),
            beside_quay(right, low - grow - drop, out),
        ]

    lamp = rng.random() < 0.30
    shutters = rng.random() < 0.25
    view.fill(box(0.24, 0.10), DUSK, 0.30)
    if shutters:
        tone = ink("#2f5a50")
        for side in (-1, 1):
            near, far = along + side * (wide / 2 + 0.10), along + side * (wide / 2 + 0.62)
            view.fill(
                [
                    beside_quay(near, low, out),
                    beside_quay(near, low + tall, out),
                    beside_quay(far, low + tall, out),
                    beside_quay(far, low, out),
                ],
                tone,
                to=tone * 0.7,
            )
    view.fill(box(0.16), ink("#f7ecd8"))
    if lamp:
        view.fill(box(0.0), ink("#ffe08a"), to=ink("#f2963c"))
    else:
        view.fill(box(0.0), ink("#7f9bab"), to=ink("#1d2a3a"))
    bar = ink("#efe2cb")
    for share in (0.36, 0.68):
        up = low + tall * share
        view.line(
            [beside_quay(along - wide / 2, up, out), beside_quay(along + wide / 2, up, out)],
            0.07,
            bar,
        )
    view.line([beside_quay(along, low, out), beside_quay(along, low + tall, out)], 0.09, bar)
    view.fill(
        [
            beside_quay(along - wide * 0.72, low - 0.16, out),
            beside_quay(along + wide * 0.72, low - 0.16, out),
            beside_quay(along + wide * 0.72, low - 0.36, out),
            beside_quay(along - wide * 0.72, low - 0.36, out),
        ],
        ink("#fff2d8"),
    )


def _roof(view: View, left: float, right: float, eaves: float, rise: float, colour: Colour) -> None:
    """Draw the roof's near slope with its rows of tiles, and a chimney."""
    middle = (left + right) / 2
    top, deep = GROUND + eaves + rise * 0.97, 9.0

    def slope(u: float, back: float) -> Place:
        along = left + (middle - left) * u
        return beside_quay(along, GROUND + eaves + (top - GROUND - eaves) * u, -deep * back)

    far = [slope(0, 0), slope(1, 0), slope(1, 1), slope(0, 1)]
    view.fill(far, colour * 1.05, tooth=0.25, to=colour * 0.7)
    other = [
        beside_quay(right, GROUND + eaves, 0),
        slope(1, 0),
        slope(1, 1),
        beside_quay(right, GROUND + eaves, -deep),
    ]
    view.fill(other, colour * 0.62, tooth=0.25)
    for u in np.linspace(0.08, 0.95, 11):
        view.line([slope(float(u), 0), slope(float(u), 1)], 0.07, colour * 0.45, 0.7)
    stack = [(-0.45, -2.2), (0.45, -2.2)]
    base, cap = top - 0.5, top + 1.5
    view.fill(
        [beside_quay(middle + a, base, o) for a, o in stack]
        + [beside_quay(middle + a, cap, o) for a, o in reversed(stack)],
        ink("#b0664a"),
        tooth=0.2,
        to=ink("#6a4038"),
    )
    view.fill(
        [
            beside_quay(middle - 0.6, cap, -2.2),
            beside_quay(middle + 0.6, cap, -2.2),
            beside_quay(middle + 0.6, cap + 0.3, -2.2),
            beside_quay(middle - 0.6, cap + 0.3, -2.2),
        ],
        ink("#4a3436"),
    )


def _ground_floor(view: View, left: float, wide: float, rng: Rng) -> None:
    """Draw a door and a shop window under a striped awning."""
    right = left + wide
    band = [
        beside_quay(left, GROUND, 0.03),
        beside_quay(left, GROUND + 0.7, 0.03),
        beside_quay(right, GROUND + 0.7, 0.03),
        beside_quay(right, GROUND, 0.03),
    ]
    view.fill(band, ink("#6a5a58"), tooth=0.2, to=ink("#3c3338"))
    door = left + wide * (0.22 if rng.random() < 0.5 else 0.78)
    tone = ink(("#234a3f", "#5a2320", "#24364f", "#3b2a22")[int(rng.integers(0, 4))])
    view.fill(
        [
            beside_quay(door - 0.75, GROUND, 0.04),
            beside_quay(door - 0.75, GROUND + 2.75, 0.04),
            beside_quay(door + 0.75, GROUND + 2.75, 0.04),
            beside_quay(door + 0.75, GROUND, 0.04),
        ],
        ink("#f0e2c8"),
    )
    view.fill(
        [
            beside_quay(door - 0.55, GROUND, 0.05),
            beside_quay(door - 0.55, GROUND + 2.1, 0.05),
            beside_quay(door + 0.55, GROUND + 2.1, 0.05),
            beside_quay(door + 0.55, GROUND, 0.05),
        ],
        tone,
        to=tone * 0.6,
    )
    middle = left + wide * 0.5 + (wide * 0.17 if door < left + wide / 2 else -wide * 0.17)
    _window(view, middle, GROUND + 1.0, wide * 0.34, 1.6, rng, 0.05)
    stripes = 8
    cloth = (
        (ink("#c23b2e"), ink("#f6ead2")) if rng.random() < 0.5 else (ink("#2f6673"), ink("#f2e2bf"))
    )
    for k in range(stripes):
        a = middle - wide * 0.24 + wide * 0.48 * k / stripes
        b = middle - wide * 0.24 + wide * 0.48 * (k + 1) / stripes
        view.fill(
            [
                beside_quay(a, GROUND + 3.2, 0.05),
                beside_quay(b, GROUND + 3.2, 0.05),
                beside_quay(b, GROUND + 2.5, 1.3),
                beside_quay(a, GROUND + 2.5, 1.3),
            ],
            cloth[k % 2],
            to=cloth[k % 2] * 0.75,
        )


def _house(view: View, left: float, number: int, rng: Rng) -> None:
    """Draw one house whose front begins `left` metres along the row."""
    code, wide, eaves, rise, form = FRONTS[number % len(FRONTS)]
    wall, right = ink(code), left + wide
    _roof(view, left, right, eaves, rise, ink(ROOFS[number % len(ROOFS)]))
    gable = _gable(form, left, right, GROUND + eaves, rise)
    front = [beside_quay(left, GROUND, 0), *gable, beside_quay(right, GROUND, 0)]
    lit = np.clip(wall * 0.62 + GLOW * 0.40, 0, 1)
    view.fill(front, lit, tooth=0.08, to=(wall * 0.72 + DUSK * 0.12))
    # The neighbour's flank and the drain pipe keep a strip in shade.
    view.fill(
        [
            beside_quay(left, GROUND, 0.01),
            beside_quay(left, GROUND + eaves, 0.01),
            beside_quay(left + 0.55, GROUND + eaves - 0.4, 0.01),
            beside_quay(left + 0.55, GROUND, 0.01),
        ],
        DUSK,
        0.28,
    )
    for k in range(int(eaves / 0.42)):
        up = GROUND + 0.42 * k
        view.line(
            [beside_quay(left, up, 0.01), beside_quay(right, up, 0.01)], 0.035, wall * 0.55, 0.35
        )
    view.line(gable, 0.22, ink("#fbeccd"))
    view.line(
        [beside_quay(left, GROUND + eaves, 0.02), beside_quay(right, GROUND + eaves, 0.02)],
        0.20,
        ink("#f4e2c2"),
        0.9,
    )
    view.line(
        [beside_quay(right, GROUND, 0.02), beside_quay(right, GROUND + eaves, 0.02)],
        0.12,
        ink("#3a2f38"),
        0.8,
    )
    columns = 3 if wide > 5.7 else 2
    floors = int((eaves - 3.6) / 2.5)
    for floor in range(floors):
        low = GROUND + 4.0 + floor * (eaves - 3.9) / floors
        for k in range(columns):
            along = left + wide * (k + 0.5 + 0.12 * (1 - k) * (columns == 3)) / columns
            _window(view, along, low, 0.95, 1.5, rng)
    _window(view, left + wide / 2, GROUND + eaves + 0.45, 0.8, 1.15, rng)
    _ground_floor(view, left, wide, rng)


def row(view: View, rng: Rng) -> None:
    """Draw the row of houses along the quay, the farthest first."""
    lefts, left = [], -12.6
    number = 0
    while left < 50:
        lefts.append((left, number))
        left += FRONTS[number % len(FRONTS)][1] + 0.04
        number += 1
    for start, which in reversed(lefts):
        _house(view, start, which, rng)


def _house_behind(view: View, along: float, back: float, low: float, haze: float, rng: Rng) -> None:
    """Draw a house of the town behind the row.

    Args:
        view: What is drawn on.
        along: Where its front begins, in metres along the row.
        back: How far behind the row it stands, in metres.
        low: How far up the hill, in metres.
        haze: 0 for near, 1 for lost in the evening air.
        rng: Source of its size and colours.
    """

    def hazy(colour: Colour) -> Colour:
        return np.asarray(colour * (1 - haze) + ink("#d8a58c") * haze)

    def at(right: float, up: float, out: float) -> Place:
        return beside_quay(along + right, up, out - back)

    wide, eaves = 4.5 + 2.5 * rng.random(), 7.5 + 3.5 * rng.random()
    rise, up = 2.4 + 1.6 * rng.random(), GROUND + low + eaves
    wall = hazy(ink(FRONTS[int(rng.integers(0, len(FRONTS)))][0]) * 0.86)
    roof = hazy(ink(ROOFS[int(rng.integers(0, len(ROOFS)))]))
    front = [at(0, 0, 0), at(0, up, 0), at(wide / 2, up + rise, 0), at(wide, up, 0), at(wide, 0, 0)]
    view.fill(front, wall, tooth=0.12)
    slope = [
        at(-0.3, up - 0.2, 0.2),
        at(wide / 2, up + rise, 0.2),
        at(wide / 2 - 2.2, up + rise, -9),
        at(-2.5, up - 0.2, -9),
    ]
    view.fill(slope, roof, tooth=0.2, to=roof * 0.8)
    for share in (0.3, 0.7):
        for top in (up - 1.2, up - 3.6):
            pane = ink("#ffd27a") if rng.random() < 0.3 else ink("#4a4658")
            left, right = wide * share - 0.4, wide * share + 0.4
            box = [at(left, top, 0.1), at(right, top, 0.1)]
            box += [at(right, top - 1.2, 0.1), at(left, top - 1.2, 0.1)]
            view.fill(box, hazy(pane))
    if rng.random() < 0.5:
        for _ in range(26):
            place = at(wide + 2.6 * rng.random(), GROUND + low + 3 + 4.5 * rng.random(), 0.5)
            view.disc(
                place, 0.5 + 0.6 * rng.random(), hazy(ink("#4d5a3a") * (0.7 + 0.7 * rng.random()))
            )


def back_row(view: View, rng: Rng) -> None:
    """Draw roofs and trees of the town that climbs behind the row."""
    for back, count, base, haze in (
        (58.0, 17, 8.5, 0.60),
        (40.0, 16, 5.5, 0.42),
        (24.0, 15, 2.5, 0.22),
    ):
        for k in range(count):
            along = 66 - k * 5.2 + 2 * rng.random()
            _house_behind(view, along, back, base * (1 - 0.3 * along / 60), haze, rng)
