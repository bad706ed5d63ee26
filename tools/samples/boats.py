"""Boats: what floats in the harbour: yachts along the quay, a gaff sail, a dinghy.

Drawn through a `View`, in metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.samples.paint import Colour, Rng, ink
from tools.samples.view import QUAY_ALONG, Place, View, beside_quay

WOOD = ink("#b9803f")
ROPE = ink("#2a2630")


@dataclass(frozen=True)
class Afloat:
    """Where a boat lies: its middle, and the direction in which its bow points."""

    middle: Place
    heading: tuple[float, float]

    def at(self, ahead: float, up: float, starboard: float) -> Place:
        """Return the place in metres from the boat's own middle."""
        fx, fz = self.heading
        return (
            self.middle[0] + ahead * fx + starboard * fz,
            self.middle[1] + up,
            self.middle[2] + ahead * fz - starboard * fx,
        )


def _hull(view: View, boat: Afloat, length: float, colour: Colour, board: float) -> None:
    """Draw a hull with sheer, wale, boot-top and deck.

    Args:
        view: What is drawn on.
        boat: Where it lies.
        length: Metres from stem to stern.
        colour: Its paint.
        board: Height of its side amidships, in metres.
    """
    t = np.linspace(-1, 1, 33)
    half = length / 2
    beam = length * 0.155 * (1 - np.abs(t) ** 2.6 * np.where(t > 0, 1.0, 0.45))
    rise = board * (1 + 0.55 * np.clip(t, 0, 1) ** 2 + 0.22 * np.clip(-t, 0, 1) ** 2)
    near = [boat.at(half * a, float(u), float(b)) for a, u, b in zip(t, rise, beam, strict=True)]
    far = [boat.at(half * a, float(u), -float(b)) for a, u, b in zip(t, rise, beam, strict=True)]
    water = [boat.at(half * 0.90 * a, 0.0, 0.72 * float(b)) for a, b in zip(t, beam, strict=True)]
    boot = [
        boat.at(half * 0.915 * a, 0.16 * board, 0.76 * float(b))
        for a, b in zip(t, beam, strict=True)
    ]
    back = [boat.at(half * 0.90 * a, 0.0, -0.72 * float(b)) for a, b in zip(t, beam, strict=True)]
    view.fill([*far, *reversed(back)], colour * 0.5)
    view.fill([*near, *reversed(water)], np.clip(colour * 1.08, 0, 1), tooth=0.08, to=colour * 0.58)
    view.fill([*boot, *reversed(water)], ink("#5a1f22"))
    view.fill([*near, *reversed(far)], ink("#c99a66"), tooth=0.12, to=ink("#94683f"))
    for share in (0.35, 0.6):
        plank = [
            boat.at(
                half * (0.9 + 0.1 * share) * a, float(u) * share, float(b) * (0.72 + 0.28 * share)
            )
            for a, u, b in zip(t, rise, beam, strict=True)
        ]
        view.line(plank, 0.03, colour * 0.45, 0.6)
    view.line(far, 0.07, ink("#e8c793"))
    view.line(near, 0.12, ink("#f6dcae"))


def _cabin(
    view: View, boat: Afloat, first: float, last: float, wide: float, low: float, high: float
) -> None:
    """Draw a deck house with portholes."""
    side = [
        boat.at(first, low, wide),
        boat.at(last, low, wide),
        boat.at(last - 0.2, high, wide * 0.9),
        boat.at(first + 0.2, high, wide * 0.9),
    ]
    roof = [
        boat.at(first + 0.2, high, wide * 0.9),
        boat.at(last - 0.2, high, wide * 0.9),
        boat.at(last - 0.2, high, -wide * 0.9),
        boat.at(first + 0.2, high, -wide * 0.9),
    ]
    stern = [
        boat.at(first, low, wide),
        boat.at(first + 0.2, high, wide * 0.9),
        boat.at(first + 0.2, high, -wide * 0.9),
        boat.at(first, low, -wide),
    ]
    view.fill(stern, ink("#8d6240"))
    view.fill(side, ink("#f2e3c6"), to=ink("#c2a583"))
    view.fill(roof, ink("#fff0d0"))
    for k in np.linspace(0.2, 0.8, 4):
        view.disc(
            boat.at(first + (last - first) * float(k), (low + high) / 2, wide * 0.97),
            0.14,
            ink("#20303f"),
        )


