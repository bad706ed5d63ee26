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
_REST_S = 0.25


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
        self._tell = tell
        self._refuse = refuse
        self._wish = SizeDebounce(size_px(self._table, positions))
        self._making: Making | None = None
        self._refused_px = 0  # the size that could not be had

    def begin(self, positions: Positions, *, full: bool) -> Painter:
        """The first painter, not yet warm.

        Small, hence soon there, unless `full`; what is painted on it is the start of the full
        size.

        Raises:
            StyletuneError: the pictures or the network cannot be used at all.
        """
        size = self._wish.size_px
        try:
            painter = self._stretch(size if full else first_size_px(self._session, size), positions)
        except PictureError:  # a narrow picture has too few pixels across
            painter = self._stretch(size, positions)
        painter.apply(positions)
        return painter

    def _stretch(self, size: int, positions: Positions) -> Painter:
        self._canvas = Canvas(self._session, positions, size)
        return self._canvas.painter()

    def settled(self, positions: Positions) -> bool:
        """Whether the canvas is the one that the control `size` asks for, or can be had."""
        size = size_px(self._table, positions)
        return self._making is None and size in (self._canvas.size_px, self._refused_px)

    def rescale(self, painter: Painter, positions: Positions) -> None:
        """Bring the styles to the scales that the controls ask for."""
        self._canvas.rescale(painter, positions)

    def carry_out(
        self, order: SetContent | SetStyle | RemoveStyle, painter: Painter, positions: Positions
    ) -> None:
        """Swap a picture; one that cannot be used is refused and nothing changes."""
        try:
            if isinstance(order, RemoveStyle):
                self._canvas.remove_path(painter, order.path)
            elif isinstance(order, SetStyle):
                self._canvas.put_style(painter, order.index, order.path, positions)
            else:
                self._set_content(order, painter, positions)
        except StyletuneError as error:
            self._refuse(CommandRejected(order.what, str(error), order.path))

    def _set_content(self, order: SetContent, painter: Painter, positions: Positions) -> None:
        wanted = self._canvas.of(order.path, positions)
        if wanted.shape != self._canvas.shape:
            self._make(wanted, positions, order.what, order.path)
            return
        painter.set_content(wanted.content)
        painter.reset()
        self._canvas = wanted

    def change(self, painter: Painter, positions: Positions) -> Painter:
        """The painter to go on with: another one once it has been made, else the same."""
        if self._making is not None:
            return self._take(painter, positions) if self._making.done else painter
        size = size_px(self._table, positions)
        rests = self._wish.rests(size, time.monotonic(), _REST_S)
        if rests and size not in (self._canvas.size_px, self._refused_px):
            self._resize(size, positions)
        return painter

    def _resize(self, size: int, positions: Positions) -> None:
        try:
            self._make(self._canvas.sized(size, positions), positions, "size")
        except StyletuneError as error:
            self._refused_px = size
            self._refuse(CommandRejected("size", str(error)))

    def _make(self, wanted: Canvas, positions: Positions, what: str, path: str = "") -> None:
        """Make the painter of another canvas in the background."""

        def make() -> Painter:
            painter = wanted.painter()
            painter.apply(positions)
            warm_up(painter)
            return painter

        self._wanted, self._making = wanted, Making(make, what, path)
        self._tell(f"getting {wanted.size_px} px ready")

    def _take(self, painter: Painter, positions: Positions) -> Painter:
        """Go on with the painter that has been made, or say why it cannot be."""
        making, self._making = self._making, None
        assert making is not None  # the caller has looked
        try:
            made = making.painter()
            self._wanted.catch_up(made, self._canvas, positions)
        except StyletuneError as error:
            self._refused_px = self._wanted.size_px if making.what == "size" else 0
            self._refuse(CommandRejected(making.what, str(error), making.path))
            return painter
        if making.what == "size":
            made.follow(painter)
        self._canvas = self._wanted
        made.apply(positions)
        return made

    def prepare(self, painter: Painter) -> None:
        """Trace what hands may ask for later, in the background, where the canvas is to last."""
        if self._canvas.size_px == self._wish.size_px:
            threading.Thread(target=painter.prepare, name="prepare").start()


def warm_up(painter: Painter) -> None:
    """Trace, take the first slow steps and calibrate; the painter stands at its start again."""
    painter.run(_WARM_UP_STEPS)
    if painter.session.painting.calibrate:
        painter.calibrate()
    painter.reset()
