"""Strangers that hold connections open, and those who are to get in all the same."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Scope

from styletune.server import connections
from styletune.server.auth.responses import AccessDenied
from styletune.server.connections import ANSWER_S, FIRST_REQUEST_S, Connections, Listener
from styletune.session.roles import Role
from tests.server.test_options import certificate
from tests.support.web_process import VIEWER, WAIT_S, receive, running, until


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


class Peers:
    """Accepted connections, and their far ends."""

    def __init__(self, counted: Connections) -> None:
        self._counted = counted
        self._far: dict[tuple[str, int], socket.socket] = {}
        self._near: list[socket.socket] = []

    def connect(self, address: str, port: int) -> tuple[str, int]:
        near, far = socket.socketpair()
        far.setblocking(False)
        self._near.append(near)
        self._far[address, port] = far
        self._counted.add(near, (address, port))
        return address, port

    def closed(self) -> list[tuple[str, int]]:
        found = []
        for peer, far in self._far.items():
            with contextlib.suppress(BlockingIOError):
                assert far.recv(1) == b""
                found.append(peer)
        return found

    def close(self) -> None:
        for connection in (*self._near, *self._far.values()):
            connection.close()


def scope(peer: tuple[str, int], role: Role = Role.PLAYER, method: str = "GET") -> Scope:
    return {"type": "http", "method": method, "client": peer, "role": role}


async def test_where_too_many_wait_the_oldest_of_the_flood_is_closed() -> None:
    clock = Clock()
    counted = Connections(4, clock)
    with contextlib.closing(Peers(counted)) as peers:
        alone = peers.connect("10.0.0.9", 1)
        used = peers.connect("10.0.0.1", 1)
        async with counted.use(scope(used)):
            for port in range(2, 9):
                clock.now += 0.1
                peers.connect("10.0.0.1", port)
            assert peers.closed() == [("10.0.0.1", port) for port in range(2, 6)]
        assert alone not in peers.closed()
        assert used not in peers.closed()


async def test_a_connection_without_a_request_is_closed_after_ten_seconds() -> None:
    clock = Clock()
    counted = Connections(4, clock)
    with contextlib.closing(Peers(counted)) as peers:
        silent, used, reading = (peers.connect("10.0.0.1", port) for port in range(3))
        async with counted.use(scope(used, method="PUT")), counted.use(scope(reading)):
            clock.now += FIRST_REQUEST_S + 1
            counted.close_overdue()
            assert peers.closed() == [silent]
            async with counted.use(scope(used)):  # sent before the first one was answered
                pass
            clock.now += ANSWER_S
            counted.close_overdue()
            assert peers.closed() == [silent, reading]
        clock.now += FIRST_REQUEST_S - 1
        counted.close_overdue()
        assert used not in peers.closed()
        clock.now += 2
        counted.close_overdue()
        assert used in peers.closed()


async def test_places_are_those_of_a_role() -> None:
    counted = Connections(2)
    viewer, player = scope(("10.0.0.1", 1), Role.VIEWER), scope(("10.0.0.1", 2))
    async with counted.use(viewer), counted.use(viewer):
        with pytest.raises(AccessDenied, match="2 connections are in use by others"):
            await counted.use(viewer).__aenter__()
        async with counted.use(player), counted.use(player):
            pass
    async with counted.use(viewer):
        pass


async def test_readers_of_a_role_take_turns_and_uploads_do_not_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_MAX_REQUESTS", 1)
    counted, order = Connections(10), []
    viewer, player = scope(("10.0.0.1", 1), Role.VIEWER), scope(("10.0.0.1", 2))

    async def request(name: str, kind: Scope) -> None:
        async with counted.use(kind):
            order.append(name)

    async with counted.use(viewer):
        waiting = asyncio.create_task(request("viewer", viewer))
        await asyncio.sleep(0)
        async with counted.use(player):
            await request("upload", scope(("10.0.0.1", 2), method="PUT"))
        await request("player", player)
    await waiting
    assert order == ["upload", "player", "viewer"]


def half_open(port: int, sent: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), WAIT_S)
    connection.sendall(sent)
    return connection


HALVES = (
    b"",
    b"GET / HTTP/1.1\r\nHost: local",
    b"PUT /api/content HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nx",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
)


async def test_half_open_connections_keep_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MAX_PLACES", 8)
    monkeypatch.setattr(connections, "FIRST_REQUEST_S", 0.3)
    async with running(tmp_path) as server, server.socket("/ws") as player:
        await receive(player, "snapshot")
        async with server.socket("/frames", **VIEWER):
            halves = [half_open(server.port, HALVES[n % len(HALVES)]) for n in range(100)]
            assert (await server.http.get("/api/state")).status_code == 200
            await until(lambda: len(server.connections) <= 8 + 3)
            async with server.socket("/ws") as late:
                await receive(late, "snapshot")
            assert (await server.http.get("/api/state")).status_code == 200
            await until(lambda: len(server.connections) == 2)
            assert (server.hub.count_clients(Role.PLAYER), server.hub.viewers) == (1, 1)
        for connection in halves:
            connection.close()


@contextlib.asynccontextmanager
async def tls_server(folder: Path, counted: Connections) -> AsyncIterator[int]:
    listener = Listener(socket.AF_INET, socket.SOCK_STREAM, connections=counted)
    listener.bind(("127.0.0.1", 0))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate(folder))
    server = await asyncio.start_server(lambda *_: None, sock=listener, ssl=context)
    async with server:
        yield listener.getsockname()[1]


async def test_a_handshake_of_tls_that_never_comes_is_closed_too(tmp_path: Path) -> None:
    clock = Clock()
    counted = Connections(4, clock)
    async with tls_server(tmp_path, counted) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: len(counted) == 1)
        clock.now += FIRST_REQUEST_S + 1
        counted.close_overdue()
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()
