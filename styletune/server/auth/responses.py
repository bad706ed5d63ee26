"""How the guard answers by itself: refusals, redirections, the login page.

Everything goes out over HTTP, the answer to a WebSocket handshake too: nothing is ever
upgraded unadmitted. Knows nothing about why somebody is refused.
"""

import html
import json
from collections.abc import Iterable
from http import HTTPStatus

from starlette.types import Message, Receive, Scope, Send

RETRY_S = 60

RESPONSE_HEADERS = (
    # blob: and data: for the pictures that the page makes itself.
    (
        b"content-security-policy",
        b"default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
        b"base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"permissions-policy", b"midi=(self)"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)

# The form goes to the page's own address, whatever a proxy calls it.
LOGIN_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>styletune</title>
<h1>styletune</h1>
<p>{message}</p>
<form method="get">
<label>Token <input type="password" name="token" autocomplete="off" autofocus></label>
<button>Enter</button>
</form>
</html>
"""


class AccessDenied(Exception):
    """A request does not get in.

    Attributes:
        status: of HTTP.
        code: short machine-readable reason.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


async def send_denial(
    refusal: AccessDenied, scope: Scope, receive: Receive, send: Send, *, form: bool
) -> None:
    """Answer with the reason; `form`: as a page on which a person can enter a token."""
    extra: list[tuple[bytes, bytes]] = []
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        extra.append((b"www-authenticate", b"Bearer"))
    if refusal.status is HTTPStatus.TOO_MANY_REQUESTS:
        extra.append((b"retry-after", str(RETRY_S).encode()))
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
    if form:
        body = LOGIN_PAGE.format(message=html.escape(str(refusal))).encode()
        extra.append((b"content-type", b"text/html; charset=utf-8"))
    else:
        body = json.dumps({"code": refusal.code, "message": str(refusal)}).encode()
        extra.append((b"content-type", b"application/json"))
    await _respond(scope, send, refusal.status, body, extra)


async def redirect(scope: Scope, send: Send, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Send a browser elsewhere; `headers` hold the location."""
    await _respond(scope, send, HTTPStatus.SEE_OTHER, b"", headers)


def add_security_headers(send: Send) -> Send:
    """`send`, adding the protecting headers to the answer of the application."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            headers += [pair for pair in RESPONSE_HEADERS if pair[0] not in present]
            message = {**message, "headers": headers}
        await send(message)

    return guarded


async def _respond(
    scope: Scope,
    send: Send,
    status: HTTPStatus,
    body: bytes,
    extra: Iterable[tuple[bytes, bytes]],
) -> None:
    prefix = "websocket.http" if scope["type"] == "websocket" else "http"
    headers = [
        *RESPONSE_HEADERS,
        *extra,
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": f"{prefix}.response.start", "status": int(status), "headers": headers})
    await send({"type": f"{prefix}.response.body", "body": body})
