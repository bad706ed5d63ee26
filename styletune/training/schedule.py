"""The training's configuration and learning-rate schedule."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from styletune.training.student import WIDTHS


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """All that decides the outcome, beside the teacher and the pictures.

    Attributes:
        steps: gradient steps altogether.
        batch: crops a step.
        crops: crops a round.
        practised: how many of these the student paints itself, a multiple of 16; see
            `style_finetune`.
        passes: how often a round is gone through.
    """

    steps: int = 6912
    seed: int = 0
    size: int = 96
    batch: int = 4
    crops: int = 192
    practised: int = 32
    passes: int = 4
    learning_rate: float = 3e-3
    widths: tuple[int, ...] = WIDTHS

    @property
    def steps_per_round(self) -> int:
        """Gradient steps in one round."""
        return self.crops // self.batch * self.passes

    def learning_rate_at(self, step: int) -> float:
        """Learning rate of a step: a short warm-up on half a cosine down to 1 %.

        Differs from Keras' `CosineDecay`: the cosine does not wait for the warm-up to end.
        """
        warm = min(1.0, (step + 1) / 50)
        place = min(1.0, step / max(1, self.steps))
        fall = 0.5 + 0.5 * math.cos(math.pi * place)
        return self.learning_rate * warm * (0.01 + 0.99 * fall)

    def settings(self) -> dict[str, Any]:
        """Return the fields as plain values, for checkpoints and provenance."""
        return asdict(self) | {"widths": list(self.widths)}
