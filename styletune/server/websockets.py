"""The two sockets: /ws for controls and states, /frames for pictures.

Two, so that a picture of 60 KB never delays a slider.
"""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Coroutine
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from styletune.errors import MessageError
from styletune.server.frame_stream import AckWindow
from styletune.server.hub import Hub
from styletune.server.send_queue import SendQueue
from styletune.session.incoming import SnapshotRequestMessage, parse_ack
from styletune.session.outgoing import ChangedMessage, ErrorMessage
from styletune.session.roles import Role, role_of

TRY_AGAIN_LATER = 1013  # close code: too slow, or full
_MESSAGES_PER_TURN = 64  # of one client, before others are served: about a millisecond
# Messages a second, how many at once, and the wait beyond: whatever a viewer sends, and snapshots
# for a player, which scripts ask for one after the other.
VIEWER_RATE, SNAPSHOT_RATE = (5.0, 10.0, 0.2), (50.0, 50.0, 0.02)
_CLOSE_WITHIN_S = 1.0  # a client that reads nothing does not read a close either


async def serve_controls(
    socket: WebSocket, hub: Hub, *, only_hardware: bool = False, watches: bool = False
) -> None:
    """Serve /ws to one client, until either side ends it.

    Args:
        only_hardware: see `SendQueue`.
        watches: it plays no part, whatever its token allows: the wall's page.
    """
    await socket.accept()
    role = role_of(socket.scope)
    joined = hub.add_client(role, only_hardware=only_hardware, watches=watches)
    role = Role.VIEWER if watches else role
    if joined is None:
        await close(socket, "server full")
        return
    client, queue = joined
    try:
        await run_until_first_ends(
            _read_controls(socket, hub, client, queue, role), _write_messages(socket, queue)
        )
    finally:
        hub.remove_client(client)


async def serve_frames(socket: WebSocket, hub: Hub) -> None:
    """Serve /frames to one viewer, until either side ends it."""
    await socket.accept()
    role = role_of(socket.scope)
    if not hub.add_viewer(role):
        await close(socket, "server full")
        return
    sender = FrameSender(socket, hub)
    try:
        await run_until_first_ends(sender.read(), sender.write(), sender.watch())
    finally:
        hub.remove_viewer(role)


async def _read_controls(
    socket: WebSocket, hub: Hub, client: str, queue: SendQueue, role: Role
) -> None:
    watches = role is Role.VIEWER
    bucket = TokenBucket(*(VIEWER_RATE if watches else SNAPSHOT_RATE))
    async for text in _messages(socket):
        message = hub.receive(text, client)
        if watches or isinstance(message, SnapshotRequestMessage):
            # Of what changes nothing and costs most: the player's moves come before it.
            await asyncio.sleep(bucket.delay_s(time.monotonic()))
        if queue.full:
            await queue.wait_for_room()


async def _write_messages(socket: WebSocket, queue: SendQueue) -> None:
    bucket = TokenBucket()
    while not queue.overflowed:
        message = await queue.get()
        await socket.send_text(message.text)
        if isinstance(message, ChangedMessage) and (delay_s := bucket.delay_s(time.monotonic())):
            # Changes of the meantime go out as one: to send takes ten times as long as to apply.
            await asyncio.sleep(delay_s)
    await close(socket, "too slow")


class TokenBucket:
    """How fast messages of a kind go to or come from one client: at once, until a storm begins."""

    def __init__(
        self, rate_hz: float = 250.0, burst: float = 50.0, storm_delay_s: float = 0.05
    ) -> None:
        """Start full; by default for changes, which are gathered for 50 ms beyond 250 a second.

        Pages, which send 60 sets a second, and scripts that await each answer stay below it.

        Args:
            rate_hz: that may last.
            burst: how many may come at once.
            storm_delay_s: before each one beyond that.
        """
        self._rate_hz = rate_hz
        self._burst = burst
        self._storm_delay_s = storm_delay_s
        self._tokens = burst
        self._filled_at = 0.0

    def delay_s(self, now: float) -> float:
        """Take a token for one that was sent; return how long to wait before the next.

        Args:
            now: seconds that only rise.
        """
        self._tokens = min(self._burst, self._tokens + (now - self._filled_at) * self._rate_hz) - 1
        self._filled_at = now
        if self._tokens >= 0:
            return 0.0
        self._tokens = 0.0
        self._filled_at += self._storm_delay_s  # nothing for the wait, or it would end the storm
        return self._storm_delay_s


class FrameSender:
    """Sends pictures to one viewer, as fast as it acknowledges them."""

    def __init__(self, socket: WebSocket, hub: Hub) -> None:
        self._socket = socket
        self._hub = hub
        self._window = AckWindow()
        self._acknowledged = asyncio.Event()
        self._sent = asyncio.Event()

    async def read(self) -> None:
        """Receive acknowledgements."""
        bucket = TokenBucket(*VIEWER_RATE)
        async for text in _messages(self._socket):
            try:
                advanced = self._window.acknowledge(parse_ack(text).epoch)
            except MessageError as error:
                self._hub.stats.bad[error.code] += 1
                answer = ErrorMessage(code=error.code, message=str(error))
                await self._socket.send_text(answer.text)
                await asyncio.sleep(bucket.delay_s(time.monotonic()))
                continue
            if advanced:
                self._acknowledged.set()

    async def write(self) -> None:
        """Send the newest picture whenever the window allows one more."""
        epoch = -1
        while True:
            while not self._window.can_send(time.monotonic()):
                self._acknowledged.clear()
                await self._acknowledged.wait()
            picture = await self._hub.frame_stream.next_after(epoch)
            self._hub.stats.record_sent(picture.epoch, before=epoch)
            epoch = picture.epoch
            self._window.record_sent(epoch, time.monotonic())
            self._sent.set()
            await self._socket.send_bytes(picture.message)

    async def watch(self) -> None:
        """Close when nothing is acknowledged for too long, even while `write` is stuck."""
        while True:
            deadline = self._window.deadline()
            if deadline is None:
                self._sent.clear()
                await self._sent.wait()
                continue
            left = deadline - time.monotonic()
            if left <= 0:
                await close(self._socket, "no picture acknowledged for 30 s")
                return
            await asyncio.sleep(left)


async def _messages(socket: WebSocket) -> AsyncIterator[str | bytes]:
    """Yield what a client sends, as text or bytes, until it has gone or the server ends."""
    for count in itertools.count(1):
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        text: str | None = message.get("text")
        yield text if text is not None else bytes(message.get("bytes") or b"")
        if count % _MESSAGES_PER_TURN == 0:
            await asyncio.sleep(0)  # `receive` does not give way while messages wait


async def close(socket: WebSocket, reason: str, code: int = TRY_AGAIN_LATER) -> None:
    """Close a socket, whether its client still reads or not."""
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            await socket.close(code, reason)


async def run_until_first_ends(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, then cancel the others; a disconnection is no error."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
            raise result
