"""The camera of a player: /ws/camera brings its pictures, each when the one before is taken."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import WebSocket

from styletune.ipc.commands import CAMERA_SOURCE, CONTENT_SOURCE, MAX_CAMERA_BYTES
from styletune.server.live import LiveControls
from styletune.server.websockets import close, run_until_first_ends
from styletune.session.outgoing import CameraTakenMessage

TAKEN_OVER = 4409  # close code: another page has opened its camera
BAD_PICTURE = 4422


class CameraFeed:
    """Lets one camera be the source at a time: the newest."""

    def __init__(self, live: LiveControls) -> None:
        self._live = live
        self._replaced: asyncio.Event | None = None  # of the camera that is the source

    async def serve(self, socket: WebSocket) -> None:
        """Serve /ws/camera to a player, until either side ends it or another one comes.

        A binary message is a picture, at most `MAX_CAMERA_BYTES`; the answer `taken` lets the
        next one come, so that nothing is queued.
        """
        await socket.accept()
        if self._replaced is not None:
            self._replaced.set()
        replaced = self._replaced = asyncio.Event()
        self._live.set_source(CAMERA_SOURCE)
        try:
            await run_until_first_ends(self._forward(socket), _wait(replaced))
            if replaced.is_set():
                await close(socket, "another page has opened its camera", TAKEN_OVER)
        finally:
            if self._replaced is replaced:
                self._replaced = None
                if self._live.source == CAMERA_SOURCE:  # else something was chosen meanwhile
                    self._live.set_source(CONTENT_SOURCE)

    async def _forward(self, socket: WebSocket) -> None:
        async for data in _pictures(socket):
            if not 0 < len(data) <= MAX_CAMERA_BYTES:
                why = f"a picture of a camera has at most {MAX_CAMERA_BYTES // 1000} kB, encoded"
                await close(socket, why, BAD_PICTURE)
                return
            await self._live.show_camera(data)
            await socket.send_text(CameraTakenMessage().text)


async def _pictures(socket: WebSocket) -> AsyncIterator[bytes]:
    """Yield what a client sends, until it has gone; text is no picture."""
    while (message := await socket.receive())["type"] != "websocket.disconnect":
        yield bytes(message.get("bytes") or b"")


async def _wait(event: asyncio.Event) -> None:
    await event.wait()
