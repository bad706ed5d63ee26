"""Whether a signal has told the web process to end."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class ShutdownFlag:
    """A flag, since the signal may come before there is a server."""

    to_end = False


@contextlib.contextmanager
def install_signal_handlers() -> Iterator[ShutdownFlag]:
    """Note SIGINT and SIGTERM; a second one changes nothing, as the process is ending."""
    told = ShutdownFlag()

    def end(number: int, frame: FrameType | None) -> None:
        told.to_end = True

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield told
    finally:
        for number, handler in before.items():
            # Once told: a further Ctrl-C would only tear the last lines apart.
            signal.signal(number, signal.SIG_IGN if told.to_end else handler)
