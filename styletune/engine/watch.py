"""The watch against divergence: tells a healthy loss from an exploding one. Pure.

In: the total loss of each run of steps. Out: whether the painting may go on from there.
"""

import math
from collections import deque
from statistics import median

# A hand that opens a fader by its four decades is told to the watch; nothing else may raise the
# loss that far.
EXPLODES = 50.0  # times the running median
_WINDOW = 50  # losses that the median is of
_ENOUGH = 5  # before that many there is no median to speak of


class Watch:
    """Remembers the losses since the last change and judges the next one."""

    def __init__(self) -> None:
        self._losses: deque[float] = deque(maxlen=_WINDOW)

    def clear(self) -> None:
        """Forget: values, pictures or the painting itself have been changed by hand."""
        self._losses.clear()

    def fault(self, gradient_norm: float, loss: float) -> str:
        """Why the painting cannot go on from here, in words; empty where it can.

        Args:
            gradient_norm: of the last step; not finite as soon as any gradient was not.
            loss: total of the last step; remembered where it is healthy.
        """
        if not (math.isfinite(gradient_norm) and math.isfinite(loss)):
            return "the picture was not finite"
        if len(self._losses) >= _ENOUGH and loss > EXPLODES * median(self._losses):
            return f"the loss rose to {loss / median(self._losses):.0f} times what it was"
        self._losses.append(loss)
        return ""
