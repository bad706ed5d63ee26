"""Colours as shown: the painting's own, or the content picture's. Pure arithmetic on pixels.

Applied to what is published, never to what is optimised: switching is immediate and does not
disturb the painting. Knows nothing about Keras.
"""

import numpy as np
import numpy.typing as npt

from styletune.engine.state import Picture

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# ITU-R BT.601: how bright an eye finds red, green and blue.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class Colors:
    """Lends the colours of one content picture to paintings of the same size.

    Args:
        content: (h, w, 3) RGB 0..255.
    """

    def __init__(self, content: Floats) -> None:
        self._content = content
        # Everything of the content but its light.
        self._chroma = content - (content @ _LUMA)[..., None]
        self._mean, self._spread = _moments(content)
        self._cdf = [_cdf(channel) for channel in np.moveaxis(np.rint(content), -1, 0)]

    def shown(self, painting: Picture, mode: str) -> Picture:
        """`painting` in the colours of `mode`: `full`, `luminance` or `histogram`."""
        if mode == "luminance":
            return self.luminance(painting)
        return self.histogram(painting) if mode == "histogram" else painting

    def luminance(self, painting: Picture) -> Picture:
        """The painting's light with the content's colour at each pixel.

        Differs from a walk through YIQ and back (Gatys et al. 2016, arXiv:1606.05897, 5.2): adding
        the difference of light to R, G and B alike is the same thing, as Y's weights sum to 1.
        """
        light = painting.astype(np.float32) @ _LUMA
        mixed: Floats = self._chroma + (light + np.float32(0.5))[..., None]
        return np.clip(mixed, 0, 255, out=mixed).astype(np.uint8)

    def histogram(self, painting: Picture) -> Picture:
        """The painting with the distribution of its colours brought to the content's.

        First all channels together, in mean and covariance, then each by its histogram. By the
        histograms alone each channel is right and the colours are not: a sky turns pink.
        """
        mean, spread = _moments(painting)
        moved = (painting - mean) @ _straightest(spread, self._spread).astype(np.float32)
        near = np.clip(moved + (self._mean + np.float32(0.5)), 0, 255).astype(np.uint8)
        matched = np.empty_like(painting)
        levels = np.arange(256)
        for channel, cdf in enumerate(self._cdf):
            own = _cdf(near[..., channel])
            # Where does the content reach the same part of its pixels?
            table = np.interp(own, cdf, levels)
            matched[..., channel] = np.rint(table).astype(np.uint8)[near[..., channel]]
        return matched


def tinted(content: Floats, style: Floats) -> Floats:
    """The content with mean and covariance of its colours brought to the style's, 0..255.

    A start that has the style's colours already: the steps that would find them are saved.
    Source: Pitié & Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for
    example-based colour transfer": the straightest of all linear maps that do it.
    """
    (ours, spread), (theirs, wanted) = _moments(content), _moments(style)
    moved = (content - ours) @ _straightest(spread, wanted) + theirs
    coloured: Floats = np.clip(moved, 0, 255).astype(np.float32)
    return coloured


def _moments(picture: npt.NDArray[np.generic]) -> tuple[Floats, Doubles]:
    """Mean (3,) and covariance (3, 3) of the colours of a picture."""
    colors = picture.reshape(-1, 3).astype(np.float32)
    mean = colors.mean(0, dtype=np.float64)
    colors -= mean.astype(np.float32)
    spread = (colors.T @ colors).astype(np.float64) / max(1, len(colors) - 1)
    # A grey picture has no spread in two of three directions; this much counts as none.
    return mean.astype(np.float32), spread + 1e-2 * np.eye(3)


def _straightest(spread: Doubles, wanted: Doubles) -> Doubles:
    """The matrix (3, 3) that makes one covariance another; see `tinted`."""
    root, back = _power(spread, 0.5), _power(spread, -0.5)
    return back @ _power(root @ wanted @ root, 0.5) @ back


def _power(matrix: Doubles, exponent: float) -> Doubles:
    """A power of a symmetric, positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    powered: Doubles = (vectors * values**exponent) @ vectors.T
    return powered


def _cdf(channel: npt.NDArray[np.generic]) -> Doubles:
    """Part of the pixels up to each of 256 levels, each level's own counted by half."""
    counts = np.bincount(channel.reshape(-1).astype(np.int64), minlength=256)
    return (np.cumsum(counts) - counts / 2) / channel.size
