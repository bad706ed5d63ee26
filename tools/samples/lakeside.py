"""Lakeside: what stands near the viewer of the alpine lake: pines, banks, a cabin, a boat.

Drawn on a canvas in picture heights. Knows nothing about the mountains behind.
"""

from __future__ import annotations

import numpy as np

from tools.samples.paint import Canvas, Rng, ink, points, ribbon, spline


def pine(canvas: Canvas, foot: tuple[float, float], tall: float, rng: Rng, dim: float) -> None:
    """Draw one pine, its boughs from the top down, rim-lit from the right.

    Args:
        canvas: What is drawn on.
        foot: Place of the trunk's foot in picture heights.
        tall: Height of the tree in picture heights.
        rng: Source of its disorder.
        dim: 0 for a near, dark tree; 1 for one lost in haze.
    """
    x, y = foot
    haze = ink("#8a8d98")
    dark, middle, rim = (ink(c) * (1 - dim) + haze * dim for c in ("#0d1a1e", "#24453b", "#d0a255"))
    lean = 0.015 * tall * rng.standard_normal()
    heart = points(
        (x - 0.09 * tall, y - 0.06 * tall),
        (x + lean, y - 0.97 * tall),
        (x + 0.09 * tall, y - 0.06 * tall),
    )
    canvas.fill(heart, dark)
    canvas.fill(ribbon(points((x, y), (x + lean, y - tall)), np.array([0.013, 0.002]) * tall), dark)
    tiers = 34
    for i in range(tiers):
        share = 1 - i / tiers
        level = y - tall * (1 - 0.92 * share) + 0.008 * tall * rng.standard_normal()
        reach = tall * (0.012 + 0.19 * share**0.85)
        trunk = x + lean * (1 - share)
        for side in (-1, 1):
            out = side * reach * (0.62 + 0.55 * rng.random())
            sag = abs(out) * (0.34 + 0.22 * rng.random())
            for part in np.linspace(0.12, 1.0, 9):
                root_x = trunk + out * part
                root_y = level + sag * (1.5 * part - 0.6 * part**2)
                length = tall * (0.020 + 0.022 * rng.random()) * (0.5 + share)
                tip_x = root_x + side * length * (0.25 + 0.75 * part)
                tip_y = root_y + length * (1.0 - 0.75 * part)
                thick = 0.26 * length
                needle = points(
                    (root_x - side * thick, root_y - 0.3 * thick),
                    (tip_x, tip_y),
                    (root_x + side * 0.2 * thick, root_y - 0.9 * thick),
                )
                shade = rng.random()
                canvas.fill(needle, dark * (1 - shade) + middle * shade)
                if part > 0.4 and rng.random() < (0.42 if side > 0 else 0.07):
                    sunny = points(
                        (root_x, root_y - 0.5 * thick),
                        (tip_x, tip_y),
                        (root_x + side * thick, root_y - 0.55 * thick),
                    )
                    canvas.fill(sunny, rim, 0.62)


def bank(canvas: Canvas, rng: Rng) -> None:
    """Draw the near bank at both sides with its grass and stones."""
    left = spline(
        points(
            (-0.02, 0.775),
            (0.12, 0.79),
            (0.26, 0.83),
            (0.36, 0.885),
            (0.42, 0.94),
            (0.60, 0.985),
            (0.70, 1.02),
        ),
        80,
    )
    right = spline(
        points(
            (1.36, 0.735),
            (1.22, 0.742),
            (1.10, 0.757),
            (1.00, 0.772),
            (0.955, 0.785),
            (1.04, 0.80),
            (1.2, 0.815),
            (1.36, 0.83),
        ),
        80,
    )
    canvas.fill(
        np.vstack([left, points((0.7, 1.05), (-0.02, 1.05))]),
        ink("#3d4a30"),
        tooth=0.35,
        to=ink("#151c18"),
    )
    canvas.fill(right, ink("#4f5836"), tooth=0.3, to=ink("#262b22"))
    for line, count, size in ((left, 900, 0.030), (right[:45], 260, 0.012)):
        for _ in range(count):
            i = int(rng.integers(0, len(line)))
            drop = float(rng.random()) ** 1.5 * (0.17 if line is left else 0.012)
            bx, by = float(line[i, 0]) - 0.3 * drop, float(line[i, 1]) + drop
            tall = size * (0.4 + 0.8 * rng.random()) * (1 + 3 * drop)
            sway = tall * (0.5 * rng.random() - 0.1)
            tone = ink("#c9a552") if rng.random() < 0.30 else ink("#46552f")
            tone = tone * (0.55 + 0.45 * rng.random())
            blade = points((bx - 0.06 * tall, by), (bx + sway, by - tall), (bx + 0.06 * tall, by))
            canvas.fill(blade, tone)
    for _ in range(34):
        i = int(rng.integers(16, 76))
        wide = 0.006 + 0.022 * float(rng.random()) ** 2
        cx, cy = float(left[i, 0]) + 0.01, float(left[i, 1]) + 0.012 * float(rng.random())
        canvas.disc((cx, cy), (wide, 0.6 * wide), ink("#3a3a40"))
        canvas.disc(
            (cx + 0.25 * wide, cy - 0.2 * wide), (0.6 * wide, 0.3 * wide), ink("#a58f80"), 0.8
        )


