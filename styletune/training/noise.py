"""Seeded random fields, colours and image operations for the training pictures."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

Field = npt.NDArray[np.floating[Any]]
Pixels = npt.NDArray[np.uint8]


def fractal_noise(rng: np.random.Generator, size: int, slope: float, count: int = 1) -> Field:
    """Return noise (size, size, count) with power spectrum 1/f^(2·slope), each of mean 0, std 1.

    Natural photographs have a slope near 1; 2 gives clouds, 0.5 gives grain.
    Source: Field 1987, "Relations between the statistics of natural images".
    """
    fy = np.fft.fftfreq(size)[:, None]
    fx = np.fft.rfftfreq(size)[None, :]
    # The offset keeps the constant term finite; it is removed below.
    amplitude = 1.0 / (np.hypot(fy, fx) + 0.5 / size) ** slope
    shape = (size, size // 2 + 1, count)
    spectrum = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    noise = np.fft.irfft2(spectrum * amplitude[..., None], s=(size, size), axes=(0, 1))
    noise -= noise.mean(axis=(0, 1))
    return np.asarray(noise / (noise.std(axis=(0, 1)) + 1e-9), np.float32)


def grid(size: int) -> tuple[Field, Field]:
    """Return the coordinates y, x (size, size), each -1..1."""
    line = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


def colour(rng: np.random.Generator) -> Field:
    """Return one colour (3,), 0..255: sometimes grey, mostly muted, sometimes pure."""
    value = rng.uniform(0.0, 255.0)
    tint = rng.standard_normal(3) * rng.choice([4.0, 35.0, 90.0], p=[0.2, 0.5, 0.3])
    return np.asarray(np.clip(value + tint, 0.0, 255.0), np.float32)


def palette(rng: np.random.Generator, count: int) -> Field:
    """Return `count` colours (count, 3), 0..255, scattered along one line of colour space.

    A line, because pictures hold together by few hues.
    """
    ends = np.stack([colour(rng), colour(rng), colour(rng)])
    mix = rng.dirichlet([0.7, 0.7, 0.3], size=count)
    scatter = rng.standard_normal((count, 3)) * rng.uniform(4.0, 30.0)
    return np.clip(mix @ ends + scatter, 0.0, 255.0).astype(np.float32)


def colourise(rng: np.random.Generator, fields: Field) -> Field:
    """Turn fields (h, w, k) of std 1 into colours (h, w, 3), 0..255, by a random colour basis."""
    basis = rng.standard_normal((fields.shape[-1], 3)) * rng.uniform(5.0, 30.0)
    # Brightness varies most in real pictures: one shared direction.
    basis[0] += rng.uniform(20.0, 75.0) * np.array([1.0, 1.0, 1.0]) * rng.choice([-1.0, 1.0])
    return np.clip(fields @ basis + colour(rng) * 0.6 + 50.0, 0.0, 255.0).astype(np.float32)


def ramp(rng: np.random.Generator, field: Field) -> Field:
    """Colour a field (h, w) by a random ramp of 3 to 7 colours: (h, w, 3), 0..255."""
    colours = palette(rng, int(rng.integers(3, 8)))
    low, high = np.percentile(field, [2.0, 98.0])
    place = np.clip((field - low) / (high - low + 1e-6), 0.0, 1.0)
    stops = np.linspace(0.0, 1.0, len(colours))
    return np.stack([np.interp(place, stops, colours[:, c]) for c in range(3)], axis=-1).astype(
        np.float32
    )


def warp(picture: Field, dy: Field, dx: Field) -> Field:
    """Return `picture` (h, w, c) read at positions moved by dy, dx (h, w) pixels, mirrored."""
    height, width = picture.shape[:2]
    y = np.abs(np.arange(height)[:, None] + dy) % (2 * height - 2)
    x = np.abs(np.arange(width)[None, :] + dx) % (2 * width - 2)
    y = np.minimum(y, 2 * height - 2 - y)
    x = np.minimum(x, 2 * width - 2 - x)
    y0 = np.minimum(y.astype(np.int64), height - 2)
    x0 = np.minimum(x.astype(np.int64), width - 2)
    fy, fx = (y - y0)[..., None], (x - x0)[..., None]
    top = picture[y0, x0] * (1 - fx) + picture[y0, x0 + 1] * fx
    bottom = picture[y0 + 1, x0] * (1 - fx) + picture[y0 + 1, x0 + 1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy, np.float32)


def to_image(picture: Field) -> Image.Image:
    """Return the Pillow image of `picture` (h, w, 3), 0..255."""
    return Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))


def from_image(image: Image.Image) -> Field:
    """Return the picture (h, w, 3) float32, 0..255, of a Pillow image."""
    return np.asarray(image.convert("RGB"), dtype=np.float32)


def blur(picture: Field, radius_px: float) -> Field:
    """Return `picture` (h, w, 3) under a Gaussian blur."""
    return from_image(to_image(picture).filter(ImageFilter.GaussianBlur(radius_px)))


def fill_of(value: Field) -> tuple[int, int, int]:
    """Return a colour (3,) as Pillow's drawing takes it, clipped to 0..255."""
    red, green, blue = (int(v) for v in np.clip(value, 0, 255))
    return red, green, blue


def jpeg(picture: Field, quality: int) -> Field:
    """Return `picture` (h, w, 3) after a JPEG round trip: real pictures carry its traces."""
    stream = io.BytesIO()
    to_image(picture).save(stream, "JPEG", quality=quality)
    return from_image(Image.open(stream))
