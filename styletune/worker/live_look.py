"""Paints a live source by a learned look: its newest picture at once, in the place of steps."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from styletune.config import SessionConfig
from styletune.engine.painter import Painter
from styletune.engine.state import Picture
from styletune.errors import ConfigError, FilmError, LookError, PictureError
from styletune.images import decode
from styletune.ipc.commands import (
    CAMERA_SOURCE,
    CONTENT_SOURCE,
    FILM_SOURCE,
    CommandRejected,
    LookCommand,
    SetLook,
    SetSource,
)
from styletune.looks import choice
from styletune.looks.file import locate
from styletune.looks.runner import LookRunner
from styletune.worker.film import LoopingFilm

# The switch may be seen before the look that was chosen with it.
_PATIENCE_S = 1.0
# A picture that stands is published again so often, so that nobody takes it for a dead connection.
_STILL_S = 1.0
# The losses take as long as a step: at most so often, and so small a part of the time.
_MEASURE_S, _MEASURE_PART = 1.0, 0.1
_RATE_WINDOW_S = 2.0
_MAX_CAMERA_PIXELS = 2_000_000


class LiveLook:
    """The look that is chosen, and what it paints.

    Args:
        session: names look and source.
        reject: takes what was not done, and why.
        taken: called when a picture of the camera has been taken.

    Attributes:
        active: whether the look has painted last, so that the painter has its picture.
    """

    def __init__(
        self,
        session: SessionConfig,
        reject: Callable[[CommandRejected], None],
        taken: Callable[[], None],
    ) -> None:
        self.active = False
        self._session = session
        self._table = session.table()
        self._reject, self._taken = reject, taken
        self._path = choice.find(session)
        self._runner: LookRunner | None = None
        self._failed = False  # until another one is chosen, or the switch was off
        self._waiting_since: float | None = None
        self._source = session.look.source
        self._film: LoopingFilm | None = None
        self._camera: bytes | None = None
        self._frame: Picture | None = None  # of the source, as the canvas is; None: the content
        self._painted: Picture | None = None  # what was painted from last
        self._measured: Picture | None = None  # what the painter compares with
        self._due_at = self._published_at = 0.0
        self._stale = False  # the losses are of an earlier picture
        self._times: deque[float] = deque()

    @property
    def name(self) -> str:
        """That of the look; empty: none is chosen."""
        return "" if self._path is None else self._path.stem

    @property
    def label(self) -> str:
        """What the look runs on while it paints; else empty."""
        return self._runner.label if self.active and self._runner is not None else ""

    @property
    def source(self) -> str:
        """`content`, `camera` or `film`."""
        return self._source if self._source in (CONTENT_SOURCE, CAMERA_SOURCE) else FILM_SOURCE

    @property
    def pictures_per_s(self) -> float:
        """How many were painted in each of the last seconds, on average."""
        return len(self._times) / _RATE_WINDOW_S

    def apply_command(self, command: LookCommand, painter: Painter, content: Picture) -> None:
        """Take another look, source, or the camera's next picture."""
        if isinstance(command, SetLook):
            self._path = locate(command.path)
            self._runner, self._failed, self._painted = None, False, None
        elif isinstance(command, SetSource):
            self._source, self._film, self._camera, self._frame = command.source, None, None, None
            if not self.active and self._measured is not None:
                self._compare_with(painter, content)
        else:
            self._camera = command.data

    def is_on(self, positions: Mapping[str, float]) -> bool:
        """Whether the look is to paint, and can; a look that cannot is rejected once."""
        if not positions["look"]:
            self._failed, self._waiting_since = False, None
            return False
        if self._runner is None and not self._failed:
            now = time.monotonic()
            self._waiting_since = self._waiting_since or now
            if self._path is not None or now - self._waiting_since > _PATIENCE_S:
                self._load()
        return self._runner is not None

    def _load(self) -> None:
        try:
            # TensorFlow, the server and a browser need the cores, too.
            self._runner = LookRunner(choice.read_for(self._session, self._path))
        except LookError as error:
            self._failed = True
            why = _without_folder(error, str(self._path))
            self._reject(CommandRejected(SetLook.label, why))

    def paint(
        self, painter: Painter, content: Picture, positions: Mapping[str, float], moved: bool
    ) -> bool:
        """Let the painter show the source's newest picture as the look paints it.

        Args:
            content: the content picture, of the painter's shape.
            moved: whether a control has moved, so that the same picture is painted again.

        Returns:
            Whether there is something to publish: a picture, or the losses of one that stands.
        """
        assert self._runner is not None  # see `is_on`
        now = time.monotonic()
        frame = self._next_frame(content)
        painted = moved or frame is not self._painted or not self.active
        if painted:
            painter.show(self._runner.paint_at(frame, self._table, positions), frame)
            self._painted, self.active, self._stale = frame, True, True
            self._times.append(now)
        while self._times and now - self._times[0] > _RATE_WINDOW_S:
            self._times.popleft()
        measured = self._stale and now >= self._due_at
        if measured:
            self._measure(painter, frame)
        if not painted and not measured and now - self._published_at < _STILL_S:
            return False
        self._published_at = now
        return True

    def preview(self, painter: Painter, content: Picture, positions: Mapping[str, float]) -> None:
        """Let a painter that cannot take steps yet show the content as the look paints it."""
        assert self._runner is not None  # see `is_on`
        painter.show(self._runner.paint_at(content, self._table, positions), content)

    def _measure(self, painter: Painter, frame: Picture) -> None:
        started = time.monotonic()
        self._compare_with(painter, frame)
        painter.measure()
        ended = time.monotonic()
        self._due_at = ended + max(_MEASURE_S, (ended - started) / _MEASURE_PART)
        self._stale = False

    def _compare_with(self, painter: Painter, frame: Picture) -> None:
        if self._measured is not frame:
            painter.set_content(frame)
            self._measured = frame

    def leave(self, painter: Painter) -> None:
        """Hand the picture that the look painted last, and what it shows, to the painter."""
        if self._painted is not None:
            self._compare_with(painter, self._painted)
        painter.reset_moments()
        self.active = False
        self._times.clear()

    def continue_on(self, painter: Painter, content: Picture) -> None:
        """Let a painter of another size compare with the picture that was handed over, too."""
        if self._frame is not None and self._measured is not None:
            self._compare_with(painter, fit(Image.fromarray(self._frame), content))

    def _next_frame(self, content: Picture) -> Picture:
        """The newest picture of the source, of the content's shape; the same object: no new one."""
        if self._source == CONTENT_SOURCE:
            return content
        if self.source == FILM_SOURCE:
            self._frame = self._film_frame(content)
        elif self._camera is not None:
            data, self._camera = self._camera, None
            self._taken()
            try:
                image = decode.decode(data, source="camera", max_pixels=_MAX_CAMERA_PIXELS)
                self._frame = fit(image, content)
            except PictureError as error:
                self._reject(CommandRejected("camera", str(error)))
        if self._frame is not None and self._frame.shape != content.shape:
            self._frame = fit(Image.fromarray(self._frame), content)
        return content if self._frame is None else self._frame

    def _film_frame(self, content: Picture) -> Picture | None:
        path = self._source
        try:
            self._film = self._film or LoopingFilm(self._source, *content.shape[:2])
            pixels = self._film.poll(time.monotonic())
        except (ConfigError, FilmError) as error:
            self._film, self._source = None, CONTENT_SOURCE
            self._reject(CommandRejected(SetSource.label, _without_folder(error, path)))
            return None
        return self._frame if pixels is None else fit(Image.fromarray(pixels), content)


def _without_folder(error: Exception, path: str) -> str:
    """Its text for everybody at the session, whom our folders do not concern."""
    return str(error).replace(path, Path(path).name)


def fit(image: Image.Image, like: Picture) -> Picture:
    """The middle of a picture in the shape of another one, (h, w, 3) uint8."""
    height, width = like.shape[:2]
    return np.asarray(ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR))
