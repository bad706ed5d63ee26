"""Ends of a program that are asked for: long work keeps what is done before it obeys."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def catch_interrupt(*also: signal.Signals) -> Iterator[threading.Event]:
    """Set the event at the first Ctrl-C; the next one interrupts.

    An exception would be lost where it falls into a callback of a library, and Ctrl-C with it.

    Args:
        also: signals that count like Ctrl-C.
    """
    interrupted = threading.Event()
    previous = {number: signal.getsignal(number) for number in (signal.SIGINT, *also)}

    def restore() -> None:
        for number, handler in previous.items():
            signal.signal(number, handler)

    def handle(number: int, frame: FrameType | None) -> None:
        interrupted.set()
        restore()

    for number in previous:
        signal.signal(number, handle)
    try:
        yield interrupted
    finally:
        restore()
