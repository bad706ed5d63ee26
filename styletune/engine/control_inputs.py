"""From positions of the controls to the model's inputs, and the calibration of the terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.control_values import style_shares, term_amounts, term_weights
from styletune.controls import ControlTable
from styletune.engine import model
from styletune.ipc.frame_block import Term
from styletune.terms import TERMS, blended_terms, layer_terms, picture_terms

# By term: (n,) of a layer term with n selected layers, (1,) of a picture term; raw losses, too.
Weights = Mapping[str, npt.NDArray[np.float64]]
# What each raw loss is multiplied by before its fader; likewise.
LossScales = Mapping[str, npt.NDArray[np.float32]]

REFERENCE_NOISE = 32.0  # standard deviation in pixel values: well above any texture's grain


def by_term(values: npt.NDArray[Any], layers: int) -> dict[str, npt.NDArray[Any]]:
    """Cut one vector into the terms, in the order of the table.

    >>> by_term(np.arange(5), layers=2)["smooth"]
    array([4])
    """
    ends = np.cumsum([layers if term.per_layer else 1 for term in TERMS.values()])
    return dict(zip(TERMS, np.split(values, ends[:-1]), strict=True))


def unit_scales(layers: int) -> LossScales:
    """All 1: the losses as they are."""
    return by_term(np.ones(_count(layers), np.float32), layers)


def _count(layers: int) -> int:
    return sum(layers if term.per_layer else 1 for term in TERMS.values())


def reference_picture(content: npt.NDArray[np.float32], seed: int) -> npt.NDArray[np.float32]:
    """The content picture (h, w, 3) 0..255 plus seeded noise, clipped to 0..255.

    For calibration: at the content picture itself content gradients vanish.
    """
    noise = np.random.default_rng(seed).normal(0, REFERENCE_NOISE, content.shape)
    return np.clip(content + noise, 0, 255).astype(np.float32)


def calibrate(
    layers: int, gradient_norm: Callable[[Mapping[str, npt.NDArray[np.float32]]], float]
) -> LossScales:
    """Measure the scales that make equal faders pull equally: 1 / ‖∂loss/∂picture‖ of each term.

    Raw losses of different layers differ by orders of magnitude.

    Args:
        layers: how many are selected.
        gradient_norm: ‖∂loss/∂picture‖₂ on the reference with the given weights. The painter
            takes it from its own training step, whose optimizer keeps that norm, so that
            calibrating compiles nothing further.
    """
    one_hot = np.eye(_count(layers), dtype=np.float32)
    norms = np.array([gradient_norm(by_term(row, layers)) for row in one_hot])
    # A term without a gradient (a layer that sees nothing here) keeps weight 1.
    scales = np.where(norms > 0, 1.0 / np.maximum(norms, 1e-30), 1.0).astype(np.float32)
    return by_term(scales, layers)


@dataclass(frozen=True, slots=True)
class Losses:
    """The losses after a step.

    Attributes:
        raw: by term, (n,) of the layers or (1,) of the picture, without weights.
        weighted: the same, as the optimizer sees them.
    """

    raw: Weights
    weighted: Weights

    @property
    def total(self) -> float:
        """Sum of all weighted terms."""
        return float(sum(values.sum() for values in self.weighted.values()))


class ControlInputs:
    """What the positions of all controls mean for the next steps.

    Args:
        table: of the session.
        positions: at the start.
        layers: how many are selected.

    Attributes:
        weights: the effective weights times the scales.
        batch: the model's inputs; its steps leave out terms that count nothing.
        batch_all_terms: the same, and its steps compute those terms too, for the table.
        loss_scales: of the terms; `update` comes after.
    """

    def __init__(self, table: ControlTable, positions: Mapping[str, float], layers: int) -> None:
        self.table = table
        self.positions = dict(positions)
        self.loss_scales = unit_scales(layers)
        # What has not moved is not sent to the device again: each tensor takes up to 0.1 ms.
        none = by_term(np.zeros(_count(layers)), layers)
        ones = {term: np.ones(layers) for term in blended_terms()}
        self._constants = [
            model.make_batch(none, ones, all_terms=wanted) for wanted in (False, True)
        ]
        self._on_device: dict[str, Any] = {}
        self._tensors: dict[str, Any] = {}
        self.update()

    def update(self) -> None:
        """Send to the device what the next steps use."""
        self.weights = {
            term: self.effective_weights(term) * self.loss_scales[term] for term in TERMS
        }
        inputs = {f"{term}_weights": values for term, values in self.weights.items()}
        inputs |= {f"{term}_amounts": values for term, values in self.amounts().items()}
        for name, values in inputs.items():
            if not np.array_equal(values, self._on_device.get(name, ())):
                self._on_device[name] = values
                self._tensors[name] = model.row_tensor(values)
        self.batch, self.batch_all_terms = (
            ({**inputs, **self._tensors}, zeros) for inputs, zeros in self._constants
        )

    def amounts(self) -> dict[str, npt.NDArray[np.float64]]:
        """Of each blended term, (n,): where its target lies from the content to the style."""
        return {
            term: np.array(term_amounts(self.table, self.positions, term))
            for term in blended_terms()
        }

    def make_batch(self, weights: Mapping[str, npt.ArrayLike]) -> model.Batch:
        """The model's inputs with other weights, by term; all terms are computed."""
        ones = {term: np.ones_like(amounts) for term, amounts in self.amounts().items()}
        return model.make_batch(weights, ones)

    def effective_weights(self, term: str) -> npt.NDArray[np.float64]:
        """Weights of a term without the scales, after masters, mute and solo: (n,) or (1,)."""
        return np.array(term_weights(self.table, self.positions, term))

    @property
    def terms_in_mean(self) -> int:
        """How many terms the model's loss is the mean of: the layers' ones."""
        return sum(self.weights[term].size for term in layer_terms())

    def weighted(self, raw: Weights) -> Losses:
        """Raw losses beside their weighted ones."""
        weighted = {term: raw[term] * weights for term, weights in self.weights.items()}
        for term in picture_terms():  # beside a mean: brought to the scale of the sum
            weighted[term] = weighted[term] * self.terms_in_mean
        return Losses(raw, weighted)

    def loss_rows(self, losses: Losses) -> dict[str, tuple[Term, ...]]:
        """Rows of the loss table: of each layer term, one for each layer."""
        total = losses.total or 1.0  # nothing counts: shares of 0, not of nothing
        return {
            term: tuple(
                Term(float(raw), float(weight), float(weighted), float(weighted) / total)
                for raw, weight, weighted in zip(
                    losses.raw[term],
                    self.effective_weights(term),
                    losses.weighted[term],
                    strict=True,
                )
            )
            for term in layer_terms()
        }

    def style_shares(self, styles: int) -> tuple[float, ...]:
        """The part of each of so many style pictures in the blend."""
        return style_shares(self.table, self.positions, styles)

    def value(self, control: str) -> float:
        """A fader's value in its own unit."""
        return self.table[control].value(self.positions[control])

    def choice(self, control: str) -> str:
        """The name that a choice stands at."""
        return self.table[control].choices[int(self.positions[control])]
