"""Teaches the network of a look: each step a few crops, each with the desk somewhere else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from keras import ops

from styletune.config import SessionConfig
from styletune.engine.painter import Painter
from styletune.looks.desk import SHARED_STATISTICS, desk_values
from styletune.looks.network import Widths, look_network
from styletune.training.dataset import Folder
from styletune.training.looks.contents import Contents
from styletune.training.looks.desks import DeskRange
from styletune.training.looks.losses import DeskLoss, LossScales

Pixels = npt.NDArray[Any]

_WARM_UP_STEPS = 50
_LARGE_FROM, _ALL_FROM = 0.6, 0.3  # of the whole training: large crops, the whole desk
_LAST_RATE = 0.02  # of the learning rate, at the end
# A step is bad from a loss so many times the usual one: the weights are on their way out.
_EXPLODED = 20.0
_MOST_PASSED_OVER = 10  # steps one after the other
# The same picture, moved by up to so many pixels and with noise, is to be painted the same.
_SHIFT_PX, _NOISE = 6, 6.0
_STEADY_EVERY = 3
_UNSTEADY = 24.0  # difference in pixel values that counts as much as a whole style loss


@dataclass(frozen=True, slots=True)
class LookConfig:
    """All that decides the outcome beside session, styles and one's own contents.

    Attributes:
        seed: of all that is drawn.
        sizes: edge of the crops, px, at first and later: small ones teach as much in less time,
            large ones have room for large strokes.
        batch: crops a step.
        steadiness: weight of the loss that keeps films from flickering; 0 leaves it out.
        spread: of the desk, see `DeskRange`.
    """

    seed: int = 0
    sizes: tuple[int, int] = (128, 192)
    batch: int = 2
    learning_rate: float = 2e-3
    steadiness: float = 1.0
    spread: float = 1.0
    widths: Widths = field(default_factory=Widths)

    def settings(self) -> dict[str, Any]:
        """The fields as plain values, for checkpoints and for the look's file."""
        return asdict(self)


class TrainingDivergedError(Exception):
    """A loss that is not finite, or far above the usual one."""


