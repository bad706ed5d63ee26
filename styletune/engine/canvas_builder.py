"""The canvas that is painted on, and the next one in the making.

Another size or another shape is another model: it is built and compiled in the background while
the present one paints on, and takes the painting over once it is there. In: orders for pictures
and the positions of the controls; out: painters. Knows nothing about processes.
"""

import threading
import time
from collections.abc import Callable, Mapping

from styletune.config import SessionConfig
from styletune.engine.canvas import Canvas, SizeDebounce, first_size_px, size_px
from styletune.engine.painter import Painter
from styletune.errors import PictureError, StyletuneError
from styletune.ipc.commands import CommandRejected, RemoveStyle, SetContent, SetStyle

# A painter in the making: built and compiled in a thread, while the one before paints on.


class Making:
    """Makes a painter in the background.

    Args:
        make: builds, traces and calibrates; its error is raised by `painter`.
        what: the name that a refusal carries, such as `content` or `size`.
        path: the picture that it is about, or empty.
    """

    def __init__(self, make: Callable[[], Painter], what: str, path: str = "") -> None:
        self.what = what
        self.path = path
        self._make = make
        self._painter: Painter | None = None
        self._error: BaseException | None = None
        # No daemon: an interpreter must not end under TensorFlow's feet. The worker's process
        # waits for no thread when it is told to end; see `entry`.
        self._thread = threading.Thread(target=self._run, name="making", daemon=False)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._painter = self._make()
        except BaseException as error:
            self._error = error

    @property
    def done(self) -> bool:
        """Whether `painter` returns or raises at once."""
        return not self._thread.is_alive()

    def painter(self) -> Painter:
        """Wait for the painter.

        Raises:
            Whatever making it raised.
        """
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._painter is not None  # made, or an error says why not
        return self._painter


Positions = Mapping[str, float]

# TensorFlow's first calls after tracing are slow; they must not set the pace.
_WARM_UP_STEPS = 2
# A hand on the size fader passes many sizes; one is made when it has come to rest.
_STABLE_S = 0.25


class CanvasBuilder:
    """One canvas after the other.

    Args:
        positions: of the controls at the start.
        tell: takes a sentence for people while a canvas is being made.
        refuse: takes what was not done, and why.
    """

    def __init__(
        self,
        session: SessionConfig,
        positions: Positions,
        tell: Callable[[str], None],
        refuse: Callable[[CommandRejected], None],
    ) -> None:
        self._session = session
        self._table = session.table()
        self._on_progress = tell
        self._reject = refuse
        self._size = SizeDebounce(size_px(self._table, positions))
        self._build: Making | None = None
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

    def is_current(self, positions: Positions) -> bool:
        """Whether the canvas is the one that the control `size` asks for, or can be had."""
        size = size_px(self._table, positions)
        return self._build is None and size in (self._canvas.size_px, self._rejected_px)

    def rescale_styles(self, painter: Painter, positions: Positions) -> None:
        """Bring the styles to the scales that the controls ask for."""
        self._canvas.rescale_styles(painter, positions)

    def apply_command(
        self, order: SetContent | SetStyle | RemoveStyle, painter: Painter, positions: Positions
    ) -> None:
        """Swap a picture; one that cannot be used is refused and nothing changes."""
        try:
            if isinstance(order, RemoveStyle):
                self._canvas.remove_path(painter, order.path)
            elif isinstance(order, SetStyle):
                self._canvas.set_style(painter, order.index, order.path, positions)
            else:
                self._set_content(order, painter, positions)
        except StyletuneError as error:
            self._reject(CommandRejected(order.what, str(error), order.path))

    def _set_content(self, order: SetContent, painter: Painter, positions: Positions) -> None:
        wanted = self._canvas.with_content(order.path, positions)
        if wanted.shape != self._canvas.shape:
            self._start_build(wanted, positions, order.what, order.path)
            return
        painter.set_content(wanted.content)
        painter.reset()
        self._canvas = wanted

    def poll(self, painter: Painter, positions: Positions) -> Painter:
        """The painter to go on with: another one once it has been made, else the same."""
        if self._build is not None:
            return self._finish_build(painter, positions) if self._build.done else painter
        size = size_px(self._table, positions)
        rests = self._size.is_stable(size, time.monotonic(), _STABLE_S)
        if rests and size not in (self._canvas.size_px, self._rejected_px):
            self._resize(size, positions)
        return painter

    def _resize(self, size: int, positions: Positions) -> None:
        try:
            self._start_build(self._canvas.with_size(size, positions), positions, "size")
        except StyletuneError as error:
            self._rejected_px = size
            self._reject(CommandRejected("size", str(error)))

    def _start_build(self, wanted: Canvas, positions: Positions, what: str, path: str = "") -> None:
        """Make the painter of another canvas in the background."""

        def make() -> Painter:
            painter = wanted.build_painter()
            painter.apply(positions)
            warm_up(painter)
            return painter

        self._next, self._build = wanted, Making(make, what, path)
        self._on_progress(f"getting {wanted.size_px} px ready")

    def _finish_build(self, painter: Painter, positions: Positions) -> Painter:
        """Go on with the painter that has been made, or say why it cannot be."""
        making, self._build = self._build, None
        assert making is not None  # the caller has looked
        try:
            made = making.painter()
            self._next.sync_from(made, self._canvas, positions)
        except StyletuneError as error:
            self._rejected_px = self._next.size_px if making.what == "size" else 0
            self._reject(CommandRejected(making.what, str(error), making.path))
            return painter
        if making.what == "size":
            made.continue_from(painter)
        self._canvas = self._next
        made.apply(positions)
        return made

    def trace_in_background(self, painter: Painter) -> None:
        """Trace what hands may ask for later, in the background, where the canvas is to last."""
        if self._canvas.size_px == self._size.size_px:
            threading.Thread(target=painter.trace, name="prepare").start()


def warm_up(painter: Painter) -> None:
    """Trace, take the first slow steps and calibrate; the painter stands at its start again."""
    painter.run(_WARM_UP_STEPS)
    if painter.session.painting.calibrate:
        painter.calibrate()
    painter.reset()
