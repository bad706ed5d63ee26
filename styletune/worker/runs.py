"""Runs of exactly so many steps, or until the loss settles.

`PaintRun` is shared by the worker and by the actors of a sweep, so that both paint the same
picture; `RunQueue` is the worker's: one after the other, amid its endless painting.
"""

from styletune.convergence import PlateauDetector
from styletune.ipc.commands import Run

# Steps between two checks of the loss: always the same ones, however the epochs fall, so that a
# settled run is as long each time.
CHECK_EVERY = 10
# How long a finished run's picture stands still, for its sender to go on from it exactly. Bounded:
# a script that has died must not stop the painting.
_HOLD_S = 5.0

_NO_RUN = Run(0, 1)


class PaintRun:
    """The progress of a run.

    Attributes:
        command: that it follows.
        taken: steps so far.
        done: whether it has come to its end.
    """

    def __init__(self, command: Run) -> None:
        self.command = command
        self.taken = 0
        self.done = False
        self._plateau = None if command.settle is None else PlateauDetector(command.settle)

    def limit_steps(self, steps: int) -> int:
        """How many of the planned `steps` may be taken before the next `record`."""
        left = self.command.steps - self.taken
        steps = min(steps, max(1, left - 1))  # the last one by itself: it computes all terms
        if self._plateau is not None:
            steps = min(steps, CHECK_EVERY - self.taken % CHECK_EVERY)
        return steps

    @property
    def is_last(self) -> bool:
        """Whether the next step is the last: its table is the run's, of all terms.

        No other step computes those of weight 0, so that runs take the same steps each time.
        """
        return self.taken == self.command.steps - 1

    def record(self, steps: int, total: float) -> None:
        """Take in that `steps` were taken, and the loss with which they ended."""
        self.taken += steps
        settled = (
            self._plateau is not None
            and self.taken % CHECK_EVERY == 0
            and self._plateau.add(self.taken, total)
        )
        self.done = settled or self.taken >= self.command.steps


class RunQueue:
    """The active run, if there is one, and the pending one.

    Attributes:
        pending: starts once the canvas for what was sent before it is there.
    """

    def __init__(self) -> None:
        self.pending: Run | None = None
        self._active: PaintRun | None = None
        self._hold_until = 0.0

    def start(self) -> Run | None:
        """Start the pending run, and return it."""
        command, self.pending = self.pending, None
        if command is not None:
            self._active = PaintRun(command)
        return command

    def limit_steps(self, steps: int) -> tuple[int, bool | None]:
        """How many of the planned `steps` may be taken; and whether to compute all terms.

        The latter is None without a run: the painter decides.
        """
        return (
            (steps, None)
            if self._active is None
            else (self._active.limit_steps(steps), self._active.is_last)
        )

    def record(self, steps: int, total: float, now: float) -> None:
        """Take in that `steps` were taken, and the loss with which they ended; see `is_active`."""
        if self._active is not None and steps:
            self._active.record(steps, total)
            self._hold_until = now + _HOLD_S

    @property
    def is_active(self) -> bool:
        """Whether there is a run, for which `record` is to be called."""
        return self._active is not None

    @property
    def current(self) -> PaintRun:
        """The active run, or one of number 0 that stands for none."""
        return self._active or PaintRun(_NO_RUN)

    def is_holding(self, changed: bool, now: float) -> bool:
        """Whether a finished run's picture still stands; a moved control ends that."""
        if self._active is None or not self._active.done:
            return False
        if changed or now >= self._hold_until:
            self._active = None
            return False
        return True
