"""Calibration: equal faders pull equally.

Raw losses of different layers differ by orders of magnitude. Each term is therefore divided by
the norm of its own gradient on the picture, measured once on a fixed, seeded reference: the
content picture plus noise (at the content picture itself content gradients vanish).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

REFERENCE_NOISE = 32.0  # standard deviation in pixel values: well above any texture's grain


@dataclass(frozen=True, slots=True)
class Units:
    """What each raw loss is multiplied by before its fader: 1 / ‖∂loss/∂picture‖.

    Attributes:
        content, style: (n,) float32, one per played layer.
        smooth: of the total variation.
    """

    content: npt.NDArray[np.float32]
    style: npt.NDArray[np.float32]
    smooth: float

    @classmethod
    def plain(cls, layers: int) -> "Units":
        """All 1: the losses as they are."""
        return cls(np.ones(layers, np.float32), np.ones(layers, np.float32), 1.0)


def reference_picture(content: npt.NDArray[np.float32], seed: int) -> npt.NDArray[np.float32]:
    """The content picture (h, w, 3) 0..255 plus seeded noise, clipped to 0..255."""
    noise = np.random.default_rng(seed).normal(0, REFERENCE_NOISE, content.shape)
    return np.clip(content + noise, 0, 255).astype(np.float32)


def measure(layers: int, gradient_norm: Callable[[npt.NDArray[np.float32]], float]) -> Units:
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
    return Units(units[:layers], units[layers:-1], float(units[-1]))
