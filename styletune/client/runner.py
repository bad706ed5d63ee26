"""Painting and waiting: runs of exactly so many steps, and the live painting.

A loss is trusted for a setting only if its `rev` contains it. Belongs to one event loop.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from styletune.client.connection import Message
from styletune.client.mirror import Mirror
from styletune.client.types import Epoch, Value
from styletune.convergence import TOLERANCE, PlateauDetector


@dataclass(frozen=True, slots=True)
class Painted:
    """The end of a `Client.paint`.

    Attributes:
        run: its number, for `Client.picture`.
        epoch: the message of its last picture, with all losses.
        steps: taken.
        disturbed: somebody else moved a control, a trigger or a picture meanwhile.
        rollbacks: how often the picture was not finite and was taken back.
    """

    run: int
    epoch: Epoch
    steps: int
    disturbed: bool
    rollbacks: int


class Runner(Mirror):
    """A client that paints and waits."""

    # ------------------------------------------------------------- painting

    async def paint(
        self,
        steps: int,
        controls: Mapping[str, Value] | None = None,
        *,
        start: str = "reset",
        seed: int | None = None,
        settle: float | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Painted:
        """Paint exactly `steps` steps with these controls.

        The picture then stands still for some seconds: the next `paint` from the `last` picture
        begins exactly there.

        Args:
            start: `reset` (the first picture) or `last`.
            seed: of the reset; None: the session's.
            settle: end earlier, once the loss falls by less than this part of itself.
            on_epoch: called for each epoch of this run.
        """
        fields: dict[str, Any] = {"steps": steps, "controls": dict(controls or {}), "start": start}
        fields |= {"seed": seed} if seed is not None else {}
        fields |= {"settle": settle} if settle is not None else {}
        self._refused = ""
        while True:
            await self._link.until(self._painting_or_paused)
            since = self._memory
            painting = await self._link.ask("paint", **fields)
            self._own_rev = max(self._own_rev, painting["rev"])
            painted = await self._run_end(painting, since, on_epoch)
            if painted is not None:
                return painted

    @property
    def _memory(self) -> tuple[int, int]:
        """Changes when the worker or the server may have forgotten a run."""
        return self._begun_anew, self._link.connections

    async def _run_end(
        self,
        painting: Message,
        since: tuple[int, int],
        on_epoch: Callable[[Epoch], None] | None,
    ) -> Painted | None:
        """Follow a run to its end; None: it has been forgotten."""
        strange, rollbacks, seen = self._strange, self._rollbacks, -1

        def look() -> Painted | bool | None:
            nonlocal seen
            if self._memory != since or not self.connected:
                return False
            rolled_back = self._rollbacks - rollbacks
            self._complain(rolled_back)
            epoch = self.epoch
            if epoch is None or "run" not in epoch or epoch["run"]["run"] != painting["run"]:
                return None
            if on_epoch is not None and epoch["epoch"] > seen:
                seen = epoch["epoch"]
                on_epoch(epoch)
            disturbed = self._strange != strange or epoch["rev"] != painting["rev"]
            step, done = epoch["run"]["step"], epoch["run"]["done"]
            return Painted(painting["run"], epoch, step, disturbed, rolled_back) if done else None

        found: Painted | bool = await self._link.until(look)
        return found if isinstance(found, Painted) else None

    # ------------------------------------------------------------- waiting

    async def ready(self) -> None:
        """Wait until the server paints, or is paused: after its start it compiles for seconds."""
        await self._link.until(self._painting_or_paused)
        await self._link.until(lambda: self.epoch)

    async def wait(
        self,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        settled: bool | float = False,
    ) -> Epoch:
        """Wait on the live painting, counted from the first epoch that contains what was set.

        Args:
            epochs: so many epochs; without any argument: 1.
            steps: so many optimisation steps, rounded up to whole epochs.
            settled: until the loss falls by less than this part of itself (True: a hundredth)
                within fifty steps.

        Returns:
            The newest epoch then.
        """
        settling = PlateauDetector(TOLERANCE if settled is True else settled)
        if epochs is None and steps is None and not settled:
            epochs = 1
        first: Epoch | None = None
        async for epoch in self.epochs():
            if first is None or epoch["epoch"] < first["epoch"]:  # the server began anew
                first, settling = epoch, PlateauDetector(TOLERANCE if settled is True else settled)
            at_rest = bool(settled) and settling.add(epoch["step"], epoch["total"])
            if (
                (epochs is not None and epoch["epoch"] - first["epoch"] + 1 >= epochs)
                or (steps is not None and epoch["step"] - first["step"] >= steps)
                or at_rest
            ):
                return epoch
        raise AssertionError("epochs() does not end")

    async def epochs(self) -> AsyncGenerator[Epoch, None]:
        """Each newest epoch that contains what this client has set; a slow reader skips some."""
        seen: tuple[int, int] | None = None

        def look() -> Epoch | None:
            self._complain(0)
            epoch = self.epoch
            if epoch is None or not self.connected or epoch["rev"] < self._own_rev:
                return None
            return None if seen == (self._link.connections, epoch["epoch"]) else epoch

        while True:
            epoch = await self._link.until(look)
            seen = (self._link.connections, epoch["epoch"])
            yield epoch
