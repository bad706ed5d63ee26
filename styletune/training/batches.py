"""Training batches: seeded crops with the teacher's activations as targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.engine.weights import MEANS_RGB
from styletune.training.dataset import Folder, crops, teaching_picture
from styletune.training.noise import Pixels
from styletune.training.student import Array, Convolution, features

STRIDES = (4, 4, 2, 2, 1, 1, 1, 1)
"""Between compared positions of each layer: all layers then have as many as block 3."""
CROPS_PER_PICTURE = 4
FOLDER_SHARE = 0.5
"""How many pictures come from one's own folder, where there is one."""
TEACHER_BATCH = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """The crops of one round, used several times over.

    The teacher's forward pass costs four times the student's step.

    Attributes:
        crops: uint8 (n, size, size, 3), RGB.
        targets: the teacher's activations at the compared positions, (n, h, w, c) each.
        offsets: first compared position of each layer.
    """

    crops: Pixels
    targets: list[Array]
    offsets: tuple[int, ...]


def preprocess(crops: npt.NDArray[Any]) -> Array:
    """Turn RGB 0..255 (n, h, w, 3) into what VGG-19 takes: BGR less ImageNet's means."""
    centred = np.asarray(crops, np.float32) - np.asarray(MEANS_RGB, np.float32)
    return np.ascontiguousarray(centred[..., ::-1])


def draw_crops(rng: np.random.Generator, count: int, size: int, folder: Folder | None) -> Pixels:
    """Return crops uint8 (count, size, size, 3), procedural and from the folder."""
    found: list[Pixels] = []
    while len(found) < count:
        if folder is not None and rng.random() < FOLDER_SHARE:
            picture = folder.cut(rng, 2 * size)
        else:
            picture = teaching_picture(rng, 2 * size)
        found.extend(crops(rng, picture, size, CROPS_PER_PICTURE))
    return np.stack(found[:count])


def compared(activations: Sequence[Any], offsets: Sequence[int]) -> list[Any]:
    """Return the activations (n, h, w, c) at the compared positions."""
    return [
        activation[:, offset::stride, offset::stride]
        for activation, offset, stride in zip(activations, offsets, STRIDES, strict=True)
    ]


def evaluate_teacher(
    teacher: Sequence[Convolution], crops: Pixels, offsets: tuple[int, ...]
) -> Batch:
    """Return these crops with the teacher's activations as targets."""
    targets: list[list[Array]] = []
    for first in range(0, len(crops), TEACHER_BATCH):
        x = ops.convert_to_tensor(preprocess(crops[first : first + TEACHER_BATCH]))
        seen = compared(features(teacher, x), offsets)
        targets.append([np.asarray(activation, dtype=np.float32) for activation in seen])
    return Batch(crops, [np.concatenate(layer) for layer in zip(*targets, strict=True)], offsets)


def draw_offsets(rng: np.random.Generator) -> tuple[int, ...]:
    """Draw where the compared positions of each layer begin: no phase is favoured."""
    return tuple(int(rng.integers(0, stride)) for stride in STRIDES)
