"""L-BFGS within bounds, for an objective that stands still: half the evaluations of Adam."""

from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
# From a point to the loss and its gradient there.
Objective = Callable[[Vector], tuple[float, Vector]]

HISTORY = 10  # moves remembered: more cost more and gained nothing on pictures
# Before there is a curvature to go by: the root mean square of the first move, in pixel values.
# Gradients have no length of their own here; a unit step would lose the first evaluations.
FIRST_MOVE = 10.0
_SUFFICIENT = 1e-4  # part of the promised decrease that a move must keep (Armijo)
_SHORTENINGS = 8  # of a move before its direction is given up


class LBFGS:
    """A descent in progress: it keeps its memory as long as it lives, so it can run in parts.

    Source: Nocedal & Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5, with the
    projection of Kim, Sra & Dhillon 2010, "Tackling box-constrained optimization via a new
    projected quasi-Newton approach".
    Differs from SciPy's `fmin_l_bfgs_b`: that takes 30 to 50 ms of one core for itself at each
    evaluation of a picture of 256 × 192 px, as much as the evaluation by `lite` takes on two. In
    float32, with projection instead of a Cauchy point, it is 3 ms, for as many evaluations.

    Args:
        objective: called once an evaluation; may raise, and so stop.
        x: where to start, within the bounds.
        low, high: the bounds of each value.

    Attributes:
        x: the best point so far.
        value: the loss there.
        evaluations: how often the objective was called.
        done: nothing more can be gained within float32.
    """

    def __init__(self, objective: Objective, x: Vector, low: float, high: float) -> None:
        self._objective = objective
        self._bounds = (np.float32(low), np.float32(high))
        self._history: deque[tuple[Vector, Vector, float]] = deque(maxlen=HISTORY)
        self.x = np.clip(x, *self._bounds)
        self.evaluations = 0
        self.done = False
        self.value, self._gradient = self._evaluate(self.x)

    def run(self, evaluations: int) -> None:
        """Move on until `evaluations` have been made in all, or nothing more can be gained.

        A move that was begun is ended: that may take a few more.
        """
        while self.evaluations < evaluations and not self.done:
            self._step()

    def _evaluate(self, x: Vector) -> tuple[float, Vector]:
        self.evaluations += 1
        return self._objective(x)

    def _step(self) -> None:
        """One move along the quasi-Newton direction, shortened until the loss falls enough."""
        free = self._free_variables()
        newton = self._two_loop_recursion(np.where(free, self._gradient, np.float32(0)))
        direction = np.where(free, -newton, np.float32(0))
        if float(direction @ self._gradient) >= 0:
            self._reset_history()
            return
        length = 1.0
        for _ in range(_SHORTENINGS):
            x: Vector = np.clip(self.x + np.float32(length) * direction, *self._bounds)
            promised = float((x - self.x) @ self._gradient)
            value, gradient = self._evaluate(x)
            if value <= self.value + _SUFFICIENT * promised:
                self._accept(x, value, gradient)
                return
            length *= _shortened(promised, value - self.value)
        self._reset_history()

    def _free_variables(self) -> npt.NDArray[np.bool_]:
        """Values that are not held by a bound: those at one that the loss pulls outwards are."""
        low, high = self._bounds
        held = ((self.x <= low) & (self._gradient > 0)) | ((self.x >= high) & (self._gradient < 0))
        return ~held

    def _accept(self, x: Vector, value: float, gradient: Vector) -> None:
        move, change = x - self.x, gradient - self._gradient
        curvature = float(move @ change)
        # Only convex moves keep the estimate positive; the others are forgotten.
        if curvature > 1e-10 * float(change @ change):
            self._history.append((move, change, curvature))
        self.x, self.value, self._gradient = x, value, gradient

    def _reset_history(self) -> None:
        """Forget the memory, which may mislead; without any, there is nothing left to try."""
        self.done = not self._history
        self._history.clear()

    def _two_loop_recursion(self, gradient: Vector) -> Vector:
        """H·gradient by the two-loop recursion: algorithm 7.4."""
        q = gradient.copy()
        if not self._history:
            norm = float(np.linalg.norm(q)) or 1.0
            return q * np.float32(FIRST_MOVE * np.sqrt(q.size) / norm)
        factors = []
        for move, change, curvature in reversed(self._history):
            factors.append(np.float32(float(move @ q) / curvature))
            q -= factors[-1] * change
        _, change, curvature = self._history[-1]
        q *= np.float32(curvature / float(change @ change))
        for (move, change, curvature), factor in zip(self._history, reversed(factors), strict=True):
            q += (factor - np.float32(float(change @ q) / curvature)) * move
        return q


def _shortened(promised: float, rise: float) -> float:
    """By how much to shorten: to the minimum of the parabola, within reason.

    Args:
        promised: slope times length, below 0.
        rise: of the loss over the whole length; where it is not finite, the least is taken.
    """
    curve = 2 * (rise - promised)
    return float(np.clip(-promised / curve, 0.1, 0.5)) if np.isfinite(curve) else 0.1
