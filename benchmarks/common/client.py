"""A client of the real server that records what comes in, over both sockets, as a page has them.

Epochs, states and the headers of pictures, with the time of their arrival. Pictures are
acknowledged at once and not decoded.
"""

import asyncio
import json
import math
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

_RETRY_INTERVAL_S = 0.05

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Epoch:
    """Time and steps of an epoch message; `time` in seconds since 1970.

    `steps_per_s`: by the worker's own clock, while it took the steps of this epoch.
    """

    epoch: int
    step: int
    time: float
    steps_per_s: float = math.inf
    rev: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture that came `at` by `time.perf_counter()`; `time`: published, since 1970."""

    step: int
    rev: int
    time: float
    at: float


class RecordingClient:
    """One client of /ws and /frames. Use as an asynchronous context.

    Attributes:
        epochs, pictures: what has come so far; clear them when they are no longer needed.
        state: the newest state message.
        states: name of each state, and when it came by `time.perf_counter()`.
        controls: positions at the start.
    """

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._changed = asyncio.Event()
        self._seq = 0
        self._revs: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self.epochs: list[Epoch] = []
        self.pictures: list[Arrival] = []
        self.state: dict[str, Any] = {}
        self.states: list[tuple[str, float]] = []
        self.controls: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        """Connect, and try again until the server is there."""
        self._frames = await self._connect("frames")
        self._controls = await self._connect("ws")
        self._tasks = [
            asyncio.create_task(self._read_pictures(self._frames)),
            asyncio.create_task(self._read_messages(self._controls)),
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close both sockets."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(self._frames.close(), self._controls.close(), return_exceptions=True)

    async def _connect(self, path: str) -> ClientConnection:
        while True:
            try:
                return await connect(
                    self._url + path,
                    additional_headers=self._headers,
                    compression=None,
                    proxy=None,
                    max_size=None,
                )
            except (OSError, WebSocketException):
                await asyncio.sleep(_RETRY_INTERVAL_S)

    async def _read_pictures(self, socket: ClientConnection) -> None:
        async for message in socket:
            at = time.perf_counter()
            assert isinstance(message, bytes)
            (length,) = struct.unpack_from("<I", message)
            header = json.loads(message[4 : 4 + length])
            await socket.send(json.dumps({"type": "ack", "epoch": header["epoch"]}))
            self.pictures.append(Arrival(header["step"], header["rev"], header["time"], at))
            self._changed.set()
        raise ConnectionError("/frames was closed")

    async def _read_messages(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "epoch":
                    self.epochs.append(Epoch(*(message[field.name] for field in fields(Epoch))))
                case "state":
                    self._set_state(message)
                case "snapshot":
                    self.controls = message["controls"]
                    self._set_state(message["state"])
                case "changed" if "seq" in message:
                    self._revs[message["seq"]] = message["rev"]
                case "error":
                    raise ConnectionError(f"the server refused: {message['message']}")
            self._changed.set()
        raise ConnectionError("/ws was closed")

    def _set_state(self, state: dict[str, Any]) -> None:
        self.state = state
        self.states.append((state["state"], time.perf_counter()))

    async def wait_for(self, find: Callable[[], T | None]) -> T:
        """Wait until `find` returns something that is neither None nor False.

        Raises:
            ConnectionError: a socket was closed, or the server has failed.
        """
        while True:
            found = find()
            if found is not None and found is not False:
                return found
            for task in self._tasks:
                if task.done():
                    task.result()
            if self.state.get("state") == "failed":
                raise ConnectionError(f"the server failed: {self.state['message']}")
            self._changed.clear()
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait([changed, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
            finally:
                changed.cancel()

    async def set(self, controls: dict[str, float | bool]) -> int:
        """Move controls; return the revision that shows them."""
        self._seq += 1
        seq = self._seq
        message = {"type": "set", "controls": controls, "seq": seq}
        await self._controls.send(json.dumps(message))
        return await self.wait_for(lambda: self._revs.pop(seq, None))

    async def wait_for_state(self, state: str) -> None:
        """Wait until the worker is in `state`."""
        await self.wait_for(lambda: self.state.get("state") == state)
