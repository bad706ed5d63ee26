"""Reading an uploaded picture: no longer and no more than is reasonable.

An HTTP request comes in, its body goes out, or an answer that says why not. Knows nothing
about what is in the body.
"""

import asyncio
from http import HTTPStatus

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

MAX_BYTES = 20 * 1024 * 1024
MAX_SECONDS = 30.0
# How much of a refused body is still read, so that the client gets to read the answer: a
# connection closed with bytes unread is reset, and the answer is lost with it.
_DRAIN_BYTES, _DRAIN_SECONDS = 64 * 1024 * 1024, 5.0


class UploadError(Exception):
    """A body that is not taken.

    Attributes:
        status: of HTTP.
        code: short machine-readable reason.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


async def read_body(request: Request, most: int = MAX_BYTES) -> bytes:
    """Read the whole body.

    Raises:
        UploadError: more than `most` bytes, declared or sent (413); too slow (408).
        ClientDisconnect: nobody waits for an answer.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > most:
        raise _too_large(most, f"received {int(declared[:20]) / 1e6:.1f} MB")
    body = bytearray()
    try:
        async with asyncio.timeout(MAX_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise _too_large(most, "received more")
    except TimeoutError:
        raise UploadError(
            HTTPStatus.REQUEST_TIMEOUT,
            "too_slow",
            f"a file must arrive within {MAX_SECONDS:.0f} s; received {len(body)} bytes until then",
        ) from None
    return bytes(body)


def _too_large(most: int, received: str) -> UploadError:
    return UploadError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "too_large",
        f"such a file has at most {most / 1e6:.0f} MB; {received}",
    )


class RefusedUpload(JSONResponse):
    """The answer to a body that was not read to its end."""

    def __init__(self, error: UploadError) -> None:
        super().__init__({"code": error.code, "message": str(error)}, status_code=error.status)
        self.headers["connection"] = "close"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer at once, read on for a moment, and only then end."""

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "more_body": True}
            await send(message)

        await super().__call__(scope, receive, hold)
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
