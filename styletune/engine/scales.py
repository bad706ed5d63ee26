"""Coarse to fine: which sizes a painting grows through, and how it moves from one to the next.

In and out: NumPy arrays of (h, w, c) float32. Knows nothing about Keras.
Source: style-transfer-pytorch: scales growing by √2, Adam's moments resampled along.
"""

import math

import numpy as np
import numpy.typing as npt
from PIL import Image

GROWTH = math.sqrt(2)  # of the edges: each scale has twice the pixels of the one before
# Edges of whole multiples lose no border to three halvings, and their sizes recur.
SNAP_PX = 8

Array = npt.NDArray[np.float32]


def sizes(last_px: int, first_px: int) -> tuple[int, ...]:
    """Edges that grow by √2 from about `first_px` to exactly `last_px`; at least one.

    >>> sizes(256, 128)
    (128, 184, 256)
    """
    if first_px < 1:
        raise ValueError(f"first_px must be at least 1; received {first_px}")
    # Counted from the end, since the end is what was asked for; half a scale is none.
    count = max(0, round(math.log(max(last_px, 1) / first_px, GROWTH)))
    grown = (last_px / GROWTH**step for step in range(count, 0, -1))
    snapped = (max(SNAP_PX, round(edge / SNAP_PX) * SNAP_PX) for edge in grown)
    return (*sorted({edge for edge in snapped if edge < last_px}), last_px)


def picture(pixels: Array, height: int, width: int) -> Array:
    """Bring a picture to another size: Lanczos, kept in 0..255 where it overshoots."""
    return np.clip(_resampled(pixels, height, width, Image.Resampling.LANCZOS), 0, 255)


def moments(
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
    m = _resampled(first, height, width, Image.Resampling.BICUBIC) * ratio
    v = _resampled(second, height, width, Image.Resampling.BILINEAR) * ratio**2
    return m, np.maximum(v, 0)


def _resampled(array: Array, height: int, width: int, how: Image.Resampling) -> Array:
    """Each channel by itself: Pillow resizes float32 in single channels only."""
    if array.shape[:2] == (height, width):
        return array.copy()
    planes = (
        Image.fromarray(np.ascontiguousarray(array[..., channel], np.float32))
        for channel in range(array.shape[2])
    )
    return np.stack([np.asarray(plane.resize((width, height), how)) for plane in planes], axis=2)
