"""All that a painting is at a step, on the host. Pure arithmetic; knows nothing about Keras."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from styletune.engine import scales

Picture = npt.NDArray[np.uint8]  # (h, w, 3) RGB
Pixels = npt.NDArray[np.float32]  # (h, w, 3) RGB, 0..255


@dataclass(frozen=True, slots=True)
class PaintingState:
    """All that a painting is at a step, apart from its session and its source pictures.

    Attributes:
        picture, momentum, velocity: (h, w, 3) float32: the picture and Adam's moments.
        iterations: steps since the moments were 0.
    """

    picture: Pixels
    momentum: Pixels
    velocity: Pixels
    iterations: int

    @property
    def sound(self) -> bool:
        """Whether the arrays are of one shape and finite."""
        arrays = (self.picture, self.momentum, self.velocity)
        return all(a.shape == self.picture.shape and np.isfinite(a).all() for a in arrays)

    def resized(self, height: int, width: int, *, normalized: bool) -> "PaintingState":
        """The same painting at another size, px; see `scales`."""
        if self.picture.shape[:2] == (height, width):
            return self
        momentum, velocity = scales.moments(
            self.momentum, self.velocity, height, width, normalized=normalized
        )
        picture = scales.picture(self.picture, height, width)
        return PaintingState(picture, momentum, velocity, self.iterations)
