"""Looks into every layer of a session: observations, gradients and reconstructions."""

from collections.abc import Callable, Generator

import numpy as np

from styletune.config import SessionConfig
from styletune.engine import canvas
from styletune.engine.offline import OfflinePainter, Progress
from styletune.engine.state import Picture, Pixels
from styletune.lab.observation import Observation, observe
from styletune.networks import receptive_field_px, stride_px

SOURCES = ("content", "style")  # and the terms that compare with them


class Laboratory:
    """Observes one content and one style picture.

    Args:
        session: its first style counts, and of its controls the learning rate.
        steps: of each reconstruction; with `lbfgs` evaluations, which cost the same.

    Attributes:
        layers: the selected ones.
        pictures: content and style as they are compared, (h, w, 3) each.

    Raises:
        PictureError: a picture cannot be used.
        WeightsError: the network's weights cannot be had.
    """

    def __init__(self, session: SessionConfig, steps: int) -> None:
        # One size: what a layer keeps by itself should not be what coarser scales have left.
        self._session = session.with_overrides(painting={"init": "noise", "scales": False})
        self._table = self._session.table()
        self._offline = OfflinePainter(self._session, steps)
        self.painter = self._offline.painter
        self.layers = self.painter.layers
        style = canvas.load_style(session, session.pictures.styles[0])
        self.pictures: dict[str, Picture] = {
            "content": canvas.load_content(session),
            "style": style,
        }

    def calibrate(self) -> None:
        """Scale each term by its gradient, so that steps suit all of them."""
        self._offline.calibrate()

    def observe(self, source: str) -> dict[str, Observation]:
        """What each layer makes of the `content` or the `style` picture."""
        pixels = self.pictures[source].astype(np.float32)
        found = observe(self.painter.solver.features, pixels, self.layers)
        return {observation.layer: observation for observation in found}

    def gradient(self, layer: str) -> Pixels:
        """∂ style term of `layer` / ∂ picture at the content picture, (h, w, 3)."""
        self._apply_alone("style", layer)
        pixels = self.pictures["content"].astype(np.float32)
        _, gradient = self.painter.loss_and_gradient(pixels)
        return gradient

    def reconstruct(
        self, term: str, layer: str, should_stop: Callable[[], bool] = lambda: False
    ) -> Generator[Progress, None, None]:
        """Paint from noise by one term of one layer alone; `picture` is what has come of it.

        Args:
            term: `content` or `style`.
            should_stop: see `OfflinePainter.paint`.

        Raises:
            WorkerError: the painting diverged again and again.
        """
        self._apply_alone(term, layer)
        self.painter.trace()
        self.painter.reset()
        yield from self._offline.paint(should_stop)

    @property
    def steps_taken(self) -> int:
        """Of the last reconstruction."""
        return self._offline.steps_taken

    def picture(self) -> Picture:
        """The last reconstruction, as far as it has come, (h, w, 3)."""
        return np.clip(np.rint(self.painter.pixels()), 0, 255).astype(np.uint8)

    def _apply_alone(self, term: str, layer: str) -> None:
        """Let one term of one layer count, at its full weight, and nothing else."""
        positions = self._table.defaults()
        positions["learning_rate"] = self._session.positions()["learning_rate"]
        positions["optimizer"] = self._session.positions()["optimizer"]
        row = self._table[f"{term}.{layer}"]
        positions |= {
            row.name: row.position(1.0),
            f"{row.name}.solo": 1.0,
            "smooth": 0.0,
        }
        self.painter.apply(positions)


def field_centre(
    network: str, observation: Observation, height: int, width: int
) -> tuple[float, float]:
    """Where a feature map has its most telling peak, x and y in px of a picture of that size.

    Of the strongest maps, the one that rises highest above its mean; among the places where a whole
    receptive field fits into the picture, or the middle where none does.
    """
    stride = stride_px(network, observation.layer)
    margin = receptive_field_px(network, observation.layer) / 2
    peaks = observation.maps.max(axis=(1, 2)) / (observation.maps.mean(axis=(1, 2)) + 1e-9)
    activations = observation.maps[peaks.argmax()]
    y, x = ((np.arange(count) + 0.5) * stride for count in activations.shape)
    fits = np.outer((y >= margin) & (y <= height - margin), (x >= margin) & (x <= width - margin))
    if not fits.any():
        return width / 2, height / 2
    row, column = np.unravel_index(np.where(fits, activations, -1).argmax(), fits.shape)
    return float(x[column]), float(y[row])
