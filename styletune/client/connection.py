"""Connections to a server: WebSockets that come back by themselves, requests over /ws and HTTP.

What fails is raised as one of our errors, with the address and the remedy.
"""

import asyncio
import json
import random
import ssl
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from styletune.client.address import Address
from styletune.errors import ConfigError, RefusedError, StyletuneError, UnreachableError

if TYPE_CHECKING:  # httpx takes 0.1 s to import; the MIDI agent never needs it
    import httpx

OPEN_TIMEOUT_S = 10.0  # ssh accepts a connection even when its far end is dead
HTTP_TIMEOUT_S = 60.0
FIRST_DELAY_S, MAX_DELAY_S = 0.25, 5.0
# Shorter than the server's own 5 s, so that no request meets a connection that is just closing.
_KEEPALIVE_S = 2.0
# Close codes after which trying again cannot help.
FINAL_CLOSE_CODES = {
    4401: ("unauthorized", "the server no longer takes this token"),
    4403: ("forbidden", "this token may watch but not play"),
    4426: ("version", "the server is of another version"),
}

T = TypeVar("T")
Message = dict[str, Any]


# ------------------------------------------------------------------ WebSockets


async def reconnecting(
    address: Address,
    path: str,
    *,
    patience_s: float,
    wait_for_server: bool = False,
    on_failure: Callable[[Exception], object] = lambda error: None,
    **options: Any,
) -> AsyncGenerator[ClientConnection, None]:
    """Yield a connection, and another each time that the last one was lost.

    Leave the loop's body when the connection has closed; close the generator (`aclosing`) when
    no more are wanted.

    Args:
        patience_s: how long a lost server is waited for.
        wait_for_server: wait for the first connection as well, instead of raising at once.
        on_failure: called with the reason of each attempt that failed and will be repeated.
        options: for `websockets.connect`, beside our own.

    Raises:
        UnreachableError: nobody answers, or somebody else does.
        RefusedError: the server does not let us in.
        ConfigError: no such address can be.
    """
    deadline = time.monotonic() + (patience_s if wait_for_server else 0.0)

    def check_failure(error: Exception) -> Exception | None:
        """Return what to raise, or None to try again."""
        failure = explain_failure(address, error)
        if is_final(failure) or time.monotonic() >= deadline:
            return failure
        on_failure(error)
        return None

    options.setdefault("proxy", None if address.local else True)
    try:
        attempts = connect(
            address.socket(path),
            process_exception=check_failure,
            reconnect_delays=lambda: retry_delays(lambda: deadline - time.monotonic()),
            additional_headers=address.headers,
            open_timeout=OPEN_TIMEOUT_S,
            max_size=None,  # pictures
            compression=None,
            **options,
        )
    except (InvalidURI, ValueError) as error:
        raise explain_failure(address, error) from None
    async for socket in attempts:
        try:
            yield socket
        finally:
            await socket.close()
        if socket.close_code in FINAL_CLOSE_CODES:
            code, text = FINAL_CLOSE_CODES[socket.close_code]
            raise RefusedError(text, code=code)
        deadline = time.monotonic() + patience_s
        await asyncio.sleep(random.uniform(0.0, FIRST_DELAY_S))  # not all clients at once


def retry_delays(time_left_s: Callable[[], float]) -> Generator[float, None, None]:
    """Seconds between attempts: 0.25, 0.5, 1 … 5, ± 25 %, and never more than the time left."""
    delay_s = FIRST_DELAY_S
    while True:
        yield max(0.0, min(delay_s * random.uniform(0.75, 1.25), time_left_s()))
        delay_s = min(2 * delay_s, MAX_DELAY_S)


def is_final(failure: StyletuneError) -> bool:
    """Whether trying again cannot help. A proxy's 502 and a 429 pass; a wrong token does not."""
    if isinstance(failure, RefusedError):
        return failure.code in ("unauthorized", "http_403")
    return not isinstance(failure, UnreachableError)


