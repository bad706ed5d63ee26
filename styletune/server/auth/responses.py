"""What AuthMiddleware answers by itself: denials and the login page.

Over HTTP, to a WebSocket handshake too: nothing is upgraded without permission.
"""

import base64
import hashlib
import html
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse, Response
from starlette.types import Message, Receive, Scope, Send

from styletune.server.http_errors import ApiError

NOT_STORED = {"cache-control": "no-store"}
RETRY_AFTER_S = 60

SECURITY_HEADERS = {
    # blob: and data: for the pictures that the page makes itself.
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "permissions-policy": "midi=(self)",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

_STYLE = """
:root { color-scheme: dark; color: #d9d4c9; background: #0b0b0a }
body { font: 16px/1.5 system-ui, sans-serif }
body { max-width: 26rem; margin: 18vh auto; padding: 0 24px }
h1 { font-size: 16px; letter-spacing: 0.14em; color: #ece7dc }
form { display: grid; gap: 12px; margin-top: 24px }
label { display: grid; gap: 6px }
input, button { height: 44px; padding: 0 12px; border: 1px solid #3c3a35; border-radius: 8px }
input, button { font: inherit; color: inherit; background: #1b1b19 }
button { color: #141413; background: #ece7dc }
:focus-visible { outline: 2px solid #5cc6d0; outline-offset: 2px }
"""
# Style sheets of the page's own need a token: this one is allowed by its hash.
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE_HEADERS = NOT_STORED | {
    "content-security-policy": SECURITY_HEADERS["content-security-policy"]
    + f"; style-src 'sha256-{_STYLE_HASH}'"
}

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>styletune</title>
<style>{style}</style>
<h1>styletune</h1>
<p role="alert">{message}</p>
{form}</html>
"""
# Goes to the page's own address, whatever a proxy calls it.
_FORM = """<form method="get">
<label>Token <input type="password" name="token" autocomplete="off" autofocus></label>
<button>Enter</button>
</form>
"""
# What a token mends.
_LOGIN_CODES = frozenset({"no_token", "wrong_token", "too_many_failures"})


class AccessDenied(ApiError):
    """A request does not get in: `AuthMiddleware` answers, before there is a route."""


async def send_denial(
    denied: AccessDenied, scope: Scope, receive: Receive, send: Send, *, page: bool
) -> None:
    """Answer with the reason, as JSON.

    Args:
        page: answer with a page instead, for a person, who can enter a token where one is missing.
    """
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
    response: Response
    if page:
        form = _FORM if denied.code in _LOGIN_CODES else ""
        text = _PAGE.format(style=_STYLE, message=html.escape(str(denied)), form=form)
        response = HTMLResponse(text, denied.status, _PAGE_HEADERS)
    else:
        response = denied.response()
        response.headers.update(NOT_STORED)
    if denied.status is HTTPStatus.UNAUTHORIZED:
        response.headers["www-authenticate"] = "Bearer"
    if denied.status is HTTPStatus.TOO_MANY_REQUESTS:
        response.headers["retry-after"] = str(RETRY_AFTER_S)
    await response(scope, receive, send)


def add_security_headers(send: Send) -> Send:
    """Return `send` that adds `SECURITY_HEADERS` to HTTP answers where they are missing."""

    async def send_with_headers(message: Message) -> None:
        if message["type"].endswith("http.response.start"):
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
            message = {**message, "headers": headers.raw}
        await send(message)

    return send_with_headers
