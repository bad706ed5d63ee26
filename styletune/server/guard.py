"""The guard: who gets in, decided before any route or socket, in one pure ASGI module.

Every HTTP request and every WebSocket handshake comes in, and goes on to the application
only when Host, then Origin, then credentials are right, in this order: a foreign page that
reaches this port through DNS rebinding must not even learn whether a token was right.
Knows nothing about what it guards.

Host: `localhost`, `127.0.0.1`, `[::1]` or a named one, any port (people map ports).
Origin: equal to Host, scheme and port included; absent only for reading, or with a Bearer
header, which no browser sends by itself. Credentials: Bearer token (scripts), or the cookie
that `GET /?token=…` hands out (browsers).
"""

import hashlib
import hmac
import html
import json
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
OPEN_PATHS = frozenset({"/healthz"})
MAX_FAILURES, FAILURE_WINDOW_S = 10, 60.0
MAX_ADDRESSES = 1024  # remembered for their failures

_AUTHORITY = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_DEFAULT_PORTS = {"http": 80, "https": 443}

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

LOGIN_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>styletune</title>
<h1>styletune</h1>
<p>{message}</p>
<form action="/" method="get">
<label>Token <input type="password" name="token" autocomplete="off" autofocus></label>
<button>Enter</button>
</form>
</html>
"""


class Refusal(Exception):
    """A request does not get in.

    Attributes:
        status: of HTTP.
        code: short machine-readable reason.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Authority:
    """Name and port of a Host or Origin, normalised; port None: the scheme's own."""

    name: str
    port: int | None

    def port_or(self, scheme: str) -> int:
        """The port, or the one that the scheme stands for."""
        return _DEFAULT_PORTS[scheme] if self.port is None else self.port


class Headers:
    """The headers of one request; every name may be doubled by a hostile client."""

    def __init__(self, raw: Iterable[tuple[bytes, bytes]]) -> None:
        self._raw = list(raw)

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header."""
        return [value for key, value in self._raw if key.lower() == name]

    def one(self, name: bytes) -> bytes | None:
        """The value of a header, or None.

        Raises:
            Refusal: it is doubled; then nobody can say which one counts.
        """
        values = self.all(name)
        if len(values) > 1:
            raise Refusal(
                HTTPStatus.BAD_REQUEST, "bad_header", f"header {name.decode()} is doubled"
            )
        return values[0] if values else None


def parse_authority(text: bytes) -> Authority | None:
    """Parse `name[:port]`; None: it is something else, such as `user@name` or empty."""
    match = _AUTHORITY.fullmatch(text.decode("latin-1"))
    if match is None:
        return None
    port = None if match["port"] is None else int(match["port"])
    return Authority(match["name"].lower().removesuffix("."), port)


def check_host(headers: Headers, allowed: frozenset[str]) -> Authority:
    """Return whom the client believes to talk to.

    Raises:
        Refusal: absent, doubled, malformed, or neither loopback nor `allowed`.
    """
    raw = headers.one(b"host")
    host = parse_authority(raw or b"")
    if host is None:
        raise Refusal(HTTPStatus.BAD_REQUEST, "bad_host", "the Host header is not a host name")
    if host.name not in allowed:
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "foreign_host",
            f"this server does not answer to the host name {host.name[:80]}; "
            f"to {', '.join(sorted(allowed))} it does; see --allowed-host",
        )
    return host


def check_origin(
    headers: Headers, host: Authority, scheme: str, *, reading: bool, bearer: bool
) -> None:
    """Check that no foreign page is asking.

    Args:
        scheme: `http` or `https`, by which the request came.
        reading: an HTTP request that changes nothing.
        bearer: an Authorization header is there (and will be checked).

    Raises:
        Refusal: another origin, or none where a browser would have sent one.
    """
    raw = headers.one(b"origin")
    if raw is None:
        if reading or bearer:
            return
        raise Refusal(
            HTTPStatus.FORBIDDEN,
            "no_origin",
            "a request without Origin needs an Authorization: Bearer header",
        )
    origin_scheme, _, rest = raw.partition(b"://")
    origin = parse_authority(rest)
    if (
        origin is None
        or origin_scheme.lower() != scheme.encode()
        or origin.name != host.name
        or origin.port_or(scheme) != host.port_or(scheme)
    ):
        raise Refusal(HTTPStatus.FORBIDDEN, "foreign_origin", "Origin and Host differ")


def check_fetch_site(headers: Headers, *, reading: bool) -> None:
    """Check what the browser says about the asking page, where it does.

    Raises:
        Refusal: another site's page embeds or fetches something; following a link is fine.
    """
    if headers.one(b"sec-fetch-site") in (None, b"same-origin", b"none"):
        return
    navigates = headers.one(b"sec-fetch-mode") == b"navigate"
    as_page = headers.one(b"sec-fetch-dest") in (None, b"document")
    if not (reading and navigates and as_page):
        raise Refusal(HTTPStatus.FORBIDDEN, "cross_site", "another site may only link here")


class Failures:
    """Wrong credentials of the last minute, by address."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def add(self, address: str) -> None:
        """Count one."""
        if address not in self._times and len(self._times) >= MAX_ADDRESSES:
            self._times.pop(next(iter(self._times)))
        times = self._times.setdefault(address, deque(maxlen=MAX_FAILURES + 1))
        times.append(self._clock())

    def too_many(self, address: str) -> bool:
        """Whether the address has to wait."""
        times = self._times.get(address, deque())
        while times and self._clock() - times[0] > FAILURE_WINDOW_S:
            times.popleft()
        return len(times) > MAX_FAILURES