def explain_failure(address: Address, error: Exception) -> StyletuneError:
    """Turn an error of the libraries into ours, with the remedy."""
    if isinstance(error, InvalidStatus):
        return refusal(address, error.response.status_code)
    # A certificate that is not trusted is both a ValueError and an OSError.
    if isinstance(error, InvalidURI | ValueError) and not isinstance(error, OSError):
        return ConfigError(f"{address.base} is no address of a server: {error}")
    if isinstance(error, WebSocketException):
        return UnreachableError(f"what answers at {address.base} is not a styletune server")
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return UnreachableError(
        f"no server answers at {address.base} ({reason}); start one with: styletune serve"
    )


def refusal(address: Address, status: int) -> RefusedError:
    """Why the server answered with this HTTP status, and the remedy."""
    if status == 401:
        text = (
            f"the server at {address.base} refuses (401): it does not know this token; set "
            "STYLETUNE_TOKEN to the one that it was started with, or name a file with --token-file"
        )
        return RefusedError(text, code="unauthorized")
    if status == 429:
        text = f"the server at {address.base} saw too many wrong tokens; wait a minute"
        return RefusedError(text, code="too_many_requests")
    return RefusedError(
        f"the server at {address.base} refuses, with HTTP status {status}", code=f"http_{status}"
    )


# ------------------------------------------------------------- /ws and HTTP together

# The answer to a message of each type. The others are answered by an error only, which comes
# before the snapshot that is requested right behind them.
_ANSWERS = {"set": "changed", "trigger": "triggered", "paint": "painting", "snapshot?": "snapshot"}


