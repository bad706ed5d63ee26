"""What the controls say, as numbers for the next steps: weights of all terms, learning rate.

In: positions and units. Out: the model's inputs, on the device. Knows nothing about pictures.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.controls import ControlTable, style_shares, term_weights
from styletune.engine import model

# Calibration: equal faders pull equally.
#
# Raw losses of different layers differ by orders of magnitude. Each term is therefore divided by
# the norm of its own gradient on the picture, measured once on a fixed, seeded reference: the
# content picture plus noise (at the content picture itself content gradients vanish).


REFERENCE_NOISE = 32.0  # standard deviation in pixel values: well above any texture's grain


@dataclass(frozen=True, slots=True)
class LossScales:
    """What each raw loss is multiplied by before its fader: 1 / ‖∂loss/∂picture‖.

    Attributes:
        content, style: (n,) float32, one per played layer.
        smooth: of the total variation.
    """

    content: npt.NDArray[np.float32]
    style: npt.NDArray[np.float32]
    smooth: float

    @classmethod
    def ones(cls, layers: int) -> "LossScales":
        """All 1: the losses as they are."""
        return cls(np.ones(layers, np.float32), np.ones(layers, np.float32), 1.0)


def reference_picture(content: npt.NDArray[np.float32], seed: int) -> npt.NDArray[np.float32]:
    """The content picture (h, w, 3) 0..255 plus seeded noise, clipped to 0..255."""
    noise = np.random.default_rng(seed).normal(0, REFERENCE_NOISE, content.shape)
    return np.clip(content + noise, 0, 255).astype(np.float32)


def calibrate(layers: int, gradient_norm: Callable[[npt.NDArray[np.float32]], float]) -> LossScales:
    """Measure the units, one term at a time.

    Args:
        layers: how many are played: n.
        gradient_norm: ‖∂loss/∂picture‖₂ on the reference with the given weights (2n + 1,):
            content, style, smooth. The painter takes it from its own training step, whose
            optimizer keeps that norm, so that calibrating compiles nothing further.
    """
    norms = np.array([gradient_norm(hot) for hot in np.eye(2 * layers + 1, dtype=np.float32)])
    # A term without a gradient (a layer that sees nothing here) keeps weight 1.
    units = np.where(norms > 0, 1.0 / np.maximum(norms, 1e-30), 1.0).astype(np.float32)
    return LossScales(units[:layers], units[layers:-1], float(units[-1]))


Weights = npt.NDArray[np.float64]  # (n,), one per played layer


class ControlInputs:
    """The positions of all controls, heard.

    Args:
        table: of the session.
        positions: at the start.
        layers: how many are played.

    Attributes:
        content, style: (n,): the faders' weights times the units.
        smooth: likewise.
        data: the model's inputs; its steps leave out terms that count nothing.
        listening: the same, and its steps hear those terms too, for the table.
        units: what raw losses are multiplied by before their faders; `feed` comes after.
    """

    def __init__(self, table: ControlTable, positions: Mapping[str, float], layers: int) -> None:
        self.table = table
        self.positions = dict(positions)
        self.loss_scales = LossScales.ones(layers)
        # What no hand has moved is not laid there again: each tensor takes up to 0.1 ms.
        none = np.zeros(layers)
        self._constants = [
            model.make_batch(none, none, 0.0, all_terms=all_terms) for all_terms in (False, True)
        ]
        self._on_device: dict[str, Any] = {}
        self._weights: dict[str, Any] = {}
        self.update()

    def update(self) -> None:
        """Lay what the next steps use on the device."""
        self.content = self.effective_weights("content") * self.loss_scales.content
        self.style = self.effective_weights("style") * self.loss_scales.style
        self.smooth = self.value("smooth") * self.loss_scales.smooth
        for name, values in (
            ("content_weights", self.content),
            ("style_weights", self.style),
            ("smooth_weight", self.smooth),
        ):
            if not np.array_equal(values, self._on_device.get(name, ())):
                self._on_device[name], self._weights[name] = values, model.row_tensor(values)
        self.batch, self.batch_all_terms = (
            ({**x, **self._weights}, zeros) for x, zeros in self._constants
        )

    def effective_weights(self, term: str) -> Weights:
        """Weights of the `term` (content or style) as heard, without the units: (n,)."""
        return np.array(term_weights(self.table, self.positions, term))

    def style_shares(self, styles: int) -> tuple[float, ...]:
        """The part of each of so many style pictures in the blend."""
        return style_shares(self.table, self.positions, styles)

    def value(self, control: str) -> float:
        """A fader's value in its own unit."""
        return self.table[control].value(self.positions[control])

    def choice(self, control: str) -> str:
        """What a choice stands at."""
        return self.table[control].choices[int(self.positions[control])]