def cabin(canvas: Canvas) -> None:
    """Draw a log cabin with lit windows, and a jetty reaching into the lake."""
    x, y, s = 1.075, 0.757, 0.135
    front = points(
        (x, y),
        (x, y - 0.42 * s),
        (x + 0.40 * s, y - 0.86 * s),
        (x + 0.80 * s, y - 0.42 * s),
        (x + 0.80 * s, y),
    )
    side = points(
        (x + 0.80 * s, y),
        (x + 0.80 * s, y - 0.42 * s),
        (x + 1.62 * s, y - 0.40 * s),
        (x + 1.62 * s, y - 0.02 * s),
    )
    roof = points(
        (x + 0.38 * s, y - 0.94 * s),
        (x + 1.28 * s, y - 0.86 * s),
        (x + 1.72 * s, y - 0.36 * s),
        (x + 0.86 * s, y - 0.36 * s),
    )
    canvas.fill(side, ink("#b0713f"), to=ink("#6b4128"))
    canvas.fill(front, ink("#6d4631"), to=ink("#3d281f"))
    for k in range(9):
        level = y - 0.047 * s * k
        canvas.line(points((x, level), (x + 0.8 * s, level)), 0.010 * s, ink("#2a1a14"), 0.8)
        canvas.line(
            points((x + 0.8 * s, level), (x + 1.62 * s, level - 0.01 * s)),
            0.010 * s,
            ink("#5a3620"),
            0.8,
        )
    canvas.fill(
        points(
            (x + 1.05 * s, y - 0.95 * s),
            (x + 1.05 * s, y - 1.16 * s),
            (x + 1.17 * s, y - 1.16 * s),
            (x + 1.17 * s, y - 0.85 * s),
        ),
        ink("#7a6259"),
    )
    canvas.fill(roof, ink("#8d5a44"), to=ink("#5b3a33"))
    for k in np.linspace(0.1, 0.9, 7):
        a, b = roof[0] * (1 - k) + roof[3] * k, roof[1] * (1 - k) + roof[2] * k
        canvas.line(np.stack([a, b]), 0.012 * s, ink("#3f2823"), 0.6)
    canvas.line(np.stack([roof[0], roof[1]]), 0.03 * s, ink("#f0b987"))
    canvas.line(
        points(
            (x - 0.07 * s, y - 0.34 * s),
            (x + 0.385 * s, y - 0.93 * s),
            (x + 0.87 * s, y - 0.36 * s),
        ),
        0.055 * s,
        ink("#2c1d1a"),
    )
    for left, wide, low, tall in (
        (0.10, 0.20, 0.14, 0.20),
        (0.95, 0.18, 0.13, 0.17),
        (1.28, 0.18, 0.13, 0.17),
        (0.33, 0.14, 0.50, 0.13),
    ):
        box = points(
            (x + left * s, y - low * s),
            (x + left * s, y - (low + tall) * s),
            (x + (left + wide) * s, y - (low + tall) * s),
            (x + (left + wide) * s, y - low * s),
        )
        canvas.fill(box, ink("#ffd76a"), to=ink("#f09a38"))
        centre = box.mean(axis=0)
        canvas.line(np.vstack([box, box[:1]]), 0.022 * s, ink("#2a1a14"))
        canvas.line(
            points((centre[0], box[0, 1]), (centre[0], box[1, 1])), 0.014 * s, ink("#2a1a14")
        )
        canvas.disc((float(centre[0]), float(centre[1])), 0.16 * s, ink("#ffb050"), 0.30, 0.05 * s)
    canvas.fill(
        points(
            (x + 0.46 * s, y),
            (x + 0.46 * s, y - 0.33 * s),
            (x + 0.66 * s, y - 0.33 * s),
            (x + 0.66 * s, y),
        ),
        ink("#2b1b17"),
    )
    _jetty(canvas)
    for i, drift in enumerate(np.linspace(0, 0.10, 26)):
        puff = (x + 1.11 * s + 0.55 * drift + 0.008 * np.sin(0.7 * i), y - 1.2 * s - 1.5 * drift)
        canvas.disc(
            (float(puff[0]), float(puff[1])),
            0.006 + 0.20 * float(drift),
            ink("#e9dcd8"),
            0.07,
            0.008,
        )


