"""The average of iterates: what Adam circles around, without its grain.

Pure arithmetic on pixels; knows nothing about Keras.
Source: Polyak & Juditsky 1992; with the bias correction and the decay of style-transfer-pytorch.
"""

import numpy as np
import numpy.typing as npt

from styletune.engine import scales

DECAY = 0.99  # per step: the last hundred count


class Average:
    """A bias-corrected moving average of the picture over optimisation steps.

    Differs from a per-step average: fed once an epoch, where the picture lies on the host
    anyway; the newest iterate then stands for all steps of its epoch.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything: the picture has jumped."""
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

    def resized(self, height: int, width: int) -> "Average":
        """The same average at another size, px."""
        other, value = Average(), self.value()
        if value is not None:
            other._weight = self._weight
            other._sum = scales.picture(value, height, width) * np.float32(self._weight)
        return other

    def value(self) -> npt.NDArray[np.float32] | None:
        """The average, of the pictures' shape; None before the first."""
        return None if self._sum is None else self._sum / np.float32(self._weight)
