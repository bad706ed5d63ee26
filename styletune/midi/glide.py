"""Steps of seven bits made smooth: on a logarithmic fader each one would be seen.

A step of 1/127 is eight percent of a weight. A control goes its way in a few even steps within
34 ms, the first of them at once; a hand that turns on meanwhile only moves the goal. All
controls under way step together, so that a storm of messages is few moves, and with a message
that comes shortly before. Pure: positions and the time come in. Knows nothing about controllers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

# 34 ms from the first step to the last; a little slower than messages of one control come, so that
# a hand that turns on takes the steps, and no timer wakes between two messages.
STEPS, PERIOD_S = 3, 0.017
_EARLY_S = PERIOD_S / 2

Positions = Mapping[str, float]


@dataclass(slots=True)
class _Glide:
    """One control under way.

    Attributes:
        goal: where a hand wants it.
        place: where the last step has left it; elsewhere, somebody else has moved it.
        left: steps to go.
        mover: who is told to have moved it.
    """

    goal: float
    place: float
    left: int
    mover: str

    def step(self) -> float:
        self.place += (self.goal - self.place) / self.left
        self.left -= 1
        if not self.left:
            self.place = self.goal  # to the bit
        return self.place


class Glides:
    """All controls under way."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Glide] = {}
        self._next = float("-inf")

    def meant(self, positions: Positions) -> Positions:
        """The positions as hands mean them: where controls go to, not where they are."""
        self._let_go(positions)
        if not self._under_way:
            return positions
        return {**positions, **{name: glide.goal for name, glide in self._under_way.items()}}

    def move(
        self, name: str, goal: float, positions: Positions, now: float, mover: str
    ) -> float | None:
        """Send a control to `goal`; returns its first step, or None: it is under way."""
        self._let_go(positions)
        glide = self._under_way.get(name)
        if glide is not None:
            glide.goal, glide.left, glide.mover = goal, STEPS, mover
            return None
        if not self._under_way:
            self._next = now + PERIOD_S
        glide = self._under_way[name] = _Glide(goal, positions[name], STEPS, mover)
        return glide.step()

    def step(self, positions: Positions, now: float) -> list[tuple[str, str, float]]:
        """What moves now: who moves it, which control, where to; nothing long before `due`."""
        self._let_go(positions)
        if not self._under_way or now < self._next - _EARLY_S:
            return []
        self._next = now + PERIOD_S
        moves = [(glide.mover, name, glide.step()) for name, glide in self._under_way.items()]
        self._under_way = {name: glide for name, glide in self._under_way.items() if glide.left}
        return moves

    @property
    def due(self) -> float | None:
        """When `step` has something to give, or None."""
        return self._next if self._under_way else None

    def _let_go(self, positions: Positions) -> None:
        """What somebody else has moved meanwhile is theirs."""
        for name in [n for n, g in self._under_way.items() if positions[n] != g.place]:
            del self._under_way[name]
