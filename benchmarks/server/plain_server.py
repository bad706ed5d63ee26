"""What the bare libraries do: uvicorn and websockets, and nothing of styletune's around them.

The same two sockets in their simplest form: every viewer is sent every picture as it comes, and
every set is decoded and answered. No authentication, session, acks or worker. Prints its port.
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


class PlainServer:
    """An ASGI application of two sockets."""

    def __init__(self, size: int, fps: float) -> None:
        self._picture = os.urandom(size)
        self._fps = fps
        self._frame = b""
        self._new_frame = asyncio.Event()
        self._rev = 0

    async def paint(self) -> None:
        """Offer a picture at each tick, for ever."""
        loop = asyncio.get_running_loop()
        epoch, tick = 0, loop.time()
        while True:
            epoch += 1
            header = {"epoch": epoch, "step": epoch, "rev": self._rev, "time": time.time()}
            data = json.dumps(header).encode()
            self._frame = struct.pack("<I", len(data)) + data + self._picture
            self._new_frame.set()
            self._new_frame = asyncio.Event()
            tick = max(tick + 1 / self._fps, loop.time())
            await asyncio.sleep(tick - loop.time())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a socket."""
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        serve = self._frames if scope["path"] == "/frames" else self._controls
        with contextlib.suppress(Exception):  # the client has disconnected
            await serve(receive, send)

    async def _frames(self, receive: Any, send: Any) -> None:
        disconnected = asyncio.ensure_future(self._wait_for_disconnect(receive))
        try:
            while not disconnected.done():
                await self._new_frame.wait()
                await send({"type": "websocket.send", "bytes": self._frame})
        finally:
            disconnected.cancel()

    async def _wait_for_disconnect(self, receive: Any) -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def _controls(self, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            command = json.loads(message["text"])
            self._rev += 1
            answer = {"type": "changed", "rev": self._rev, "controls": command["controls"]}
            if "seq" in command:
                answer["seq"] = command["seq"]
            await send({"type": "websocket.send", "text": json.dumps(answer)})


async def main(size: int, fps: float) -> None:
    """Serve until a signal ends it."""
    server = PlainServer(size, fps)
    config = uvicorn.Config(
        server, ws="websockets-sansio", ws_per_message_deflate=False, lifespan="off",
        access_log=False, log_level="warning",
    )  # fmt: skip
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        painting = asyncio.create_task(server.paint())
        await uvicorn.Server(config).serve([listener])
        painting.cancel()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2])))
