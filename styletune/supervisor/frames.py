"""The newest picture: found in the worker's frame block, and handed to all who watch.

Lives on the event loop. Knows nothing about the worker itself, whose blocks come and go.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from styletune.ipc.frame_block import Frame, FrameBlock

# One source, any number of readers, each at its own pace; the newest wins.
#
# Belongs to one event loop. Knows nothing about what it hands out.


T = TypeVar("T")


class Broadcast(Generic[T]):
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


# Larger frames are copied in a thread: 1 MB takes half a millisecond, 4096² takes sixty.
_INLINE_BYTES = 1 << 20


class LatestFrame:
    """What all who watch are to see.

    Attributes:
        frame: the newest; a crash does not lose it. None before the first.
    """

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self._frames: Broadcast[Frame] = Broadcast(depth=1)

    async def look(self, block: FrameBlock, copier: ThreadPoolExecutor) -> bool:
        """Take over what is newer than what is known; whether there was any."""
        seen = -1 if self.frame is None else self.frame.epoch
        if not block.newer(seen):
            return False
        # The next picture is as large as the last, but for the one after a change of size.
        if self.frame is None or self.frame.picture.nbytes <= _INLINE_BYTES:
            frame = block.read(seen)
        else:
            loop = asyncio.get_running_loop()
            frame = await loop.run_in_executor(copier, block.read, seen)
        if frame is None:
            return False
        self.frame = frame
        self._frames.put(frame)
        return True

    def items(self) -> AsyncGenerator[Frame, None]:
        """The newest picture at once if there is one, then each newest; slow readers skip."""
        return self._frames.items(self.frame)

    def end(self) -> None:
        """Let all readers end."""
        self._frames.end()
