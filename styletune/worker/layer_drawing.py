"""What a layer sees, drawn beside the painting for who watches: begun between two epochs."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from styletune.engine.painter import Painter
from styletune.engine.state import Pixels
from styletune.engine.vgg import FeatureExtractor
from styletune.ipc.commands import MAX_LAYER_BYTES, LayerDrawn
from styletune.lab import figures
from styletune.lab.observation import Observation, observe

_log = logging.getLogger(__name__)


class LayerDrawing:
    """Draws in a thread of its own, one layer at a time; of requests the newest counts.

    Args:
        send: takes what is drawn, in the painting's thread.
    """

    def __init__(self, send: Callable[[LayerDrawn], None]) -> None:
        self._send = send
        self._requested = ""
        self._drawing: Future[LayerDrawn] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="layer")
        # What the drawing thread keeps: observations of this style by these features, by layer.
        self._style: Pixels | None = None
        self._features: FeatureExtractor | None = None
        self._observed: dict[str, Observation] = {}

    def request(self, layer: str) -> None:
        """Draw this layer next."""
        self._requested = layer

    def poll(self, painter: Painter) -> None:
        """Send what has been drawn, and begin with what is requested; takes no time."""
        if self._drawing is not None and self._drawing.done():
            self._send(self._drawing.result())
            self._drawing = None
        if not self._requested or self._drawing is not None:
            return
        layer, self._requested = self._requested, ""
        if layer in painter.layers:
            self._drawing = self._thread.submit(
                self._draw, layer, painter.solver.features, painter.pixels(), painter.main_style
            )

    def _draw(
        self, layer: str, features: FeatureExtractor, painting: Pixels, style: Pixels
    ) -> LayerDrawn:
        try:
            (now,) = observe(features, painting, [layer])
            beside = self._observe_style(layer, features, style)
            drawn = figures.draw_live((now.maps, beside.maps), (now.gram, beside.gram))
            return LayerDrawn(layer, figures.as_webp(drawn, MAX_LAYER_BYTES))
        except Exception:  # such as a lack of memory: the painting goes on without
            _log.exception("what %s sees could not be drawn", layer)
            return LayerDrawn(layer, b"")

    def _observe_style(self, layer: str, features: FeatureExtractor, style: Pixels) -> Observation:
        """The style's observation, which seldom changes: kept while it is the same picture."""
        if self._style is not style or self._features is not features:
            self._style, self._features, self._observed = style, features, {}
        if layer not in self._observed:
            (self._observed[layer],) = observe(features, style, [layer])
        return self._observed[layer]
