"""The newest frame, read from the worker's frame block and broadcast to all readers.

Belongs to one event loop.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from styletune.ipc.frame_block import Frame, FrameBlock

T = TypeVar("T")


class Broadcast(Generic[T]):
    """Gives each item to all readers; one that lags loses its oldest beyond `depth`."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._closed = False
        self._readers: list[tuple[deque[T], asyncio.Event]] = []

    def publish(self, item: T) -> None:
        """Give `item` to all readers."""
        for queue, wake in self._readers:
            queue.append(item)
            wake.set()

    def close(self) -> None:
        """End every reader, present and future, after what it has yet to read."""
        self._closed = True
        for _, wake in self._readers:
            wake.set()

    async def subscribe(self, first: T | None = None) -> AsyncGenerator[T, None]:
        """`first`, if given, then each item as it comes."""
        reader = (deque([] if first is None else [first], maxlen=self._depth), asyncio.Event())
        queue, wake = reader
        self._readers.append(reader)
        try:
            while True:
                while queue:
                    yield queue.popleft()
                if self._closed:
                    return
                wake.clear()
                await wake.wait()
        finally:
            # By identity: two readers with nothing to read are equal.
            self._readers = [other for other in self._readers if other is not reader]


# Larger frames are copied in a thread: 1 MB takes half a millisecond, 4096² takes sixty.
_INLINE_BYTES = 1 << 20


class LatestFrame:
    """The newest frame of any worker.

    Attributes:
        frame: the newest; None before the first.
    """

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self._broadcast: Broadcast[Frame] = Broadcast(depth=1)

    async def poll(self, block: FrameBlock, copier: ThreadPoolExecutor) -> bool:
        """Read a newer frame from `block`, large ones in `copier`; whether there was one."""
        seen = -1 if self.frame is None else self.frame.epoch
        if not block.has_newer(seen):
            return False
        # The next picture is as large as the last, except after a change of size.
        if self.frame is None or self.frame.picture.nbytes <= _INLINE_BYTES:
            frame = block.read(seen)
        else:
            loop = asyncio.get_running_loop()
            frame = await loop.run_in_executor(copier, block.read, seen)
        if frame is None:
            return False
        self.frame = frame
        self._broadcast.publish(frame)
        return True

    def subscribe(self) -> AsyncGenerator[Frame, None]:
        """The newest picture at once if there is one, then each newest; slow readers skip."""
        return self._broadcast.subscribe(self.frame)

    def close(self) -> None:
        """End all readers."""
        self._broadcast.close()
