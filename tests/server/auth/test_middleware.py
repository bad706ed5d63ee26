"""Who gets in: tables over requests, against a bare ASGI application behind AuthMiddleware."""

import base64
import hashlib
import http.cookies
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from styletune.errors import ConfigError
from styletune.server.auth.credentials import MAX_FAILURES
from styletune.server.auth.middleware import AuthMiddleware
from styletune.server.auth.origin import public_origin
from styletune.server.auth.responses import SECURITY_HEADERS

TOKEN, VIEW_TOKEN = "the-right-token", "the-token-to-watch"
BEARER = ("authorization", f"Bearer {TOKEN}")
VIEWER = ("authorization", f"Bearer {VIEW_TOKEN}")
WRONG = ("authorization", "Bearer wrong")
HOST = ("host", "localhost:8018")
ORIGIN = ("origin", "http://localhost:8018")


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def admitted(self) -> bool:
        return self.status == 299


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers 299 to whoever is let in, and says as whom and where."""
    prefix = "websocket.http" if scope["type"] == "websocket" else "http"
    await send({"type": f"{prefix}.response.start", "status": 299, "headers": []})
    body = f"{scope['role']} {scope['root_path']} {scope['path']} {scope['scheme']}"
    await send({"type": f"{prefix}.response.body", "body": body.encode()})


def protected(clock: Clock | None = None, **options: Any) -> AuthMiddleware:
    return AuthMiddleware(
        application, TOKEN, view_token=VIEW_TOKEN, clock=clock or Clock(), **options
    )


async def request(
    auth: AuthMiddleware,
    *headers: tuple[str, str],
    method: str = "GET",
    path: str = "/api/state",
    query: str = "",
    kind: str = "http",
    client: str = "127.0.0.1",
    secure: bool = False,
) -> Answer:
    scope: dict[str, Any] = {
        "type": kind,
        "method": method,
        "scheme": ("ws" if kind == "websocket" else "http") + "s" * secure,
        "path": path,
        "query_string": query.encode("latin-1"),
        "headers": [(k.encode("latin-1"), v.encode("latin-1")) for k, v in headers],
        "client": (client, 5000),
        "extensions": {"websocket.http.response": {}},
    }
    if kind == "websocket":
        del scope["method"]
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect" if kind == "websocket" else "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    await auth(scope, receive, send)
    start, *bodies = sent
    assert start["type"].endswith("response.start")
    return Answer(
        start["status"],
        {k.decode(): v.decode() for k, v in start["headers"]},
        b"".join(body["body"] for body in bodies),
    )


async def login(
    auth: AuthMiddleware, host: str = "localhost:8018", token: str = TOKEN
) -> tuple[str, str]:
    """The cookie that a browser gets for the token, as a header."""
    answer = await request(auth, ("host", host), path="/", query=f"token={token}")
    assert answer.status == 303
    return "cookie", answer.headers["set-cookie"].split(";")[0]


@pytest.mark.checklist(8)
@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8018", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:8018",
        "LOCALHOST:8018", "localhost.", "localhost.:8018", "localhost:65535",
    ],
)  # fmt: skip
async def test_host_loopback_on_any_port(host: str) -> None:
    assert (await request(protected(), ("host", host), BEARER)).admitted


@pytest.mark.checklist(8)
@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.com", 403),
        ("localhost.evil.com", 403),
        ("evil-localhost", 403),
        ("127.0.0.1.nip.io", 403),
        ("127.0.0.11", 403),
        ("192.168.0.5:8018", 403),
        ("0.0.0.0", 403),
        ("localhost..", 403),
        ("[::2]", 403),
        ("[::ffff:127.0.0.1]", 403),
        ("", 400),
        (" ", 400),
        ("user@localhost", 400),
        ("localhost:8018:9", 400),
        ("localhost:port", 400),
        ("localhost:", 400),
        ("localhost/x", 400),
        ("localhost,evil.com", 400),
        ("::1", 400),
        ("ｌocalhost".encode().decode("latin-1"), 400),
    ],
)
async def test_host_foreign_or_malformed_is_refused(host: str, status: int) -> None:
    for kind in ("http", "websocket"):
        answer = await request(protected(), ("host", host), BEARER, kind=kind)
        assert answer.status == status
        # Before credentials, and even for the open path: who rebinds DNS learns nothing.
        assert (await request(protected(), ("host", host), path="/healthz")).status == status


@pytest.mark.checklist(8)
async def test_host_missing_or_doubled_is_refused() -> None:
    assert (await request(protected(), BEARER)).status == 400
    assert (await request(protected(), HOST, HOST, BEARER)).status == 400
    assert (await request(protected(), HOST, ("Host", "localhost:8018"), BEARER)).status == 400


async def test_host_allowed_by_name() -> None:
    auth = protected(allowed_hosts=("Studio.example.",))
    assert (await request(auth, ("host", "studio.example:8018"), BEARER)).admitted
    assert (await request(auth, ("host", "x.studio.example"), BEARER)).status == 403


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("localhost:8018", "http://localhost:8018"),
        ("LOCALHOST:8018", "http://localhost:8018"),
        ("localhost", "http://localhost"),
        ("localhost:80", "http://localhost"),
        ("[::1]:9000", "http://[::1]:9000"),
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
    ],
)
async def test_origin_own_gets_in(kind: str, host: str, origin: str) -> None:
    auth = protected()
    cookie = await login(auth, host)
    answer = await request(
        auth, ("host", host), ("origin", origin), cookie, kind=kind, method="PUT"
    )
    assert answer.admitted


@pytest.mark.checklist(9)
@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://localhost",
        "http://localhost:8019",
        "https://localhost:8018",
        "http://127.0.0.1:8018",
        "http://localhost:8018.evil.com",
        "http://localhost:80180",
        "http://evil.com",
        "http://localhost:8018@evil.com",
        "http://localhost:8018/",
        "localhost:8018",
        "file://",
        "chrome-extension://abcdef",
    ],
)
async def test_origin_foreign_is_refused_with_any_credentials(kind: str, origin: str) -> None:
    auth = protected()
    cookie = await login(auth)
    for credentials in (cookie, BEARER):
        answer = await request(auth, HOST, ("origin", origin), credentials, kind=kind)
        assert answer.status == 403


@pytest.mark.checklist(10)
async def test_origin_that_agrees_with_a_foreign_host_is_refused() -> None:
    answer = await request(protected(), ("host", "evil.com"), ("origin", "http://evil.com"), BEARER)
    assert answer.status == 403


async def test_origin_missing_lets_a_cookie_only_read() -> None:
    auth = protected()
    cookie = await login(auth)
    assert (await request(auth, HOST, cookie)).admitted
    assert (await request(auth, HOST, cookie, method="HEAD")).admitted
    for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        assert (await request(auth, HOST, cookie, method=method)).status == 403
    assert (await request(auth, HOST, cookie, kind="websocket")).status == 403


async def test_origin_missing_lets_a_bearer_do_everything() -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await request(protected(), HOST, BEARER, method=method)).admitted
    assert (await request(protected(), HOST, BEARER, kind="websocket")).admitted


@pytest.mark.checklist(12)
@pytest.mark.parametrize(
    ("site", "mode", "dest", "method", "kind", "admitted"),
    [
        ("same-origin", "cors", "empty", "GET", "http", True),
        ("same-origin", "websocket", "websocket", "GET", "websocket", True),
        ("none", "navigate", "document", "GET", "http", True),
        ("cross-site", "navigate", "document", "GET", "http", True),
        ("same-site", "navigate", "document", "GET", "http", True),
        ("cross-site", "navigate", "document", "POST", "http", False),
        ("cross-site", "navigate", "iframe", "GET", "http", False),
        ("cross-site", "no-cors", "image", "GET", "http", False),
        ("cross-site", "no-cors", "script", "GET", "http", False),
        ("cross-site", "cors", "empty", "GET", "http", False),
        ("same-site", "no-cors", "image", "GET", "http", False),
        ("cross-site", "websocket", "websocket", "GET", "websocket", False),
    ],
)
async def test_fetch_site_of_others_may_only_link(
    site: str, mode: str, dest: str, method: str, kind: str, admitted: bool
) -> None:
    auth = protected()
    cookie = await login(auth)
    answer = await request(
        auth, HOST, ORIGIN, cookie,
        ("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest),
        method=method, kind=kind,
    )  # fmt: skip
    assert answer.admitted is admitted
    assert admitted or answer.status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/", "/api/state", "/api/content", "/web/main.js", "/openapi.json", "/nowhere"]
)
async def test_no_credentials_open_only_health(path: str, method: str) -> None:
    answer = await request(protected(), HOST, ORIGIN, path=path, method=method)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/ws", "/frames", "/", "/nowhere"])
async def test_no_credentials_open_no_socket(path: str) -> None:
    assert (await request(protected(), HOST, ORIGIN, path=path, kind="websocket")).status == 401
    query = f"token={TOKEN}"  # a token in a socket's address would end up in logs
    answer = await request(protected(), HOST, ORIGIN, path=path, query=query, kind="websocket")
    assert answer.status == 401


async def test_denied_socket_without_http_response_is_closed() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket", "scheme": "ws", "path": "/ws", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"origin", b"http://localhost")],
    }  # fmt: skip
    await protected()(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_health_is_open_for_reading_only() -> None:
    assert (await request(protected(), HOST, path="/healthz")).admitted
    assert (await request(protected(), HOST, path="/healthz", method="HEAD")).admitted
    assert (await request(protected(), HOST, ORIGIN, path="/healthz", method="POST")).status == 401
    assert (await request(protected(), HOST, path="/healthz/")).status == 401


async def test_login_sets_a_cookie_and_redirects() -> None:
    auth = protected()
    answer = await request(auth, HOST, path="/", query=f"token={TOKEN}")
    assert answer.status == 303
    assert answer.headers["location"] == "/"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    jar = http.cookies.SimpleCookie(answer.headers["set-cookie"])
    (cookie,) = jar.values()
    assert cookie.key == "styletune_8018"
    assert cookie["httponly"]
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert TOKEN not in answer.headers["set-cookie"]
    assert TOKEN not in answer.headers["location"]
    assert (await request(auth, HOST, ("cookie", f"other=1; {cookie.key}={cookie.value}"))).admitted


async def test_login_again_only_redirects() -> None:
    auth = protected()
    cookie = await login(auth)
    for query in (f"token={TOKEN}", "token=outdated"):
        answer = await request(auth, HOST, cookie, path="/", query=query)
        assert (answer.status, answer.headers["location"]) == (303, "/")
    assert (await request(auth, HOST, cookie, path="/")).admitted


async def test_login_on_the_stage_page() -> None:
    auth = protected(root_path="/paint")
    answer = await request(auth, HOST, path="/stage", query=f"token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/paint/stage")
    jar = http.cookies.SimpleCookie(answer.headers["set-cookie"])
    (cookie,) = jar.values()
    assert cookie["path"] == "/paint/"
    assert (await request(auth, HOST, ("cookie", f"{cookie.key}={cookie.value}"))).admitted
    assert b"<form" in (await request(auth, HOST, path="/stage", query="token=wrong")).body


async def test_cookies_of_two_ports_do_not_mix() -> None:
    auth = protected()
    cookie = await login(auth, "localhost:9000")
    assert cookie[1].startswith("styletune_9000=")
    assert (await request(auth, HOST, cookie)).status == 401
    assert (await request(auth, ("host", "localhost:9000"), cookie)).admitted


async def test_login_is_on_pages_only() -> None:
    for path, method in (("/api/state", "GET"), ("/web/", "GET"), ("/", "POST"), ("/", "HEAD")):
        answer = await request(
            protected(), HOST, ORIGIN, path=path, query=f"token={TOKEN}", method=method
        )
        assert answer.status == 401


@pytest.mark.checklist(5)
@pytest.mark.parametrize(
    "query",
    [
        "token=",
        "token",
        "token=wrong",
        f"token={TOKEN}x",
        f"token={TOKEN[:-1]}",
        f"token={TOKEN.upper()}",
        f"token={TOKEN}&token={TOKEN}",
        f"token={TOKEN}&token=wrong",
        "token=%C3%A9%FF%00",
        "token=\xe9",
        "token=" + "x" * 10_000,
        f"Token={TOKEN}",
        f"x=token={TOKEN}",
    ],
    ids=lambda query: query[:30],
)
async def test_wrong_token_shows_the_login_page(query: str) -> None:
    answer = await request(protected(), HOST, path="/", query=query)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert b"<form" in answer.body
    assert TOKEN.encode() not in answer.body
    # Its style sheet is allowed by what it is; others still come from this server alone.
    style = answer.body.partition(b"<style>")[2].partition(b"</style>")[0]
    allowed = base64.b64encode(hashlib.sha256(style).digest()).decode()
    assert b"color-scheme: dark" in style
    assert f"style-src 'sha256-{allowed}'" in answer.headers["content-security-policy"]
    assert "default-src 'self'" in answer.headers["content-security-policy"]


async def test_a_page_at_a_foreign_address_says_why_in_the_dark() -> None:
    foreign = [("host", "studio.lan"), ("accept", "text/html")]
    answer = await request(protected(), *foreign, path="/stage", query=f"token={TOKEN}")
    assert answer.status == 403
    assert b"--allowed-host" in answer.body
    assert b"color-scheme: dark" in answer.body
    assert b"<form" not in answer.body  # no token would help


@pytest.mark.checklist(5)
@pytest.mark.parametrize(
    "headers",
    [
        [("authorization", "Bearer")],
        [("authorization", "Bearer ")],
        [("authorization", "Bearer wrong")],
        [("authorization", f"Basic {TOKEN}")],
        [("authorization", TOKEN)],
        [("authorization", f"Bearer {TOKEN} {TOKEN}")],
        [("authorization", "Bearer \xe9\xff")],
        [("authorization", "Bearer " + "x" * 10_000)],
        [BEARER, BEARER],
        [BEARER, ("authorization", "Bearer wrong")],
    ],
    ids=lambda headers: str(headers)[:50],
)
async def test_wrong_bearer_is_refused(headers: list[tuple[str, str]]) -> None:
    for kind in ("http", "websocket"):
        answer = await request(protected(), HOST, *headers, kind=kind)
        assert answer.status == 401
        assert json.loads(answer.body)["code"] == "wrong_token"


async def test_bearer_in_any_case() -> None:
    assert (await request(protected(), HOST, ("authorization", f"bearer  {TOKEN}"))).admitted


@pytest.mark.checklist(5)
@pytest.mark.parametrize("value", ["", "wrong", "\xe9", "x" * 10_000, TOKEN])
async def test_wrong_cookie_is_refused(value: str) -> None:
    answer = await request(protected(), HOST, ("cookie", f"styletune_8018={value}"))
    assert answer.status == 401


@pytest.mark.checklist(6)
async def test_cookie_of_another_token_is_refused() -> None:
    cookie = await login(protected())
    assert (await request(AuthMiddleware(application, "another"), HOST, cookie)).status == 401
    assert (await request(protected(), HOST, cookie)).admitted  # the same token after a restart


async def test_one_time_token_opens_once() -> None:
    auth = protected()
    token = auth.one_time_token()
    assert TOKEN not in token
    first = await request(auth, HOST, path="/", query=f"token={token}")
    assert first.status == 303
    assert (
        await request(auth, HOST, ("cookie", first.headers["set-cookie"].split(";")[0]))
    ).admitted
    assert (await request(auth, HOST, path="/", query=f"token={token}")).status == 401
    assert (
        await request(auth, HOST, ("authorization", f"Bearer {auth.one_time_token()}"))
    ).status == 401


@pytest.mark.checklist(5)
async def test_throttle_blocks_wrong_tokens_only() -> None:
    clock = Clock()
    auth = protected(clock)
    cookie = await login(auth)
    for _ in range(MAX_FAILURES + 1):
        assert (await request(auth, HOST, path="/", query="token=wrong")).status == 401
    limited = await request(auth, HOST, path="/", query="token=wrong")
    assert limited.status == 429
    assert limited.headers["retry-after"] == "60"
    assert (await request(auth, HOST, WRONG)).status == 429
    assert (await request(auth, HOST, WRONG, client="10.0.0.9")).status == 401
    for right in (BEARER, VIEWER, cookie):
        assert (await request(auth, HOST, right)).admitted
    for token in (TOKEN, VIEW_TOKEN, auth.one_time_token()):
        assert (await request(auth, HOST, path="/", query=f"token={token}")).status == 303
    clock.now += 61
    assert (await request(auth, HOST, WRONG)).status == 401


async def test_throttle_does_not_count_outdated_cookies() -> None:
    auth = protected()
    for _ in range(100):  # a page of yesterday that keeps trying
        assert (await request(auth, HOST, ("cookie", "styletune_8018=old"))).status == 401
    assert (await request(auth, HOST, path="/", query=f"token={TOKEN}")).status == 303


@pytest.mark.checklist(13)
async def test_forwarded_headers_change_nothing() -> None:
    spoofed = [
        ("x-forwarded-host", "localhost:8018"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=localhost"),
        ("x-real-ip", "127.0.0.1"),
    ]
    assert (await request(protected(), ("host", "evil.com"), *spoofed, BEARER)).status == 403
    https = ("origin", "https://localhost:8018")
    assert (await request(protected(), HOST, https, *spoofed, BEARER)).status == 403


@pytest.mark.checklist(14)
async def test_security_headers_on_every_answer() -> None:
    auth = protected()
    for answer in (
        await request(auth, HOST, BEARER),
        await request(auth, HOST),
        await request(auth, ("host", "evil.com")),
        await request(auth, HOST, path="/", query=f"token={TOKEN}"),
        await request(auth, HOST, path="/healthz"),
        await request(auth, HOST, kind="websocket"),
    ):
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_denials_are_counted() -> None:
    auth = protected()
    await request(auth, HOST)
    await request(auth, HOST)
    await request(auth, ("host", "evil.com"))
    assert auth.refusals == {"no_token": 2, "foreign_host": 1}


# ------------------------------------------------------------------- roles


async def test_role_reaches_the_application() -> None:
    auth = protected()
    for token, role in ((TOKEN, "player"), (VIEW_TOKEN, "viewer")):
        bearer = ("authorization", f"Bearer {token}")
        assert (await request(auth, HOST, bearer)).body.split()[0] == role.encode()
        cookie = await login(auth, token=token)
        assert token not in cookie[1]
        assert (await request(auth, HOST, cookie)).body.split()[0] == role.encode()


@pytest.mark.checklist(21)
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_viewer_only_reads(method: str) -> None:
    auth = protected()
    cookie = await login(auth, token=VIEW_TOKEN)
    for credentials in (VIEWER, cookie):
        answer = await request(auth, HOST, ORIGIN, credentials, method=method, path="/api/content")
        assert answer.status == 403
        assert json.loads(answer.body)["code"] == "view_only"
        assert (await request(auth, HOST, credentials)).admitted


@pytest.mark.parametrize(("path", "admitted"), [("/ws", True), ("/frames", True), ("/x", False)])
async def test_viewer_opens_only_named_sockets(path: str, admitted: bool) -> None:
    answer = await request(protected(), HOST, VIEWER, kind="websocket", path=path)
    assert answer.admitted is admitted
    assert (await request(protected(), HOST, BEARER, kind="websocket", path=path)).admitted


async def test_viewer_becomes_a_player_by_the_players_link() -> None:
    auth = protected()
    viewer = await login(auth, token=VIEW_TOKEN)
    answer = await request(auth, HOST, viewer, path="/", query=f"token={TOKEN}")
    player = ("cookie", answer.headers["set-cookie"].split(";")[0])
    assert (await request(auth, HOST, player)).body.startswith(b"player")
    answer = await request(auth, HOST, player, path="/", query=f"token={VIEW_TOKEN}")
    assert answer.status == 303
    assert "set-cookie" not in answer.headers


async def test_throttle_counts_guesses_of_a_viewer() -> None:
    auth = protected()
    viewer = await login(auth, token=VIEW_TOKEN)
    for _ in range(MAX_FAILURES + 1):
        assert (await request(auth, HOST, viewer, path="/", query="token=guess")).status == 401
    assert (await request(auth, HOST, viewer, path="/", query="token=guess")).status == 429
    assert (await request(auth, HOST, viewer, path="/", query=f"token={TOKEN}")).status == 303
    assert (await request(auth, HOST, viewer, path="/")).admitted


async def test_no_view_token_means_no_viewers() -> None:
    auth = AuthMiddleware(application, TOKEN)
    assert (await request(auth, HOST, VIEWER)).status == 401
    assert (await request(auth, HOST, path="/", query="token=None")).status == 401


async def test_wrong_bearer_does_not_stand_for_an_origin() -> None:
    auth = protected()
    cookie = await login(auth)
    assert (await request(auth, HOST, cookie, WRONG, method="PUT")).status == 401
    assert (await request(auth, HOST, cookie, VIEWER)).body.startswith(b"viewer")


# ------------------------------------------------------ TLS, proxy, root path

PUBLIC = {"public": public_origin("https://Paint.example/")}
PROXIED = ("host", "paint.example")


async def test_tls_makes_cookie_secure_and_origin_https() -> None:
    auth = protected()
    answer = await request(auth, HOST, path="/", query=f"token={TOKEN}", secure=True)
    assert answer.headers["set-cookie"].endswith("; SameSite=lax; Secure")
    cookie = ("cookie", answer.headers["set-cookie"].split(";")[0])
    https = ("origin", "https://localhost:8018")
    for kind in ("http", "websocket"):
        assert (await request(auth, HOST, https, cookie, kind=kind, secure=True)).admitted
        assert (await request(auth, HOST, ORIGIN, cookie, kind=kind, secure=True)).status == 403


@pytest.mark.parametrize("host", ["paint.example", "paint.example:443", "PAINT.example."])
async def test_proxy_public_origin_gets_in(
    host: str,
) -> None:
    auth = protected(**PUBLIC)
    answer = await request(auth, ("host", host), path="/", query=f"token={TOKEN}")
    assert answer.headers["location"] == "/"
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert cookie.startswith("styletune_443=")
    assert "Secure" in attributes
    for kind in ("http", "websocket"):
        admitted = await request(
            auth, ("host", host), ("origin", "https://paint.example"), ("cookie", cookie),
            kind=kind, path="/ws",
        )  # fmt: skip
        assert admitted.admitted


@pytest.mark.checklist(9, 13)
@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("paint.example", "http://paint.example"),
        ("paint.example", "https://paint.example:8443"),
        ("paint.example", "https://evil.example"),
        ("paint.example", "null"),
        ("paint.example.evil.com", "https://paint.example"),
        ("localhost:8018", "https://paint.example"),
        ("localhost:8018", "https://localhost:8018"),
        ("evil.example", "https://evil.example"),
    ],
)
async def test_proxy_other_origins_are_refused(host: str, origin: str) -> None:
    spoofed = (
        ("x-forwarded-host", "paint.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=paint.example;proto=https"),
    )
    auth = protected(**PUBLIC)
    answer = await request(auth, ("host", host), ("origin", origin), *spoofed, BEARER)
    assert answer.status == 403


async def test_proxy_keeps_loopback_open() -> None:
    assert (await request(protected(**PUBLIC), HOST, ORIGIN, BEARER, method="PUT")).admitted


@pytest.mark.parametrize(
    ("added", "other"),
    [
        ("203.0.113.9", "203.0.113.8"),
        ("203.0.113.9:5555", "203.0.113.8:5555"),
        ("2001:db8::9", "2001:db8:0:1::9"),
        ("[2001:db8::9]:5555", "[2001:db8:0:1::9]:5555"),
        ("::ffff:203.0.113.9", "::ffff:203.0.113.8"),
    ],
)
async def test_throttle_counts_by_the_address_that_the_proxy_adds(added: str, other: str) -> None:
    auth = protected(**PUBLIC)
    for number in range(MAX_FAILURES + 1):
        claims = ("x-forwarded-for", f"10.0.0.{number}"), ("x-forwarded-for", added)
        await request(auth, PROXIED, *claims, path="/", query="token=wrong")
    from_there = ("x-forwarded-for", f"198.51.100.1, {added}")
    assert (await request(auth, PROXIED, from_there, WRONG)).status == 429
    assert (await request(auth, PROXIED, from_there, BEARER)).admitted
    for elsewhere in (other, "nonsense", ""):
        answer = await request(auth, PROXIED, ("x-forwarded-for", elsewhere), WRONG)
        assert answer.status == 401
    # Not through the proxy: nobody has checked what stands there.
    assert (await request(auth, HOST, from_there, WRONG)).status == 401


async def test_throttle_counts_one_client_once_however_it_is_written() -> None:
    auth = protected(**PUBLIC)
    written = ("203.0.113.9", "203.0.113.9:1", "::ffff:203.0.113.9", "[::ffff:203.0.113.9]:2")
    for number in range(MAX_FAILURES + 1):
        claim = ("x-forwarded-for", written[number % len(written)])
        await request(auth, PROXIED, claim, WRONG)
    for text in written:
        assert (await request(auth, PROXIED, ("x-forwarded-for", text), WRONG)).status == 429


async def test_throttle_counts_by_connection_without_a_proxy() -> None:
    auth = protected()
    for number in range(MAX_FAILURES + 1):
        claims = ("x-forwarded-for", f"10.0.0.{number}")
        await request(auth, HOST, claims, path="/", query="token=wrong")
    assert (await request(auth, HOST, ("x-forwarded-for", "10.9.9.9"), WRONG)).status == 429


@pytest.mark.parametrize(
    ("host", "options", "kind", "scheme"),
    [
        (PROXIED, PUBLIC, "http", b"https"),
        (PROXIED, PUBLIC, "websocket", b"wss"),
        (HOST, PUBLIC, "http", b"http"),
        (HOST, {}, "http", b"http"),
    ],
)
async def test_scheme_is_the_one_that_the_browser_shows(
    host: tuple[str, str], options: dict[str, Any], kind: str, scheme: bytes
) -> None:
    answer = await request(protected(**options), host, BEARER, kind=kind, path="/ws")
    assert answer.body.split()[-1] == scheme


@pytest.mark.parametrize(
    ("host", "root_path", "location"),
    [
        ("paint.example", "", "https://paint.example:8443/stage"),
        ("paint.example:8443", "/art", "https://paint.example:8443/art/stage"),
        ("localhost:8018", "/art", "http://localhost:8018/art/stage"),
    ],
)
async def test_redirects_lead_to_what_the_browser_shows(
    host: str, root_path: str, location: str
) -> None:
    async def stage(request: Request) -> Response:
        return Response()

    public = public_origin("https://paint.example:8443")
    app = Starlette(routes=[Route("/stage", stage)])
    auth = AuthMiddleware(app, TOKEN, public=public, root_path=root_path)
    answer = await request(auth, ("host", host), BEARER, path="/stage/")
    assert (answer.status, answer.headers["location"]) == (307, location)


@pytest.mark.parametrize("text", ["paint.example", "ftp://x", "https://", "https://a/b", "null"])
def test_malformed_public_origin_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="takes the origin that browsers show"):
        public_origin(text)


@pytest.mark.parametrize("prefix", ["/paint", ""])
async def test_root_path_kept_or_cut_off_by_the_proxy(
    prefix: str,
) -> None:
    auth = protected(root_path="/paint")
    assert (await request(auth, HOST, BEARER, path=f"{prefix}/ws", kind="websocket")).body == (
        b"player /paint /paint/ws ws"
    )
    answer = await request(auth, HOST, path=f"{prefix}/", query=f"token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/paint/")
    assert "; Path=/paint/;" in answer.headers["set-cookie"]
    assert (await request(auth, HOST, path=f"{prefix}/healthz")).admitted
    assert (await request(auth, HOST, path=f"{prefix}/api/state")).status == 401
    assert (await request(auth, HOST, path="/paintings/healthz")).status == 401


async def test_root_path_without_slash_redirects() -> None:
    answer = await request(protected(root_path="/paint"), HOST, path="/paint")
    assert (answer.status, answer.headers["location"]) == (303, "/paint/")
    assert "set-cookie" not in answer.headers


@pytest.mark.checklist(11)
@pytest.mark.parametrize("path", ["/api/restart", "/api/content", "/"])
async def test_form_on_another_site_is_refused(path: str) -> None:
    auth = protected()
    cookie = await login(auth)
    plain = ("content-type", "text/plain")
    for origin in (("origin", "https://evil.com"), ("origin", "null")):
        site = ("sec-fetch-site", "cross-site")
        for headers in ((origin, plain), (origin, plain, site), (plain, site), (plain,)):
            answer = await request(auth, HOST, cookie, *headers, path=path, method="POST")
            assert answer.status == 403


NAMES = st.sampled_from(
    ["host", "origin", "authorization", "cookie", "sec-fetch-site", "sec-fetch-mode"]
)
LATIN = st.text(st.characters(max_codepoint=255), max_size=30)


def likely(texts: Iterable[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(list(texts)) | LATIN


VALUES = likely(
    ["localhost:8018", "http://localhost:8018", "Bearer x", "styletune_8018=x", "cross-site"]
)


@settings(max_examples=400, deadline=None)
@example(headers=[("host", "localhost:8018")], path="", query="", method="GET", kind="http")
@given(
    headers=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    path=likely(["/", "/api/state", "/healthz", "/ws"]),
    query=likely(["", "token=x", "token=%"]),
    method=st.sampled_from(["GET", "PUT", "HEAD"]),
    kind=st.sampled_from(["http", "websocket"]),
)
async def test_nobody_without_a_token_gets_in(
    headers: list[tuple[str, str]], path: str, query: str, method: str, kind: str
) -> None:
    answer = await request(protected(), *headers, path=path, query=query, method=method, kind=kind)
    if answer.admitted:
        assert path == "/healthz"
        assert kind == "http"
    elif answer.status == 303:  # the address without its last slash: sent there, and not let in
        assert (path, kind) == ("", "http")
        assert answer.headers["location"] == "/"
        assert "set-cookie" not in answer.headers
    else:
        assert answer.status in (400, 401, 403)
