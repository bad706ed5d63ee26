"""Brush strokes over any picture: half of what painting with style transfer is about."""

from __future__ import annotations

import numpy as np
from PIL import ImageDraw

from styletune.training.noise import Field, colour, fill_of, fractal_noise, from_image, to_image


def strokes_over(rng: np.random.Generator, under: Field, angle: Field | None = None) -> Field:
    """Paint `under` (size, size, 3) with brush strokes along a flow field, coarse to fine.

    With `angle` None the strokes follow the edges of the picture or a noise flow, at random.
    Source: after Hertzmann 1998, "Painterly rendering with curved brush strokes".
    """
    size = under.shape[0]
    if angle is None:
        flow = fractal_noise(rng, size, rng.uniform(1.8, 2.6), 2)
        angle = np.arctan2(flow[..., 0], flow[..., 1])
        if rng.random() < 0.5:
            gy, gx = np.gradient(np.asarray(to_image(under).convert("L"), dtype=np.float32))
            edge = np.hypot(gy, gx) > 6.0
            angle = np.where(edge, np.arctan2(gx, -gy), angle)
    image = to_image(under * 0.9 + colour(rng) * 0.1)
    draw = ImageDraw.Draw(image)
    finest = int(rng.integers(1, 5))
    jitter = rng.uniform(4.0, 40.0)
    for width in (finest * 4, finest * 2, finest):
        length = width * rng.uniform(2.0, 7.0)
        count = max(1, int(min(2500, size * size / (width * length) * rng.uniform(0.5, 1.1))))
        places = rng.uniform(0, size, (count, 2))
        shades = rng.standard_normal((count, 1)) * jitter
        shades = shades + rng.standard_normal((count, 3)) * jitter * 0.4
        points = [places]
        for _ in range(4):
            cell = np.clip(points[-1], 0, size - 1).astype(np.int64)
            heading = angle[cell[:, 0], cell[:, 1]]
            step = np.stack([np.sin(heading), np.cos(heading)], axis=-1) * length / 4
            points.append(points[-1] + step)
        path = np.stack(points, axis=1)
        start = np.clip(places, 0, size - 1).astype(np.int64)
        colours = np.clip(under[start[:, 0], start[:, 1]] + shades, 0, 255)
        for line, value in zip(path[..., ::-1].reshape(count, -1).tolist(), colours, strict=True):
            draw.line(line, fill=fill_of(value), width=width, joint="curve" if width > 3 else None)
    return from_image(image)
