"""No step computes deeper layers than the deepest term that counts.

One compiled step for the whole network and one for each of its shallow parts, all over the same
picture, moments and targets. A shallow step is used once it is prepared: preparing traces, which
a performance must not wait for.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from styletune.engine.model import StyleTransfer
from styletune.engine.stepping import Batch, OnLaunch, Stepper, never, stepper


class Depths:
    """The steps of a painting, by how many of the played layers they compute.

    Args:
        models: of `style_transfer_models`, compiled.
        launch: steps that are taken at once, at most.
    """

    def __init__(self, models: Mapping[int, StyleTransfer], launch: int = 1) -> None:
        self._models = models
        self._whole = max(models)
        self._steppers: dict[int, Stepper] = {
            depth: stepper(model, launch) for depth, model in sorted(models.items())
        }
        self._ready = {self._whole}

    @property
    def traces(self) -> int:
        """How often any of the steps was traced."""
        return sum(model.traces for model in self._models.values())

    @property
    def ready(self) -> frozenset[int]:
        """The depths whose steps are compiled, or are compiled when first used: the whole."""
        return frozenset(self._ready)

    def needed(self, *weights: npt.NDArray[np.floating]) -> int:
        """The least depth whose step computes all terms that count.

        Args:
            weights: (n,) each, content and style; 0 where a term does not count.
        """
        heard = np.flatnonzero(np.any(weights, axis=0))
        deepest = int(heard[-1]) + 1 if heard.size else 1
        return min(depth for depth in self._steppers if depth >= deepest)

    def prepare(self, batch: Batch, only: int | None = None) -> None:
        """Trace the shallow steps (or that of depth `only`); may run beside `run`."""
        for depth, step in self._steppers.items():
            if depth not in self._ready and only in (None, depth):
                step.prepare(batch)
                self._ready.add(depth)

    def run(self, depth: int, batch: Batch, steps: int = 1, on_launch: OnLaunch = never) -> int:
        """Take up to `steps` steps, as shallow as is prepared; returns how many."""
        ready = min(other for other in self._ready if other >= depth)
        return self._steppers[ready].run(batch, steps, on_launch)

    def run_whole(self, batch: Batch, steps: int = 1, on_launch: OnLaunch = never) -> int:
        """The same, with all layers: their raw losses are those of the last step."""
        return self._steppers[self._whole].run(batch, steps, on_launch)
