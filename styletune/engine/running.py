"""A run of exactly so many steps, or until the loss settles: how far it is, when it is done.

Shared by the worker and by the actors of a sweep, so that both paint the same picture. Pure.
"""

from styletune.settling import Settling
from styletune.shared.orders import Run

# Steps between two looks at the loss: always the same ones, however the epochs fall, so that
# a settled run is as long each time.
LOOK_EVERY = 10


class Running:
    """A run under way.

    Attributes:
        order: what was asked for.
        taken: steps so far.
        done: whether it has come to its end.
    """

    def __init__(self, order: Run) -> None:
        self.order = order
        self.taken = 0
        self.done = False
        self._settling = None if order.settle is None else Settling(order.settle)

    def allow(self, steps: int) -> int:
        """How many of the planned `steps` may be taken before the next `took`."""
        left = self.order.steps - self.taken
        steps = min(steps, max(1, left - 1))  # the last one by itself: it hears all terms
        if self._settling is not None:
            steps = min(steps, LOOK_EVERY - self.taken % LOOK_EVERY)
        return steps

    @property
    def last(self) -> bool:
        """Whether the next step is the last: its table is the run's, of silent terms too.

        No other step listens, so that the same steps are computed the same way each time.
        """
        return self.taken == self.order.steps - 1

    def took(self, steps: int, total: float) -> None:
        """Note that `steps` were taken, and the loss with which they ended."""
        self.taken += steps
        settled = (
            self._settling is not None
            and self.taken % LOOK_EVERY == 0
            and self._settling.add(self.taken, total)
        )
        self.done = settled or self.taken >= self.order.steps
