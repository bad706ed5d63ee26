"""Reading the body of an upload: no longer and no more than is reasonable."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send

from styletune.server.http_errors import ApiError

MAX_BYTES = 20 * 1024 * 1024
# A body may take as long as this, and longer for as long as enough of it comes: twenty
# megabytes through a slow tunnel take minutes, and a byte a second is ended within 30 s.
BASE_TIMEOUT_S, MIN_BYTES_PER_S = 20.0, 32 * 1024
MAX_TIMEOUT_S = 300.0  # however much comes
MAX_AT_ONCE = 4  # pictures that are read and decoded
MAX_HELD_BYTES = MAX_AT_ONCE * MAX_BYTES  # of all bodies, pictures or not
# How much of a refused body is still read, so that the client gets to read the answer: a
# connection closed with bytes unread is reset, and the answer is lost with it.
_DRAIN_BYTES, _DRAIN_SECONDS = 64 * 1024 * 1024, 5.0


class UploadError(ApiError):
    """A body that was not read to its end."""

    def response(self) -> Response:
        """Return an answer that the client gets to read."""
        return UploadErrorResponse(self)


class UploadSlots:
    """Limits how many bodies are read and decoded at a time to `MAX_AT_ONCE`."""

    def __init__(self) -> None:
        self._taken = 0

    @contextlib.contextmanager
    def acquire(self) -> Iterator[None]:
        """Take a slot, and release it afterwards.

        Raises:
            UploadError: all are taken (429).
        """
        if self._taken >= MAX_AT_ONCE:
            raise _busy(f"{MAX_AT_ONCE} pictures are being read already")
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1


class BodyBudget:
    """Reads bodies, and limits how many bytes of all of them are held at a time.

    Attributes:
        held_bytes: how many are.
    """

    def __init__(self) -> None:
        self.held_bytes = 0

    @contextlib.asynccontextmanager
    async def read(self, request: Request, max_bytes: int) -> AsyncIterator[bytes]:
        """See `read_body`."""
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > max_bytes:
            raise _too_large(max_bytes, f"received {int(declared[:20]) / 1e6:.1f} MB")
        body = bytearray()
        try:
            try:
                async with asyncio.timeout(BASE_TIMEOUT_S) as limit:
                    await self._receive(request, body, max_bytes, limit)
            except TimeoutError:
                raise UploadError(
                    HTTPStatus.REQUEST_TIMEOUT,
                    "too_slow",
                    f"a file must arrive at {MIN_BYTES_PER_S // 1024} KiB a second or more, and "
                    f"within {MAX_TIMEOUT_S / 60:.0f} minutes; received {len(body)} bytes",
                ) from None
            yield bytes(body)
        finally:
            self.held_bytes -= len(body)

    async def _receive(
        self, request: Request, body: bytearray, max_bytes: int, limit: asyncio.Timeout
    ) -> None:
        ends_at = limit.when()
        assert ends_at is not None
        async for chunk in request.stream():
            body += chunk
            self.held_bytes += len(chunk)
            if len(body) > max_bytes:
                raise _too_large(max_bytes, "received more")
            if self.held_bytes > MAX_HELD_BYTES:
                raise _busy("too much is being sent already")
            more_s = min(len(body) / MIN_BYTES_PER_S, MAX_TIMEOUT_S - BASE_TIMEOUT_S)
            limit.reschedule(ends_at + more_s)


def read_body(
    request: Request, max_bytes: int = MAX_BYTES
) -> contextlib.AbstractAsyncContextManager[bytes]:
    """In this context: the whole body, which counts for as long as the context lasts.

    Raises:
        UploadError: more than `max_bytes`, declared or sent (413); too slow (408); others are
            being read that are too large all together (429).
        ClientDisconnect: the client has gone.
    """
    budget: BodyBudget = request.app.state.body_budget
    return budget.read(request, max_bytes)


def _busy(why: str) -> UploadError:
    return UploadError(HTTPStatus.TOO_MANY_REQUESTS, "busy", f"{why}; try again in a moment")


def _too_large(max_bytes: int, received: str) -> UploadError:
    return UploadError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"such a file has at most {max_bytes / 1e6:.0f} MB; {received}",
    )


class UploadErrorResponse(JSONResponse):
    """Answers at once, and reads on for a moment: a reset connection would lose the answer."""

    def __init__(self, error: UploadError) -> None:
        super().__init__({"code": error.code, "message": str(error)}, status_code=error.status)
        self.headers["connection"] = "close"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the body, drain the request, and only then end."""

        async def send_unfinished(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "more_body": True}
            await send(message)

        await super().__call__(scope, receive, send_unfinished)
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                await _drain(receive)
        except (TimeoutError, ClientDisconnect):
            pass
        await send({"type": "http.response.body", "body": b""})


async def _drain(receive: Receive) -> None:
    left = _DRAIN_BYTES
    while left > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        left -= len(message.get("body", b""))