@dataclass(frozen=True, slots=True)
class _Request:
    message: Message
    idempotent: bool  # may be sent twice
    answer: "asyncio.Future[Message]"

    def fail(self, error: StyletuneError) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class Connection:
    """A client's way to its server; after `open` you must await `close`.

    Belongs to one event loop.

    Args:
        on_message: called with each message of /ws, before whoever waits is woken.
        patience_s: how long a lost server is waited for.

    Attributes:
        connected: whether /ws stands, and its snapshot has come.
        count: how many times it has stood.
    """

    def __init__(
        self, address: Address, on_message: Callable[[Message], None], *, patience_s: float
    ) -> None:
        self.connected = False
        self.count = 0
        self._address = address
        self._on_message = on_message
        self._patience_s = patience_s
        self._seq = 0
        self._requests: dict[int, _Request] = {}
        self._changed = asyncio.Event()
        self._failure: StyletuneError | None = None
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._http: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Connect and wait for the snapshot.

        Raises:
            UnreachableError, RefusedError, ConfigError: see `reconnecting`.
        """
        self._reader = asyncio.create_task(self._read(), name="styletune client")
        try:
            await self.wait_for(lambda: self.connected or None)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect. May be repeated."""
        if self._reader is not None:
            self._reader.cancel()
            with suppress(asyncio.CancelledError):
                await self._reader
        if self._http is not None:
            await self._http.aclose()

    async def wait_for(self, predicate: Callable[[], T | None]) -> T:
        """Wait until `predicate` returns something; it is called after each message.

        Raises:
            UnreachableError, RefusedError: what the connection has ended with.
        """
        while True:
            found = predicate()
            if found is not None:
                return found
            if self._failure is not None:
                raise self._failure
            await self._changed.wait()

    async def request(self, kind: str, *, idempotent: bool = True, **fields: Any) -> Message:
        """Send a message over /ws and wait for its answer.

        Args:
            idempotent: it may be sent a second time when the connection is lost.

        Raises:
            RefusedError: the server refuses it.
            UnreachableError: the connection was lost.
        """
        if self._failure is not None:
            raise self._failure
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        seqs = [self._add_request({"type": kind, **fields}, idempotent, answer)]
        if kind not in _ANSWERS:
            seqs.append(self._add_request({"type": "snapshot?"}, True, answer))
        try:
            for seq in seqs:
                await self._send(self._requests[seq])
            return await answer
        finally:
            for seq in seqs:
                self._requests.pop(seq, None)

    async def request_http(self, method: str, path: str, **options: Any) -> bytes:
        """Make an HTTP request and return the answer's body.

        Args:
            options: of httpx, such as `content`, `json` and `headers`.

        Raises:
            UnreachableError: nobody answers.
            RefusedError: the server refuses, for the reason that it gives.
        """
        import httpx

        if self._http is None:
            self._http = _http_client(self._address)
        try:
            answer = await self._http.request(
                method, self._address.base + path, follow_redirects=method == "GET", **options
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise explain_failure(self._address, error) from None
        if not answer.is_success:
            raise _stated_refusal(answer.content) or refusal(self._address, answer.status_code)
        return answer.content

    def _add_request(
        self, message: Message, idempotent: bool, answer: "asyncio.Future[Message]"
    ) -> int:
        self._seq += 1
        self._requests[self._seq] = _Request({**message, "seq": self._seq}, idempotent, answer)
        return self._seq

    async def _send(self, request: _Request) -> None:
        if self.connected and self._socket is not None:
            # A loss is noticed by the reader, which sends it again or lets it fail.
            with suppress(ConnectionClosed):
                await self._socket.send(json.dumps(request.message))

    async def _read(self) -> None:
        """Receive everything, over one connection after the other."""
        sockets = reconnecting(self._address, "/ws", patience_s=self._patience_s)
        try:
            async with aclosing(sockets):
                async for self._socket in sockets:
                    with suppress(ConnectionClosed):
                        async for text in self._socket:
                            await self._receive(json.loads(text))
                    self._on_lost()
        except StyletuneError as error:
            self._failure = error
            for request in self._requests.values():
                request.fail(error)
            self._notify()

    async def _receive(self, message: Message) -> None:
        first = message["type"] == "snapshot" and not self.connected
        if first:
            self.count += 1
        self._on_message(message)
        if first:
            self.connected = True
            for request in list(self._requests.values()):
                await self._send(request)
        self._answer(message)
        self._notify()

    def _answer(self, message: Message) -> None:
        """Give a message to whoever requested it."""
        seq, kind = message.get("seq"), message["type"]
        if seq is None:
            return
        for requested, request in list(self._requests.items()):
            # A slow reader gets several changes as one, with the newest `seq`.
            merged = kind == "changed" and requested < seq and request.message["type"] == "set"
            if requested != seq and not merged:
                continue
            if kind == "error":
                request.fail(RefusedError(message["message"], code=message["code"]))
            elif kind == _ANSWERS.get(request.message["type"]) and not request.answer.done():
                request.answer.set_result(message)

    def _on_lost(self) -> None:
        self.connected = False
        for request in self._requests.values():
            if not request.idempotent:
                kind = request.message["type"]
                request.fail(
                    UnreachableError(
                        f"the connection to {self._address.base} was lost before `{kind}` was "
                        "answered; it may have been obeyed"
                    )
                )
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _http_client(address: Address) -> "httpx.AsyncClient":
    import httpx

    return httpx.AsyncClient(
        headers=address.headers,
        timeout=HTTP_TIMEOUT_S,
        verify=ssl.create_default_context(),  # the system's certificates, not httpx's own
        mounts={"http://": None, "https://": None} if address.local else None,  # no proxy
        limits=httpx.Limits(keepalive_expiry=_KEEPALIVE_S),
    )


def _stated_refusal(body: bytes) -> RefusedError | None:
    """The reason that stands in an answer of the server, if there is one."""
    try:
        answer = json.loads(body)
        return RefusedError(str(answer["message"]), code=str(answer["code"]))
    except (ValueError, KeyError, TypeError):
        return None
