"""The pictures to go back to when a painting diverges, and the calm after it. Pure.

In: the picture, gradient norm and loss of each run. Out: the last pictures that were good.
"""

import numpy as np

from styletune.engine.state import Pixels
from styletune.engine.watch import Watch

_CALM_STEPS = 50  # after a divergence: so many steps are halved


class Rollback:
    """Keeps the last good pictures.

    Args:
        pixels: what is painted from.

    Attributes:
        good: the last picture that can be shown.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._watch = Watch()
        self._calm = 0
        self.put(pixels)

    @property
    def halved(self) -> bool:
        """Whether steps are to be halved."""
        return self._calm > 0

    def put(self, pixels: Pixels) -> None:
        """Take a picture that is another one than what was painted."""
        self.good = self._safe = pixels
        self._watch.clear()

    def moved(self) -> None:
        """Forget the losses: values or source pictures have been changed by hand."""
        self._watch.clear()

    def rest(self) -> None:
        """End the calm: a new painting begins."""
        self._calm = 0

    def fault(self, norm: float, loss: float) -> str:
        """Why the painting cannot go on after this run, in words; empty where it can."""
        return self._watch.fault(norm, loss)

    def keep(self, pixels: Pixels, steps: int) -> None:
        """Keep the picture after a healthy run of `steps`."""
        self.good, self._safe = pixels, self.good
        self._calm = max(0, self._calm - steps)

    def back(self, norm: float) -> Pixels:
        """The picture to go back to, for a run that ended with that gradient norm.

        The loss of the last picture is measured only by the step after it: where that exploded,
        the picture before is the last that is known to be good.
        """
        self._calm = _CALM_STEPS
        return self._safe if np.isfinite(norm) else self.good
