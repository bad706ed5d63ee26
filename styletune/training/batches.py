"""Teaching material: crops, and what the teacher sees in them.

A *round* is a few hundred crops, taught several times over before the next round is drawn:
the teacher's forward pass costs four times the student's step, so each answer is used more
than once. What the teacher says is kept at every fourth position of block 1 and every second
of block 2 each way, which is as many positions as block 3 has.

In: a seed and the number of the round. Out: arrays. The same seed and number give the same
crops. Runs in the teaching process; knows nothing about optimisers or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.engine.vgg import MEANS_RGB
from styletune.training.dataset import Folder, crops, teaching_picture
from styletune.training.noise import Pixels
from styletune.training.student import Array, Convolution, features

STRIDES = (4, 4, 2, 2, 1, 1, 1, 1)
"""Of the positions at which each layer is compared."""
CROPS_PER_PICTURE = 4
FOLDER_SHARE = 0.5
"""How many pictures come from one's own folder, where there is one."""
TEACHER_BATCH = 8


@dataclass(frozen=True, slots=True)
class Batch:
    """What is taught in one round.

    Attributes:
        crops: uint8 (n, size, size, 3), RGB.
        answers: the teacher's activations at the compared positions, (n, h, w, c) each.
        offsets: first compared position of each layer.
    """

    crops: Pixels
    answers: list[Array]
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


def ask_teacher(teacher: Sequence[Convolution], crops: Pixels, offsets: tuple[int, ...]) -> Batch:
    """Return the round of these crops with the teacher's answers."""
    answers: list[list[Array]] = []
    for first in range(0, len(crops), TEACHER_BATCH):
        x = ops.convert_to_tensor(preprocess(crops[first : first + TEACHER_BATCH]))
        seen = compared(features(teacher, x), offsets)
        answers.append([np.asarray(activation, dtype=np.float32) for activation in seen])
    return Batch(crops, [np.concatenate(layer) for layer in zip(*answers, strict=True)], offsets)


def draw_offsets(rng: np.random.Generator) -> tuple[int, ...]:
    """Draw where the compared positions of each layer begin: no phase is favoured."""
    return tuple(int(rng.integers(0, stride)) for stride in STRIDES)
