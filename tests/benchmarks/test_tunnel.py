"""The tunnel that stands in for ssh: what comes through, when, and how it breaks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from benchmarks.server.tunnel import Tunnel

WAIT_S = 30


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that gives back what it gets, and ends when the client does."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1 << 16):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_everything_arrives_unchanged_and_not_before_the_delay() -> None:
    data = bytes(range(256)) * 1000
    async with echo() as port, Tunnel(port, delay_s=0.05, bytes_per_s=1e7) as tunnel:
        reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
        sent = time.monotonic()
        writer.write(data)
        assert await asyncio.wait_for(reader.readexactly(len(data)), WAIT_S) == data
        assert time.monotonic() - sent >= 0.1 + len(data) / 1e7
        writer.close()


@pytest.mark.parametrize("how", [Tunnel.cut, Tunnel.reset])
async def test_a_broken_line_ends_both_sides_and_another_connection_works(how) -> None:
    async with echo() as port, Tunnel(port) as tunnel:
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
            writer.write(b"hello")
            assert await asyncio.wait_for(reader.readexactly(5), WAIT_S) == b"hello"
            how(tunnel)
            try:
                assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
            except ConnectionError:
                assert how is Tunnel.reset
            writer.close()


async def test_where_nobody_listens_the_connection_ends() -> None:
    async with echo() as port:
        pass
    async with Tunnel(port) as tunnel:
        reader, writer = await asyncio.open_connection("127.0.0.1", tunnel.port)
        assert await asyncio.wait_for(reader.read(), WAIT_S) == b""
        writer.close()
