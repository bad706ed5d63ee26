"""Runs a look: by ONNX Runtime where it is installed, else by Keras. Pictures in, pictures out."""

import importlib.util
import math
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from styletune.controls import ControlTable
from styletune.errors import LookError, PictureError
from styletune.looks.desk import SHARED_STATISTICS, Desk, desk_values
from styletune.looks.file import Look

Picture = npt.NDArray[np.uint8]
# The network's inputs, each with one row a picture, to its output.
_Run = Callable[[Mapping[str, npt.NDArray[np.float32]]], npt.NDArray[np.float32]]

MIN_EDGE_PX = 16
# A picture of more is painted in parts: a megapixel takes about 200 MB.
MAX_PIXELS_AT_ONCE = 4_000_000
_STRIDE = 4  # pixels of the picture between two positions where it is coarsest
# Parts overlap by twice as much: what one position at a quarter of the size sees.
_MARGIN_PX = 96


def choose_backend(name: str) -> str:
    """`onnx` or `keras`: the name itself, or for `auto` the first where it is installed."""
    if name != "auto":
        return name
    return "onnx" if importlib.util.find_spec("onnxruntime") else "keras"


class LookRunner:
    """A look, ready to paint.

    Args:
        backend: `onnx`, `keras`, or `auto` for the first where it is installed.
        threads: of ONNX Runtime, at most; None: as many as there are cores.

    Attributes:
        label: what runs it, for people.

    Raises:
        LookError: the backend is not installed, or cannot run the network.
    """

    def __init__(
        self,
        look: Look,
        backend: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.look = look
        make = {"onnx": _onnx, "keras": _keras}[choose_backend(backend)]
        self.label, self._run = make(look, threads)

    def paint(self, picture: Picture, desk: Desk, max_pixels: int = MAX_PIXELS_AT_ONCE) -> Picture:
        """Paint a picture.

        Args:
            picture: (h, w, 3) uint8 RGB, both edges at least 16 px.
            desk: see `desk_values`.
            max_pixels: a larger picture is painted in parts, whose borders do not show.

        Returns:
            (h, w, 3) uint8.

        Raises:
            PictureError: too small.
        """
        height, width = picture.shape[:2]
        if min(height, width) < MIN_EDGE_PX:
            raise PictureError(
                f"a look paints pictures of at least {MIN_EDGE_PX} × {MIN_EDGE_PX} px; "
                f"received {width} × {height}"
            )
        # Parts, too, begin at multiples of the stride: what it leaves of a grid does not shift.
        more = [(0, -size % _STRIDE) for size in (height, width)]
        padded = np.pad(picture, [*more, (0, 0)], mode="symmetric")
        if height * width <= max_pixels:
            painted: Picture = self._paint_whole(padded[None], desk)[0]
        else:
            painted = self._paint_parts(padded, desk, max_pixels)
        return painted[:height, :width]

    def paint_at(
        self, picture: Picture, table: ControlTable, positions: Mapping[str, float]
    ) -> Picture:
        """Paint a picture as the desk stands; see `paint`."""
        return self.paint(picture, desk_values(table, positions, len(self.look.info.styles)))

    def _paint_whole(self, pictures: Picture, desk: Desk, *, shared: bool = False) -> Picture:
        """(n, h, w, 3), edges multiples of the stride."""
        count = len(pictures)
        inputs = {name: np.tile(values, (count, 1)) for name, values in desk.items()}
        inputs[SHARED_STATISTICS] = np.full((count, 1), float(shared), np.float32)
        painted = self._run({"picture": pictures.astype(np.float32), **inputs})
        return np.asarray(np.clip(painted + 0.5, 0, 255), np.uint8)

    def _paint_parts(self, picture: Picture, desk: Desk, max_pixels: int) -> Picture:
        """In parts that overlap; the whole, made as small as a part, lends its statistics."""
        height, width = picture.shape[:2]
        # Two pictures at a time: the part and the whole.
        edge = int(math.sqrt(max_pixels / 2)) // _STRIDE * _STRIDE
        part = (min(edge, height), min(edge, width))
        whole = np.asarray(Image.fromarray(picture).resize(part[::-1], Image.Resampling.LANCZOS))
        painted = np.zeros(picture.shape, np.float32)
        total = np.zeros((height, width, 1), np.float32)
        mask = np.outer(_ramp(part[0]), _ramp(part[1]))[:, :, None].astype(np.float32)
        for y in _starts(height, part[0]):
            for x in _starts(width, part[1]):
                place = (slice(y, y + part[0]), slice(x, x + part[1]))
                pair = np.stack([whole, picture[place]])
                painted[place] += mask * self._paint_whole(pair, desk, shared=True)[1]
                total[place] += mask
        painted /= total
        painted += 0.5
        return painted.astype(np.uint8)


def _starts(size: int, part: int) -> list[int]:
    """Where parts begin that overlap by at least twice the margin and end at `size`."""
    step = max(part - 2 * _MARGIN_PX, _STRIDE)
    count = max(0, math.ceil((size - part) / step)) + 1
    return [min(index * step, size - part) for index in range(count)]


def _ramp(size: int) -> npt.NDArray[np.float64]:
    """From little at both ends to 1, over the overlap."""
    distance = np.minimum(np.arange(size) + 1, np.arange(size, 0, -1))
    return np.clip(distance / (2 * _MARGIN_PX), 1e-3, 1.0)


def _onnx(look: Look, threads: int | None) -> tuple[str, _Run]:
    try:
        import onnxruntime
    except ImportError:
        raise LookError(
            "ONNX Runtime is not installed: pip install 'styletune[look]', or leave it to Keras"
        ) from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
    options.log_severity_level = 3
    # Spinning threads gain a little on idle cores. Beside a server, a browser and an encoder they
    # took 1.0 s of processor time for 640 × 480 px instead of 0.28 s, and four times as long.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(
            look.onnx, options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # its errors have no common base
        raise LookError(f"{look.path}: ONNX Runtime cannot run it: {error}") from None

    def run(inputs: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
        try:
            return np.asarray(session.run(None, dict(inputs))[0])
        except Exception as error:  # a network that takes other inputs, or too large a picture
            raise LookError(f"{look.path}: ONNX Runtime cannot run it: {error}") from None

    return f"ONNX Runtime {onnxruntime.__version__}", run


def _keras(look: Look, _: int | None) -> tuple[str, _Run]:
    from styletune.looks.keras_model import load

    model, label = load(look.path)

    def run(inputs: Mapping[str, Any]) -> npt.NDArray[np.float32]:
        return np.asarray(model(dict(inputs)))

    return label, run
