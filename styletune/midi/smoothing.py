"""Smooths seven-bit steps, each of which would be seen on a logarithmic fader. Pure; time comes in.

A step of 1/127 is eight percent of a weight: a control gets there in a few even steps within 40 ms,
the first at once. All controls step together, so that a storm of messages makes few changes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# 40 ms from the first step to the last; messages of one control come faster, so that they take the
# steps along, and no timer fires between two of them.
STEPS, PERIOD_S = 3, 0.020
MAX_HANDS = 4  # controls that two hands move at a time; more get fewer and longer steps

Positions = Mapping[str, float]


@dataclass(slots=True)
class _Motion:
    """One control on its way.

    Attributes:
        target: position to get to.
        position: where the last step put it; if it is elsewhere, somebody else has moved it.
        steps_left: until it is there.
        device: that moves it.
    """

    target: float
    position: float
    steps_left: int
    device: str

    def step(self, *, many: bool = False) -> float:
        if many:  # as far in the same time
            self.steps_left = min(self.steps_left, 2 if self.steps_left == STEPS else 1)
        self.position += (self.target - self.position) / self.steps_left
        self.steps_left -= 1
        if not self.steps_left:
            self.position = self.target  # to the bit
        return self.position


class _TargetsView(Mapping[str, float]):
    """Positions, but of controls on their way their targets."""

    def __init__(self, positions: Positions, motions: Mapping[str, _Motion]) -> None:
        self._positions = positions
        self._motions = motions

    def __getitem__(self, name: str) -> float:
        position = self._positions[name]
        motion = self._motions.get(name)
        return position if motion is None or motion.position != position else motion.target

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)


class Smoother:
    """All controls on their way."""

    def __init__(self) -> None:
        self._motions: dict[str, _Motion] = {}
        self._next = self._earliest = float("-inf")  # due; may go along with a message

    def targets_view(self, positions: Positions) -> Positions:
        """A live view of `positions` that shows where controls are going, not where they are."""
        return _TargetsView(positions, self._motions)

    def targets(self, positions: Positions) -> dict[str, float]:
        """The targets of the controls on their way."""
        self._drop_overridden(positions)
        return {name: motion.target for name, motion in self._motions.items()}

    def move(
        self, name: str, target: float, positions: Positions, now: float, device: str
    ) -> float | None:
        """Send a control to `target`; return its first step, or None: it is on its way already."""
        motion = self._motions.get(name)
        if motion is not None and motion.position == positions[name]:
            motion.target, motion.steps_left, motion.device = target, STEPS, device
            return None
        self._drop_overridden(positions)
        if len(self._motions) in (0, MAX_HANDS):
            self._plan(now, PERIOD_S * (1 + bool(self._motions)))
        motion = self._motions[name] = _Motion(target, positions[name], STEPS, device)
        return motion.step()

    def step(self, positions: Positions, now: float) -> dict[str, dict[str, float]]:
        """The next positions by device and control; none long before `due`."""
        self._drop_overridden(positions)
        if not self._motions or now < self._earliest:
            return {}
        many = len(self._motions) > MAX_HANDS
        self._plan(now, PERIOD_S * (1 + many))
        moves: dict[str, dict[str, float]] = {}
        for name, motion in list(self._motions.items()):
            moves.setdefault(motion.device, {})[name] = motion.step(many=many)
            if not motion.steps_left:
                del self._motions[name]
        return moves

    @property
    def due(self) -> float | None:
        """When `step` returns something, or None."""
        return self._next if self._motions else None

    def _plan(self, now: float, period_s: float) -> None:
        self._next, self._earliest = now + period_s, now + period_s / 2

    def _drop_overridden(self, positions: Positions) -> None:
        """Drop controls that somebody else has moved meanwhile."""
        for name in [n for n, g in self._motions.items() if positions[n] != g.position]:
            del self._motions[name]