def _jetty(canvas: Canvas) -> None:
    """Draw the jetty on its piles."""
    deck = points((1.075, 0.772), (1.115, 0.772), (0.965, 0.852), (0.885, 0.852))
    for k in np.linspace(0.15, 1, 5):
        for a, b in ((deck[0], deck[3]), (deck[1], deck[2])):
            px, py = a * (1 - k) + b * k
            thick = 0.004 + 0.005 * k
            canvas.line(points((px, py), (px, py + 0.022 + 0.03 * k)), thick, ink("#2b211d"))
            canvas.line(
                points((px, py + 0.03), (px, py + 0.05 + 0.05 * k)), thick, ink("#2b211d"), 0.35
            )
    canvas.fill(deck + np.array([0, 0.007]), ink("#2f231e"))
    canvas.fill(deck, ink("#b98f68"), to=ink("#8a6548"))
    for k in np.linspace(0, 1, 18) ** 1.3:
        a, b = deck[0] * (1 - k) + deck[3] * k, deck[1] * (1 - k) + deck[2] * k
        canvas.line(np.stack([a, b]), 0.0012 + 0.0012 * k, ink("#4a3327"), 0.9)


def boat(canvas: Canvas) -> None:
    """Draw a red rowing boat with its oars and its own mirror image."""
    x, y, s = 0.70, 0.815, 0.23
    sheer = spline(
        points(
            (x - 0.5 * s, y - 0.17 * s),
            (x - 0.3 * s, y - 0.09 * s),
            (x, y - 0.055 * s),
            (x + 0.3 * s, y - 0.08 * s),
            (x + 0.5 * s, y - 0.15 * s),
        ),
        40,
    )
    keel = spline(
        points(
            (x + 0.5 * s, y - 0.15 * s),
            (x + 0.41 * s, y - 0.02 * s),
            (x + 0.2 * s, y + 0.035 * s),
            (x - 0.2 * s, y + 0.035 * s),
            (x - 0.40 * s, y - 0.02 * s),
            (x - 0.5 * s, y - 0.17 * s),
        ),
        40,
    )
    hull = np.vstack([sheer, keel])
    mirror = np.stack([hull[:, 0], 2 * (y + 0.03 * s) - hull[:, 1]], axis=1)
    canvas.fill(mirror, ink("#3a1414"), 0.62, soft=0.003)
    canvas.fill(hull, ink("#c2392b"), to=ink("#5e1a1c"))
    far = spline(
        points(
            (x - 0.5 * s, y - 0.17 * s),
            (x - 0.25 * s, y - 0.155 * s),
            (x, y - 0.145 * s),
            (x + 0.28 * s, y - 0.15 * s),
            (x + 0.5 * s, y - 0.15 * s),
        ),
        40,
    )
    canvas.fill(np.vstack([sheer, far[::-1]]), ink("#5a3a28"), to=ink("#94653c"))
    for k in (0.30, 0.52, 0.74):
        i = int(k * 39)
        canvas.line(np.stack([sheer[i], far[i]]), 0.045 * s, ink("#d9a566"))
    canvas.line(sheer, 0.022 * s, ink("#f6e3c4"))
    canvas.line(far, 0.014 * s, ink("#e6c79a"))
    canvas.line(sheer + np.array([0, 0.035 * s]), 0.010 * s, ink("#f6e3c4"), 0.9)
    canvas.line(
        points((x - 0.16 * s, y - 0.13 * s), (x + 0.30 * s, y - 0.115 * s)),
        0.014 * s,
        ink("#e0b77e"),
    )
    canvas.line(
        points((x + 0.05 * s, y - 0.10 * s), (x + 0.34 * s, y + 0.10 * s)),
        0.016 * s,
        ink("#e0b77e"),
    )
    canvas.line(
        points((x + 0.30 * s, y + 0.072 * s), (x + 0.40 * s, y + 0.142 * s)),
        0.035 * s,
        ink("#e0b77e"),
    )
    for k in range(5):
        wide = s * (0.55 + 0.12 * k)
        level = y + s * (0.055 + 0.035 * k)
        arc = points((x - wide * 0.5, level), (x, level + 0.012 * s), (x + wide * 0.5, level))
        canvas.line(spline(arc, 20), 0.007 * s, ink("#f6cfa6"), 0.30)
