"""The two sockets: /ws for controls and states, /frames for pictures.

Two, so that a picture of 60 KB never delays a slider. Thin: what is said is decided in
`session`, when a picture may be sent in `frames`. Each has one task that reads and one that
writes, and ends when either does.
"""

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect

from styletune.errors import MessageError
from styletune.server.breath import Breath
from styletune.server.frame_stream import AckWindow
from styletune.server.hub import Hub
from styletune.server.protocol import texts_of
from styletune.server.send_queue import SendQueue
from styletune.session import messages
from styletune.session.messages import ChangedMessage, ErrorMessage, parse_ack
from styletune.session.roles import Role, role_of

TRY_AGAIN_LATER = 1013  # close code: too slow, or full
_CLOSE_WITHIN_S = 1.0  # a client that reads nothing does not read a close either


async def serve_controls(socket: WebSocket, hub: Hub, *, only_hardware: bool = False) -> None:
    """Serve /ws to one client, until either side ends it."""
    await socket.accept()
    role = role_of(socket.scope)
    joined = hub.add_client(role, only_hardware=only_hardware)
    if joined is None:
        await _close(socket, "server full")
        return
    client, queue = joined
    try:
        await _run_until_first_ends(
            _read_controls(socket, hub, client, queue, role), _write_messages(socket, queue)
        )
    finally:
        hub.remove_client(client)


async def serve_frames(socket: WebSocket, hub: Hub) -> None:
    """Serve /frames to one viewer, until either side ends it."""
    await socket.accept()
    if not hub.add_viewer():
        await _close(socket, "server full")
        return
    viewer = _FrameSender(socket, hub)
    try:
        await _run_until_first_ends(viewer.read(), viewer.write(), viewer.watch())
    finally:
        hub.remove_viewer()


async def _read_controls(
    socket: WebSocket, hub: Hub, client: str, queue: SendQueue, role: Role
) -> None:
    while True:
        for text in await _receive(socket):
            refused = messages.refuse_viewer(text) if role is Role.VIEWER else None
            if refused is None:
                hub.receive(text, client)
            else:
                hub.reject(refused, client)
            if queue.full:
                await queue.wait_for_room()


async def _write_messages(socket: WebSocket, queue: SendQueue) -> None:
    breath = Breath()
    while not queue.overflowed:
        message = await queue.get()
        await socket.send_text(message.text)
        # Changes that come meanwhile go out as one: to send costs ten times what it costs to obey.
        if isinstance(message, ChangedMessage):
            await asyncio.sleep(breath.after(time.monotonic()))
    await _close(socket, "too slow")


class _FrameSender:
    """One viewer of pictures and its window of acknowledgements."""

    def __init__(self, socket: WebSocket, hub: Hub) -> None:
        self._socket = socket
        self._hub = hub
        self._window = AckWindow()
        self._acknowledged = asyncio.Event()
        self._sent = asyncio.Event()

    async def read(self) -> None:
        """Take acknowledgements."""
        while True:
            for text in await _receive(self._socket):
                try:
                    drawn = self._window.acknowledge(parse_ack(text).epoch)
                except MessageError as error:
                    self._hub.stats.bad[error.code] += 1
                    answer = ErrorMessage(code=error.code, message=str(error))
                    await self._socket.send_text(answer.text)
                    continue
                if drawn:
                    self._acknowledged.set()

    async def write(self) -> None:
        """Send the newest picture whenever the window allows it."""
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
                await _close(self._socket, "no picture acknowledged for 30 s")
                return
            await asyncio.sleep(left)


async def _receive(socket: WebSocket) -> Sequence[str | bytes]:
    """The next messages, text or bytes: one, or all that came at once.

    Raises:
        WebSocketDisconnect: the client has gone, or the server is ending.
    """
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1006))
    return texts_of(message)


async def _close(socket: WebSocket, reason: str) -> None:
    with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
        async with asyncio.timeout(_CLOSE_WITHIN_S):
            await socket.close(TRY_AGAIN_LATER, reason)


async def _run_until_first_ends(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, then cancel the others; a disconnection is a fine end."""
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
