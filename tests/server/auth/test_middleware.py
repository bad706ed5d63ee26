"""Who gets in: tables over requests, against a bare ASGI application behind the guard."""

import http.cookies
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.types import Message, Receive, Scope, Send

from styletune.errors import ConfigError
from styletune.server.auth.credentials import MAX_FAILURES
from styletune.server.auth.middleware import AuthMiddleware
from styletune.server.auth.origin import public_origin
from styletune.server.auth.responses import SECURITY_HEADERS

TOKEN, VIEW_TOKEN = "the-right-token", "the-token-to-watch"
BEARER = ("authorization", f"Bearer {TOKEN}")
VIEWER = ("authorization", f"Bearer {VIEW_TOKEN}")
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
    body = f"{scope['role']} {scope['root_path']} {scope['path']}"
    await send({"type": f"{prefix}.response.body", "body": body.encode()})


def guarded(clock: Clock | None = None, **options: Any) -> AuthMiddleware:
    return AuthMiddleware(
        application, TOKEN, view_token=VIEW_TOKEN, clock=clock or Clock(), **options
    )


async def ask(
    guard: AuthMiddleware,
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

    await guard(scope, receive, send)
    start, *bodies = sent
    assert start["type"].endswith("response.start")
    return Answer(
        start["status"],
        {k.decode(): v.decode() for k, v in start["headers"]},
        b"".join(body["body"] for body in bodies),
    )


async def login(
    guard: AuthMiddleware, host: str = "localhost:8018", token: str = TOKEN
) -> tuple[str, str]:
    """The cookie that a browser gets for the token, as a header."""
    answer = await ask(guard, ("host", host), path="/", query=f"token={token}")
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
async def test_loopback_names_are_answered_on_any_port(host: str) -> None:
    assert (await ask(guarded(), ("host", host), BEARER)).admitted


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
async def test_foreign_and_crooked_hosts_are_refused(host: str, status: int) -> None:
    for kind in ("http", "websocket"):
        answer = await ask(guarded(), ("host", host), BEARER, kind=kind)
        assert answer.status == status
        # Before credentials, and even for the open path: who rebinds DNS learns nothing.
        assert (await ask(guarded(), ("host", host), path="/healthz")).status == status


@pytest.mark.checklist(8)
async def test_no_host_and_a_doubled_host_are_refused() -> None:
    assert (await ask(guarded(), BEARER)).status == 400
    assert (await ask(guarded(), HOST, HOST, BEARER)).status == 400
    assert (await ask(guarded(), HOST, ("Host", "localhost:8018"), BEARER)).status == 400


async def test_a_named_host_is_answered_and_no_other_like_it() -> None:
    guard = guarded(allowed_hosts=("Studio.example.",))
    assert (await ask(guard, ("host", "studio.example:8018"), BEARER)).admitted
    assert (await ask(guard, ("host", "x.studio.example"), BEARER)).status == 403


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
async def test_the_own_origin_gets_in(kind: str, host: str, origin: str) -> None:
    guard = guarded()
    cookie = await login(guard, host)
    answer = await ask(guard, ("host", host), ("origin", origin), cookie, kind=kind, method="PUT")
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
async def test_any_other_origin_is_refused_whatever_it_knows(kind: str, origin: str) -> None:
    guard = guarded()
    cookie = await login(guard)
    for credentials in (cookie, BEARER):
        answer = await ask(guard, HOST, ("origin", origin), credentials, kind=kind)
        assert answer.status == 403


@pytest.mark.checklist(10)
async def test_host_and_origin_that_agree_on_the_attacker_are_refused() -> None:
    answer = await ask(guarded(), ("host", "evil.com"), ("origin", "http://evil.com"), BEARER)
    assert answer.status == 403


async def test_without_origin_a_cookie_reads_but_does_not_write() -> None:
    guard = guarded()
    cookie = await login(guard)
    assert (await ask(guard, HOST, cookie)).admitted
    assert (await ask(guard, HOST, cookie, method="HEAD")).admitted
    for method in ("PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"):
        assert (await ask(guard, HOST, cookie, method=method)).status == 403
    assert (await ask(guard, HOST, cookie, kind="websocket")).status == 403


async def test_without_origin_a_bearer_header_does_everything() -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert (await ask(guarded(), HOST, BEARER, method=method)).admitted
    assert (await ask(guarded(), HOST, BEARER, kind="websocket")).admitted


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
async def test_other_sites_may_link_here_and_nothing_else(
    site: str, mode: str, dest: str, method: str, kind: str, admitted: bool
) -> None:
    guard = guarded()
    cookie = await login(guard)
    answer = await ask(
        guard, HOST, ORIGIN, cookie,
        ("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest),
        method=method, kind=kind,
    )  # fmt: skip
    assert answer.admitted is admitted
    assert admitted or answer.status == 403


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/", "/api/state", "/api/content", "/web/main.js", "/openapi.json", "/nowhere"]
)
async def test_without_credentials_nothing_but_health_is_open(path: str, method: str) -> None:
    answer = await ask(guarded(), HOST, ORIGIN, path=path, method=method)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", ["/ws", "/frames", "/", "/nowhere"])
async def test_no_socket_is_opened_without_credentials(path: str) -> None:
    assert (await ask(guarded(), HOST, ORIGIN, path=path, kind="websocket")).status == 401
    query = f"token={TOKEN}"  # a token in a socket's address would end up in logs
    answer = await ask(guarded(), HOST, ORIGIN, path=path, query=query, kind="websocket")
    assert answer.status == 401


async def test_a_socket_is_closed_where_the_server_cannot_answer_a_handshake() -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket", "scheme": "ws", "path": "/ws", "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"origin", b"http://localhost")],
    }  # fmt: skip
    await guarded()(scope, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_health_is_open_for_reading_only() -> None:
    assert (await ask(guarded(), HOST, path="/healthz")).admitted
    assert (await ask(guarded(), HOST, path="/healthz", method="HEAD")).admitted
    assert (await ask(guarded(), HOST, ORIGIN, path="/healthz", method="POST")).status == 401
    assert (await ask(guarded(), HOST, path="/healthz/")).status == 401


async def test_the_token_url_gives_a_cookie_and_leaves_the_address() -> None:
    guard = guarded()
    answer = await ask(guard, HOST, path="/", query=f"token={TOKEN}")
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
    assert (await ask(guard, HOST, ("cookie", f"other=1; {cookie.key}={cookie.value}"))).admitted


async def test_who_is_in_already_is_sent_to_the_bare_address() -> None:
    guard = guarded()
    cookie = await login(guard)
    for query in (f"token={TOKEN}", "token=outdated"):
        answer = await ask(guard, HOST, cookie, path="/", query=query)
        assert (answer.status, answer.headers["location"]) == (303, "/")
    assert (await ask(guard, HOST, cookie, path="/")).admitted


async def test_the_projectors_page_takes_the_token_as_the_page_does() -> None:
    guard = guarded(root_path="/paint")
    answer = await ask(guard, HOST, path="/stage", query=f"token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/paint/stage")
    jar = http.cookies.SimpleCookie(answer.headers["set-cookie"])
    (cookie,) = jar.values()
    assert cookie["path"] == "/paint/"
    assert (await ask(guard, HOST, ("cookie", f"{cookie.key}={cookie.value}"))).admitted
    assert b"<form" in (await ask(guard, HOST, path="/stage", query="token=wrong")).body


async def test_cookies_of_two_ports_do_not_mix() -> None:
    guard = guarded()
    cookie = await login(guard, "localhost:9000")
    assert cookie[1].startswith("styletune_9000=")
    assert (await ask(guard, HOST, cookie)).status == 401
    assert (await ask(guard, ("host", "localhost:9000"), cookie)).admitted


async def test_the_token_is_taken_on_the_page_only() -> None:
    for path, method in (("/api/state", "GET"), ("/web/", "GET"), ("/", "POST"), ("/", "HEAD")):
        answer = await ask(
            guarded(), HOST, ORIGIN, path=path, query=f"token={TOKEN}", method=method
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
async def test_a_wrong_token_shows_the_login_page(query: str) -> None:
    answer = await ask(guarded(), HOST, path="/", query=query)
    assert answer.status == 401
    assert "set-cookie" not in answer.headers
    assert b"<form" in answer.body
    assert TOKEN.encode() not in answer.body


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
async def test_a_wrong_bearer_is_refused(headers: list[tuple[str, str]]) -> None:
    for kind in ("http", "websocket"):
        answer = await ask(guarded(), HOST, *headers, kind=kind)
        assert answer.status == 401
        assert json.loads(answer.body)["code"] == "wrong_token"


async def test_the_word_bearer_may_be_written_in_any_case() -> None:
    assert (await ask(guarded(), HOST, ("authorization", f"bearer  {TOKEN}"))).admitted


@pytest.mark.checklist(5)
@pytest.mark.parametrize("value", ["", "wrong", "\xe9", "x" * 10_000, TOKEN])
async def test_a_wrong_cookie_is_refused(value: str) -> None:
    answer = await ask(guarded(), HOST, ("cookie", f"styletune_8018={value}"))
    assert answer.status == 401


@pytest.mark.checklist(6)
async def test_another_token_makes_old_cookies_worthless() -> None:
    cookie = await login(guarded())
    assert (await ask(AuthMiddleware(application, "another"), HOST, cookie)).status == 401
    assert (await ask(guarded(), HOST, cookie)).admitted  # the same token after a restart


async def test_a_ticket_opens_once() -> None:
    guard = guarded()
    ticket = guard.one_time_token()
    assert TOKEN not in ticket
    first = await ask(guard, HOST, path="/", query=f"token={ticket}")
    assert first.status == 303
    assert (await ask(guard, HOST, ("cookie", first.headers["set-cookie"].split(";")[0]))).admitted
    assert (await ask(guard, HOST, path="/", query=f"token={ticket}")).status == 401
    assert (
        await ask(guard, HOST, ("authorization", f"Bearer {guard.one_time_token()}"))
    ).status == 401


@pytest.mark.checklist(5)
async def test_too_many_wrong_tokens_have_to_wait_but_a_cookie_still_works() -> None:
    clock = Clock()
    guard = guarded(clock)
    cookie = await login(guard)
    for _ in range(MAX_FAILURES + 1):
        assert (await ask(guard, HOST, path="/", query="token=wrong")).status == 401
    assert (await ask(guard, HOST, path="/", query="token=wrong")).status == 429
    limited = await ask(guard, HOST, BEARER)
    assert limited.status == 429
    assert limited.headers["retry-after"] == "60"
    assert (await ask(guard, HOST, cookie)).admitted
    assert (await ask(guard, HOST, BEARER, client="10.0.0.9")).admitted
    clock.now += 61
    assert (await ask(guard, HOST, BEARER)).admitted


async def test_an_outdated_cookie_does_not_lock_out_the_new_token() -> None:
    guard = guarded()
    for _ in range(100):  # a page of yesterday that keeps trying
        assert (await ask(guard, HOST, ("cookie", "styletune_8018=old"))).status == 401
    assert (await ask(guard, HOST, path="/", query=f"token={TOKEN}")).status == 303


@pytest.mark.checklist(13)
async def test_forwarded_headers_change_nothing() -> None:
    spoofed = [
        ("x-forwarded-host", "localhost:8018"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=localhost"),
        ("x-real-ip", "127.0.0.1"),
    ]
    assert (await ask(guarded(), ("host", "evil.com"), *spoofed, BEARER)).status == 403
    https = ("origin", "https://localhost:8018")
    assert (await ask(guarded(), HOST, https, *spoofed, BEARER)).status == 403


@pytest.mark.checklist(14)
async def test_every_answer_carries_the_protecting_headers() -> None:
    guard = guarded()
    for answer in (
        await ask(guard, HOST, BEARER),
        await ask(guard, HOST),
        await ask(guard, ("host", "evil.com")),
        await ask(guard, HOST, path="/", query=f"token={TOKEN}"),
        await ask(guard, HOST, path="/healthz"),
        await ask(guard, HOST, kind="websocket"),
    ):
        for name, value in SECURITY_HEADERS.items():
            assert answer.headers[name] == value
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_refusals_are_counted() -> None:
    guard = guarded()
    await ask(guard, HOST)
    await ask(guard, HOST)
    await ask(guard, ("host", "evil.com"))
    assert guard.counts == {"no_token": 2, "foreign_host": 1}


# ------------------------------------------------------------------- roles


async def test_each_token_brings_its_role_to_the_application() -> None:
    guard = guarded()
    for token, role in ((TOKEN, "player"), (VIEW_TOKEN, "viewer")):
        bearer = ("authorization", f"Bearer {token}")
        assert (await ask(guard, HOST, bearer)).body.split()[0] == role.encode()
        cookie = await login(guard, token=token)
        assert token not in cookie[1]
        assert (await ask(guard, HOST, cookie)).body.split()[0] == role.encode()


@pytest.mark.checklist(21)
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
async def test_a_viewer_may_only_read(method: str) -> None:
    guard = guarded()
    cookie = await login(guard, token=VIEW_TOKEN)
    for credentials in (VIEWER, cookie):
        answer = await ask(guard, HOST, ORIGIN, credentials, method=method, path="/api/content")
        assert answer.status == 403
        assert json.loads(answer.body)["code"] == "view_only"
        assert (await ask(guard, HOST, credentials)).admitted


@pytest.mark.parametrize(("path", "admitted"), [("/ws", True), ("/frames", True), ("/x", False)])
async def test_a_viewer_opens_only_sockets_that_are_named(path: str, admitted: bool) -> None:
    answer = await ask(guarded(), HOST, VIEWER, kind="websocket", path=path)
    assert answer.admitted is admitted
    assert (await ask(guarded(), HOST, BEARER, kind="websocket", path=path)).admitted


async def test_the_players_link_makes_a_viewer_a_player_and_never_the_other_way_round() -> None:
    guard = guarded()
    viewer = await login(guard, token=VIEW_TOKEN)
    answer = await ask(guard, HOST, viewer, path="/", query=f"token={TOKEN}")
    player = ("cookie", answer.headers["set-cookie"].split(";")[0])
    assert (await ask(guard, HOST, player)).body.startswith(b"player")
    answer = await ask(guard, HOST, player, path="/", query=f"token={VIEW_TOKEN}")
    assert answer.status == 303
    assert "set-cookie" not in answer.headers


async def test_a_viewer_that_guesses_the_players_token_is_held_up_as_anybody_is() -> None:
    guard = guarded()
    viewer = await login(guard, token=VIEW_TOKEN)
    for _ in range(MAX_FAILURES + 1):
        assert (await ask(guard, HOST, viewer, path="/", query="token=guess")).status == 401
    assert (await ask(guard, HOST, viewer, path="/", query=f"token={TOKEN}")).status == 429
    assert (await ask(guard, HOST, viewer, path="/")).admitted


async def test_without_a_view_token_there_are_no_viewers() -> None:
    guard = AuthMiddleware(application, TOKEN)
    assert (await ask(guard, HOST, VIEWER)).status == 401
    assert (await ask(guard, HOST, path="/", query="token=None")).status == 401


async def test_a_bearer_header_stands_for_an_origin_only_if_it_is_right() -> None:
    guard = guarded()
    cookie = await login(guard)
    wrong = ("authorization", "Bearer wrong")
    assert (await ask(guard, HOST, cookie, wrong, method="PUT")).status == 401
    assert (await ask(guard, HOST, cookie, VIEWER)).body.startswith(b"viewer")


# ------------------------------------------------------ TLS, proxy, root path

PUBLIC = {"public": public_origin("https://Paint.example/")}
PROXIED = ("host", "paint.example")


async def test_over_tls_the_cookie_is_secure_and_the_origin_https() -> None:
    guard = guarded()
    answer = await ask(guard, HOST, path="/", query=f"token={TOKEN}", secure=True)
    assert answer.headers["set-cookie"].endswith("; SameSite=lax; Secure")
    cookie = ("cookie", answer.headers["set-cookie"].split(";")[0])
    https = ("origin", "https://localhost:8018")
    for kind in ("http", "websocket"):
        assert (await ask(guard, HOST, https, cookie, kind=kind, secure=True)).admitted
        assert (await ask(guard, HOST, ORIGIN, cookie, kind=kind, secure=True)).status == 403


@pytest.mark.parametrize("host", ["paint.example", "paint.example:443", "PAINT.example."])
async def test_behind_a_proxy_the_public_origin_gets_in_though_the_way_here_is_plain(
    host: str,
) -> None:
    guard = guarded(**PUBLIC)
    answer = await ask(guard, ("host", host), path="/", query=f"token={TOKEN}")
    assert answer.headers["location"] == "/"
    cookie, *attributes = answer.headers["set-cookie"].split("; ")
    assert cookie.startswith("styletune_443=")
    assert "Secure" in attributes
    for kind in ("http", "websocket"):
        admitted = await ask(
            guard, ("host", host), ("origin", "https://paint.example"), ("cookie", cookie),
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
async def test_behind_a_proxy_no_other_origin_gets_in(host: str, origin: str) -> None:
    spoofed = (
        ("x-forwarded-host", "paint.example"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "host=paint.example;proto=https"),
    )
    guard = guarded(**PUBLIC)
    answer = await ask(guard, ("host", host), ("origin", origin), *spoofed, BEARER)
    assert answer.status == 403


async def test_behind_a_proxy_it_still_answers_to_loopback() -> None:
    assert (await ask(guarded(**PUBLIC), HOST, ORIGIN, BEARER, method="PUT")).admitted


async def test_behind_a_proxy_failures_count_by_the_address_that_the_proxy_adds() -> None:
    guard = guarded(**PUBLIC)
    for number in range(MAX_FAILURES + 1):
        claims = ("x-forwarded-for", f"10.0.0.{number}, 203.0.113.9")
        await ask(guard, PROXIED, claims, path="/", query="token=wrong")
    from_there = ("x-forwarded-for", "198.51.100.1, 203.0.113.9")
    assert (await ask(guard, PROXIED, from_there, BEARER)).status == 429
    elsewhere = ("x-forwarded-for", "198.51.100.1")
    assert (await ask(guard, PROXIED, elsewhere, BEARER)).admitted
    assert (await ask(guard, PROXIED, ("x-forwarded-for", "nonsense"), BEARER)).admitted


async def test_without_a_named_proxy_failures_count_by_connection() -> None:
    guard = guarded()
    for number in range(MAX_FAILURES + 1):
        claims = ("x-forwarded-for", f"10.0.0.{number}")
        await ask(guard, HOST, claims, path="/", query="token=wrong")
    assert (await ask(guard, HOST, ("x-forwarded-for", "10.9.9.9"), BEARER)).status == 429


@pytest.mark.parametrize("text", ["paint.example", "ftp://x", "https://", "https://a/b", "null"])
def test_what_is_no_origin_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="takes the origin that browsers show"):
        public_origin(text)


@pytest.mark.parametrize("prefix", ["/paint", ""])
async def test_below_a_root_path_it_does_not_matter_whether_the_proxy_cuts_it_off(
    prefix: str,
) -> None:
    guard = guarded(root_path="/paint")
    assert (await ask(guard, HOST, BEARER, path=f"{prefix}/ws", kind="websocket")).body == (
        b"player /paint /paint/ws"
    )
    answer = await ask(guard, HOST, path=f"{prefix}/", query=f"token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/paint/")
    assert "; Path=/paint/;" in answer.headers["set-cookie"]
    assert (await ask(guard, HOST, path=f"{prefix}/healthz")).admitted
    assert (await ask(guard, HOST, path=f"{prefix}/api/state")).status == 401
    assert (await ask(guard, HOST, path="/paintings/healthz")).status == 401


async def test_a_root_path_without_its_slash_leads_to_the_page() -> None:
    answer = await ask(guarded(root_path="/paint"), HOST, path="/paint")
    assert (answer.status, answer.headers["location"]) == (303, "/paint/")
    assert "set-cookie" not in answer.headers


@pytest.mark.checklist(11)
@pytest.mark.parametrize("path", ["/api/restart", "/api/content", "/"])
async def test_a_form_on_another_site_posts_in_vain(path: str) -> None:
    guard = guarded()
    cookie = await login(guard)
    plain = ("content-type", "text/plain")
    for origin in (("origin", "https://evil.com"), ("origin", "null")):
        site = ("sec-fetch-site", "cross-site")
        for headers in ((origin, plain), (origin, plain, site), (plain, site), (plain,)):
            answer = await ask(guard, HOST, cookie, *headers, path=path, method="POST")
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
async def test_who_does_not_know_the_token_never_gets_in(
    headers: list[tuple[str, str]], path: str, query: str, method: str, kind: str
) -> None:
    answer = await ask(guarded(), *headers, path=path, query=query, method=method, kind=kind)
    if answer.admitted:
        assert path == "/healthz"
        assert kind == "http"
    elif answer.status == 303:  # the address without its last slash: sent there, and not let in
        assert (path, kind) == ("", "http")
        assert answer.headers["location"] == "/"
        assert "set-cookie" not in answer.headers
    else:
        assert answer.status in (400, 401, 403)
