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
    """Let SIGINT, SIGTERM and SIGHUP set the flag; a second one changes nothing while it ends.

    SIGHUP, which a closed terminal sends, stays ignored where it is, as by `nohup`.
    """
    shutdown = ShutdownFlag()

    def request(number: int, frame: FrameType | None) -> None:
        shutdown.requested = True

    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        numbers.remove(signal.SIGHUP)
    before = {number: signal.signal(number, request) for number in numbers}
    try:
        yield shutdown
    finally:
        for number, handler in before.items():
            # Once requested: a further Ctrl-C would only tear the last lines apart.
            signal.signal(number, signal.SIG_IGN if shutdown.requested else handler)
