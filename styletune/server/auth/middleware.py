"""AuthMiddleware: every request and handshake is let through with a role, or answered here."""

import ipaddress
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from http import HTTPStatus
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from styletune.logs import log_event
from styletune.server.auth.credentials import MAX_FAILURES, Credentials, LoginThrottle
from styletune.server.auth.origin import (
    LOOPBACK_NAMES,
    Authority,
    Origin,
    check_fetch_site,
    check_host,
    check_origin,
    parse_authority,
)
from styletune.server.auth.responses import (
    NOT_STORED,
    AccessDenied,
    add_security_headers,
    send_denial,
)
from styletune.server.connections import STATE_KEY, Connections
from styletune.session.roles import SAFE_METHODS, VIEW_ONLY, VIEW_ONLY_TEXT, Role, is_allowed

PUBLIC_PATHS = frozenset({"/healthz"})
PAGE_PATHS = frozenset(
    {"/", "/stage", "/gallery"}
)  # addresses that people open, and that take a token

_log = logging.getLogger(__name__)


class AuthMiddleware:
    """ASGI middleware round the whole application: who gets in, and as what.

    Host, then Origin, then credentials, then role must be right, in this order: a foreign page
    that reaches this port through DNS rebinding must not even learn whether a token was right.

    - Host: `localhost`, `127.0.0.1`, `[::1]` or an allowed one, any port (people map ports).
    - Origin: equal to Host, scheme and port included; absent only for reading, or with a Bearer
      header, which no browser sends by itself. Behind a proxy the public origin counts as a
      further Host with its own scheme; no X-Forwarded header opens anything.
    - Credentials: a Bearer token (scripts), or the cookie that `GET /?token=…` or
      `GET /stage?token=…` sets (browsers).
    - Role: the application finds it in the scope; a viewer only reads.

    Attributes:
        token: ASCII; whoever has it may do everything.
        view_token: whoever has it may watch; None: there is none.
        refusals: how often each code of `AccessDenied` was given.
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
        refusals: Counter[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Protect `app`.

        Args:
            token: see `AuthMiddleware.token`.
            view_token: see `AuthMiddleware.view_token`.
            allowed_hosts: names besides loopback, without port; IPv6 in brackets.
            public: what browsers show when a proxy stands before this server.
            root_path: where the proxy has put it, such as `/paint`; kept by it or cut off.
            refusals: where denials are counted; None: in a counter of its own.
            clock: seconds that only rise.
        """
        self._app = app
        self.token = token
        self.view_token = view_token
        self._credentials = Credentials(token, view_token)
        self._public = public
        self._root = root_path
        named = (*allowed_hosts, *([public.name] if public else ()))
        self._allowed = LOOPBACK_NAMES | {name.lower().removesuffix(".") for name in named}
        self._throttle = LoginThrottle(clock)
        self.refusals: Counter[str] = Counter() if refusals is None else refusals

    def one_time_token(self) -> str:
        """A token for one login only: fit for a browser's command line, which others see."""
        return self._credentials.one_time_token()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        path = self._path(scope)
        send = add_security_headers(send)
        try:
            admitted = self._authorize(scope, path)
            if isinstance(admitted, Response):
                await admitted(scope, receive, send)
                return
            connections: Connections | None = scope.get("state", {}).get(STATE_KEY)
            if connections is None or path in PUBLIC_PATHS:
                await self._app(admitted, receive, send)
                return
            async with connections.use(admitted):
                await self._app(admitted, receive, send)
        except AccessDenied as denied:
            self.refusals[denied.code] += 1
            log_event(_log, logging.WARNING, "not_admitted", code=denied.code, address=_peer(scope))
            await send_denial(denied, scope, receive, send, page=_is_page(scope, path))

    def _path(self, scope: Scope) -> str:
        """The path below `root_path`, whether the proxy has cut that off or not."""
        path: str = scope["path"]
        inside = self._root and (path == self._root or path.startswith(f"{self._root}/"))
        return path.removeprefix(self._root) if inside else path

    def _authorize(self, scope: Scope, path: str) -> Scope | Response:
        """Return the scope to let the request through with, or where a browser is sent instead.

        Raises:
            AccessDenied: it does not get in.
        """
        # In lower case: a server may hand header names on as the client has written them.
        headers = Headers(raw=[(name.lower(), value) for name, value in scope["headers"]])
        reading = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        own = self._own_origin(check_host(headers, self._allowed), scope)
        bearers = headers.getlist("authorization")
        check_origin(headers, own, reading=reading, bearer=bool(bearers))
        check_fetch_site(headers, reading=reading)
        if reading and not path:  # without the slash the page's links would lead elsewhere
            return _see_other(f"{self._root}/")
        if reading and path in PUBLIC_PATHS:
            return self._admitted(scope, path, own, Role.VIEWER)
        # Named by the port that the browser sees: two tunnels to localhost share its cookies.
        cookie_name = f"styletune_{own.port}"
        role = None
        if not bearers:  # which decide alone: they may stand in for an Origin, so must be right
            role = self._credentials.role_from_cookies(headers.getlist("cookie"), cookie_name)
        tokens = _query_tokens(scope) if _is_page(scope, path) else []
        new_role = None
        if role is None or (role is not Role.PLAYER and tokens):
            address = self._address(scope, headers, proxied=own == self._public)
            role = new_role = self._check_tokens(address, tokens, bearers)
        if tokens:
            return self._login_redirect(path, own, cookie_name, new_role)
        if not is_allowed(role, scope, path):
            raise AccessDenied(HTTPStatus.FORBIDDEN, VIEW_ONLY, VIEW_ONLY_TEXT)
        return self._admitted(scope, path, own, role)

    def _admitted(self, scope: Scope, path: str, own: Origin, role: Role) -> Scope:
        """The scope for the application: of whom, and as the browser has addressed it."""
        # Redirects are made of these. A proxy may speak plain HTTP with us, and leave the port out.
        secure = "s" if own.scheme == "https" else ""
        scheme = ("ws" if scope["type"] == "websocket" else "http") + secure
        headers = [(name, value) for name, value in scope["headers"] if name.lower() != b"host"]
        headers.append((b"host", str(own).partition("://")[2].encode()))
        where = {"scheme": scheme, "root_path": self._root, "path": self._root + path}
        return {**scope, **where, "headers": headers, "role": role}

    def _own_origin(self, host: Authority, scope: Scope) -> Origin:
        """The origin that our pages have for this client."""
        if self._public is not None and self._public.matches(host):
            return self._public
        scheme = "https" if scope["scheme"] in ("https", "wss") else "http"
        return Origin(scheme, host.name, host.port_or(scheme))

    def _check_tokens(self, address: str, tokens: list[str], bearers: list[str]) -> Role:
        """Return the role of the token in the page's address, or in the Bearer header.

        Raises:
            AccessDenied: there is none, it is wrong, or `address` has sent too many wrong ones.
        """
        # An outdated cookie is no failure: an open page of yesterday keeps trying, and must not
        # lock out who comes with the new token.
        if not (tokens or bearers):
            raise AccessDenied(
                HTTPStatus.UNAUTHORIZED,
                "no_token",
                "a token is needed: open the address that styletune printed at its start, "
                "or send Authorization: Bearer",
            )
        role = None
        # Exactly one: with two nobody can say which one counts.
        if len(bearers) == 1 and not tokens:
            role = self._credentials.role_from_bearer(bearers[0])
        elif len(tokens) == 1 and not bearers:
            role = self._credentials.role_from_login(tokens[0])
        if role is not None:  # whoever else has tried from this address
            return role
        if self._throttle.is_blocked(address):
            raise AccessDenied(
                HTTPStatus.TOO_MANY_REQUESTS,
                "too_many_failures",
                f"more than {MAX_FAILURES} wrong tokens within a minute; wait a minute",
            )
        self._throttle.record(address)
        raise AccessDenied(
            HTTPStatus.UNAUTHORIZED,
            "wrong_token",
            "the token is not this server's; it is new at each start unless you set it",
        )

    def _address(self, scope: Scope, headers: Headers, *, proxied: bool) -> str:
        """Whose failures are counted: behind a proxy, the client that the proxy names."""
        if proxied:
            # The last one: those before it are what the client claims.
            client = ",".join(headers.getlist("x-forwarded-for")).rpartition(",")[2].strip()
            if (address := _network(client)) is not None:
                return address
        return _network(_peer(scope)) or _peer(scope)

    def _login_redirect(
        self, path: str, own: Origin, cookie_name: str, role: Role | None
    ) -> Response:
        """To the bare address, so that the token does not stay; with a cookie for a new role."""
        response = _see_other(f"{self._root}{path}")
        if role is not None:
            response.set_cookie(
                cookie_name,
                self._credentials.cookie(role),
                path=f"{self._root}/",
                httponly=True,
                samesite="lax",
                secure=own.scheme == "https",
            )
        return response


def _see_other(location: str) -> Response:
    return RedirectResponse(location, HTTPStatus.SEE_OTHER, NOT_STORED)


def _peer(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _network(client: str) -> str | None:
    """The IPv4 address, or what one household has of IPv6; a port is cut off. None: neither."""
    authority = parse_authority(client)
    try:
        address = ipaddress.ip_address(authority.name.strip("[]") if authority else client)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped or ipaddress.IPv6Network((int(address), 64), strict=False))


def _is_page(scope: Scope, path: str) -> bool:
    return bool(scope["type"] == "http" and scope["method"] == "GET" and path in PAGE_PATHS)


def _query_tokens(scope: Scope) -> list[str]:
    # Not a form's decoding: a plus in a token is a plus.
    pairs = (pair.partition("=") for pair in scope["query_string"].decode("latin-1").split("&"))
    return [unquote(value, "latin-1") for key, _, value in pairs if key == "token"]
