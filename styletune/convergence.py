"""Whether a loss has come to rest. Pure: knows nothing about painting, messages and clocks."""

from collections import deque

TOLERANCE = 0.01  # of the loss itself
# Steps in each of the two stretches that are compared. A fader that is moved by a factor of a
# hundred shows its effect within thirty; a single loss trembles far more than it falls by then.
WINDOW_STEPS = 50


class PlateauDetector:
    """Compares the mean loss of the last fifty steps with that of the fifty before.

    Args:
        tolerance: at rest when it has fallen by less than this part of itself.
    """

    def __init__(self, tolerance: float = TOLERANCE) -> None:
        self._tolerance = tolerance
        self._losses: deque[tuple[int, float]] = deque()  # step, total

    def add(self, step: int, total: float) -> bool:
        """Take in the loss after `step` steps, which only rise; True: it has come to rest."""
        self._losses.append((step, total))
        while len(self._losses) > 1 and self._losses[1][0] <= step - 2 * WINDOW_STEPS:
            self._losses.popleft()
        if step - self._losses[0][0] < 2 * WINDOW_STEPS:
            return False  # not seen for long enough
        before = [loss for at, loss in self._losses if at <= step - WINDOW_STEPS]
        after = [loss for at, loss in self._losses if at > step - WINDOW_STEPS]
        was, now = sum(before) / len(before), sum(after) / len(after)
        return was - now <= self._tolerance * abs(was)
