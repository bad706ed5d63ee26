"""What is transparent: laid over white, or filled with the colours around it."""

from typing import TYPE_CHECKING, TypeAlias

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float32]


def over_white(image: Image.Image) -> Image.Image:
    """Lay what is transparent over white; returns RGB."""
    if image.mode == "RGB":
        return image
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def continue_colours(image: Image.Image) -> Image.Image:
    """Fill what is transparent with the colours that are nearest; returns RGB."""
    if image.mode == "RGB":
        return image
    import numpy as np  # rarely needed

    pixels = np.asarray(image, np.float32)
    alpha = pixels[..., 3:] / np.float32(255)
    filled = _fill(pixels[..., :3] * alpha, alpha)
    return Image.fromarray(np.rint(filled).astype(np.uint8))


def _fill(colours: "Array", alpha: "Array") -> "Array":
    """Fill gaps from a picture of half the size, whose own gaps are filled likewise.

    Args:
        colours: (h, w, 3), multiplied by alpha.
        alpha: (h, w, 1), 0..1.
    """
    import numpy as np

    height, width, _ = alpha.shape
    if height == width == 1:
        mean: Array = colours / alpha.clip(1e-6)
        return mean
    # One opaque pixel of four is enough.
    alpha_sum = _sum_of_four(alpha)
    half = _fill(_sum_of_four(colours) / alpha_sum.clip(1), alpha_sum.clip(0, 1))
    filled = colours.copy()
    for channel in range(3):
        part = Image.fromarray(half[..., channel])
        larger = np.asarray(part.resize((width, height), Image.Resampling.BILINEAR))
        filled[..., channel] += (1 - alpha[..., 0]) * larger
    return filled


def _sum_of_four(pixels: "Array") -> "Array":
    """Sum 2 × 2 pixels, those beyond the edge as zeros."""
    import numpy as np

    height, width, _ = pixels.shape
    even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)))
    return even[::2, ::2] + even[::2, 1::2] + even[1::2, ::2] + even[1::2, 1::2]
