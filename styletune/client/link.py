"""The connection to /ws: questions with their answers, and a way back when it is lost.

Messages are handed on as they come. A question that may be asked twice is asked again over the
next connection; another one fails. Knows nothing about what is said, but that a snapshot comes
first. Belongs to one event loop.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from styletune.client import doors
from styletune.client.address import Address
from styletune.errors import RefusedError, StyletuneError, UnreachableError

T = TypeVar("T")
Message = dict[str, Any]
# What answers a message of each kind. To the others only an error does, and that comes before the
# snapshot that is asked for right behind them.
_ANSWERS = {"set": "changed", "trigger": "triggered", "paint": "painting", "snapshot?": "snapshot"}


@dataclass(frozen=True, slots=True)
class _Question:
    message: Message
    again: bool  # may be sent twice
    answer: "asyncio.Future[Message]"

    def fail(self, error: StyletuneError) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Link:
    """A connection that comes back by itself; after `open` you must await `close`.

    Args:
        hear: given each message, before whoever waits is woken.
        patience_s: how long a lost server is waited for.

    Attributes:
        connected: whether it stands, and its snapshot has come.
        connections: how many there have been.
    """

    def __init__(
        self, address: Address, hear: Callable[[Message], None], *, patience_s: float
    ) -> None:
        self.connected = False
        self.connections = 0
        self._address = address
        self._hear = hear
        self._patience_s = patience_s
        self._seq = 0
        self._asked: dict[int, _Question] = {}
        self._news = asyncio.Event()
        self._failure: StyletuneError | None = None
        self._socket: ClientConnection | None = None
        self._reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect and wait for the snapshot.

        Raises:
            UnreachableError, RefusedError: see `doors.open_socket`.
        """
        self._socket = await doors.open_socket(self._address, "/ws")
        self._reading = asyncio.create_task(self._read(self._socket), name="styletune client")
        try:
            await self.until(lambda: self.connected or None)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go. May be repeated."""
        if self._reading is not None:
            self._reading.cancel()
            with suppress(asyncio.CancelledError):
                await self._reading
        if self._socket is not None:
            await self._socket.close()

    async def until(self, look: Callable[[], T | None]) -> T:
        """Wait until `look` finds something; it is asked after each message.

        Raises:
            UnreachableError, RefusedError: what the connection has ended with.
        """
        while True:
            found = look()
            if found is not None:
                return found
            if self._failure is not None:
                raise self._failure
            await self._news.wait()

    async def ask(self, kind: str, *, again: bool = True, **fields: Any) -> Message:
        """Send a message and wait for its answer.

        Args:
            again: whether it may be sent a second time when the connection is lost.

        Raises:
            RefusedError: the server has not obeyed it.
            UnreachableError: the connection was lost.
        """
        if self._failure is not None:
            raise self._failure
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        mine = [self._question({"type": kind, **fields}, again, answer)]
        if kind not in _ANSWERS:
            mine.append(self._question({"type": "snapshot?"}, True, answer))
        try:
            for seq in mine:
                await self._send(self._asked[seq])
            return await answer
        finally:
            for seq in mine:
                self._asked.pop(seq, None)

    def _question(self, message: Message, again: bool, answer: "asyncio.Future[Message]") -> int:
        self._seq += 1
        self._asked[self._seq] = _Question({**message, "seq": self._seq}, again, answer)
        return self._seq

    async def _send(self, question: _Question) -> None:
        if self.connected and self._socket is not None:
            # A loss is noticed by the reader, which sends it again or lets it fail.
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps(question.message))

    async def _read(self, socket: ClientConnection) -> None:
        """Hear everything, over one connection after the other."""
        try:
            while True:
                self._socket = socket
                final = None
                try:
                    async for text in socket:
                        await self._take(json.loads(text))
                except ConnectionClosed as error:
                    final = doors.ended(error)
                self._lose()
                if final is not None:
                    raise final
                socket = await doors.reopen_socket(
                    self._address, "/ws", patience_s=self._patience_s
                )
        except StyletuneError as error:
            self._failure = error
            for question in self._asked.values():
                question.fail(error)
            self._tell()

    async def _take(self, message: Message) -> None:
        first = message["type"] == "snapshot" and not self.connected
        if first:
            self.connections += 1
        self._hear(message)
        if first:
            self.connected = True
            for question in list(self._asked.values()):
                await self._send(question)
        self._answer(message)
        self._tell()

    def _answer(self, message: Message) -> None:
        """Give a message to whoever asked for it."""
        seq, kind = message.get("seq"), message["type"]
        for asked, question in list(self._asked.items()):
            if seq is None:
                return
            # A slow reader gets several changes as one, with the newest `seq`.
            merged = kind == "changed" and asked < seq and question.message["type"] == "set"
            if asked != seq and not merged:
                continue
            if kind == "error":
                question.fail(RefusedError(message["message"], code=message["code"]))
            elif kind == _ANSWERS.get(question.message["type"]) and not question.answer.done():
                question.answer.set_result(message)

    def _lose(self) -> None:
        self.connected = False
        for question in self._asked.values():
            if not question.again:
                kind = question.message["type"]
                question.fail(
                    UnreachableError(
                        f"the connection to {self._address.base} was lost before `{kind}` was "
                        "answered; it may have been obeyed"
                    )
                )
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
