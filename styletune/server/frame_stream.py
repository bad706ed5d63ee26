"""The picture stream: newest picture, encoded once, sent to who has drawn the last ones.

Frames come in from the worker; binary messages go out on /frames. Credit, not back-pressure:
a tunnel buffers megabytes and would show pictures that are seconds old, so a viewer says when
it has *drawn* one, and at most two are under way. Nothing waits in a queue. Knows nothing
about controls.
"""

import asyncio
import io
import json
import struct
from collections import deque
from concurrent.futures import Executor
from dataclasses import dataclass

from PIL import Image

from styletune.ipc.frame_block import Frame

JPEG_QUALITY = 85
MAX_IN_FLIGHT = 2
PAUSE_AFTER_S = 5.0  # without acknowledgement: send no more
CLOSE_AFTER_S = 30.0  # without acknowledgement: the viewer is gone


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One picture as it goes over the wire."""

    epoch: int
    message: bytes


def encode(frame: Frame) -> EncodedFrame:
    """Encode a frame: uint32 n (little-endian), n bytes of JSON, JPEG."""
    height, width = frame.picture.shape[:2]
    head = json.dumps(
        {
            "epoch": frame.epoch,
            "step": frame.step,
            "rev": frame.rev,
            "width": width,
            "height": height,
            "time": frame.time,
        }
    ).encode()
    message = io.BytesIO()
    message.write(struct.pack("<I", len(head)) + head)
    Image.fromarray(frame.picture).save(message, "JPEG", quality=JPEG_QUALITY)
    return EncodedFrame(frame.epoch, message.getvalue())


class FrameStream:
    """The newest frame, encoded when somebody wants it, and then once for all.

    Attributes:
        newest: the newest frame, or None.
        encoded: how many have been encoded.
    """

    def __init__(self, executor: Executor) -> None:
        self.newest: Frame | None = None
        self.encoded = 0
        self._executor = executor
        self._arrived = asyncio.Event()
        self._encoding: tuple[int, asyncio.Future[EncodedFrame]] | None = None

    def put(self, frame: Frame) -> None:
        """Take the newest frame."""
        self.newest = frame
        self._arrived.set()
        self._arrived = asyncio.Event()

    async def after(self, epoch: int) -> EncodedFrame:
        """The newest picture, as soon as there is one of a later epoch."""
        while self.newest is None or self.newest.epoch <= epoch:
            await self._arrived.wait()
        return await self._encode(self.newest)

    async def _encode(self, frame: Frame) -> EncodedFrame:
        if self._encoding is None or self._encoding[0] != frame.epoch:
            self.encoded += 1
            future = asyncio.get_running_loop().run_in_executor(self._executor, encode, frame)
            self._encoding = (frame.epoch, future)
        # Shielded: a viewer that leaves must not take the others' picture with it.
        return await asyncio.shield(self._encoding[1])


class AckWindow:
    """Which pictures are under way to one viewer. Pure: time comes in, seconds."""

    def __init__(self) -> None:
        self._in_flight: deque[tuple[int, float]] = deque()  # epoch, when sent

    def allows(self, now: float) -> bool:
        """Whether another picture may be sent."""
        if not self._in_flight:
            return True
        return len(self._in_flight) < MAX_IN_FLIGHT and now - self._in_flight[0][1] < PAUSE_AFTER_S

    def sent(self, epoch: int, now: float) -> None:
        """A picture is on its way."""
        self._in_flight.append((epoch, now))

    def drawn(self, epoch: int) -> bool:
        """A picture is drawn, and so are those before it; False: it was not under way."""
        if not any(epoch == sent for sent, _ in self._in_flight):
            return False
        while self._in_flight.popleft()[0] != epoch:
            pass
        return True

    def closes_at(self) -> float | None:
        """When the viewer counts as gone, unless it answers; None: nothing is under way."""
        return self._in_flight[0][1] + CLOSE_AFTER_S if self._in_flight else None
