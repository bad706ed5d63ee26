"""View: the camera before which the harbour stands.

Comes in: places in metres, (right, up, away) from the eye's foot. Goes out: shapes on a canvas.
Knows nothing about what the shapes are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tools.samples.paint import Canvas, Colour, Points

HORIZON = 0.60
"""Height of the horizon in the picture."""

EYE_M = 3.4
"""Height of the eye over the water, in metres: someone standing on a ship's deck."""

FOCAL = 1.1
"""Focal length in picture heights."""

CENTRE = 0.667
"""The middle of the picture, in picture heights."""

GROUND = 1.5
"""Height of the quay over the water, in metres."""

QUAY_START = (-15.0, 22.0)
"""Where the houses' row begins: metres right, metres away."""

QUAY_ALONG = (0.6, 0.8)
"""Direction of the row, going right and away."""

Place = tuple[float, float, float]
"""Metres right, up from the water, away."""


def beside_quay(along: float, up: float, out: float) -> Place:
    """Return the place `along` the row of houses, `up` and `out` over the water, in metres."""
    return (
        QUAY_START[0] + along * QUAY_ALONG[0] + out * QUAY_ALONG[1],
        up,
        QUAY_START[1] + along * QUAY_ALONG[1] - out * QUAY_ALONG[0],
    )


class View:
    """A canvas seen through the camera; with `flip` -1, as mirrored by still water."""

    def __init__(self, canvas: Canvas, flip: float) -> None:
        """Look at `canvas`."""
        self.canvas = canvas
        self.flip = flip

    def seen(self, places: Sequence[Place]) -> Points:
        """Return where places in metres appear, in picture heights, (n, 2)."""
        at = np.array(places, dtype=np.float64)
        # What stands beside or behind the eye would turn over; nothing seen is that near.
        away = np.maximum(at[:, 2], 2.0)
        return np.stack(
            [
                CENTRE + FOCAL * at[:, 0] / away,
                HORIZON + FOCAL * (EYE_M - self.flip * at[:, 1]) / away,
            ],
            axis=1,
        )

    def fill(
        self,
        places: Sequence[Place],
        colour: Colour,
        opacity: float = 1.0,
        tooth: float = 0.0,
        to: Colour | None = None,
    ) -> None:
        """Fill the outline through `places`; `to` is the colour at its foot."""
        first, last = colour, to
        if to is not None and self.flip < 0:
            first, last = to, colour
        self.canvas.fill(self.seen(places), first, opacity, tooth=tooth, to=last)

    def line(
        self,
        places: Sequence[Place],
        width_m: float,
        colour: Colour,
        opacity: float = 1.0,
    ) -> None:
        """Draw a line `width_m` metres wide at its first place's distance."""
        width = FOCAL * width_m / max(places[0][2], 2.0)
        self.canvas.line(self.seen(places), width, colour, opacity)

    def disc(
        self,
        place: Place,
        radius_m: float,
        colour: Colour,
        opacity: float = 1.0,
        soft: float = 0.0,
    ) -> None:
        """Fill a ball of `radius_m` metres."""
        centre = self.seen([place])[0]
        radius = FOCAL * radius_m / max(place[2], 2.0)
        self.canvas.disc((float(centre[0]), float(centre[1])), radius, colour, opacity, soft)
