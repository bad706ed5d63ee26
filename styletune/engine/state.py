"""A painting's state on the host, and how it is brought to another size.

Source: style-transfer-pytorch: scales growing by √2, Adam's moments resampled along.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

SCALE_FACTOR = math.sqrt(2)  # of the edges: each scale has twice the pixels of the one before
# Edges of whole multiples lose no border to three halvings, and their sizes recur.
SNAP_PX = 8

Array = npt.NDArray[np.float32]  # (h, w, c)
Picture = npt.NDArray[np.uint8]  # (h, w, 3) RGB
Pixels = npt.NDArray[np.float32]  # (h, w, 3) RGB, 0..255


def pyramid_sizes(last_px: int, first_px: int) -> tuple[int, ...]:
    """Edges that grow by √2 from about `first_px` to exactly `last_px`; at least one.

    >>> pyramid_sizes(256, 128)
    (128, 184, 256)
    """
    if first_px < 1:
        raise ValueError(f"first_px must be at least 1; received {first_px}")
    # Counted from the end, since the end is what was asked for; half a scale is none.
    count = max(0, round(math.log(max(last_px, 1) / first_px, SCALE_FACTOR)))
    grown = (last_px / SCALE_FACTOR**step for step in range(count, 0, -1))
    snapped = (max(SNAP_PX, round(edge / SNAP_PX) * SNAP_PX) for edge in grown)
    return (*sorted({edge for edge in snapped if edge < last_px}), last_px)


def resize_image(pixels: Array, height: int, width: int) -> Array:
    """Bring a picture to another size: Lanczos, kept in 0..255 where it overshoots."""
    return np.clip(resample(pixels, height, width, Image.Resampling.LANCZOS), 0, 255)


def resize_moments(
    first: Array, second: Array, height: int, width: int, *, normalized: bool = True
) -> tuple[Array, Array]:
    """Bring Adam's moments (m, v) of a picture's gradient to another size.

    With N values, the part of one value in a gradient of norm 1 goes as 1/√N, in a gradient of
    losses that are means as 1/N. The moments are scaled along (v with the square), as the next
    gradients will be; else they would drown those, or be drowned.

    Args:
        first: m, resampled bicubically: it has both signs and an overshoot is harmless.
        second: v, resampled linearly: it must not fall below 0.
        normalized: whether gradients are divided by their norm before Adam.
    """
    values = first.shape[0] * first.shape[1] / (height * width)
    ratio = np.float32(math.sqrt(values) if normalized else values)
    m = resample(first, height, width, Image.Resampling.BICUBIC) * ratio
    v = resample(second, height, width, Image.Resampling.BILINEAR) * ratio**2
    return m, np.maximum(v, 0)


def resample(array: Array, height: int, width: int, how: Image.Resampling) -> Array:
    """(h, w, c) at another size, each channel by itself, as Pillow resizes float32."""
    if array.shape[:2] == (height, width):
        return array.copy()
    planes = (
        Image.fromarray(np.ascontiguousarray(array[..., channel], np.float32))
        for channel in range(array.shape[2])
    )
    return np.stack([np.asarray(plane.resize((width, height), how)) for plane in planes], axis=2)


# As files name them.
_PLAIN = ("picture", "momentum", "velocity", "iterations")
_COARSE = "velocity_"


def _halves(height: int, width: int) -> Iterator[tuple[int, int, int]]:
    """Shapes of the coarser levels of a picture."""
    while True:
        height, width = -(-height // 2), -(-width // 2)
        yield height, width, 3


@dataclass(frozen=True, slots=True)
class PaintingState:
    """All that a painting is at a step, apart from its session and its source pictures.

    Attributes:
        picture, momentum, velocity: (h, w, 3) float32: the picture and Adam's moments.
        iterations: steps since the moments were 0.
        coarse_velocities: Adam's second moments of the coarser levels, each half the size of the
            one before, (h, w, 3) float32; none: they are made from `velocity`.
    """

    picture: Pixels
    momentum: Pixels
    velocity: Pixels
    iterations: int
    coarse_velocities: tuple[Pixels, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether a painting can go on from it: a file may hold anything."""
        shape, arrays = self.picture.shape, (self.picture, self.momentum, self.velocity)
        coarse = self.coarse_velocities
        return (
            len(shape) == 3
            and min(shape) >= 1
            and shape[2] == 3
            and all(a.shape == shape for a in arrays)
            and all(a.shape == half for a, half in zip(coarse, _halves(*shape[:2]), strict=False))
            and all(a.dtype == np.float32 and np.isfinite(a).all() for a in (*arrays, *coarse))
            and all(bool((a >= 0).all()) for a in (self.velocity, *coarse))
            and 0 <= self.iterations < 2**31
        )

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it as arrays by name, for files; `from_arrays` reads them."""
        named = {name: np.asarray(getattr(self, name)) for name in _PLAIN}
        coarse = enumerate(self.coarse_velocities, 1)
        return named | {f"{_COARSE}{level}": array for level, array in coarse}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "PaintingState":
        """What `arrays` gave.

        Raises:
            KeyError, ValueError: some are missing, or of another version.
            ArithmeticError, TypeError: the count of steps is no number.
        """
        levels = [f"{_COARSE}{level}" for level in range(1, len(arrays) - len(_PLAIN) + 1)]
        if unknown := arrays.keys() - {*_PLAIN, *levels}:
            raise ValueError(f"unknown arrays: {', '.join(sorted(unknown))}")
        return cls(
            arrays["picture"],
            arrays["momentum"],
            arrays["velocity"],
            int(arrays["iterations"]),
            tuple(arrays[name] for name in levels),
        )

    def resized(self, height: int, width: int, *, normalized: bool) -> "PaintingState":
        """The same painting at another size, px; see `resize_moments`."""
        if self.picture.shape[:2] == (height, width):
            return self
        momentum, velocity = resize_moments(
            self.momentum, self.velocity, height, width, normalized=normalized
        )
        picture = resize_image(self.picture, height, width)
        return PaintingState(picture, momentum, velocity, self.iterations)
