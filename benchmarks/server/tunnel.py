"""A tunnel as ssh makes it: a buffer of megabytes, a slow line, a delay. Also cuts and resets.

Forwards TCP to a port of this machine. What comes from the server waits in the buffer, leaves
it at the line's speed and arrives after the delay.
"""

import asyncio
import contextlib
import socket
import struct
from collections import deque
from typing import Self

_CHUNK = 16 * 1024


class Tunnel:
    """Use as an asynchronous context; `port` is its near end.

    Args:
        far_port: where it leads.
        bytes_per_s: of the line from the server to the client; None: no limit.
        delay_s: of each direction.
        buffer_bytes: that the tunnel takes from the server before it takes no more.
    """

    def __init__(
        self,
        far_port: int,
        *,
        bytes_per_s: float | None = None,
        delay_s: float = 0.0,
        buffer_bytes: int = 2 << 20,
    ) -> None:
        self._far_port = far_port
        self._bytes_per_s = bytes_per_s
        self._delay_s = delay_s
        self._buffer_bytes = buffer_bytes
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cut everything."""
        self._server.close()
        self.cut()
        # Not cancelled: asyncio's streams log an error for a handler that was.
        if self._tasks:
            await asyncio.wait(self._tasks)

    def cut(self) -> None:
        """End all connections of now, as a line that breaks."""
        for writer in list(self._writers):
            writer.transport.abort()

    def reset(self) -> None:
        """End all connections of now by a TCP reset."""
        for writer in list(self._writers):
            raw: socket.socket = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.cut()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
            self._writers.add(far_writer)
            ways = [
                asyncio.create_task(_copy(reader, far_writer, self._delay_s, None, _CHUNK)),
                asyncio.create_task(
                    _copy(far_reader, writer, self._delay_s, self._bytes_per_s, self._buffer_bytes)
                ),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                far_writer.transport.abort()
                self._writers.discard(far_writer)
        except OSError:
            pass  # nobody there: the near end sees a connection that ends
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)


async def _copy(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    delay_s: float,
    bytes_per_s: float | None,
    buffer_bytes: int,
) -> None:
    """One direction, until it ends."""
    loop = asyncio.get_running_loop()
    waiting: deque[tuple[float, bytes]] = deque()  # when it may arrive, and what
    held = 0
    changed = asyncio.Event()

    async def read() -> None:
        nonlocal held
        while data := await reader.read(_CHUNK):
            while held + len(data) > buffer_bytes and held:
                changed.clear()
                await changed.wait()
            waiting.append((loop.time() + delay_s, data))
            held += len(data)
            changed.set()
        waiting.append((loop.time() + delay_s, b""))
        changed.set()

    async def write() -> None:
        nonlocal held
        free_at = loop.time()  # the line, from when on
        while True:
            while not waiting:
                changed.clear()
                await changed.wait()
            at, data = waiting.popleft()
            held -= len(data)
            changed.set()
            if not data:
                return
            # A line sends one thing after the other, each for as long as it is.
            begins = max(free_at, at - delay_s)
            free_at = begins + (len(data) / bytes_per_s if bytes_per_s else 0.0)
            await asyncio.sleep(max(0.0, free_at + delay_s - loop.time()))
            writer.write(data)
            await writer.drain()

    tasks = [asyncio.create_task(read()), asyncio.create_task(write())]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if not tasks[1].done() and not tasks[0].cancelled() and tasks[0].exception() is None:
            await tasks[1]  # what was read is still written
    finally:
        for task in tasks:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
