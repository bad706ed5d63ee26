"""What strangers and an audience cost a player: how long a move takes, and who still gets in.

    python -m benchmarks.server.strangers

The real web process with a stand-in worker and 1,024 descriptors, over loopback: four viewers that
ask for snapshots without pause, then 1,100 connections that never send a whole request. Takes half
a minute. Exit code 1 where a target was missed.
"""

import asyncio
import contextlib
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from statistics import median

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.common import report
from benchmarks.common.processes import StandInServer
from benchmarks.common.report import Row

VIEWERS, HALF_OPEN, DESCRIPTORS = 4, 1100, 1024
TARGET_MS = 20.0
_VIEW_TOKEN = "only-to-watch"
_MOVES, _PAUSE_S = 150, 0.02
_SETTLE_S = 2.0


def _socket(url: str, token: str) -> connect:
    bearer = {"Authorization": f"Bearer {token}"}
    return connect(f"{url}ws", additional_headers=bearer, proxy=None, max_queue=None)


async def _ask(url: str) -> None:
    async def discard(socket: ClientConnection) -> None:
        async for _ in socket:
            pass

    async with _socket(url, _VIEW_TOKEN) as socket, asyncio.TaskGroup() as tasks:
        tasks.create_task(discard(socket))
        while True:
            await socket.send('{"type":"snapshot?"}')
            await asyncio.sleep(0)


def ask(url: str) -> None:
    """Ask for snapshots until this process is ended."""
    with contextlib.suppress(Exception):  # the server has ended
        asyncio.run(_ask(url))


async def move_s(url: str, token: str) -> float:
    """The median time from a move to its answer, of a player who connects now."""
    times = []
    async with _socket(url, token) as socket:
        for seq in range(_MOVES):
            began = time.perf_counter()
            await socket.send(
                json.dumps({"type": "set", "controls": {"smooth": seq / _MOVES}, "seq": seq})
            )
            while json.loads(await socket.recv()).get("seq") != seq:
                pass
            times.append(time.perf_counter() - began)
            await asyncio.sleep(_PAUSE_S)
    return median(times)


@contextlib.contextmanager
def viewers(url: str) -> Iterator[None]:
    """In this context they ask, from processes of their own."""
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=ask, args=(url,), daemon=True) for _ in range(VIEWERS)]
    for process in processes:
        process.start()
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.join()


@contextlib.asynccontextmanager
async def half_open(port: int) -> AsyncIterator[None]:
    """In this context so many connections are silent, or in the middle of a head."""
    writers = []
    for number in range(HALF_OPEN):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((b"", b"GET / HTTP/1.1\r\nHost: local")[number % 2])
        writers.append(writer)
    try:
        yield
    finally:
        for writer in writers:
            writer.transport.abort()


async def measure() -> list[Row]:
    """A player's moves, alone and beside the others."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))  # of the server, which inherits
    with tempfile.TemporaryDirectory() as folder:
        async with StandInServer(Path(folder), STYLETUNE_VIEW_TOKEN=_VIEW_TOKEN) as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * HALF_OPEN), hard))
            url = await server.websocket_url()
            alone_s = await move_s(url, server.token)
            with viewers(url):
                await asyncio.sleep(_SETTLE_S)
                asked_s = await move_s(url, server.token)
            async with half_open(int(url.rstrip("/").rpartition(":")[2])):
                flooded_s = await move_s(url, server.token)
    return [
        Row("a move, alone", alone_s * 1e3, None, "ms"),
        Row(f"while {VIEWERS} viewers ask for snapshots", asked_s * 1e3, TARGET_MS, "ms"),
        Row(f"while {HALF_OPEN} connections are half open", flooded_s * 1e3, TARGET_MS, "ms"),
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    report.new_parser("server.strangers", __doc__).parse_args(argv)
    return report.print_rows("strangers", asyncio.run(measure()), ("medians of moves",))


if __name__ == "__main__":
    sys.exit(main())