class LookTrainer:
    """A network that is being taught.

    Args:
        session: network, layers and the law of the faders; its positions are the middle.
        styles: one to four pictures (h, w, 3) uint8 at the size of their strokes.
        folder: content pictures of one's own, or None.
        network: to go on with, of the same desk; None: a new one.

    Attributes:
        step: steps taken.
        loss, style: averages of the last steps' losses; the second is the part of the style
            loss that is left, 1 at the content picture.
    """

    def __init__(
        self,
        config: LookConfig,
        session: SessionConfig,
        styles: Sequence[Pixels],
        folder: Folder | None = None,
        network: keras.Model | None = None,
        step: int = 0,
    ) -> None:
        keras.utils.set_random_seed(config.seed)
        self.config, self.session = config, session
        self._styles = len(styles)
        self._table = session.table()
        self._range = DeskRange(self._table, session.positions(), self._styles, config.spread)
        self.contents = Contents(config.seed, folder, step)
        self.scales = measure_scales(session, styles, self.contents.first(4, config.sizes[-1]))
        self._loss = DeskLoss(session, styles, config.sizes[-1], self.scales)
        layers = session.network.selected_layers
        self.network = network or look_network(len(layers), self._styles, config.widths)
        self._optimizer = keras.optimizers.Adam(config.learning_rate, global_clipnorm=1.0)
        self._optimizer.build(self.network.trainable_variables)
        self._compiled = tf.function(self._gradient_step)
        self.step = step
        self.rate_factor = 1.0
        self._passed_over = 0  # steps one after the other whose gradient was not finite
        self.loss = self.style = math.nan

    def close(self) -> None:
        """End the thread that draws pictures."""
        self.contents.close()

    def take_step(self, progress: float) -> None:
        """Take one step.

        Args:
            progress: of the whole training, 0..1: the crops grow, the desk moves farther, and
                the steps become smaller.

        Raises:
            TrainingDivergedError: the weights may be of no use any more.
        """
        config = self.config
        rng = np.random.default_rng((config.seed, self.step))
        size = config.sizes[progress >= _LARGE_FROM]
        crops = self.contents.draw(rng, self.step, config.batch, size)
        variety = min(1.0, progress / _ALL_FROM)
        desks = [
            desk_values(self._table, self._range.draw(rng, variety), self._styles)
            for _ in range(config.batch)
        ]
        desk = {name: np.stack([values[name] for values in desks]) for name in desks[0]}
        steady = bool(config.steadiness) and self.step % _STEADY_EVERY == 0
        offset = rng.integers(0, 2 * _SHIFT_PX + 1, 2)
        self._optimizer.learning_rate.assign(self._rate(progress))
        loss, style, finite = self._compiled(
            tf.constant(crops), {k: tf.constant(v) for k, v in desk.items()},
            tf.constant(offset, tf.int32), steady=steady,
        )  # fmt: skip
        loss, style = float(loss), float(style)
        usual = loss if math.isnan(self.loss) else self.loss
        if not math.isfinite(loss) or loss > _EXPLODED * max(usual, 0.05):
            raise TrainingDivergedError(f"loss {loss:.3g} at step {self.step}, usually {usual:.3g}")
        self._passed_over = 0 if finite else self._passed_over + 1
        if self._passed_over == _MOST_PASSED_OVER:
            raise TrainingDivergedError(f"gradients that are not finite at step {self.step}")
        self.step += 1
        keep = min(0.98, 1 - 1 / self.step)
        self.loss = loss if math.isnan(self.loss) else keep * self.loss + (1 - keep) * loss
        self.style = style if math.isnan(self.style) else keep * self.style + (1 - keep) * style

    def _rate(self, progress: float) -> float:
        """Half a cosine, after a short warm-up."""
        warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        fall = 0.5 + 0.5 * math.cos(math.pi * min(1.0, progress))
        rate = self.config.learning_rate * self.rate_factor
        return rate * warm * (_LAST_RATE + (1 - _LAST_RATE) * fall)

    def _gradient_step(self, crops: Any, desk: Any, offset: Any, *, steady: bool) -> Any:
        contents = ops.cast(crops, "float32")
        pictures, desks = contents, dict(desk)
        if steady:
            pictures = ops.concatenate([contents, self._moved(contents[:1], offset)])
            desks = {name: ops.concatenate([value, value[:1]]) for name, value in desk.items()}
        desks[SHARED_STATISTICS] = ops.zeros((len(pictures), 1))
        with tf.GradientTape() as tape:
            painted = self.network({"picture": pictures, **desks}, training=True)
            losses, styles = self._loss(painted[: len(crops)], contents, desk)
            loss = ops.mean(losses)
            if steady:
                loss += self.config.steadiness * self._unsteadiness(painted, offset)
        variables = self.network.trainable_variables
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        # Behind ten normalisations one can overflow where the loss is as usual.
        finite = tf.math.is_finite(tf.linalg.global_norm(gradients))
        gradients = [tf.where(finite, gradient, 0.0) for gradient in gradients]
        self._optimizer.apply(gradients, variables)
        return loss, ops.mean(styles), finite

    def _moved(self, picture: Any, offset: Any) -> Any:
        """The picture seen `offset` − `_SHIFT_PX` px further, with noise."""
        edge = (_SHIFT_PX, _SHIFT_PX)
        wide = ops.pad(picture, ((0, 0), edge, edge, (0, 0)), mode="reflect")
        moved = ops.slice(wide, (0, offset[0], offset[1], 0), picture.shape)
        return moved + tf.random.normal(picture.shape, 0.0, _NOISE)

    def _unsteadiness(self, painted: Any, offset: Any) -> Any:
        """Mean square between the first picture and its moved one, where both show the same."""
        size = painted.shape[1] - 4 * _SHIFT_PX
        shape = (1, size, size, 3)
        still = ops.slice(painted[:1], (0, 2 * _SHIFT_PX, 2 * _SHIFT_PX, 0), shape)
        begin = 3 * _SHIFT_PX - offset
        moved = ops.slice(painted[-1:], (0, begin[0], begin[1], 0), shape)
        return ops.mean(ops.square((still - moved) / _UNSTEADY))

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """All that `restore` needs, as arrays.

        Raises:
            TrainingDivergedError: a weight is not finite; behind a rectifier no loss shows it.
        """
        values = {f"v{i}": np.asarray(v) for i, v in enumerate(self.network.variables)}
        if not all(np.isfinite(value).all() for value in values.values()):
            raise TrainingDivergedError(f"weights that are not finite at step {self.step}")
        values |= {f"o{i}": np.asarray(v) for i, v in enumerate(self._optimizer.variables)}
        numbers = {"loss": self.loss, "style": self.style, "rate_factor": self.rate_factor}
        return values | {name: np.array(number) for name, number in numbers.items()}

    def restore(self, state: dict[str, npt.NDArray[Any]]) -> None:
        """Go on from a `state` of the same config; `step` is given when the trainer is made."""
        for i, variable in enumerate(self.network.variables):
            variable.assign(state[f"v{i}"])
        for i, variable in enumerate(self._optimizer.variables):
            variable.assign(state[f"o{i}"])
        self.loss, self.style = float(state["loss"]), float(state["style"])
        self.rate_factor = float(state["rate_factor"])

    def paint(self, picture: Pixels, positions: dict[str, float]) -> Pixels:
        """A picture (h, w, 3) uint8, edges multiples of 4, as the network shows it now."""
        desk = desk_values(self._table, positions, self._styles)
        inputs: dict[str, Pixels] = {name: values[None] for name, values in desk.items()}
        inputs |= {"picture": picture[None].astype(np.float32), SHARED_STATISTICS: np.zeros((1, 1))}
        painted = self.network(inputs)
        return np.asarray(ops.clip(painted[0], 0, 255), np.uint8)


def measure_scales(
    session: SessionConfig, styles: Sequence[Pixels], contents: Pixels
) -> LossScales:
    """What makes equal faders pull equally: the painter's own, in the mean over contents."""
    painter = Painter(session, contents[0], [styles[0]])
    logs: dict[str, list[npt.NDArray[Any]]] = {}
    for number, content in enumerate(contents):
        painter.set_content(content)
        painter.set_style(0, styles[number % len(styles)])
        painter.calibrate()
        for term, scales in painter.loss_scales.items():
            logs.setdefault(term, []).append(np.log(scales))
    return {term: np.exp(np.mean(rows, axis=0)) for term, rows in logs.items()}