def moored(view: View, along: float, length: float, mast: float, colour: Colour) -> None:
    """Draw a yacht that lies along the quay with furled sails."""
    boat = Afloat(beside_quay(along, 0.0, 7.2), QUAY_ALONG)
    step = 0.08 * length
    _hull(view, boat, length, colour, 1.05)
    _cabin(view, boat, -0.22 * length, 0.10 * length, 0.75, 1.1, 1.75)
    top = boat.at(step, mast, 0)
    for end in (
        boat.at(0.5 * length, 1.6, 0),
        boat.at(-0.5 * length, 1.3, 0),
        boat.at(step, 1.1, 1.1),
        boat.at(step, 1.1, -1.1),
    ):
        view.line([top, end], 0.035, ROPE, 0.9)
    view.line([boat.at(step, 1.0, 0), top], 0.17, WOOD)
    view.line(
        [boat.at(step + 0.05, 1.0, 0.05), boat.at(step + 0.05, mast, 0.05)], 0.05, ink("#ffe1a8")
    )
    view.line([boat.at(step, 0.68 * mast, 0.9), boat.at(step, 0.68 * mast, -0.9)], 0.07, WOOD)
    view.line([boat.at(step, 2.5, 0), boat.at(-0.42 * length, 2.6, 0)], 0.15, WOOD)
    furl = [
        boat.at(step - 0.2, 2.6, 0),
        boat.at(step - 0.3, 3.15, 0),
        boat.at(-0.10 * length, 2.95, 0),
        boat.at(-0.41 * length, 2.78, 0),
        boat.at(-0.41 * length, 2.62, 0),
    ]
    view.fill(furl, ink("#f4e6cd"), to=ink("#b59b83"))
    pennant = [top, boat.at(step - 0.9, mast - 0.25, 0), boat.at(step, mast - 0.5, 0)]
    view.fill(pennant, ink("#c8372c"))
    for place in (-0.25, 0.1, 0.3):
        view.disc(boat.at(place * length, 0.55, 0.155 * length + 0.12), 0.15, ink("#e8e0d0"))


def _sail(view: View, corners: list[Place], belly: float, colour: Colour, cloths: int) -> None:
    """Draw a four-cornered sail (throat, peak, clew, tack) that bellies out, with its seams."""
    throat, peak, clew, tack = (np.array(c) for c in corners)

    def cloth(u: float, v: float) -> Place:
        luff, leech = throat * (1 - v) + tack * v, peak * (1 - v) + clew * v
        place = luff * (1 - u) + leech * u
        bulge = belly * np.sin(np.pi * u) * np.sin(np.pi * min(1.0, 0.15 + 0.85 * v))
        return (float(place[0]), float(place[1]), float(place[2] - bulge))

    strips = 26
    for k in range(strips):
        a, b = k / strips, (k + 1) / strips
        column = np.linspace(0, 1, 9)
        outline = [cloth(a, float(v)) for v in column] + [cloth(b, float(v)) for v in column[::-1]]
        tone = 0.74 + 0.42 * a + 0.09 * np.sin(9 * a)
        view.fill(
            outline,
            np.clip(colour * tone + 0.07 * a, 0, 1),
            tooth=0.10,
            to=np.clip(colour * tone * 0.84, 0, 1),
        )
    for k in np.linspace(0, 1, cloths)[1:-1]:
        seam = [cloth(float(k), float(v)) for v in np.linspace(0, 1, 12)]
        view.line(seam, 0.05, colour * 0.55, 0.65)
    for v in (0.72, 0.86):
        view.line([cloth(float(u), v) for u in np.linspace(0, 1, 20)], 0.05, colour * 0.5, 0.5)
    edge = [cloth(1.0, float(v)) for v in np.linspace(0, 1, 16)]
    view.line(edge, 0.09, ink("#ffdca6"))


