"""Every route and socket that there is, walked by nobody, by a viewer and by a player.

The walk asks the application itself what it has: a route that is added tomorrow is walked
without a line here.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from styletune.server.auth.middleware import PUBLIC_PATHS
from styletune.session import incoming
from styletune.session.roles import PLAYERS_PATHS, SAFE_METHODS, VIEWER_SOCKETS, Role
from tests.support.web_process import (
    BEARER,
    VIEWER,
    WAIT_S,
    Running,
    receive,
    receive_frame,
    running,
    send,
)

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
FADER = "content.block1_conv1"


def flat(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(route, "routes", None)
        if inner and not isinstance(route, Mount):
            yield from flat(inner)
        else:
            yield route


def paths(app: FastAPI, *, sockets: bool) -> list[str]:
    found = [
        re.sub(r"\{[^}]+\}", "1", getattr(route, "path", ""))
        + ("/main.js" if isinstance(route, Mount) else "")
        for route in flat(app.routes)
        if isinstance(route, WebSocketRoute) is sockets
    ]
    assert found
    return found


async def answers(server: Running, headers: dict[str, str]) -> dict[tuple[str, str], int]:
    """The status of every method on every path."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{server.port}",
        headers=headers,
        trust_env=False,
        timeout=WAIT_S,
    ) as client:
        return {
            (method, path): (await client.request(method, path)).status_code
            for path in paths(server.app, sockets=False)
            for method in METHODS
        }


async def handshake(server: Running, path: str, headers: dict[str, str]) -> int:
    """The status of opening a socket."""
    url = f"ws://127.0.0.1:{server.port}{path}"
    try:
        async with connect(url, additional_headers=headers, proxy=None, open_timeout=WAIT_S):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


async def test_the_walk_sees_the_routes_that_are_documented(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        documented = {re.sub(r"\{[^}]+\}", "1", path) for path in server.app.openapi()["paths"]}
        walked = set(paths(server.app, sockets=False))
        assert documented | {"/", "/openapi.json", "/web/main.js"} <= walked
        assert set(paths(server.app, sockets=True)) >= {"/ws", "/frames"}


@pytest.mark.checklist(4)
@pytest.mark.parametrize("headers", [{}, {"Cookie": "styletune_0=x"}, {"Origin": "null"}])
async def test_nobody_gets_in_anywhere(tmp_path: Path, headers: dict[str, str]) -> None:
    async with running(tmp_path) as server:
        refused = (401, 403)
        for (method, path), status in (await answers(server, headers)).items():
            open_to_all = (
                path in PUBLIC_PATHS and method in SAFE_METHODS and "Origin" not in headers
            )
            assert (status in refused) is not open_to_all, (method, path)
        for path in [*paths(server.app, sockets=True), "/", "/nowhere"]:
            assert await handshake(server, path, headers) in refused, path


@pytest.mark.checklist(21)
async def test_a_viewer_reads_everything_and_changes_nothing(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        server.painter.paint()
        before = server.hub.snapshot()
        for (method, path), status in (await answers(server, VIEWER)).items():
            reads = method in SAFE_METHODS and not path.startswith(PLAYERS_PATHS)
            assert (status == 403) is not reads, (method, path)
            assert status != 401, (method, path)
        assert server.hub.snapshot().controls == before.controls
        assert server.hub.snapshot().pictures == before.pictures
        for path in paths(server.app, sockets=True):
            expected = 101 if path in VIEWER_SOCKETS else 403
            assert await handshake(server, path, VIEWER) == expected, path


async def test_a_player_is_refused_nowhere(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for (method, path), status in (await answers(server, BEARER)).items():
            assert status not in (401, 403), (method, path)
        for path in paths(server.app, sockets=True):
            assert await handshake(server, path, BEARER) == 101, path


@pytest.mark.checklist(21)
@pytest.mark.parametrize(
    "message",
    [
        {"type": "set", "controls": {FADER: 0.125}, "seq": 7},
        {"type": "trigger", "name": "reset", "seq": 7},
        {"type": "midi", "device": "nanoKONTROL2", "data": [176, 0, 1], "seq": 7},
        {"type": "recall", "scene": "a", "seq": 7},
        {"type": "store", "scene": "a", "seq": 7},
        {"type": "crossfade", "a": "a", "seq": 7},
        {"type": "learn", "target": FADER, "seq": 7},
        {"type": "listen", "device": "nanoKONTROL2", "seq": 7},
    ],
    ids=lambda message: message["type"],
)
async def test_a_viewer_sees_everything_and_moves_nothing(
    tmp_path: Path, message: dict[str, object]
) -> None:
    async with (
        running(tmp_path) as server,
        server.socket("/ws", **VIEWER) as watching,
        server.socket("/frames", **VIEWER) as frames,
        server.socket("/ws") as playing,
    ):
        assert (await receive(watching, "snapshot"))["role"] == "viewer"
        assert (await receive(playing, "snapshot"))["role"] == "player"
        state = await server.http.get("/api/state", headers=VIEWER)
        assert (state.json()["role"], state.json()["players"]) == ("viewer", 1)
        before = dict(server.hub.session.state.positions), dict(server.hub.session.triggers)
        await send(watching, message)
        error = await receive(watching, "error")
        assert (error["code"], error["seq"]) == ("view_only", 7)
        assert "for watching" in error["message"]
        assert (server.hub.session.state.positions, server.hub.session.triggers) == before
        assert server.hub.stats.bad["view_only"] == 1
        await send(watching, "not JSON")
        assert (await receive(watching, "error"))["code"] == "bad_json"
        await send(watching, {"type": "snapshot?"})
        await receive(watching, "snapshot")
        # What the player does reaches the viewer, pictures too.
        await send(playing, {"type": "set", "controls": {FADER: 0.125}})
        assert (await receive(watching, "changed"))["controls"] == {FADER: 0.125}
        server.painter.paint()
        head, _ = await receive_frame(frames)
        assert head["rev"] == 1
        assert server.hub.count_clients(Role.PLAYER) == 1


@pytest.mark.checklist(21)
async def test_a_viewer_that_uploads_is_refused_before_a_byte_is_read(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for path in ("/api/content", "/api/style/1"):
            answer = await server.http.put(path, content=b"x" * 1000, headers=VIEWER)
            assert answer.status_code == 403
            assert answer.json()["code"] == "view_only"
        assert (await server.http.get("/api/content.jpg", headers=VIEWER)).status_code == 200


@pytest.mark.checklist(21)
def test_of_all_messages_a_viewer_may_send_one() -> None:
    allowed = [kind for kind in get_args(incoming.Incoming) if kind.allowed_for_viewers]
    assert allowed == [incoming.SnapshotRequestMessage]
