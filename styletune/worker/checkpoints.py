"""From painter to checkpoint and back: what a worker keeps of its painting for the next one."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from styletune.engine.painter import Painter
from styletune.engine.state import PaintingState
from styletune.files import remove_stale_temporaries
from styletune.ipc.checkpoint import Checkpoint, CheckpointWriter, load_latest


class CheckpointManager:
    """The checkpoints of one worker.

    Args:
        folder: where they lie; "" keeps none.
        warn: takes a sentence when nothing can be saved, and "" when it can again.

    Attributes:
        latest: where the worker before, or the last run, stood; None: nowhere.
    """

    def __init__(self, folder: str, warn: Callable[[str], None]) -> None:
        self.latest: Checkpoint | None = None
        self._writer: CheckpointWriter | None = None
        if not folder:
            return
        remove_stale_temporaries(Path(folder).glob(".*"))  # of the worker before
        self.latest, complaints = load_latest(Path(folder))
        for complaint in complaints:
            print(complaint, file=sys.stderr, flush=True)
        self._writer = CheckpointWriter(Path(folder), warn, step=self.step)

    @property
    def epoch(self) -> int:
        """Number of the epoch after the latest checkpoint, else 0."""
        return self.latest.epoch if self.latest else 0

    @property
    def step(self) -> int:
        """Steps taken until the latest checkpoint, else 0."""
        return self.latest.step if self.latest else 0

    def is_compatible(self, width: int, height: int) -> bool:
        """Whether the latest checkpoint has a picture of this shape, of whatever size."""
        found = self.latest
        if found is None:
            return False
        # Edges are whole pixels: half of one at the smaller edge of either.
        off = abs(found.width * height - found.height * width)
        return off <= max(found.width, found.height, width, height)

    def restore(self, painter: Painter) -> bool:
        """Let a painter go on from the latest checkpoint; False: there is none that fits it."""
        found = self.latest
        if found is None or not self.is_compatible(painter.width, painter.height):
            return False
        try:
            painter.restore(PaintingState.from_arrays(found.state))
        except (ArithmeticError, KeyError, TypeError, ValueError) as error:
            # Of another version, or of arrays that a crash has spoilt: it begins anew.
            print(f"the checkpoint does not fit: {error}", file=sys.stderr, flush=True)
            return False
        return True

    def maybe_save(self, painter: Painter, epoch: int, step: int) -> None:
        """Save the painting if it is time; call after each epoch."""
        if self._writer is not None and self._writer.should_save(step):
            self._writer.save(checkpoint(painter, epoch, step))

    def save_final(self, painter: Painter, epoch: int, step: int) -> None:
        """Save it a last time, and wait until that is done."""
        if self._writer is not None:
            self._writer.close(checkpoint(painter, epoch, step))


def checkpoint(painter: Painter, epoch: int, step: int) -> Checkpoint:
    """The painting as it stands."""
    return Checkpoint(
        painter.state().arrays(), epoch, step, painter.width, painter.height, time.time()
    )
