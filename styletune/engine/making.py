"""A painter in the making: built and compiled in a thread, while the one before paints on."""

import threading
from collections.abc import Callable

from styletune.engine.painter import Painter


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
