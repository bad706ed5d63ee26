"""Whether a signal has requested the end of the web process."""

import contextlib
import signal
from collections.abc import Iterator
from types import FrameType


class ShutdownFlag:
    """A flag, since the signal may come before there is a server.

    Attributes:
        requested: the process is to end.
    """

    requested = False


@contextlib.contextmanager
def install_signal_handlers() -> Iterator[ShutdownFlag]:
    """Let SIGINT and SIGTERM set the flag; a second one changes nothing, as the process ends."""
    shutdown = ShutdownFlag()

    def request(number: int, frame: FrameType | None) -> None:
        shutdown.requested = True

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield shutdown
    finally:
        for number, handler in before.items():
            # Once requested: a further Ctrl-C would only tear the last lines apart.
            signal.signal(number, signal.SIG_IGN if shutdown.requested else handler)
