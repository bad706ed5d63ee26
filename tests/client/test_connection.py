"""Connections that come back, against servers of websockets that behave badly."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus
from itertools import islice

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from styletune.client.address import Address
from styletune.client.connection import reconnecting, retry_delays
from styletune.errors import ConfigError, RefusedError, UnreachableError


def address_of(server: Server) -> Address:
    return Address(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "token")


@asynccontextmanager
async def closing_with(*codes: int) -> AsyncIterator[Address]:
    """A server that closes each connection, with the next of these codes."""
    left = list(codes)

    async def close(socket: ServerConnection) -> None:
        await socket.close(left.pop(0))

    async with serve(close, "127.0.0.1", 0) as server:
        yield address_of(server)


@asynccontextmanager
async def answering_with(*statuses: int) -> AsyncIterator[Address]:
    """A server that answers handshakes with these statuses of HTTP, then lets in."""
    left = list(statuses)

    def answer(socket: ServerConnection, request: Request) -> Response | None:
        return socket.respond(HTTPStatus(left.pop(0)), "") if left else None

    async def stay(socket: ServerConnection) -> None:
        await socket.wait_closed()

    async with serve(stay, "127.0.0.1", 0, process_request=answer) as server:
        yield address_of(server)


async def until_closed(address: Address, times: int) -> int:
    """Take so many connections, each until it is closed; return how many there were."""
    count = 0
    sockets = reconnecting(address, "/ws", patience_s=5)
    async with aclosing(sockets):
        async for socket in sockets:
            count += 1
            try:
                async for _ in socket:
                    pass
            except ConnectionClosed:
                pass
            if count == times:
                break
    return count


def test_delays_double_up_to_five_seconds() -> None:
    delays = list(islice(retry_delays(lambda: 1e9), 7))
    assert delays == pytest.approx([0.25, 0.5, 1, 2, 4, 5, 5], rel=0.25)
    left = iter([1e9, 1e9, 0.1, -1.0])
    assert list(islice(retry_delays(lambda: next(left)), 4))[2:] == [0.1, 0.0]


async def test_a_lost_connection_comes_back() -> None:
    async with closing_with(1000, 1001, 1011) as address:
        assert await until_closed(address, 3) == 3


@pytest.mark.parametrize(
    ("close_code", "code", "text"),
    [
        (4401, "unauthorized", "no longer takes this token"),
        (4403, "forbidden", "may watch but not play"),
        (4426, "version", "is of another version"),
    ],
)
async def test_a_final_close_code_ends_the_tries(close_code: int, code: str, text: str) -> None:
    async with closing_with(1011, close_code) as address:
        with pytest.raises(RefusedError, match=text) as refused:
            await until_closed(address, 3)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("status", "code", "text"),
    [
        (401, "unauthorized", r"refuses \(401\): it does not know this token; set STYLETUNE_TOKEN"),
        (403, "http_403", "refuses, with HTTP status 403"),
    ],
)
async def test_a_refused_client_does_not_try_again(status: int, code: str, text: str) -> None:
    async with answering_with(status) as address:
        sockets = reconnecting(address, "/ws", patience_s=60, wait_for_server=True)
        with pytest.raises(RefusedError, match=text) as refused:
            await anext(sockets)
    assert refused.value.code == code


async def test_a_first_failure_is_raised_or_waited_out() -> None:
    async with answering_with(502) as address:
        with pytest.raises(RefusedError, match="refuses, with HTTP status 502"):
            await anext(reconnecting(address, "/ws", patience_s=60))
    failures: list[Exception] = []
    async with answering_with(502, 429) as address:
        sockets = reconnecting(
            address, "/ws", patience_s=60, wait_for_server=True, on_failure=failures.append
        )
        async with aclosing(sockets):
            assert await anext(sockets)
    assert len(failures) == 2


async def test_patience_ends() -> None:
    async with answering_with() as address:
        pass  # nobody is there any more
    loop = asyncio.get_running_loop()
    start = loop.time()
    with pytest.raises(UnreachableError, match=r"no server answers at .* styletune serve"):
        await anext(reconnecting(address, "/ws", patience_s=0.4, wait_for_server=True))
    assert 0.4 <= loop.time() - start < 4


async def test_an_invalid_address_is_not_tried_again() -> None:
    with pytest.raises(ConfigError, match="is no address of a server"):
        await anext(reconnecting(Address("ftp://x"), "/ws", patience_s=60, wait_for_server=True))
