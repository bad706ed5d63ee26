"""Learning-rate schedules, for paintings that end. Pure.

Where a painting has an end, large steps should find the way and small ones the place.
"""

import math
from collections.abc import Callable

LAST = 0.1  # part of the learning rate that is left at the end


def constant(done: float) -> float:
    """Always 1."""
    del done
    return 1.0


def cosine(done: float) -> float:
    """Half a cosine from 1 to `LAST`. Source: arXiv:1608.03983 eq. 5, without restarts."""
    return LAST + (1 - LAST) * (1 + math.cos(math.pi * done)) / 2


def exponential(done: float) -> float:
    """From 1 to `LAST` by the same factor at every step."""
    return float(LAST**done)


# From the part of the steps that is done (0..1) to the factor of the learning rate.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": constant,
    "cosine": cosine,
    "exponential": exponential,
}
