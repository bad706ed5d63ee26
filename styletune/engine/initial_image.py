"""The picture that a painting starts from, and the noise that shakes it later."""

import numpy as np
from PIL import Image

from styletune.engine.display import match_color_statistics
from styletune.engine.state import Array, Pixels, resample

LOOK = "look"
KINDS = ("content", "tinted", "noise", "style", LOOK)  # all else is the name of a file
# Noise to start from: around mid-grey, like the photographs that the network knows.
_MEAN, _SPREAD = 128, 48.0


def initial_image(
    kind: str, content: Pixels, style: Pixels, other: Pixels | None, rng: np.random.Generator
) -> Pixels:
    """The first picture, of the content's shape.

    Args:
        kind: one of `KINDS`, or a file's name.
        style: the first style picture, of any size.
        other: the picture of that name, or the look's, of the content's shape.

    Raises:
        ValueError: a file or the look is named, but no picture was given.
    """
    if kind == "content":
        return content
    if kind == "tinted":
        return match_color_statistics(content, style)
    if kind == "noise":
        noise = rng.normal(_MEAN, _SPREAD, content.shape)
        return np.clip(noise, 0, 255).astype(np.float32)
    if kind == "style":
        return _mirror_tile(style, *content.shape[:2])
    if other is None:
        raise ValueError(f"painting.init is {kind!r}, but no picture was given")
    return other


def _mirror_tile(pixels: Pixels, height: int, width: int) -> Pixels:
    """The picture mirrored at its edges until it covers `height` × `width`, from the top left."""
    rows, columns = (-(-height // pixels.shape[0]), -(-width // pixels.shape[1]))
    pad = ((0, (rows - 1) * pixels.shape[0]), (0, (columns - 1) * pixels.shape[1]), (0, 0))
    return np.pad(pixels, pad, mode="symmetric")[:height, :width]


_STROKES_PX = (8, 16, 32)  # how far one value of each octave of `stroke_noise` reaches


def stroke_noise(height: int, width: int, rng: np.random.Generator) -> Array:
    """Smooth noise as large as strokes: (h, w, 3) float32, mean 0, standard deviation 1.

    Noise from pixel to pixel is gone after a few steps, and the painting falls back into the
    rut that it was to leave.
    """
    octaves = [
        resample(rng.normal(size=(height // px + 2, width // px + 2, 3)).astype(np.float32),
                 height, width, Image.Resampling.BICUBIC)
        for px in _STROKES_PX
    ]  # fmt: skip
    noise = np.sum(octaves, axis=0)
    noise -= noise.mean()
    return np.asarray(noise / noise.std(), np.float32)
