"""The connection to /ws: questions with their answers, and a way back when it is lost.

Messages are handed on as they come. A question that may be asked twice is asked again over the
next connection; another one fails. Knows nothing about what is said, but that a snapshot comes
first. Belongs to one event loop.
"""

import asyncio
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from styletune.client.address import Address
from styletune.errors import ConfigError, RefusedError, StyletuneError, UnreachableError

# The ways in: sockets that are tried again, and plain HTTP requests.
#
# What fails comes out as one of our errors, with the address and what to do. Knows nothing about
# what is said.


OPEN_S = 10.0  # ssh accepts a connection even when its far end is dead
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0
# Close codes after which trying again cannot help.
FINAL = {
    4401: ("unauthorized", "the server no longer takes this token"),
    4403: ("forbidden", "this token may watch but not play"),
    4426: ("version", "the server is of another version"),
}


async def open_socket(address: Address, path: str) -> ClientConnection:
    """Connect once.

    Raises:
        UnreachableError: nobody answers, or somebody else does.
        RefusedError: the server does not let us in.
    """
    try:
        return await websocket(
            address.socket(path),
            additional_headers=address.headers,
            open_timeout=OPEN_S,
            max_size=None,  # pictures
            compression=None,
            proxy=None if address.local else True,
        )
    except InvalidStatus as error:
        raise refusal(address, error.response.status_code) from None
    except (InvalidURI, ValueError) as error:
        raise ConfigError(f"{address.base} is no address of a server: {error}") from None
    except (OSError, TimeoutError) as error:
        raise unreachable(address, error) from None
    except WebSocketException:
        raise UnreachableError(
            f"what answers at {address.base} is not a styletune server"
        ) from None


async def reopen_socket(
    address: Address, path: str, *, patience_s: float, lost: Callable[[], object] = lambda: None
) -> ClientConnection:
    """Connect again and again, for as long as `patience_s`; see `open_socket`.

    Args:
        lost: called after each try that failed.
    """
    end = time.monotonic() + patience_s
    wait_s = FIRST_WAIT_S
    while True:
        try:
            return await open_socket(address, path)
        except UnreachableError:
            if time.monotonic() + wait_s > end:
                raise
        lost()
        await asyncio.sleep(wait_s * random.uniform(0.75, 1.25))  # not all clients at once
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def ended(error: ConnectionClosed) -> RefusedError | None:
    """Why a closed socket must not be tried again; None: it may."""
    code = error.rcvd.code if error.rcvd else 1006
    if code not in FINAL:
        return None
    short, text = FINAL[code]
    return RefusedError(text, code=short)


async def request(
    address: Address, method: str, path: str, body: bytes | None = None, **headers: str
) -> bytes:
    """Make an HTTP request and return the answer's body.

    Raises:
        UnreachableError: nobody answers.
        RefusedError: the server refuses, for the reason that it gives.
    """
    return await asyncio.to_thread(_request, address, method, path, body, headers)


def _request(
    address: Address, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> bytes:
    request = urllib.request.Request(
        address.base + path, body, {**address.headers, **headers}, method=method
    )
    handlers = [urllib.request.ProxyHandler({})] if address.local else []
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=60) as answer:
            data: bytes = answer.read()
            return data
    except urllib.error.HTTPError as error:
        with error:
            raise _said(error.read(65_536)) or refusal(address, error.code) from None
    except (OSError, ValueError) as error:
        raise unreachable(address, getattr(error, "reason", error)) from None


def _said(body: bytes) -> RefusedError | None:
    """The reason that stands in an answer."""
    try:
        answer = json.loads(body)
        return RefusedError(str(answer["message"]), code=str(answer["code"]))
    except (ValueError, KeyError, TypeError):
        return None


def refusal(address: Address, status: int) -> RefusedError:
    """Why the server answered with this HTTP status, and what to do."""
    if status == 401:
        text = (
            f"the server at {address.base} does not know this token; set STYLETUNE_TOKEN to the "
            "one that it was started with, or name a file with --token-file"
        )
        return RefusedError(text, code="unauthorized")
    if status == 429:
        text = f"the server at {address.base} saw too many wrong tokens; wait a minute"
        return RefusedError(text, code="too_many_requests")
    return RefusedError(
        f"the server at {address.base} refuses, with HTTP status {status}", code=f"http_{status}"
    )


def unreachable(address: Address, error: object) -> UnreachableError:
    """Nobody answers."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return UnreachableError(
        f"no server answers at {address.base} ({reason}); start one with: styletune serve"
    )


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
        self._socket = await open_socket(self._address, "/ws")
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
                    final = ended(error)
                self._lose()
                if final is not None:
                    raise final
                socket = await reopen_socket(self._address, "/ws", patience_s=self._patience_s)
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