class Guard:
    """ASGI middleware round the whole application.

    Attributes:
        token: ASCII; whoever has it may do everything.
        counts: how often each code of `Refusal` was given.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str,
        *,
        allowed_hosts: Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard `app`.

        Args:
            token: see `Guard.token`.
            allowed_hosts: names besides loopback, without port; IPv6 in brackets.
        """
        self._app = app
        self.token = token
        self._token = token.encode("ascii")
        # Not the token itself: what leaks from a browser must not serve a script.
        self._cookie = hmac.new(self._token, b"styletune cookie", hashlib.sha256).hexdigest()
        self._tickets: set[bytes] = set()
        self._allowed = LOOPBACK_NAMES | {name.lower().removesuffix(".") for name in allowed_hosts}
        self._failures = Failures(clock)
        self.counts: dict[str, int] = {}

    def ticket(self) -> str:
        """A token for one login only: fit for a browser's command line, which others see."""
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket.encode())
        return ticket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            login = self._admit(scope)
        except Refusal as refusal:
            self.counts[refusal.code] = self.counts.get(refusal.code, 0) + 1
            await _refuse(refusal, scope, receive, send)
            return
        if login is not None:
            await _respond(scope, send, HTTPStatus.SEE_OTHER, b"", login)
        elif scope["type"] == "http":
            await self._app(scope, receive, _with_headers(send))
        else:
            await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Return None to let it through, or the headers of a login's redirection.

        Raises:
            Refusal: it does not get in.
        """
        headers = Headers(scope["headers"])
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        reading = scope["type"] == "http" and scope["method"] in _SAFE_METHODS
        host = check_host(headers, self._allowed)
        bearer = bool(headers.all(b"authorization"))
        check_origin(headers, host, scheme, reading=reading, bearer=bearer)
        check_fetch_site(headers, reading=reading)
        if reading and scope["path"] in OPEN_PATHS:
            return None
        # Named by the port that the browser sees: two tunnels to localhost share its cookies.
        cookie_name = f"styletune_{host.port_or(scheme)}"
        if self._has_cookie(headers, cookie_name):
            return self._relogin(scope)
        return self._check_token(scope, headers, scheme, cookie_name)

    def _has_cookie(self, headers: Headers, name: str) -> bool:
        pairs = (pair.strip() for value in headers.all(b"cookie") for pair in value.split(b";"))
        prefix = name.encode() + b"="
        return any(
            _equal(pair.removeprefix(prefix), self._cookie.encode())
            for pair in pairs
            if pair.startswith(prefix)
        )

    def _relogin(self, scope: Scope) -> list[tuple[bytes, bytes]] | None:
        """Who is in already and opens a token URL again is sent to the bare address."""
        if _is_login(scope) and _query_tokens(scope):
            return [(b"location", b"/")]
        return None

    def _check_token(
        self, scope: Scope, headers: Headers, scheme: str, cookie_name: str
    ) -> list[tuple[bytes, bytes]] | None:
        address = (scope.get("client") or ("",))[0]
        tokens = _query_tokens(scope) if _is_login(scope) else []
        bearers = headers.all(b"authorization")
        # An outdated cookie is no failure: an open page of yesterday keeps trying, and must not
        # lock out who comes with the new token.
        if not (tokens or bearers):
            raise Refusal(
                HTTPStatus.UNAUTHORIZED,
                "no_token",
                "a token is needed: open the address that styletune printed at its start, "
                "or send Authorization: Bearer",
            )
        if self._failures.too_many(address):
            raise Refusal(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_failures",
                f"more than {MAX_FAILURES} wrong tokens within a minute; wait a minute",
            )
        # Exactly one: with two nobody can say which one counts.
        if len(bearers) == 1 and not tokens and self._is_bearer(bearers[0]):
            return None
        if len(tokens) == 1 and not bearers and self._is_login_token(tokens[0]):
            secure = "; Secure" if scheme == "https" else ""
            cookie = f"{cookie_name}={self._cookie}; Path=/; HttpOnly; SameSite=Lax{secure}"
            return [(b"location", b"/"), (b"set-cookie", cookie.encode())]
        self._failures.add(address)
        raise Refusal(
            HTTPStatus.UNAUTHORIZED,
            "wrong_token",
            "the token is not this server's; it is new at each start unless you set it",
        )

    def _is_bearer(self, header: bytes) -> bool:
        kind, _, value = header.partition(b" ")
        return kind.lower() == b"bearer" and _equal(value.strip(), self._token)

    def _is_login_token(self, token: bytes) -> bool:
        if _equal(token, self._token):
            return True
        for ticket in self._tickets:
            if _equal(token, ticket):
                self._tickets.remove(ticket)
                return True
        return False


def _is_login(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/")


def _query_tokens(scope: Scope) -> list[bytes]:
    parts = (part.partition(b"=") for part in scope["query_string"].split(b"&"))
    return [unquote_to_bytes(value) for key, _, value in parts if key == b"token"]


def _equal(given: bytes, wanted: bytes) -> bool:
    """Compare in a time that tells nothing about how much was right."""
    return hmac.compare_digest(given, wanted)


def _with_headers(send: Send) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            present = {name.lower() for name, _ in headers}
            headers += [pair for pair in RESPONSE_HEADERS if pair[0] not in present]
            message = {**message, "headers": headers}
        await send(message)

    return guarded


async def _refuse(refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer over HTTP, a WebSocket handshake too: nothing is ever upgraded unadmitted."""
    extra: list[tuple[bytes, bytes]] = []
    if refusal.status is HTTPStatus.UNAUTHORIZED:
        extra.append((b"www-authenticate", b"Bearer"))
    if refusal.status is HTTPStatus.TOO_MANY_REQUESTS:
        extra.append((b"retry-after", str(int(FAILURE_WINDOW_S)).encode()))
    if scope["type"] == "websocket":
        await receive()  # websocket.connect
        if "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
    if _is_login(scope) and refusal.code in ("no_token", "wrong_token", "too_many_failures"):
        body = LOGIN_PAGE.format(message=html.escape(str(refusal))).encode()
        extra.append((b"content-type", b"text/html; charset=utf-8"))
    else:
        body = json.dumps({"code": refusal.code, "message": str(refusal)}).encode()
        extra.append((b"content-type", b"application/json"))
    await _respond(scope, send, refusal.status, body, extra)


async def _respond(
    scope: Scope,
    send: Send,
    status: HTTPStatus,
    body: bytes,
    extra: list[tuple[bytes, bytes]],
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
