"""Procedures that others have published, to the letter, on the painter's own model."""

from collections.abc import Callable, Collection, Generator

import numpy as np

from styletune.config import SessionConfig
from styletune.engine.canvas import Canvas
from styletune.engine.painter import Painter
from styletune.engine.state import Picture

STEP_LENGTH = 100.0  # ‖x' − x‖₂ of each step, in pixel values


def gradient_descent_2017(session: SessionConfig, layer: str) -> SessionConfig:
    """The session's pictures, network and device with all else as the recipe has it."""
    plain = session.model_copy(update={"controls": {}}).with_overrides(
        network={"layers": (layer,), "padding": "zero", "pooling": "max"},
        optimizer={"name": "gd"},
        painting={
            "init": "content",
            "calibrate": False,
            "faders": "linear",
            "centering": 0.0,
            "scales": False,
            "clamp": False,
        },
    )
    return plain.with_overrides(
        controls={"smooth": 0.0, f"content.{layer}": 0.0, f"style.{layer}": 1.0}
    )


class GradientDescent2017:
    """Plain gradient descent on the Gram matrix of one layer, from the content picture.

    With X (N, M) the layer's features at N positions in M channels, and A the Gram matrix of
    the style picture:

        G = XᵀX / (N·M)
        loss = Σ (G − A)² / M²
        x ← x − 100·g / ‖g‖₂, g = ∂loss/∂x

    The network is VGG-19 as Keras has it: zeros around the picture, maxima pooled. Pixels may
    leave 0..255; they are cut only where they are shown.
    Source: "Neural Style Transfer" with Keras and gradient descent, 2017.

    Args:
        painter: of a session that `gradient_descent_2017` made.

    Attributes:
        steps_taken: so far.
    """

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self.steps_taken = 0
        # The rule `gd` takes steps of lr/4·√values·g/‖g‖₂.
        rate = 4 * STEP_LENGTH / np.sqrt(painter.height * painter.width * 3)
        painter.set_lr_factor(rate / painter.inputs.value("learning_rate"))

    @classmethod
    def of(cls, session: SessionConfig) -> "GradientDescent2017":
        """Its painting of a session's pictures.

        Raises:
            PictureError, WeightsError: as of `Painter`.
        """
        return cls(Canvas(session, session.positions(), session.pictures.size).build_painter())

    def paint(
        self, should_stop: Callable[[], bool], stops: Collection[int]
    ) -> Generator[None, None, None]:
        """Take steps up to the last of `stops`, and yield at each; see `OfflinePainter.paint`."""
        for stop in sorted(stops):
            # Without looking for divergence, which would halve the steps.
            self.steps_taken += self.painter.step(
                stop - self.steps_taken, lambda _: should_stop(), all_terms=False
            )
            yield

    def picture(self) -> Picture:
        """What is painted, (h, w, 3) uint8."""
        return np.clip(np.rint(self.painter.pixels()), 0, 255).astype(np.uint8)
