"""Initial weights of the student, from the teacher by channel selection and least squares.

Seconds of linear algebra instead of an hour of gradient steps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from keras import ops

from styletune.training.least_squares import Matrix, solve_ridge
from styletune.training.student import POOLED_BEFORE, Array, Convolution

RIDGE = 1e-4
"""Share of the mean energy added to the diagonal: keeps kernels small where data says little."""


def select_channels(second_moment: Matrix, count: int) -> list[int]:
    """Choose `count` channels greedily, each the one that explains most of what is left.

    Args:
        second_moment: FᵀF (c, c) of the activations.
        count: 1..c.

    Source: column-pivoted Cholesky with the energy criterion ‖R_j‖²/R_jj
    (Farahat, Ghodsi, Kamel 2011, "An efficient greedy method for unsupervised feature
    selection").
    """
    rest = second_moment.copy()
    total = float(np.trace(second_moment))
    chosen: list[int] = []
    for _ in range(count):
        energy = np.diag(rest).copy()
        gain = (rest**2).sum(axis=0) / np.maximum(energy, 1e-9 * total)
        gain[energy < 1e-9 * total] = 0.0
        gain[chosen] = -1.0
        best = int(np.argmax(gain))
        chosen.append(best)
        if energy[best] > 0.0:
            rest -= np.outer(rest[:, best], rest[best]) / energy[best]
    return chosen


def initialize(
    teacher: Sequence[Convolution], batches: Sequence[Array], widths: Sequence[int]
) -> list[Convolution]:
    """Return the student's convolutions, in the teacher's own scale.

    Layer by layer: select the teacher's channels that explain the others best, then fit the
    student's kernel so that it gives these channels from its own, already compressed, input.

    Args:
        teacher: kernels and biases of its eight layers.
        batches: preprocessed crops (n, h, w, 3) each, a hundred crops or more altogether.
        widths: channels of the student's layers, at most the teacher's.
    """
    inputs: list[Any] = [ops.convert_to_tensor(batch) for batch in batches]
    student = list(inputs)
    found: list[Convolution] = []
    for index, ((kernel, bias), width) in enumerate(zip(teacher, widths, strict=True)):
        if index in POOLED_BEFORE:
            inputs = [ops.max_pool(x, 2, strides=2) for x in inputs]
            student = [ops.max_pool(x, 2, strides=2) for x in student]
        sums = [ops.conv(x, kernel, padding="same") + bias for x in inputs]
        inputs = [ops.relu(x) for x in sums]
        chosen = select_channels(_second_moment(inputs), width)
        if index == 0:
            # Both see the same picture: the chosen filters are exact.
            ours = (kernel[..., chosen], bias[chosen])
        else:
            wanted = [ops.take(x, np.array(chosen), axis=-1) for x in sums]
            ours = fit_convolution(zip(student, wanted, strict=True))
        found.append(ours)
        student = [ops.relu(ops.conv(x, ours[0], padding="same") + ours[1]) for x in student]
    return found


def fit_convolution(examples: Iterable[tuple[Any, Any]]) -> Convolution:
    """Fit kernel and bias so that a 3×3 convolution of x (n, h, w, c) gives y (n, h, w, k)."""
    moment: Any = 0.0
    target: Any = 0.0
    width_in = 0
    for x, y in examples:
        height, width, width_in = (int(size) for size in x.shape[1:])
        # The nine shifted views of the interior; the border's zero padding is left out.
        views = [
            x[:, dy : height - 2 + dy, dx : width - 2 + dx] for dy in range(3) for dx in range(3)
        ]
        # A third of the positions each way says as much at a ninth of the cost in the wide
        # upper layers; the lower resolution layers are taken whole.
        stride = 3 if height > 64 else 2 if height > 32 else 1
        rows = [np.asarray(view[:, ::stride, ::stride]).reshape(-1, width_in) for view in views]
        patches = np.concatenate([*rows, np.ones((len(rows[0]), 1), np.float32)], axis=1)
        values = np.asarray(y[:, 1:-1:stride, 1:-1:stride]).reshape(len(patches), -1)
        moment = moment + (patches.T @ patches).astype(np.float64)
        target = target + (patches.T @ values).astype(np.float64)
    solution = solve_ridge(moment, target, RIDGE)
    kernel = solution[:-1].reshape(3, 3, width_in, -1)
    return kernel.astype(np.float32), solution[-1].astype(np.float32)


def _second_moment(batches: Iterable[Any]) -> Matrix:
    total: Any = 0.0
    for batch in batches:
        flat = ops.reshape(batch, (-1, batch.shape[-1]))
        total = total + np.asarray(ops.matmul(ops.transpose(flat), flat), dtype=np.float64)
    return np.asarray(total)
