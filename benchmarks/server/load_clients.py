"""Clients of the load test: viewers, hands that move sliders, readers that stall.

Each runs for some seconds against a server on loopback and says what it saw. Knows nothing
about which server that is, and what was to be reached.
"""

import asyncio
import contextlib
import json
import struct
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from benchmarks.common.websocket import Link

_SETTLE_S = 1.0  # after connecting, before anything counts
FADER = "style.block1_conv1"


@dataclass(frozen=True, slots=True)
class At:
    """Where a server listens; `acks`: whether it wants to be told what was drawn."""

    port: int
    token: str = ""
    acks: bool = True


@dataclass
class Seen:
    """Pictures that a viewer got: of each its age on arrival, in seconds; and for how long."""

    ages_s: list[float] = field(default_factory=list)
    seconds: float = 1.0

    @property
    def fps(self) -> float:
        """Pictures a second."""
        return len(self.ages_s) / self.seconds


async def view(at: At, seconds: float, *, port: int | None = None) -> Seen:
    """Watch for some seconds, acknowledging each picture at once."""
    link = await Link.open(port or at.port, "/frames", at.token)
    seen = Seen(seconds=seconds)
    begins = time.time() + _SETTLE_S
    ends = begins + seconds
    try:
        async with asyncio.timeout(_SETTLE_S + seconds):
            while time.time() < ends:
                message = await link.receive()
                now = time.time()
                (length,) = struct.unpack_from("<I", message)
                head = json.loads(message[4 : 4 + length])
                if at.acks:
                    link.send(json.dumps({"type": "ack", "epoch": head["epoch"]}))
                if now >= begins:
                    seen.ages_s.append(now - head["time"])
    except TimeoutError:
        pass  # nothing came at last
    finally:
        link.close()
    return seen


async def watch(at: At, count: int, seconds: float) -> list[Seen]:
    """`count` viewers at the same time."""
    return list(await asyncio.gather(*(view(at, seconds) for _ in range(count))))


@contextlib.asynccontextmanager
async def stalled(at: At, count: int) -> AsyncIterator[None]:
    """Viewers that ask for pictures and read none."""
    links = [
        await Link.open(at.port, "/frames", at.token, receive_buffer=4096) for _ in range(count)
    ]
    try:
        yield
    finally:
        for link in links:
            link.close()


async def move_fast(at: At, per_s: float, seconds: float) -> float:
    """Move a fader very often; return how long the last value took to be answered, s."""
    link = await Link.open(at.port, "/ws", at.token)
    answered = asyncio.get_running_loop().create_future()
    reading = asyncio.create_task(_until_answered(link, 1, answered))
    begins, sent = time.perf_counter(), 0
    try:
        while (passed := time.perf_counter() - begins) < seconds:
            for number in range(sent, int(per_s * passed)):
                link.send(_set(number % 1000 / 1000))
                sent = number + 1
            await link.drain()
            await asyncio.sleep(0.002)
        last = time.perf_counter()
        link.send(_set(0.123, seq=1))
        await asyncio.wait_for(answered, 10)
        return time.perf_counter() - last
    finally:
        reading.cancel()
        link.close()


async def answer_times(at: At, seconds: float, every_s: float = 0.13) -> list[float]:
    """From a set until the worker has published with it, s each, by the pictures' own time."""
    link = await Link.open(at.port, "/ws", at.token)
    epochs: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    revs: asyncio.Queue[int] = asyncio.Queue()

    async def read() -> None:
        while True:
            message = json.loads(await link.receive())
            if message["type"] == "epoch":
                epochs.put_nowait((message["rev"], message["time"]))
            elif message["type"] == "changed":
                revs.put_nowait(message["rev"])

    reading = asyncio.create_task(read())
    times: list[float] = []
    ends = time.perf_counter() + seconds
    try:
        while time.perf_counter() < ends:
            sent = time.time()
            link.send(_set(len(times) % 1000 / 1000, seq=len(times)))
            async with asyncio.timeout(10):
                rev = await revs.get()
                while (epoch := await epochs.get())[0] < rev:
                    pass
            times.append(epoch[1] - sent)
            await asyncio.sleep(every_s)
    finally:
        reading.cancel()
        link.close()
    return times


async def _until_answered(link: Link, seq: int, answered: asyncio.Future[None]) -> None:
    while True:
        message = json.loads(await link.receive())
        if message.get("seq") == seq and not answered.done():
            answered.set_result(None)


def _set(position: float, seq: int | None = None) -> str:
    message: dict[str, object] = {"type": "set", "controls": {FADER: position}}
    return json.dumps(message if seq is None else message | {"seq": seq})
