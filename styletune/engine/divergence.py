"""Divergence: how it is recognised, which picture to go back to, and when to give up."""

import math
from collections import deque
from statistics import median

import numpy as np

from styletune.engine.state import Pixels

# A fader that is opened by its four decades clears the monitor; nothing else may raise the loss
# that far.
EXPLOSION_FACTOR = 50.0  # times the running median
_WINDOW = 50  # losses that the median is of
_ENOUGH = 5  # before that many there is no median to speak of
_CALM_STEPS = 50  # after a divergence: so many steps are halved
# So many divergences within so many seconds, at the same values, and it waits for the user.
_MOST, _WITHIN_S = 3, 60.0


class LossMonitor:
    """Judges each loss by the median of those since the last change."""

    def __init__(self) -> None:
        self._losses: deque[float] = deque(maxlen=_WINDOW)

    def clear(self) -> None:
        """Start again: controls, pictures or the painting itself have been changed."""
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


class LastGood:
    """The last good pictures.

    Args:
        pixels: what is painted from.

    Attributes:
        image: the last picture that can be shown.
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
        """Forget the losses: controls or source pictures have been changed."""
        self._monitor.clear()

    def end_halving(self) -> None:
        """Take whole steps again: a new painting begins."""
        self._halved_steps = 0

    def check(self, norm: float, loss: float) -> str:
        """Why the painting cannot go on after this run, in words; empty where it can."""
        return self._monitor.check(norm, loss)

    def accept(self, pixels: Pixels, steps: int) -> None:
        """Take in the picture after a healthy run of `steps`."""
        self.image, self._previous = pixels, self.image
        self._halved_steps = max(0, self._halved_steps - steps)

    def roll_back(self, norm: float) -> Pixels:
        """The picture to go back to, for a run that ended with that gradient norm.

        The loss of the last picture is measured only by the step after it: where that exploded,
        the picture before is the last that is known to be good.
        """
        self._halved_steps = _CALM_STEPS
        return self._previous if np.isfinite(norm) else self.image


class DivergenceCounter:
    """Counts divergences: smaller steps mend one; several at the same values need the user.

    Attributes:
        needs_user: whether to wait until a control moves.
    """

    def __init__(self) -> None:
        self.needs_user = False
        self._times: deque[float] = deque(maxlen=_MOST)

    def add(self, now: float) -> None:
        """The painting has diverged, at `now` s."""
        self._times.append(now)
        self.needs_user = len(self._times) == _MOST and now - self._times[0] < _WITHIN_S

    def clear(self) -> None:
        """A control has moved: what was before counts no more."""
        self._times.clear()
        self.needs_user = False

    @staticmethod
    def message(why: str, moved: str, effect: str = "") -> str:
        """The reason for waiting, for people.

        Args:
            moved: the control moved last, or empty.
            effect: what its layer changes, or empty.
        """
        effect = effect and f" ({effect})"
        remedy = f"`{moved}`{effect} was moved last: move it back" if moved else "reset"
        return f"{why}; {_MOST} times in a minute, so it waits: {remedy}"
