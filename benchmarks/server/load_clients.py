"""Clients of the load test: viewers, senders of controls, readers that stall.

Each runs for some seconds against a server on loopback and returns what it received.
"""

import asyncio
import contextlib
import functools
import json
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from benchmarks.common.client import Epoch, RecordingClient
from benchmarks.common.websocket import LeanWebSocket

_CONNECT_S = 1.0  # after connecting, before anything counts
FADER = "style.block1_conv1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens; `acks`: whether its viewers acknowledge pictures."""

    port: int
    token: str = ""
    acks: bool = True


@dataclass
class Received:
    """Pictures that a viewer got: of each its age on arrival, in seconds; and for how long."""

    ages_s: list[float] = field(default_factory=list)
    seconds: float = 1.0

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return len(self.ages_s) / self.seconds


async def run_viewer(endpoint: Endpoint, seconds: float, *, port: int | None = None) -> Received:
    """Watch for some seconds, acknowledging each picture at once."""
    socket = await LeanWebSocket.open(port or endpoint.port, "/frames", endpoint.token)
    received = Received(seconds=seconds)
    begins = time.time() + _CONNECT_S
    ends = begins + seconds
    try:
        async with asyncio.timeout(_CONNECT_S + seconds):
            while time.time() < ends:
                message = await socket.receive()
                now = time.time()
                (length,) = struct.unpack_from("<I", message)
                header = json.loads(message[4 : 4 + length])
                if endpoint.acks:
                    socket.send(json.dumps({"type": "ack", "epoch": header["epoch"]}))
                if now >= begins:
                    received.ages_s.append(now - header["time"])
    except TimeoutError:
        pass  # nothing more came
    finally:
        socket.close()
    return received


async def run_viewers(endpoint: Endpoint, count: int, seconds: float) -> list[Received]:
    """`count` viewers at the same time."""
    return list(await asyncio.gather(*(run_viewer(endpoint, seconds) for _ in range(count))))


@contextlib.asynccontextmanager
async def stalled_viewers(endpoint: Endpoint, count: int) -> AsyncIterator[None]:
    """Viewers that ask for pictures and read none."""
    sockets = [
        await LeanWebSocket.open(endpoint.port, "/frames", endpoint.token, receive_buffer=4096)
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for socket in sockets:
            socket.close()


async def send_sets(endpoint: Endpoint, per_s: float, seconds: float) -> float:
    """Move a fader very often; return how long the last value took until its answer, s."""
    socket = await LeanWebSocket.open(endpoint.port, "/ws", endpoint.token)
    answered = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(_wait_for_answer(socket, 1, answered))
    begins, sent = time.perf_counter(), 0
    try:
        while (passed := time.perf_counter() - begins) < seconds:
            for number in range(sent, int(per_s * passed)):
                socket.send(_set(number % 1000 / 1000))
                sent = number + 1
            await socket.drain()
            await asyncio.sleep(0.002)
        last = time.perf_counter()
        socket.send(_set(0.123, seq=1))
        await asyncio.wait_for(answered, 10)
        return time.perf_counter() - last
    finally:
        reading.cancel()
        socket.close()


async def control_latencies(
    endpoint: Endpoint, seconds: float, every_s: float = 0.13
) -> list[float]:
    """From a set until the worker has published with it, s each, by the pictures' own time."""
    times: list[float] = []
    ends = time.perf_counter() + seconds
    url = f"ws://127.0.0.1:{endpoint.port}/"
    async with RecordingClient(url, endpoint.token) as client:
        while time.perf_counter() < ends:
            client.epochs.clear()
            sent = time.time()
            rev = await client.set({FADER: len(times) % 1000 / 1000})
            async with asyncio.timeout(10):
                epoch = await client.wait_for(functools.partial(_first_epoch, client, rev))
            times.append(epoch.time - sent)
            await asyncio.sleep(every_s)
    return times


def _first_epoch(client: RecordingClient, rev: int) -> Epoch | None:
    """The first epoch with the sets of a revision."""
    return next((epoch for epoch in client.epochs if epoch.rev >= rev), None)


async def _wait_for_answer(socket: LeanWebSocket, seq: int, answered: asyncio.Future[None]) -> None:
    while True:
        message = json.loads(await socket.receive())
        if message.get("seq") == seq and not answered.done():
            answered.set_result(None)


def _set(position: float, seq: int | None = None) -> str:
    message: dict[str, object] = {"type": "set", "controls": {FADER: position}}
    return json.dumps(message if seq is None else message | {"seq": seq})
