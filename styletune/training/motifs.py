"""Procedural motifs of the training pictures.

Each takes a seeded generator and a size and returns (size, size, 3) float32, 0..255. A new
motif is one function and one row of `MOTIFS`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from styletune.training.noise import (
    Field,
    colour,
    colourise,
    fill_of,
    fractal_noise,
    from_image,
    grid,
    palette,
    ramp,
    to_image,
    warp,
)
from styletune.training.strokes import strokes_over

Motif = Callable[[np.random.Generator, int], Field]


def clouds(rng: np.random.Generator, size: int) -> Field:
    """Fractal noise in a random colour basis: skies, stone, moss, rust."""
    return colourise(rng, fractal_noise(rng, size, rng.uniform(0.6, 2.0), 3))


def contours(rng: np.random.Generator, size: int) -> Field:
    """Noise through a colour ramp, sometimes folded: marble, maps, woodblock prints."""
    field = fractal_noise(rng, size, rng.uniform(1.2, 2.4))[..., 0]
    if rng.random() < 0.5:
        field = np.abs(field) ** rng.uniform(0.4, 1.2)
    if rng.random() < 0.5:
        steps = rng.uniform(1.0, 4.0)
        field = np.floor(field * steps) / steps
    return ramp(rng, field.astype(np.float32))


def dead_leaves(rng: np.random.Generator, size: int) -> Field:
    """Occluding shapes whose sizes follow a power law, the simplest model of photographs.

    Source: Lee, Mumford, Huang 2001, "Occlusion models for natural images".
    """
    image = to_image(clouds(rng, size))
    draw = ImageDraw.Draw(image)
    colours = palette(rng, 24)
    smallest, shape = rng.uniform(1.5, 5.0), rng.integers(0, 4)
    radii = np.minimum(smallest / rng.random(int(rng.integers(150, 900))) ** 0.6, size * 0.5)
    for radius in np.sort(radii)[::-1] if rng.random() < 0.7 else radii:
        y, x = rng.uniform(0, size, 2)
        corners = int(rng.integers(3, 7)) if shape in (0, 3) else 14
        angles = (
            np.sort(rng.uniform(0, 2 * np.pi, corners))
            if shape == 0
            else (np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 6.3))
        )
        aspect = rng.uniform(0.3, 1.0) if shape != 2 else 1.0
        turn = rng.uniform(0, np.pi)
        px, py = radius * np.cos(angles), radius * aspect * np.sin(angles)
        points = [
            (x + a * np.cos(turn) - b * np.sin(turn), y + a * np.sin(turn) + b * np.cos(turn))
            for a, b in zip(px, py, strict=True)
        ]
        fill = fill_of(colours[rng.integers(0, 24)] + rng.uniform(-15, 15))
        outline = fill_of(colour(rng) * 0.3) if rng.random() < 0.25 else None
        draw.polygon(points, fill=fill, outline=outline)
    return from_image(image)


def waves(rng: np.random.Generator, size: int) -> Field:
    """Stripes, rings or swirls of changing pitch, bent by noise: water, hair, wood, cloth."""
    y, x = grid(size)
    kind = rng.integers(0, 3)
    y0, x0 = rng.uniform(-1, 1, 2)
    if kind == 0:
        turn = rng.uniform(0, np.pi)
        phase = y * np.cos(turn) + x * np.sin(turn)
    elif kind == 1:
        phase = np.hypot(y - y0, x - x0)
    else:
        phase = np.hypot(y - y0, x - x0) + np.arctan2(y - y0, x - x0) * rng.uniform(0.05, 0.4)
    bend = fractal_noise(rng, size, rng.uniform(1.6, 2.4))[..., 0]
    phase = phase * rng.uniform(5, 70) + bend * rng.uniform(0, 6)
    field = np.sin(phase) + bend * rng.uniform(0, 0.8)
    if rng.random() < 0.3:
        field = np.sign(field) * np.abs(field) ** 0.3
    return ramp(rng, field.astype(np.float32))


def brushwork(rng: np.random.Generator, size: int) -> Field:
    """A soft underpainting under brush strokes."""
    under = (clouds, contours, landscape, shaded)[rng.integers(0, 4)](rng, size)
    return strokes_over(rng, under)


def landscape(rng: np.random.Generator, size: int) -> Field:
    """Sky, ridges one before the other, a sun, sometimes water with its reflections."""
    y, _ = grid(size)
    sky_top, sky_low = palette(rng, 2)
    blend = ((y + 1) / 2)[..., None]
    picture = sky_top * (1 - blend) + sky_low * blend
    mist = fractal_noise(rng, size, rng.uniform(1.4, 2.0))[..., 0]
    picture = picture + (mist * rng.uniform(5, 35))[..., None]
    image = to_image(picture)
    draw = ImageDraw.Draw(image)
    if rng.random() < 0.4:
        sun_x, sun_y = rng.uniform(0, size, 2) * (1.0, 0.5)
        radius = size * rng.uniform(0.02, 0.12)
        box = (sun_x - radius, sun_y - radius, sun_x + radius, sun_y + radius)
        draw.ellipse(box, fill=fill_of(255 - colour(rng) * 0.3))
    layers = int(rng.integers(2, 6))
    for layer in range(layers):
        ridge = fractal_noise(rng, size, rng.uniform(1.2, 1.9))[0, :, 0]
        level = size * (0.35 + 0.55 * layer / layers) + ridge * size * rng.uniform(0.02, 0.12)
        outline = [(0, size), *((x, float(level[x])) for x in range(0, size, 2)), (size, size)]
        draw.polygon(outline, fill=fill_of(colour(rng) * 0.8))
    picture = from_image(image)
    texture = fractal_noise(rng, size, rng.uniform(0.4, 1.1))[..., 0] * rng.uniform(2, 22)
    picture = picture + texture[..., None]
    if rng.random() < 0.4:
        shore = int(size * rng.uniform(0.5, 0.8))
        mirror = picture[:shore][::-1][: size - shore]
        picture[shore : shore + len(mirror)] = mirror * rng.uniform(0.6, 0.95)
        ripple = np.sin(np.arange(size) * rng.uniform(0.4, 1.5)) * rng.uniform(0, 4)
        picture[shore:] = warp(
            picture,
            np.zeros((size, size), np.float32),
            np.broadcast_to(ripple[:, None], (size, size)),
        )[shore:]
    return np.clip(picture, 0, 255).astype(np.float32)


def houses(rng: np.random.Generator, size: int) -> Field:
    """A street of gabled houses with roofs, windows and beams: straight edges and corners."""
    image = to_image(landscape(rng, size))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(4, 16))):
        width, height = size * rng.uniform(0.1, 0.35), size * rng.uniform(0.15, 0.6)
        left, base = rng.uniform(-0.1, 0.95) * size, size * rng.uniform(0.55, 1.0)
        top, gable = base - height, width * rng.uniform(0.2, 0.8)
        wall, roof, frame, glass = (fill_of(colour(rng)) for _ in range(4))
        draw.rectangle((left, top, left + width, base), fill=wall)
        draw.polygon(
            [(left - 3, top), (left + width / 2, top - gable), (left + width + 3, top)], fill=roof
        )
        columns, rows = int(rng.integers(2, 6)), int(rng.integers(2, 6))
        for row in range(rows):
            for column in range(columns):
                x = left + width * (column + 0.25) / columns
                y = top + height * (row + 0.2) / rows
                box = (x, y, x + width / columns * 0.5, y + height / rows * 0.6)
                draw.rectangle(box, fill=glass, outline=frame)
        if rng.random() < 0.4:
            for beam in range(columns + 1):
                x = left + width * beam / columns
                draw.line((x, top, x + rng.uniform(-6, 6), base), fill=frame, width=2)
    picture = from_image(image)
    grain = fractal_noise(rng, size, rng.uniform(0.3, 1.0))[..., 0] * rng.uniform(2, 18)
    return np.clip(picture + grain[..., None], 0, 255).astype(np.float32)


def cells(rng: np.random.Generator, size: int) -> Field:
    """Voronoi cells with dark or bright joints: leaded glass, cobbles, scales, mosaics."""
    count = int(rng.integers(12, 120))
    seeds = rng.uniform(-1, 1, (count, 2)).astype(np.float32)
    y, x = grid(size)
    distance = np.hypot(y[..., None] - seeds[:, 0], x[..., None] - seeds[:, 1])
    nearest = np.argpartition(distance, 1, axis=-1)[..., :2]
    pair = np.take_along_axis(distance, nearest, axis=-1)
    first = nearest[..., 0]
    first = np.where(pair[..., 0] <= pair[..., 1], first, nearest[..., 1])
    picture = palette(rng, count)[first]
    pair.sort(axis=-1)
    picture = picture - (pair[..., 0] * rng.uniform(-150, 300))[..., None]
    if rng.random() < 0.6:
        joint = np.clip((pair[..., 1] - pair[..., 0]) * size / rng.uniform(2, 10), 0, 1)[..., None]
        picture = picture * joint + colour(rng) * (1 - joint)
    return np.clip(picture, 0, 255).astype(np.float32)


def shaded(rng: np.random.Generator, size: int) -> Field:
    """Lit balls over a soft ground: smooth shading, highlights, cast shadows."""
    picture = clouds(rng, size) * 0.5 + colour(rng) * 0.5
    y, x = grid(size)
    light = rng.standard_normal(3)
    light = light / np.linalg.norm(light)
    light[2] = abs(light[2])
    for _ in range(int(rng.integers(3, 25))):
        y0, x0 = rng.uniform(-1.1, 1.1, 2)
        radius = rng.uniform(0.05, 0.5)
        ny, nx = (y - y0) / radius, (x - x0) / radius
        inside = ny * ny + nx * nx
        nz = np.sqrt(np.clip(1 - inside, 0, 1))
        lit = np.clip(ny * light[0] + nx * light[1] + nz * light[2], 0, 1)
        body = colour(rng) * (0.15 + 0.85 * lit[..., None])
        body = body + 255 * (lit[..., None] ** 30) * rng.uniform(0, 1)
        shadow = np.clip(1.3 - np.hypot(ny + light[0], nx + light[1]), 0, 1)[..., None]
        picture = picture * (1 - 0.6 * shadow)
        picture = np.where((inside < 1)[..., None], body, picture)
    return np.clip(picture, 0, 255).astype(np.float32)


def tiles(rng: np.random.Generator, size: int) -> Field:
    """Bricks, checks or shingles in uneven colours."""
    height, width = rng.uniform(4, 40), rng.uniform(4, 60)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    bend = fractal_noise(rng, size, 2.2, 2) * rng.uniform(0, 6)
    turn = rng.uniform(0, 0.6) * rng.integers(0, 2)
    y, x = (
        y * np.cos(turn) - x * np.sin(turn) + bend[..., 0],
        x * np.cos(turn) + y * np.sin(turn) + bend[..., 1],
    )
    row = np.floor(y / height)
    column = np.floor(x / width + 0.5 * (row % 2) * rng.integers(0, 2))
    colours = palette(rng, 64)
    picture = colours[((row * 31 + column * 17) % 64).astype(np.int64)]
    joint = np.minimum(y - row * height, 3) / 3
    return np.asarray(np.clip(picture * (0.5 + 0.5 * joint[..., None]), 0, 255), np.float32)


def line_art(rng: np.random.Generator, size: int) -> Field:
    """Ink on paper: curls, hatching, scribbled writing."""
    paper, ink = colour(rng) * 0.3 + 170, colour(rng) * 0.4
    if rng.random() < 0.3:
        paper, ink = ink, paper
    image = Image.new("RGB", (size, size), fill_of(paper))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(20, 160))):
        y, x = rng.uniform(0, size, 2)
        count = int(rng.integers(4, 30))
        turn = np.cumsum(rng.standard_normal(count) * rng.uniform(0.05, 0.9)) + rng.uniform(0, 6.3)
        step = rng.uniform(2, 12)
        xs, ys = x + np.cumsum(np.cos(turn)) * step, y + np.cumsum(np.sin(turn)) * step
        points = np.stack([xs, ys], axis=-1).ravel().tolist()
        draw.line(points, fill=fill_of(ink + rng.uniform(-30, 60)), width=int(rng.integers(1, 5)))
    for _ in range(int(rng.integers(0, 12))):
        y, x = rng.uniform(0, size, 2)
        slant, gap = rng.uniform(0, np.pi), rng.uniform(2, 7)
        length = rng.uniform(10, 60)
        for i in range(int(rng.integers(5, 25))):
            xs, ys = x - np.sin(slant) * gap * i, y + np.cos(slant) * gap * i
            end = (xs + np.cos(slant) * length, ys + np.sin(slant) * length)
            draw.line((xs, ys, *end), fill=fill_of(ink), width=1)
    return from_image(image)


def foliage(rng: np.random.Generator, size: int) -> Field:
    """Thousands of small marks in a few near hues: leaves, grass, fur, pointillism."""
    under = clouds(rng, size)
    image = to_image(under)
    draw = ImageDraw.Draw(image)
    count, length = int(rng.integers(800, 4000)), rng.uniform(1.5, 12)
    spread = rng.uniform(0.1, 3.2)
    places, turns = rng.uniform(0, size, (count, 2)), rng.normal(rng.uniform(0, 6), spread, count)
    lights = rng.standard_normal(count) * rng.uniform(10, 60)
    width = int(rng.integers(1, 4))
    for (y, x), turn, light in zip(places.tolist(), turns, lights, strict=True):
        value = under[int(y), int(x)] + light
        end = (x + length * np.cos(turn), y + length * np.sin(turn))
        draw.line((x, y, *end), fill=fill_of(value), width=width)
    return from_image(image)


MOTIFS: dict[str, tuple[Motif, float]] = {
    "brushwork": (brushwork, 3.0),
    "cells": (cells, 1.0),
    "clouds": (clouds, 1.5),
    "contours": (contours, 1.5),
    "dead_leaves": (dead_leaves, 2.5),
    "foliage": (foliage, 1.5),
    "houses": (houses, 2.0),
    "landscape": (landscape, 1.5),
    "line_art": (line_art, 1.0),
    "shaded": (shaded, 1.0),
    "tiles": (tiles, 0.7),
    "waves": (waves, 1.5),
}
"""Motif and how often it is drawn; strokes, occlusion and buildings teach most."""
