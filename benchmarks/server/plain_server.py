"""What the bare library does: uvicorn and websockets, and nothing of styletune's around them.

The same two sockets in their simplest form: every viewer is sent every picture as it comes, and
every set is decoded and answered. No guard, no session, no credit, no worker. Prints its port.
Run as: python -m benchmarks.server.plain_server BYTES FPS
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
import time
from typing import Any

import uvicorn


class Plain:
    """An ASGI application of two sockets."""

    def __init__(self, size: int, fps: float) -> None:
        self._picture = os.urandom(size)
        self._fps = fps
        self._message = b""
        self._arrived = asyncio.Event()
        self._rev = 0

    async def paint(self) -> None:
        """Offer a picture at each tick, for ever."""
        loop = asyncio.get_running_loop()
        epoch, tick = 0, loop.time()
        while True:
            epoch += 1
            head = {"epoch": epoch, "step": epoch, "rev": self._rev, "time": time.time()}
            data = json.dumps(head).encode()
            self._message = struct.pack("<I", len(data)) + data + self._picture
            self._arrived.set()
            self._arrived = asyncio.Event()
            tick = max(tick + 1 / self._fps, loop.time())
            await asyncio.sleep(tick - loop.time())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a socket."""
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        serve = self._frames if scope["path"] == "/frames" else self._sets
        reading = asyncio.ensure_future(serve(receive, send))
        with contextlib.suppress(Exception):  # it has gone
            await reading

    async def _frames(self, receive: Any, send: Any) -> None:
        gone = asyncio.ensure_future(self._gone(receive))
        try:
            while not gone.done():
                await self._arrived.wait()
                await send({"type": "websocket.send", "bytes": self._message})
        finally:
            gone.cancel()

    async def _gone(self, receive: Any) -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def _sets(self, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            said = json.loads(message["text"])
            self._rev += 1
            answer = {"type": "changed", "rev": self._rev, "controls": said["controls"]}
            if "seq" in said:
                answer["seq"] = said["seq"]
            await send({"type": "websocket.send", "text": json.dumps(answer)})


async def main(size: int, fps: float) -> None:
    """Serve until told to end."""
    plain = Plain(size, fps)
    config = uvicorn.Config(
        plain, ws="websockets-sansio", ws_per_message_deflate=False, lifespan="off",
        access_log=False, log_level="warning",
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        painting = asyncio.create_task(plain.paint())
        await uvicorn.Server(config).serve([listener])
        painting.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
