"""The guard: who gets in, decided before any route or socket, in one pure ASGI module.

Every HTTP request and every WebSocket handshake comes in, and goes on to the application
only when Host, then Origin, then credentials, then role are right, in this order: a foreign
page that reaches this port through DNS rebinding must not even learn whether a token was
right. What goes on carries the role in its scope. Knows nothing about what it guards.

Host: `localhost`, `127.0.0.1`, `[::1]` or a named one, any port (people map ports).
Origin: equal to Host, scheme and port included; absent only for reading, or with a Bearer
header, which no browser sends by itself. Credentials: Bearer token (scripts), or the cookie
that `GET /?token=…` or `/stage?token=…` hands out (browsers). Behind a proxy the named public
origin counts as a further Host with its own scheme; no X-Forwarded header opens anything.
"""

import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

from styletune.logs import log_event
from styletune.server.auth.credentials import MAX_FAILURES, Credentials, LoginThrottle
from styletune.server.auth.origin import (
    LOOPBACK_NAMES,
    Authority,
    Headers,
    Origin,
    check_fetch_site,
    check_host,
    check_origin,
)
from styletune.server.auth.responses import (
    AccessDenied,
    add_security_headers,
    redirect,
    send_denial,
)
from styletune.session.roles import SAFE_METHODS, VIEW_ONLY, VIEW_ONLY_TEXT, Role, is_allowed

PUBLIC_PATHS = frozenset({"/healthz"})
PAGE_PATHS = frozenset({"/", "/stage"})  # addresses that people open, and that take a token
_LOGIN_CODES = frozenset({"no_token", "wrong_token", "too_many_failures"})

_log = logging.getLogger(__name__)

_Location = list[tuple[bytes, bytes]]


