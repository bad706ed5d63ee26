"""Train the student to reproduce VGG-19's activations, round by round.

Everything is drawn from (seed, round): a training that is resumed at a round's beginning goes
on as if it had never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from styletune.training.batches import (
    TEACHER_BATCH,
    Batch,
    compared,
    draw_crops,
    draw_offsets,
    evaluate_teacher,
    preprocess,
)
from styletune.training.dataset import Folder
from styletune.training.initialize import initialize
from styletune.training.least_squares import Moments, metric
from styletune.training.schedule import TrainingConfig
from styletune.training.student import LAYERS, Array, Convolution, Student
from styletune.training.style_finetune import StyleFinetuning

SILENT = 1e-6
"""Share of the layer's median energy below which a channel counts as dead, not merely rare."""
FLOOR = 0.25
"""Share of the layer's mean energy added to each crop's own: dark crops count, but not all."""


class Trainer:
    """Distils a teacher into a student.

    For each of eight layers a linear map A, thrown away afterwards, leads from the student's
    activations to the teacher's; the loss is the squared error of that, relative to the
    teacher's energy. If F_teacher ≈ F·A then G_teacher ≈ Aᵀ·G·A: a student that matches its own
    Gram matrices matches the teacher's.
    Source: the linear embedding of "Collaborative Distillation for Ultra-Resolution Universal
    Style Transfer" (Wang et al. 2020, arXiv:2003.08436).
    Differs from it: activations in the teacher's own energy, not per-channel normalised, since
    Gram matrices are; maps refitted by least squares each round; a part of the crops is painted
    by the student (see `style_finetune`).

    Args:
        teacher: VGG-19's first eight convolutions.
        folder: the user's pictures, beside the procedural ones.

    Attributes:
        step: gradient steps done.
        errors: the eight relative errors ‖F·A − T‖²/‖T‖² on the last round's crops, before
            the student was trained on them.
    """

    def __init__(
        self, config: TrainingConfig, teacher: Sequence[Convolution], folder: Folder | None = None
    ) -> None:
        self.config = config
        self.step = 0
        self.errors: list[float] = [1.0] * len(LAYERS)
        self._teacher = teacher
        self._folder = folder
        channels = [kernel.shape[-1] for kernel, _ in teacher]
        shapes = [3, *config.widths]
        empty = [
            (np.zeros((3, 3, inside, out), np.float32), np.zeros(out, np.float32))
            for inside, out in pairwise(shapes)
        ]
        self.student = Student(empty, channels)
        self._optimizer = keras.optimizers.Adam(config.learning_rate, beta_2=0.99, epsilon=1e-8)
        self._optimizer.build(self.student.variables)
        self._metrics: list[Array] = []
        self._finetuning = StyleFinetuning(self.student)
        self._train: Callable[..., Any] = tf.function(self._gradient_step, reduce_retracing=True)

    def initialize(self) -> None:
        """Initialize the student from the teacher, and its maps."""
        rng = np.random.default_rng((self.config.seed, 0))
        crops = draw_crops(rng, self.config.crops, self.config.size, self._folder)
        batches = [preprocess(crops[i : i + 8]) for i in range(0, len(crops), 8)]
        started = initialize(self._teacher, batches, self.config.widths)
        self.student.load(started)
        batch = evaluate_teacher(self._teacher, crops, draw_offsets(rng))
        self._refit(batch, rng, rescale=True)

    def run_round(self, on_step: Callable[[float], None]) -> None:
        """Draw a round's crops, refit the maps, take the gradient steps.

        Args:
            on_step: called with the loss after each step.
        """
        config = self.config
        rng = np.random.default_rng((config.seed, 1 + self.step // config.steps_per_round))
        count = config.crops - config.practised
        crops = draw_crops(rng, count, config.size, self._folder)
        if config.practised:
            contents = crops[rng.choice(count, config.practised, replace=False)]
            styles = crops[rng.choice(count, config.practised, replace=False)]
            painted = self._finetuning.paint(rng, contents, styles, self._metrics)
            crops = np.concatenate([crops, painted])
        batch = evaluate_teacher(self._teacher, crops, draw_offsets(rng))
        self._refit(batch, rng)
        targets = [ops.convert_to_tensor(a) for a in batch.targets]
        energies = [np.mean(np.square(a), axis=(1, 2, 3)) * a.shape[-1] for a in batch.targets]
        shares = [
            ops.convert_to_tensor((1.0 / (e + FLOOR * e.mean())).astype(np.float32))
            for e in energies
        ]
        pictures = ops.convert_to_tensor(preprocess(batch.crops))
        offsets = ops.convert_to_tensor(np.array(batch.offsets, np.int32))
        for _ in range(config.passes):
            order = rng.permutation(config.crops)
            for first in range(0, config.crops - config.batch + 1, config.batch):
                chosen = order[first : first + config.batch]
                self._optimizer.learning_rate.assign(config.learning_rate_at(self.step))
                loss = self._train(pictures, targets, shares, offsets, chosen)
                self.step += 1
                on_step(float(loss))
                if self.step >= config.steps:
                    return

    def _refit(self, batch: Batch, rng: np.random.Generator, rescale: bool = False) -> None:
        """Fit the maps by least squares, keep the errors, renew the metrics.

        With `rescale`, bring all channels to root-mean-square 1: only before the first step,
        since Adam's moments would not follow.

        Before that, dead channels are replaced: gradient steps of a useful size kill a ReLU now
        and then, and it never comes back by itself.
        """
        moments = self._moments(batch)
        counts = [int(np.prod(target.shape[:-1])) for target in batch.targets]
        energies = self._energies(moments, counts)
        dead = [np.flatnonzero(e < SILENT * np.median(e)).tolist() for e in energies]
        if any(dead):
            for index, channels in enumerate(dead):
                self.student.reinitialize_dead(index, channels, rng)
                self._reset_moments(index, channels)
            moments = self._moments(batch)
            energies = self._energies(moments, counts)
        for index, moment in enumerate(moments):
            found = moment.linear_map()
            self.errors[index] = moment.relative_error(found)
            self.student.maps[index].assign(found)
        if rescale:
            self.student.rescale([_to_unit(energy) for energy in energies])
        self._metrics = [metric(np.asarray(found)) for found in self.student.maps]

    def _reset_moments(self, index: int, channels: Sequence[int]) -> None:
        """Give Adam the moments of the living for channels that were dead.

        Nothing came back from a dead channel, so its second moments have decayed to nothing: the
        first gradients would be taken for enormous and every weight moved in step, which sets
        all layers back by a thousand steps.
        """
        kernels, biases, maps = self.student.kernels, self.student.biases, self.student.maps
        slices: list[tuple[Any, tuple[Any, ...]]] = [
            (kernels[index], (..., channels)),
            (biases[index], (channels,)),
            (maps[index], (channels,)),
        ]
        if index + 1 < len(kernels):
            slices.append((kernels[index + 1], (slice(None), slice(None), channels)))
        places = [id(variable) for variable in self.student.variables]
        for variable, part in slices:
            place = places.index(id(variable))
            first = np.asarray(self._optimizer._momentums[place]).copy()
            second = np.asarray(self._optimizer._velocities[place]).copy()
            first[part] = 0.0
            second[part] = np.median(second)
            self._optimizer._momentums[place].assign(first)
            self._optimizer._velocities[place].assign(second)

    @staticmethod
    def _energies(moments: Sequence[Moments], counts: Sequence[int]) -> list[npt.NDArray[Any]]:
        """Return the mean square of each channel, (c,) for each layer."""
        pairs = zip(moments, counts, strict=True)
        return [np.diag(moment.ours) / count for moment, count in pairs]

    def _moments(self, batch: Batch) -> list[Moments]:
        moments = [Moments() for _ in LAYERS]
        for first in range(0, len(batch.crops), TEACHER_BATCH):
            part = slice(first, first + TEACHER_BATCH)
            x = ops.convert_to_tensor(preprocess(batch.crops[part]))
            seen = compared(self.student.features(x), batch.offsets)
            for moment, ours, theirs in zip(moments, seen, batch.targets, strict=True):
                moment.add(np.asarray(ours), theirs[part])
        return moments

    def _gradient_step(
        self,
        pictures: Any,
        targets: Sequence[Any],
        shares: Sequence[Any],
        offsets: Any,
        chosen: Any,
    ) -> Any:
        """One Adam step on the chosen crops; returns the mean relative error."""
        x = ops.take(pictures, chosen, axis=0)
        starts = [offsets[index] for index in range(len(LAYERS))]
        with tf.GradientTape() as tape:
            seen = compared(self.student.features(x), starts)
            loss = 0.0
            for ours, linear_map, target, share in zip(
                seen, self.student.maps, targets, shares, strict=True
            ):
                theirs = ops.take(target, chosen, axis=0)
                guess = ops.matmul(ours, linear_map)
                miss = ops.sum(ops.mean(ops.square(guess - theirs), axis=(1, 2)), axis=-1)
                weight = ops.take(share, chosen, axis=0)
                loss += ops.mean(miss * weight)
            loss /= len(LAYERS)
        variables = self.student.variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        self._optimizer.apply(gradients, variables)
        return loss

    def result(self) -> tuple[list[Convolution], list[Array]]:
        """Return the taught convolutions and their metrics, for preprocessed pictures.

        Each channel is scaled by the length of its row in the map: a loss without the metric
        then weighs the channels nearly as the teacher would.
        """
        lengths = [np.linalg.norm(np.asarray(m), axis=1) for m in self.student.maps]
        # A channel that the teacher has no use for must not end in a division by nothing.
        lengths = [np.maximum(length, 0.01 * length.mean()) for length in lengths]
        self.student.rescale([length.astype(np.float64) for length in lengths])
        convolutions = self.student.arrays()
        metrics = [metric(np.asarray(m)) for m in self.student.maps]
        self.student.rescale([1.0 / length.astype(np.float64) for length in lengths])
        return convolutions, metrics

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that `restore` needs, as arrays."""
        values = {f"v{i}": np.asarray(v) for i, v in enumerate(self.student.variables)}
        values |= {f"o{i}": np.asarray(v) for i, v in enumerate(self._optimizer.variables)}
        values |= {f"m{i}": m for i, m in enumerate(self._metrics)}
        return values | {"step": np.array(self.step), "errors": np.array(self.errors)}

    def restore(self, state: dict[str, npt.NDArray[Any]]) -> None:
        """Go on from a `state` of the same config."""
        for i, variable in enumerate(self.student.variables):
            variable.assign(state[f"v{i}"])
        for i, variable in enumerate(self._optimizer.variables):
            variable.assign(state[f"o{i}"])
        self._metrics = [state[f"m{i}"] for i in range(len(LAYERS))]
        self.step = int(state["step"])
        self.errors = [float(error) for error in state["errors"]]


def _to_unit(energies: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the factors that bring root-mean-squares to 1.

    At most 20 times the median: a channel that is hardly ever active must not dominate.
    """
    sizes = np.sqrt(energies)
    return np.asarray(1.0 / np.maximum(sizes, 0.05 * np.median(sizes) + 1e-9))
