"""How many steps an epoch has, so that it lasts about as long as the session wants."""

from collections import deque
from statistics import median

_SEEN_S = 0.1  # who moves a control wants to see what it does, however long epochs are


class EpochPacer:
    """Plans the steps of the next epoch from the time that the last ones took.

    Args:
        epoch_s: how long an epoch should last, in seconds.
        steps: a fixed number of steps instead (the 2018 demo: 20), or None.
    """

    def __init__(self, epoch_s: float, steps: int | None = None) -> None:
        self._epoch_s = epoch_s
        self._fixed = steps
        self._changing = self._changed = False
        # The median of a few epochs: one slow epoch (another program, a page fault) must not
        # shorten the next ones.
        self._step_s: deque[float] = deque(maxlen=9)

    @property
    def step_s(self) -> float | None:
        """Median seconds a step, or None before the first epoch."""
        return median(self._step_s) if self._step_s else None

    def plan_epoch(self, moved: bool) -> int:
        """Steps of the epoch that begins now.

        When controls begin to move the effect is seen after a single step. While they go on,
        epochs are whole (0.1 s at most), and each step applies them: publishing each would be
        costly.

        Args:
            moved: whether a control has moved since the last epoch began.
        """
        before, self._changing = self._changing, moved or self._changed
        self._changed = False
        if not self._changing or self._fixed is not None:
            return self.steps_per_epoch()
        return min(self.steps_per_epoch(), self._steps_in(_SEEN_S)) if before else 1

    def note_change(self) -> None:
        """A control has moved within the present epoch."""
        self._changed = True

    @property
    def has_fixed_steps(self) -> bool:
        """Whether the session sets the steps of an epoch: controls then stand still within each."""
        return self._fixed is not None

    @property
    def is_interruptible(self) -> bool:
        """Whether the present epoch ends early when a control begins to move."""
        return not self.has_fixed_steps and not self._changing

    def steps_per_epoch(self) -> int:
        """Steps of an epoch in which nothing moves: at least one, as near to its time as can be."""
        return self._steps_in(self._epoch_s) if self._fixed is None else self._fixed

    def _steps_in(self, seconds: float) -> int:
        return 1 if self.step_s is None else max(1, round(seconds / self.step_s))

    def reset(self) -> None:
        """Forget the times: the steps to come are of another size."""
        self._step_s.clear()

    def record(self, steps: int, seconds: float) -> None:
        """Take in how long an epoch of `steps` steps took."""
        if steps > 0 and seconds > 0:
            self._step_s.append(seconds / steps)
