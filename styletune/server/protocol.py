"""How the bytes of a WebSocket become messages: uvicorn's way, quicker, and in handfuls.

uvicorn wakes for each message of a storm, stops reading until it has been obeyed, and reads each
with a parser for everything that RFC 6455 knows. Here plain messages are read by `TextFrames`,
and a storm's pile up in the network's buffers between two looks, see `Breath`. Knows nothing
about what messages say.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from styletune.server.breath import Breath
from styletune.server.text_frames import TextFrames

_ALL = "styletune.texts"


def texts_of(event: Mapping[str, Any]) -> Sequence[str | bytes]:
    """The messages of a `websocket.receive`: one by ASGI, from here all that came at once."""
    several: Sequence[str] | None = event.get(_ALL)
    if several is not None:
        return several
    text: str | None = event.get("text")
    data: bytes | None = event.get("bytes")
    return [text if text is not None else data or b""]


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._texts = TextFrames(self.config.ws_max_size)
        self._breath = Breath()
        self._rest_s = 0.0
        self._resting: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Queue the messages in `data`, and stop reading until they are obeyed."""
        if self.conn.state is State.CONNECTING:
            if self.handshake_initiated:  # too early to be plain
                self._texts.give_up()
            super().data_received(data)
            return
        texts: list[str] = []
        count, self._rest_s = 0, 0.0
        for found in self._texts.read(data):
            if isinstance(found, str):
                texts.append(found)
            else:
                count += self._queue(texts)
                texts = []
                super().data_received(found)
        count += self._queue(texts)
        if count:
            self._rest_s = self._breath.after(self.loop.time(), count)
            if not self.read_paused:
                self.read_paused = True
                self.transport.pause_reading()

    def _queue(self, texts: list[str]) -> int:
        """Queue messages as one event, see `texts_of`; returns how many they are."""
        if not texts or self.close_sent:
            return 0
        event: Any = {"type": "websocket.receive", "text": texts[0], _ALL: texts}
        self.queue.put_nowait(event)
        return len(texts)

    async def receive(self) -> Any:
        """The next message; after the last one, read on, in a storm a little later."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty() and self._resting is None:
            if self._rest_s:
                self._resting = self.loop.call_later(self._rest_s, self._read_on)
            else:
                self._read_on()
        return message

    def _read_on(self) -> None:
        self._resting = None
        self.read_paused = False
        self.transport.resume_reading()
