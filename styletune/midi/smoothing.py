"""Steps of seven bits made smooth: on a logarithmic fader each one would be seen.

A step of 1/127 is eight percent of a weight. A control goes its way in a few even steps within
40 ms, the first of them at once; a hand that turns on meanwhile only moves the goal. All
controls under way step together, so that a storm of messages is few moves, and with a message
that comes shortly before; more than two hands move take fewer and longer ones. Pure: positions and
the time come in. Knows nothing about controllers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# 40 ms from the first step to the last; slower than messages of one control come, so that a hand
# that turns on takes the steps, and no timer wakes between two messages.
STEPS, PERIOD_S = 3, 0.020
MAX_HANDS = 4  # controls that two hands have at a time; what moves more is seldom one

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

    def step(self, *, many: bool = False) -> float:
        if many:  # the same way in the same time
            self.left = min(self.left, 2 if self.left == STEPS else 1)
        self.place += (self.goal - self.place) / self.left
        self.left -= 1
        if not self.left:
            self.place = self.goal  # to the bit
        return self.place


class _Meant(Mapping[str, float]):
    """Where hands want controls: where those go that are under way, where the others are."""

    def __init__(self, positions: Positions, under_way: Mapping[str, _Glide]) -> None:
        self._positions = positions
        self._under_way = under_way

    def __getitem__(self, name: str) -> float:
        position = self._positions[name]
        glide = self._under_way.get(name)
        return position if glide is None or glide.place != position else glide.goal

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)


class Smoother:
    """All controls under way."""

    def __init__(self) -> None:
        self._under_way: dict[str, _Glide] = {}
        self._next = self._along = float("-inf")  # due; may be taken along with a message

    def meant(self, positions: Positions) -> Positions:
        """The positions as hands mean them: where controls go to, not where they are.

        Follows both, the positions and the controls under way, for as long as it is held.
        """
        return _Meant(positions, self._under_way)

    def goals(self, positions: Positions) -> dict[str, float]:
        """Where the controls under way go to."""
        self._let_go(positions)
        return {name: glide.goal for name, glide in self._under_way.items()}

    def move(
        self, name: str, goal: float, positions: Positions, now: float, mover: str
    ) -> float | None:
        """Send a control to `goal`; returns its first step, or None: it is under way."""
        glide = self._under_way.get(name)
        if glide is not None and glide.place == positions[name]:
            glide.goal, glide.left, glide.mover = goal, STEPS, mover
            return None
        self._let_go(positions)
        if len(self._under_way) in (0, MAX_HANDS):
            self._plan(now, PERIOD_S * (1 + bool(self._under_way)))
        glide = self._under_way[name] = _Glide(goal, positions[name], STEPS, mover)
        return glide.step()

    def step(self, positions: Positions, now: float) -> dict[str, dict[str, float]]:
        """What moves now: where to, by control, by mover; nothing long before `due`."""
        self._let_go(positions)
        if not self._under_way or now < self._along:
            return {}
        many = len(self._under_way) > MAX_HANDS
        self._plan(now, PERIOD_S * (1 + many))
        moves: dict[str, dict[str, float]] = {}
        for name, glide in list(self._under_way.items()):
            moves.setdefault(glide.mover, {})[name] = glide.step(many=many)
            if not glide.left:
                del self._under_way[name]
        return moves

    @property
    def due(self) -> float | None:
        """When `step` has something to give, or None."""
        return self._next if self._under_way else None

    def _plan(self, now: float, period_s: float) -> None:
        self._next, self._along = now + period_s, now + period_s / 2

    def _let_go(self, positions: Positions) -> None:
        """What somebody else has moved meanwhile is theirs."""
        for name in [n for n, g in self._under_way.items() if positions[n] != g.place]:
            del self._under_way[name]
