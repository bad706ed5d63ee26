"""A morph: a recall that takes time. Pure; the time comes in.

Where it began, where it goes and the time come in; positions come out. Knows nothing about
who waits between the steps.
"""

from collections.abc import Iterable, Mapping

from styletune.controls import ControlTable
from styletune.server import messages
from styletune.server.scenes import mixture

RATE_HZ = 50


class Morph:
    """One way from the present values to a scene.

    Attributes:
        scene: its name.
        start: positions at its beginning, of the controls that it moves.
        over: whether it has arrived, or nothing is left that it moves.
    """

    def __init__(
        self,
        table: ControlTable,
        scene: str,
        start: Mapping[str, float],
        target: Mapping[str, float],
        *,
        seconds: float,
        now: float,
    ) -> None:
        self.scene = scene
        self.over = False
        self._table = table
        self.start = {name: start[name] for name in target if start[name] != target[name]}
        self._target = {name: target[name] for name in self.start}
        self._seconds = seconds
        self._began = now
        self._part = 0.0

    def step(self, now: float) -> dict[str, float]:
        """Go on to `now`: the positions there; at the end exactly the scene's."""
        self._part = min(1.0, max(self._part, (now - self._began) / self._seconds))
        self.over = self._part >= 1
        return mixture(self._table, self.start, self._target, self._part)

    def leave(self, names: Iterable[str]) -> None:
        """Let go of controls: somebody else moves them now."""
        for name in names:
            self._target.pop(name, None)
        self.over = self.over or not self._target

    @property
    def shown(self) -> messages.Morph:
        """How far it is, as clients see it: ten times a second."""
        tenths = int(self._part * self._seconds * 10) / 10
        return messages.Morph(
            scene=self.scene, seconds=self._seconds, done=round(tenths / self._seconds, 4)
        )
