"""The newest picture, encoded once for all viewers, each sent as many as it acknowledges.

A window of acknowledgements, not back-pressure: a tunnel buffers megabytes and would show pictures
that are seconds old, so a viewer reports what it has *drawn*. No picture waits in a queue.
"""

import asyncio
import io
import json
import struct
from collections import deque
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TypedDict

from PIL import Image

from styletune.images.thumbnail import encode_thumbnail
from styletune.ipc.frame_block import Frame

JPEG_QUALITY = 85
MAX_IN_FLIGHT = 2
PAUSE_AFTER_S = 5.0  # without acknowledgement: send no more
CLOSE_AFTER_S = 30.0  # without acknowledgement: the viewer is gone


class FrameHeader(TypedDict):
    """The JSON before the JPEG in a message on /frames; `time`: seconds since 1970."""

    epoch: int
    step: int
    rev: int
    width: int
    height: int
    time: float


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One picture as the bytes of one message on /frames."""

    epoch: int
    message: bytes


def encode(frame: Frame) -> EncodedFrame:
    """Encode a frame: uint32 n (little-endian), n bytes of JSON, JPEG."""
    height, width = frame.picture.shape[:2]
    header = FrameHeader(
        epoch=frame.epoch,
        step=frame.step,
        rev=frame.rev,
        width=width,
        height=height,
        time=frame.time,
    )
    head = json.dumps(header).encode()
    message = io.BytesIO()
    message.write(struct.pack("<I", len(head)) + head)
    Image.fromarray(frame.picture).save(message, "JPEG", quality=JPEG_QUALITY)
    return EncodedFrame(frame.epoch, message.getvalue())


class FrameStream:
    """The newest frame, encoded when the first viewer needs it, and then once for all.

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
        """Replace the newest frame."""
        self.newest = frame
        self._arrived.set()
        self._arrived = asyncio.Event()

    def thumbnail(self) -> str | None:
        """The newest frame as a thumbnail, in some milliseconds; None: there is none."""
        return None if self.newest is None else encode_thumbnail(self.newest.picture)

    async def next_after(self, epoch: int) -> EncodedFrame:
        """Wait for a picture of a later epoch, and return the newest."""
        while self.newest is None or self.newest.epoch <= epoch:
            await self._arrived.wait()
        return await self._encode(self.newest)

    async def _encode(self, frame: Frame) -> EncodedFrame:
        if self._encoding is None or self._encoding[0] != frame.epoch:
            self.encoded += 1
            future = asyncio.get_running_loop().run_in_executor(self._executor, encode, frame)
            self._encoding = (frame.epoch, future)
        # Shielded: a viewer that disconnects must not cancel the others' picture.
        return await asyncio.shield(self._encoding[1])


class AckWindow:
    """Which pictures are on their way to one viewer. Times are seconds that only rise."""

    def __init__(self) -> None:
        self._in_flight: deque[tuple[int, float]] = deque()  # epoch, when sent

    def can_send(self, now: float) -> bool:
        """Whether another picture may be sent."""
        if not self._in_flight:
            return True
        return len(self._in_flight) < MAX_IN_FLIGHT and now - self._in_flight[0][1] < PAUSE_AFTER_S

    def record_sent(self, epoch: int, now: float) -> None:
        """Add a picture that is on its way."""
        self._in_flight.append((epoch, now))

    def acknowledge(self, epoch: int) -> bool:
        """Remove a picture that was drawn, and those before it; False: it was not on its way."""
        if not any(epoch == sent for sent, _ in self._in_flight):
            return False
        while self._in_flight.popleft()[0] != epoch:
            pass
        return True

    def deadline(self) -> float | None:
        """When the viewer counts as gone unless it acknowledges; None: nothing is on its way."""
        return self._in_flight[0][1] + CLOSE_AFTER_S if self._in_flight else None
