"""A film as a live source: it loops at its own pace, and what comes too late is left out."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from styletune.errors import FilmError
from styletune.films.reader import FilmReader, Frame

# After a pause, or where decoding is slower than the film, it goes on instead of racing after it.
_MAX_LAG_S = 0.5


class LoopingFilm:
    """A film file that is being shown, without end.

    Args:
        height, width: that its pictures are to cover, px.

    Raises:
        FilmError: missing, not a film, or one without pictures.
        ConfigError: PyAV is not installed.
    """

    def __init__(self, path: str | Path, height: int, width: int) -> None:
        whole = FilmReader(Path(path))
        scale = max(height / whole.height, width / whole.width)
        edge = -(-max(whole.height, whole.width) * scale // 1)
        self._reader = FilmReader(Path(path), round(edge))
        self._interval_s = float(1 / self._reader.rate)
        self._frames: Iterator[Frame] = iter(self._reader)
        self._ahead = self._first()  # the next picture
        self._start: float | None = None  # when time 0 of the film was

    def poll(self, now: float) -> npt.NDArray[np.uint8] | None:
        """The picture that is due, (h, w, 3) uint8; None where the one before still is.

        Args:
            now: seconds that only rise.

        Raises:
            FilmError: the file cannot be read from its beginning any more.
        """
        due: Frame | None = None
        while True:
            at = float(self._ahead.time)
            if self._start is None:
                self._start = now - at
            late_s = now - (self._start + at)
            if late_s < 0:
                break
            if late_s > _MAX_LAG_S:
                self._start += late_s
            due = self._ahead
            self._ahead = next(self._frames, None) or self._again(self._start + at)
        return None if due is None else due.pixels()

    def _again(self, ended_at: float) -> Frame:
        """Begin again after a last picture that was due then."""
        self._frames = iter(self._reader)
        frame = self._first()
        self._start = ended_at + self._interval_s - float(frame.time)
        return frame

    def _first(self) -> Frame:
        frame = next(self._frames, None)
        if frame is None:
            raise FilmError(f"{self._reader.path}: its pictures cannot be decoded any more")
        return frame