def sailing(view: View, rng: Rng) -> None:
    """Draw a gaff-rigged boat under tan sails, coming in from the sea."""
    boat = Afloat((9.2, 0.0, 29.0), (-0.93, -0.37))
    length, mast = 9.6, 11.2
    step = 0.14 * length
    _hull(view, boat, length, ink("#1f3f4f"), 1.15)
    _cabin(view, boat, -0.30 * length, 0.0, 0.8, 1.15, 1.8)
    tan, jib = ink("#c4572f"), ink("#f1dfba")
    view.line([boat.at(0.5 * length, 1.8, 0), boat.at(0.72 * length, 2.3, 0)], 0.16, WOOD)
    _sail(
        view,
        [
            boat.at(step - 0.2, 8.3, 0),
            boat.at(-0.30 * length, 11.6, 0),
            boat.at(-0.52 * length, 2.5, 0),
            boat.at(step - 0.2, 2.2, 0),
        ],
        1.2,
        tan,
        8,
    )
    view.line([boat.at(step, 1.0, 0), boat.at(step, mast, 0)], 0.19, WOOD)
    view.line([boat.at(step - 0.1, 8.2, 0), boat.at(-0.31 * length, 11.75, 0)], 0.15, WOOD)
    view.line([boat.at(step - 0.1, 2.1, 0), boat.at(-0.54 * length, 2.4, 0)], 0.16, WOOD)
    head = boat.at(step + 0.15, 9.6, 0)
    _sail(
        view,
        [head, head, boat.at(0.18 * length, 2.2, 0.5), boat.at(0.70 * length, 2.5, 0)],
        0.7,
        jib,
        6,
    )
    top = boat.at(step, mast, 0)
    for end in (
        boat.at(0.72 * length, 2.3, 0),
        boat.at(-0.31 * length, 11.7, 0),
        boat.at(step - 0.5, 1.2, 1.2),
    ):
        view.line([top, end], 0.035, ROPE, 0.9)
    view.fill(
        [top, boat.at(step - 1.3, mast - 0.15, 0), boat.at(step, mast - 0.55, 0)], ink("#e9c046")
    )
    for place in (-0.33, -0.40):
        coat = ink("#d9a441") if rng.random() < 0.5 else ink("#7a2a2a")
        foot = boat.at(place * length, 1.0, 0.25)
        view.line([foot, (foot[0], foot[1] + 1.1, foot[2])], 0.42, coat)
        view.disc((foot[0], foot[1] + 1.32, foot[2]), 0.19, ink("#d9a07a"))


def dinghy(view: View) -> None:
    """Draw a small open boat with its thwarts and oars, near the viewer."""
    boat = Afloat((0.2, 0.0, 12.6), (0.90, 0.43))
    length = 4.4
    _hull(view, boat, length, ink("#2f7f7a"), 0.52)
    inner = [
        boat.at(0.40 * length * float(np.cos(a)), 0.54, 0.10 * length * float(np.sin(a)))
        for a in np.linspace(0, 2 * np.pi, 30)
    ]
    view.fill(inner, ink("#5a3826"), to=ink("#7d5232"))
    for ahead in (-0.26, 0.0, 0.24):
        view.fill(
            [
                boat.at(ahead * length, 0.5, 0.5),
                boat.at(ahead * length + 0.24, 0.5, 0.5),
                boat.at(ahead * length + 0.24, 0.5, -0.5),
                boat.at(ahead * length, 0.5, -0.5),
            ],
            ink("#dcae72"),
        )
    for side in (-1.0, 1.0):
        view.line(
            [boat.at(-1.3, 0.60, 0.2 * side), boat.at(1.5, 0.62, 0.42 * side)], 0.06, ink("#efcf9a")
        )
