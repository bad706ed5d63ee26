"""Variants measured side by side, in turns, and their ratios with an error.

Two processes or two minutes of one machine differ by more than what is to be measured; what
drifts meets all variants of one round alike, so that ratios are taken within the rounds.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import mean, median, stdev
from typing import Self

import numpy as np


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Take the mean of the middle four fifths of `values`, and its standard error.

        One round means little: other machines on the same processor move it by ten per cent.
        """
        cut = len(values) // 10
        middle = sorted(values)[cut : len(values) - cut]
        error = stdev(middle) / len(middle) ** 0.5 if len(middle) > 1 else float("nan")
        return cls(mean(middle), error)

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.error:.3f}"

    @property
    def percent(self) -> str:
        """The same in per cent, signed."""
        return f"{self.value:+.1%} ± {self.error:.1%}"


@dataclass(slots=True)
class Turns:
    """Costs of each variant (seconds a step, say), round by round."""

    costs: dict[str, list[list[float]]] = field(default_factory=dict)

    def add(self, name: str, costs: Sequence[float]) -> None:
        """Add one turn of a variant; a turn without any cost is left out."""
        if costs:
            self.costs.setdefault(name, []).append(list(costs))

    def median(self, name: str) -> float:
        """The median of all costs of a variant."""
        return median(self._all(name))

    def percentile(self, name: str, percent: float) -> float:
        """The cost below which `percent` of 100 of a variant's costs lie."""
        return float(np.percentile(self._all(name), percent))

    def ratios(self, name: str, reference: str) -> list[float]:
        """The medians of both variants in each round, one by the other."""
        pairs = zip(self.costs[name], self.costs[reference], strict=True)
        return [median(costs) / median(beside) for costs, beside in pairs]

    def ratio(self, name: str, reference: str) -> Estimate:
        """How many times the cost of `reference` a variant costs, by the rounds' own ratios."""
        return Estimate.of(self.ratios(name, reference))

    def _all(self, name: str) -> list[float]:
        return [cost for turn in self.costs[name] for cost in turn]


def take_turns(variants: Mapping[str, Callable[[], Sequence[float]]], rounds: int) -> Turns:
    """Measure each variant once a round; every second round begins at the other end.

    Args:
        variants: each takes one turn and returns its costs.
    """
    turns = Turns()
    for number in range(rounds):
        for name in _order(variants, number):
            turns.add(name, variants[name]())
    return turns


async def take_turns_async(
    variants: Mapping[str, Callable[[], Awaitable[Sequence[float]]]], rounds: int
) -> Turns:
    """Do the same with variants in processes of their own."""
    turns = Turns()
    for number in range(rounds):
        for name in _order(variants, number):
            turns.add(name, await variants[name]())
    return turns


def _order(variants: Mapping[str, object], number: int) -> list[str]:
    names = list(variants)
    return names if number % 2 == 0 else names[::-1]
