"""The painting as it is shown: its last picture or the average, in a choice of colours.

Applied to what is published, never to what is optimised: switching is immediate.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.engine import state
from styletune.engine.state import Picture, Pixels

DECAY = 0.99  # per step: the last hundred count
AVERAGE = ("average_sum", "average_weight")  # as files name its arrays

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

# ITU-R BT.601: how bright an eye finds red, green and blue.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class ExponentialMovingAverage:
    """A bias-corrected moving average of the picture: what Adam circles around, without grain.

    Source: Polyak & Juditsky 1992; bias correction and decay of style-transfer-pytorch.
    Differs from a per-step average: fed once an epoch, where the picture lies on the host
    anyway; the newest iterate then stands for all steps of its epoch.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Start again: the picture has jumped."""
        self._sum: npt.NDArray[np.float32] | None = None
        self._weight = 0.0

    def add(self, pixels: npt.NDArray[np.float32], steps: int) -> None:
        """Take in the picture after `steps` further steps."""
        keep = DECAY**steps
        if self._sum is None:
            self._sum = np.zeros_like(pixels)
        self._sum *= keep
        self._sum += (1 - keep) * pixels
        self._weight = keep * self._weight + (1 - keep)

    def resized(self, height: int, width: int) -> "ExponentialMovingAverage":
        """The same average at another size, px."""
        other, value = ExponentialMovingAverage(), self.value()
        if value is not None:
            other._weight = self._weight
            other._sum = state.resize_image(value, height, width) * np.float32(self._weight)
        return other

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """All of it by name; nothing before the first picture."""
        if self._sum is None:
            return {}
        return dict(zip(AVERAGE, (self._sum, np.array(self._weight)), strict=True))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> "ExponentialMovingAverage":
        """What `arrays` gave."""
        average = cls()
        if arrays:
            total, weight = (arrays[name] for name in AVERAGE)
            average._sum, average._weight = total.copy(), float(weight)
        return average

    def value(self) -> npt.NDArray[np.float32] | None:
        """The average, of the pictures' shape; None before the first."""
        return None if self._sum is None else self._sum / np.float32(self._weight)


class ColorTransfer:
    """Lends the colours of one content picture to paintings of the same size.

    Args:
        content: (h, w, 3) RGB 0..255.
    """

    def __init__(self, content: Floats) -> None:
        self._content = content
        # Everything of the content but its light.
        self._chroma = content - (content @ _LUMA)[..., None]
        self._mean, self._spread = _mean_and_covariance(content)
        self._cdf = [_cdf(channel) for channel in np.moveaxis(np.rint(content), -1, 0)]

    def apply(self, painting: Picture, mode: str) -> Picture:
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
        mean, spread = _mean_and_covariance(painting)
        moved = (painting - mean) @ _monge_kantorovich(spread, self._spread).astype(np.float32)
        near = np.clip(moved + (self._mean + np.float32(0.5)), 0, 255).astype(np.uint8)
        matched = np.empty_like(painting)
        levels = np.arange(256)
        for channel, cdf in enumerate(self._cdf):
            own = _cdf(near[..., channel])
            # Where does the content reach the same part of its pixels?
            table = np.interp(own, cdf, levels)
            matched[..., channel] = np.rint(table).astype(np.uint8)[near[..., channel]]
        return matched


def match_color_statistics(content: Floats, style: Floats) -> Floats:
    """The content with mean and covariance of its colours brought to the style's, 0..255.

    A start that has the style's colours already: the steps that would find them are saved.
    Source: Pitié & Kokaram 2007, "The linear Monge-Kantorovitch linear colour mapping for
    example-based colour transfer": the straightest of all linear maps that do it.
    """
    (ours, spread), (theirs, wanted) = _mean_and_covariance(content), _mean_and_covariance(style)
    moved = (content - ours) @ _monge_kantorovich(spread, wanted) + theirs
    coloured: Floats = np.clip(moved, 0, 255).astype(np.float32)
    return coloured


def _mean_and_covariance(picture: npt.NDArray[np.generic]) -> tuple[Floats, Doubles]:
    """Mean (3,) and covariance (3, 3) of the colours of a picture."""
    colors = picture.reshape(-1, 3).astype(np.float32)
    mean = colors.mean(0, dtype=np.float64)
    colors -= mean.astype(np.float32)
    spread = (colors.T @ colors).astype(np.float64) / max(1, len(colors) - 1)
    # A grey picture has no spread in two of three directions; this much counts as none.
    return mean.astype(np.float32), spread + 1e-2 * np.eye(3)


def _monge_kantorovich(spread: Doubles, wanted: Doubles) -> Doubles:
    """The matrix (3, 3) that makes one covariance another; see `match_color_statistics`."""
    root, back = _matrix_power(spread, 0.5), _matrix_power(spread, -0.5)
    return back @ _matrix_power(root @ wanted @ root, 0.5) @ back


def _matrix_power(matrix: Doubles, exponent: float) -> Doubles:
    """A power of a symmetric, positive definite matrix."""
    values, vectors = np.linalg.eigh(matrix)
    powered: Doubles = (vectors * values**exponent) @ vectors.T
    return powered


def _cdf(channel: npt.NDArray[np.generic]) -> Doubles:
    """Part of the pixels up to each of 256 levels, each level's own counted by half."""
    counts = np.bincount(channel.reshape(-1).astype(np.int64), minlength=256)
    return (np.cumsum(counts) - counts / 2) / channel.size


class Display:
    """Shows the paintings of one content picture.

    Args:
        content: lends its colours.
    """

    def __init__(self, content: Pixels) -> None:
        self._average = ExponentialMovingAverage()
        self.set_content(content)

    def set_content(self, content: Pixels) -> None:
        """Show paintings of another content picture from now on."""
        self._content = content
        self._colors: ColorTransfer | None = None  # made when it is needed

    def add(self, pixels: Pixels, steps: int) -> None:
        """Take the picture after `steps` further steps into the average."""
        self._average.add(pixels, steps)

    def clear(self) -> None:
        """Start the average again: the picture has jumped."""
        self._average.clear()

    @property
    def average(self) -> dict[str, npt.NDArray[Any]]:
        """The average as arrays by name, for files; none before the first picture."""
        return self._average.arrays()

    @average.setter
    def average(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._average = ExponentialMovingAverage.from_arrays(arrays)

    def continue_from(self, other: "Display", height: int, width: int) -> None:
        """Go on with the average of another size."""
        self._average = other._average.resized(height, width)

    def shown(self, last: Pixels, *, average: bool) -> Pixels:
        """The average where it is wanted and there is one, else the last; (h, w, 3) float32."""
        value = self._average.value() if average else None
        return last if value is None else value

    def render(self, last: Pixels, *, average: bool, color: str) -> Picture:
        """The painting as it is shown: the average where it is wanted and there is one."""
        rounded = self.shown(last, average=average) + np.float32(
            0.5
        )  # half the time of `rint`, once made a whole number
        painting = np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)
        if color == "full":
            return painting
        if self._colors is None:
            self._colors = ColorTransfer(self._content)
        return self._colors.apply(painting, color)