class AuthMiddleware:
    """ASGI middleware round the whole application.

    Attributes:
        token: ASCII; whoever has it may do everything.
        view_token: whoever has it may watch; None: there is none.
        counts: how often each code of `AccessDenied` was given.
    """

    def __init__(
        self,
        app: ASGIApp,
        token: str,
        *,
        view_token: str | None = None,
        allowed_hosts: Iterable[str] = (),
        public: Origin | None = None,
        root_path: str = "",
        counts: Counter[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guard `app`.

        Args:
            token: see `AuthMiddleware.token`.
            view_token: see `AuthMiddleware.view_token`.
            allowed_hosts: names besides loopback, without port; IPv6 in brackets.
            public: what browsers show when a proxy stands before this server.
            root_path: where the proxy has put it, such as `/paint`; kept by it or cut off.
            counts: where refusals are counted, if somebody else wants to know.
        """
        self._app = app
        self.token = token
        self.view_token = view_token
        self._credentials = Credentials(token, view_token)
        self._public = public
        self._root = root_path
        named = (*allowed_hosts, *([public.name] if public else ()))
        self._allowed = LOOPBACK_NAMES | {name.lower().removesuffix(".") for name in named}
        self._failures = LoginThrottle(clock)
        self.counts: Counter[str] = Counter() if counts is None else counts

    def ticket(self) -> str:
        """A token for one login only: fit for a browser's command line, which others see."""
        return self._credentials.ticket()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = self._path(scope)
        try:
            answer = self._admit(scope, path)
        except AccessDenied as refusal:
            self.counts[refusal.code] += 1
            peer = (scope.get("client") or ("",))[0]
            log_event(_log, logging.WARNING, "not_admitted", code=refusal.code, address=peer)
            form = _is_page(scope, path) and refusal.code in _LOGIN_CODES
            await send_denial(refusal, scope, receive, send, form=form)
            return
        if not isinstance(answer, Role):
            await redirect(scope, send, answer)
            return
        scope = {**scope, "role": answer, "root_path": self._root, "path": self._root + path}
        await self._app(
            scope, receive, add_security_headers(send) if scope["type"] == "http" else send
        )

    def _path(self, scope: Scope) -> str:
        """The path below `root_path`, whether the proxy has cut that off or not."""
        path: str = scope["path"]
        inside = self._root and (path == self._root or path.startswith(f"{self._root}/"))
        return path.removeprefix(self._root) if inside else path

    def _admit(self, scope: Scope, path: str) -> Role | _Location:
        """Return the role to let it through with, or where a browser is sent.

        Raises:
            Refusal: it does not get in.
        """
        headers = Headers(scope["headers"])
        reading = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        own = self._own_origin(check_host(headers, self._allowed), scope)
        bearers = headers.all(b"authorization")
        check_origin(headers, own, reading=reading, bearer=bool(bearers))
        check_fetch_site(headers, reading=reading)
        if reading and not path:  # without the slash the page's links would lead elsewhere
            return [(b"location", f"{self._root}/".encode())]
        if reading and path in PUBLIC_PATHS:
            return Role.VIEWER
        # Named by the port that the browser sees: two tunnels to localhost share its cookies.
        cookie_name = f"styletune_{own.port}"
        # A Bearer header decides alone: it may stand in for an Origin, so it must be right.
        role = (
            None if bearers else self._credentials.of_cookies(headers.all(b"cookie"), cookie_name)
        )
        tokens = _query_tokens(scope) if _is_page(scope, path) else []
        new = None
        if role is None or (role is not Role.PLAYER and tokens):
            role = new = self._check_tokens(scope, headers, tokens, bearers)
        if tokens:
            return self._to_page(path, own, cookie_name, new)
        if not is_allowed(role, scope, path):
            raise AccessDenied(HTTPStatus.FORBIDDEN, VIEW_ONLY, VIEW_ONLY_TEXT)
        return role

    def _own_origin(self, host: Authority, scope: Scope) -> Origin:
        """The origin that our pages have for this client."""
        if self._public is not None and self._public.answers_to(host):
            return self._public
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        return Origin(scheme, host.name, host.port_or(scheme))

    def _check_tokens(
        self, scope: Scope, headers: Headers, tokens: list[bytes], bearers: list[bytes]
    ) -> Role:
        # An outdated cookie is no failure: an open page of yesterday keeps trying, and must not
        # lock out who comes with the new token.
        if not (tokens or bearers):
            raise AccessDenied(
                HTTPStatus.UNAUTHORIZED,
                "no_token",
                "a token is needed: open the address that styletune printed at its start, "
                "or send Authorization: Bearer",
            )
        address = self._address(scope, headers)
        if self._failures.too_many(address):
            raise AccessDenied(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_failures",
                f"more than {MAX_FAILURES} wrong tokens within a minute; wait a minute",
            )
        role = None
        # Exactly one: with two nobody can say which one counts.
        if len(bearers) == 1 and not tokens:
            role = self._credentials.of_bearer(bearers[0])
        elif len(tokens) == 1 and not bearers:
            role = self._credentials.of_login(tokens[0])
        if role is None:
            self._failures.add(address)
            raise AccessDenied(
                HTTPStatus.UNAUTHORIZED,
                "wrong_token",
                "the token is not this server's; it is new at each start unless you set it",
            )
        return role

    def _address(self, scope: Scope, headers: Headers) -> str:
        """Whose failures are counted: behind a proxy, whoever the proxy itself says it is."""
        peer = str((scope.get("client") or ("",))[0])
        if self._public is None:
            return peer
        # The last one: those before it are what the client claims.
        said = b",".join(headers.all(b"x-forwarded-for")).rpartition(b",")[2].strip()
        try:
            return str(ipaddress.ip_address(said.decode("latin-1")))
        except ValueError:
            return peer

    def _to_page(self, path: str, own: Origin, cookie_name: str, role: Role | None) -> _Location:
        """To the bare address, so that the token does not stay; with a cookie for a new role."""
        location: _Location = [(b"location", f"{self._root}{path}".encode())]
        if role is not None:
            secure = "; Secure" if own.scheme == "https" else ""
            cookie = f"{cookie_name}={self._credentials.cookie(role)}"
            cookie += f"; Path={self._root}/; HttpOnly; SameSite=Lax{secure}"
            location.append((b"set-cookie", cookie.encode()))
        return location


def _is_page(scope: Scope, path: str) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "GET" and path in PAGE_PATHS)


def _query_tokens(scope: Scope) -> list[bytes]:
    parts = (part.partition(b"=") for part in scope["query_string"].split(b"&"))
    return [unquote_to_bytes(value) for key, _, value in parts if key == b"token"]
