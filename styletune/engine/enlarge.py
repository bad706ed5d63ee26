"""Paints a performance larger: its own pictures give what is large, finer strokes are painted in.

A painting of twice the size that is given the same moves becomes another painting: strokes have
the size of pixels, and a picture that is optimised is chaotic. So what the performance painted
is kept up to its own resolution, and only what is finer is painted anew, by the same desk.
"""

from collections.abc import Mapping

import numpy as np
from PIL import Image

from styletune.engine.canvas import Canvas
from styletune.engine.moment import Moment
from styletune.engine.painter import DivergedError, Painter
from styletune.engine.state import Picture, Pixels, resample

FIRST_STEPS = 20  # of detail, where there is none yet


class Enlarger:
    """The larger painting that follows a performance.

    Args:
        size_px: its longer edge.
        steps: of detail for each picture.
    """

    def __init__(self, size_px: int, steps: int) -> None:
        self._size_px, self._steps = size_px, steps
        self._painter: Painter | None = None
        self._canvas: Canvas | None = None
        self._positions: Mapping[str, float] = {}
        self._detailed = False

    @property
    def detail(self) -> Pixels | None:
        """The larger painting as it stands, for files; None before the first."""
        return None if self._painter is None else self._painter.pixels()

    def paint(
        self, moment: Moment, steps: int | None = None, detail: Pixels | None = None
    ) -> Picture:
        """The larger picture of a moment, (h, w, 3) uint8.

        Args:
            steps: of detail; None: as usual.
            detail: where an earlier process stood.
        """
        painter = self._follow(moment)
        if detail is not None and detail.shape == (painter.height, painter.width, 3):
            painter.paint_from(detail)
            self._detailed = True
        steps = self._steps if steps is None else steps
        shown = moment.painter.shown_pixels()
        painter.paint_from(combine(shown, painter.pixels() if self._detailed else None, painter))
        try:
            painter.run(steps if self._detailed else max(steps, FIRST_STEPS))
        except DivergedError:  # a picture without detail is a picture, too
            painter.paint_from(combine(shown, None, painter))
        self._detailed = True
        return painter.picture()

    def _follow(self, moment: Moment) -> Painter:
        """The larger painter, with the pictures and the desk of the moment."""
        positions = {**moment.positions, "average": 0.0}  # the small one's is what is enlarged
        painter, canvas, paths = self._painter, self._canvas, moment.canvas.paths
        if painter is None or canvas is None or paths[0] != canvas.paths[0]:
            self._canvas = moment.canvas.with_size(self._size_px, positions)
            self._canvas.check_memory()
            self._painter = painter = self._canvas.build_painter()
            self._detailed = False
            if painter.session.painting.calibrate:
                painter.apply(positions)
                painter.calibrate()
        elif paths != canvas.paths:
            wanted = moment.canvas.with_size(self._size_px, positions)
            canvas.sync_from(painter, wanted, positions)
        else:
            canvas.rescale_styles(painter, positions)
        if positions != self._positions:
            self._positions = positions
            painter.apply(positions)
        return painter


def combine(small: Pixels, large: Pixels | None, painter: Painter) -> Pixels:
    """The small picture, made large, with what the large one has beyond its resolution.

    Args:
        small: (h, w, 3) float32 0..255.
        large: (H, W, 3), or None.
        painter: of the large size.
    """
    height, width = small.shape[:2]

    def enlarged(pixels: Pixels) -> Pixels:
        return resample(pixels, painter.height, painter.width, Image.Resampling.BICUBIC)

    picture = enlarged(small)
    if large is not None:
        picture = picture + large
        picture -= enlarged(resample(large, height, width, Image.Resampling.LANCZOS))
    return np.clip(picture, 0, 255).astype(np.float32)
