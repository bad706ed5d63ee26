"""One source, any number of readers, each at its own pace; the newest wins.

Belongs to one event loop. Knows nothing about what it hands out.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from typing import Generic, TypeVar

T = TypeVar("T")


class Fan(Generic[T]):
    """Hands each item to all readers; one that lags loses its oldest beyond `depth`."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._ended = False
        self._readers: list[tuple[deque[T], asyncio.Event]] = []

    def put(self, item: T) -> None:
        """Hand `item` to all readers."""
        for queue, wake in self._readers:
            queue.append(item)
            wake.set()

    def end(self) -> None:
        """Let every reader, present and future, end after what it has yet to read."""
        self._ended = True
        for _, wake in self._readers:
            wake.set()

    async def items(self, first: T | None = None) -> AsyncGenerator[T, None]:
        """`first`, if given, then each item as it comes."""
        reader = (deque([] if first is None else [first], maxlen=self._depth), asyncio.Event())
        queue, wake = reader
        self._readers.append(reader)
        try:
            while True:
                while queue:
                    yield queue.popleft()
                if self._ended:
                    return
                wake.clear()
                await wake.wait()
        finally:
            # By identity: two readers with nothing to read are equal.
            self._readers = [other for other in self._readers if other is not reader]
