"""The canvas that is painted on, and the next one, built while the present one paints on.

Another size or shape is another model, which is built and compiled in the background.
"""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from styletune.config import SessionConfig
from styletune.engine.canvas import Canvas, SizeDebounce, first_size_px, size_px
from styletune.engine.painter import Painter
from styletune.errors import PictureError, StyletuneError
from styletune.ipc.commands import CommandRejected, RemoveStyle, SetContent, SetStyle

Positions = Mapping[str, float]

# TensorFlow's first calls after tracing are slow; they must not set the pace.
_WARM_UP_STEPS = 2
# A moving size fader passes many sizes; one is built when it has come to rest.
_STABLE_S = 0.25


@dataclass(frozen=True, slots=True)
class Build:
    """A painter that is being built.

    Attributes:
        canvas: that it is for.
        what: the name that a rejection carries, such as `content` or `size`.
        path: the picture that it is about, or empty.
    """

    canvas: Canvas
    painter: Future[Painter]
    what: str
    path: str


class CanvasBuilder:
    """Builds one canvas after the other.

    Args:
        positions: of the controls at the start.
        on_progress: takes a sentence for people when a build begins.
        reject: takes what was not done, and why.
    """

    def __init__(
        self,
        session: SessionConfig,
        positions: Positions,
        on_progress: Callable[[str], None],
        reject: Callable[[CommandRejected], None],
    ) -> None:
        self._session = session
        self._table = session.table()
        self._on_progress = on_progress
        self._reject = reject
        self._size = SizeDebounce(size_px(self._table, positions))
        self._build: Build | None = None
        # Its thread is no daemon: an interpreter must not end under TensorFlow's feet. The
        # worker's process waits for no thread when it is stopped; see `worker.process`.
        self._executor = ThreadPoolExecutor(1, "canvas-builder")
        self._rejected_px = 0  # the size that could not be had

    def first_painter(self, positions: Positions, *, full: bool) -> Painter:
        """The first painter, not yet warm.

        Small, hence soon there, unless `full`; what is painted on it is the start of the full
        size.

        Raises:
            StyletuneError: the pictures or the network cannot be used at all.
        """
        size = self._size.size_px
        try:
            painter = self._create(size if full else first_size_px(self._session, size), positions)
        except PictureError:  # a narrow picture has too few pixels across
            painter = self._create(size, positions)
        painter.apply(positions)
        return painter

    def _create(self, size: int, positions: Positions) -> Painter:
        self._canvas = Canvas(self._session, positions, size)
        return self._canvas.build_painter()

    @property
    def canvas(self) -> Canvas:
        """The present one."""
        return self._canvas

    def is_current(self, positions: Positions) -> bool:
        """Whether the canvas has the size that the controls set, or the nearest that can be had."""
        size = size_px(self._table, positions)
        return self._build is None and size in (self._canvas.size_px, self._rejected_px)

    def rescale_styles(self, painter: Painter, positions: Positions) -> None:
        """Bring the styles to the scales that the controls set."""
        self._canvas.rescale_styles(painter, positions)

    def apply_command(
        self, command: SetContent | SetStyle | RemoveStyle, painter: Painter, positions: Positions
    ) -> None:
        """Swap a picture; one that cannot be used is rejected and nothing changes."""
        try:
            if isinstance(command, RemoveStyle):
                self._canvas.remove_path(painter, command.path)
            elif isinstance(command, SetStyle):
                self._canvas.set_style(painter, command.index, command.path, positions)
            else:
                self._set_content(command, painter, positions)
        except StyletuneError as error:
            self._reject(CommandRejected(command.label, str(error), command.path))

    def _set_content(self, command: SetContent, painter: Painter, positions: Positions) -> None:
        canvas = self._canvas.with_content(command.path, positions)
        if canvas.shape != self._canvas.shape:
            self._start_build(canvas, positions, command.label, command.path)
            return
        painter.set_content(canvas.content)
        painter.reset()
        self._canvas = canvas

    def poll(self, painter: Painter, positions: Positions) -> Painter:
        """The painter to go on with: the next one once it has been built, else the same."""
        self._trace_shallow_step(painter)
        if self._build is not None:
            done = self._build.painter.done()
            return self._finish_build(self._build, painter, positions) if done else painter
        size = size_px(self._table, positions)
        stable = self._size.is_stable(size, time.monotonic(), _STABLE_S)
        if stable and size not in (self._canvas.size_px, self._rejected_px):
            self._resize(size, positions)
        return painter

    def _trace_shallow_step(self, painter: Painter) -> None:
        """In the background, where muted or silent layers allow one; not on a passing canvas."""
        lasting = self._canvas.size_px == self._size.size_px
        if lasting and painter.solver.depths.request(painter.depth):
            threading.Thread(target=painter.trace, args=(painter.depth,), name="trace").start()

    def _resize(self, size: int, positions: Positions) -> None:
        try:
            self._start_build(self._canvas.with_size(size, positions), positions, "size")
        except StyletuneError as error:
            self._rejected_px = size
            self._reject(CommandRejected("size", str(error)))

    def _start_build(self, canvas: Canvas, positions: Positions, what: str, path: str = "") -> None:
        """Build the painter of another canvas in the background.

        Raises:
            ConfigError: it would not fit into memory beside the present one.
        """
        canvas.check_memory()

        def build() -> Painter:
            painter = canvas.build_painter()
            painter.apply(positions)
            warm_up(painter)
            return painter

        self._build = Build(canvas, self._executor.submit(build), what, path)
        self._on_progress(f"getting {canvas.size_px} px ready")

    def _finish_build(self, build: Build, painter: Painter, positions: Positions) -> Painter:
        """Go on with the painter that has been built, or reject it."""
        self._build = None
        back = size_px(self._table, positions) == self._canvas.size_px
        if build.what == "size" and back:
            return painter  # the fader went back meanwhile: another size is not wanted
        try:
            built = build.painter.result()
            build.canvas.sync_from(built, self._canvas, positions)
        except StyletuneError as error:
            self._rejected_px = build.canvas.size_px if build.what == "size" else 0
            self._reject(CommandRejected(build.what, str(error), build.path))
            return painter
        if build.what == "size":
            built.continue_from(painter)
        self._canvas = build.canvas
        built.apply(positions)
        return built


def warm_up(painter: Painter) -> None:
    """Trace, take the first slow steps and calibrate; the painter stands at its start again."""
    painter.run(_WARM_UP_STEPS)
    if painter.session.painting.calibrate:
        painter.calibrate()
    painter.reset()
