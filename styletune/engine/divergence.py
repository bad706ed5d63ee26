"""The pictures to go back to when a painting diverges, and the calm after it. Pure.

In: the picture, gradient norm and loss of each run. Out: the last pictures that were good.
"""

import math
from collections import deque
from statistics import median

import numpy as np

from styletune.engine.state import Pixels

# The watch against divergence: tells a healthy loss from an exploding one. Pure.
#
# In: the total loss of each run of steps. Out: whether the painting may go on from there.


# A hand that opens a fader by its four decades is told to the watch; nothing else may raise the
# loss that far.
EXPLOSION_FACTOR = 50.0  # times the running median
_WINDOW = 50  # losses that the median is of
_ENOUGH = 5  # before that many there is no median to speak of


class LossMonitor:
    """Remembers the losses since the last change and judges the next one."""

    def __init__(self) -> None:
        self._losses: deque[float] = deque(maxlen=_WINDOW)

    def clear(self) -> None:
        """Forget: values, pictures or the painting itself have been changed by hand."""
        self._losses.clear()

    def check(self, gradient_norm: float, loss: float) -> str:
        """Why the painting cannot go on from here, in words; empty where it can.

        Args:
            gradient_norm: of the last step; not finite as soon as any gradient was not.
            loss: total of the last step; remembered where it is healthy.
        """
        if not (math.isfinite(gradient_norm) and math.isfinite(loss)):
            return "the picture was not finite"
        if len(self._losses) >= _ENOUGH and loss > EXPLOSION_FACTOR * median(self._losses):
            return f"the loss rose to {loss / median(self._losses):.0f} times what it was"
        self._losses.append(loss)
        return ""


_CALM_STEPS = 50  # after a divergence: so many steps are halved


class LastGood:
    """Keeps the last good pictures.

    Args:
        pixels: what is painted from.

    Attributes:
        good: the last picture that can be shown.
    """

    def __init__(self, pixels: Pixels) -> None:
        self._monitor = LossMonitor()
        self._halved_steps = 0
        self.set_image(pixels)

    @property
    def halved(self) -> bool:
        """Whether steps are to be halved."""
        return self._halved_steps > 0

    def set_image(self, pixels: Pixels) -> None:
        """Take a picture that is another one than what was painted."""
        self.image = self._previous = pixels
        self._monitor.clear()

    def clear_history(self) -> None:
        """Forget the losses: values or source pictures have been changed by hand."""
        self._monitor.clear()

    def end_halving(self) -> None:
        """End the calm: a new painting begins."""
        self._halved_steps = 0

    def check(self, norm: float, loss: float) -> str:
        """Why the painting cannot go on after this run, in words; empty where it can."""
        return self._monitor.check(norm, loss)

    def accept(self, pixels: Pixels, steps: int) -> None:
        """Keep the picture after a healthy run of `steps`."""
        self.image, self._previous = pixels, self.image
        self._halved_steps = max(0, self._halved_steps - steps)

    def roll_back(self, norm: float) -> Pixels:
        """The picture to go back to, for a run that ended with that gradient norm.

        The loss of the last picture is measured only by the step after it: where that exploded,
        the picture before is the last that is known to be good.
        """
        self._halved_steps = _CALM_STEPS
        return self._previous if np.isfinite(norm) else self.image


# Divergences in a row: smaller steps mend one; several at the same values need a hand.
#
# Pure: times come in as arguments.


# So many divergences within so many seconds, at the same values, and it waits for a hand.
_MOST, _WITHIN_S = 3, 60.0


class DivergenceCounter:
    """Counts divergences.

    Attributes:
        stuck: whether to wait until somebody moves something.
    """

    def __init__(self) -> None:
        self.needs_user = False
        self._times: deque[float] = deque(maxlen=_MOST)

    def add(self, now: float) -> None:
        """The painting has diverged, at `now` s."""
        self._times.append(now)
        self.needs_user = len(self._times) == _MOST and now - self._times[0] < _WITHIN_S

    def clear(self) -> None:
        """A hand has moved something: what was before counts no more."""
        self._times.clear()
        self.needs_user = False

    @staticmethod
    def message(why: str, moved: str) -> str:
        """What people are told when it is stuck; `moved`: the control moved last, or empty."""
        remedy = f"`{moved}` was moved last: move it back" if moved else "reset"
        return f"{why}; {_MOST} times in a minute, so it waits: {remedy}"
