"""The newest picture: found in the worker's frame block, and handed to all who watch.

Lives on the event loop. Knows nothing about the worker itself, whose blocks come and go.
"""

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor

from styletune.ipc.frame_block import Frame, FrameBlock
from styletune.server.fan import Fan

# Larger frames are copied in a thread: 1 MB takes half a millisecond, 4096² takes sixty.
_INLINE_BYTES = 1 << 20


class Newest:
    """What all who watch are to see.

    Attributes:
        frame: the newest; a crash does not lose it. None before the first.
    """

    def __init__(self) -> None:
        self.frame: Frame | None = None
        self._frames: Fan[Frame] = Fan(depth=1)

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
