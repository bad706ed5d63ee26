"""A teacher and a configuration small enough to teach in a test."""

import numpy as np

from styletune.training.schedule import TrainingConfig
from styletune.training.student import Convolution

TEACHER_WIDTHS = (6, 6, 8, 8, 10, 10, 10, 10)
STUDENT_WIDTHS = (4, 4, 4, 4, 5, 5, 5, 5)


def small_teacher(seed: int = 0) -> list[Convolution]:
    """Random filters with VGG's skeleton, scaled so that activations neither die nor explode."""
    rng = np.random.default_rng(seed)
    channels, found = 3, []
    for width in TEACHER_WIDTHS:
        kernel = rng.standard_normal((3, 3, channels, width)) * np.sqrt(2.0 / (9 * channels))
        bias = rng.standard_normal(width) * 0.1
        found.append((kernel.astype(np.float32), bias.astype(np.float32)))
        channels = width
    return found


def small_config(**changes: object) -> TrainingConfig:
    """Two rounds of four steps on 32-pixel crops, with practice."""
    values: dict[str, object] = {
        "steps": 8,
        "seed": 3,
        "size": 32,
        "batch": 8,
        "crops": 32,
        "practised": 16,
        "passes": 1,
        "widths": STUDENT_WIDTHS,
    }
    return TrainingConfig(**(values | changes))  # type: ignore[arg-type]
