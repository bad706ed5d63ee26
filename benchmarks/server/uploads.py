"""What hostile uploads cost: seconds, memory, and how long the event loop is blocked.

    python -m benchmarks.server.uploads

The real web process with a stand-in worker, over loopback; meanwhile a client of /ws requests the
snapshot again and again, and its longest wait is the stall, network and machine included. The
decoder is a process of its own; its memory counts. Takes about a minute. Exit code 1 where a
target was missed.
"""
# checklist: 16, 17

import asyncio
import contextlib
import io
import json
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.common import machine, report
from benchmarks.common.processes import StandInServer

TARGET_S, TARGET_STALL_S, TARGET_MB, TARGET_TRICKLE_S = 2.0, 0.05, 200.0, 30.0
_QUIET_S = 3.0  # without uploads, to learn what network and machine add


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: the answer, and what it took."""

    name: str
    status: int
    code: str
    seconds: float
    stall_s: float
    memory_mb: float
    target_s: float

    @property
    def met(self) -> bool:
        """Whether it was refused in time, and cost no more than it may."""
        within = self.seconds <= self.target_s and self.memory_mb <= TARGET_MB
        return within and self.stall_s <= TARGET_STALL_S


def flat_png(edge_px: int) -> bytes:
    """A whole PNG of one colour: four megabytes hold 900 megapixels."""
    row = zlib.compressobj(9)
    data = b"".join(row.compress(bytes(1 + 3 * edge_px)) for _ in range(edge_px)) + row.flush()
    head = struct.pack(">IIBBBBB", edge_px, edge_px, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in ((b"IHDR", head), (b"IDAT", data), (b"IEND", b""))
    )


def _noise(width: int, height: int, kind: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 60).convert("RGB").save(file, kind)
    return file.getvalue()


UPLOADS: dict[str, Callable[[], bytes]] = {
    "bomb, 30,000 × 30,000 PNG": lambda: flat_png(30_000),
    "largest allowed, 7,071 × 7,071 PNG": lambda: flat_png(7_071),
    "noise, 4,000 × 3,000 JPEG": lambda: _noise(4000, 3000, "JPEG"),
    "cut JPEG": lambda: _noise(4000, 3000, "JPEG")[:2_000_000],
    "SVG, renamed": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>" * 100_000,
    "21 MB": lambda: bytes(21_000_000),
}


class ServerMonitor:
    """The longest wait of one client, and the most memory, since the last `reset`."""

    def __init__(self, socket: ClientConnection, pid: int) -> None:
        self._socket, self._pid = socket, pid
        self.stall_s = self.memory_mb = 0.0

    async def poll_snapshots(self) -> None:
        """Request a snapshot again and again until cancelled."""
        while True:
            began = time.perf_counter()
            await self._socket.send('{"type":"snapshot?"}')
            while json.loads(await self._socket.recv())["type"] != "snapshot":
                pass
            self.stall_s = max(self.stall_s, time.perf_counter() - began)
            await asyncio.sleep(0.025)  # below the rate of snapshots, which would add waits

    async def poll_memory(self) -> None:
        """Add up the memory of the web process and its decoders until cancelled."""
        while True:
            decoders = [
                pid
                for pid, command in machine.children(self._pid).items()
                if "styletune.server.decoding" in command
            ]
            sizes = [machine.resident_mb(self._pid), *(machine.peak_mb(p) or 0.0 for p in decoders)]
            self.memory_mb = max(self.memory_mb, sum(sizes))
            await asyncio.sleep(0.02)

    def reset(self) -> None:
        """Begin anew."""
        self.stall_s, self.memory_mb = 0.0, 0.0


async def _upload(
    http: httpx.AsyncClient, monitor: ServerMonitor, name: str, body: bytes
) -> Upload:
    await asyncio.sleep(1.0)  # for the decoder before to end
    monitor.reset()
    await asyncio.sleep(0.5)
    before = monitor.memory_mb
    monitor.reset()
    began = time.perf_counter()
    answer = await http.put("/api/content", content=body)
    seconds = time.perf_counter() - began
    code = "" if answer.is_success else answer.json()["code"]
    # Decoding what is allowed may take longer than refusing what is not.
    target_s = 10.0 if answer.is_success else TARGET_S
    memory_mb = monitor.memory_mb - before
    return Upload(name, answer.status_code, code, seconds, monitor.stall_s, memory_mb, target_s)


async def _read_to_end(reader: asyncio.StreamReader) -> bytes:
    """Read all of the answer; what was sent after it may reset the connection."""
    answer = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := await reader.read(1 << 16):
            answer += piece
    return answer


async def _trickle(netloc: str, token: str, monitor: ServerMonitor) -> Upload:
    """A byte a second, for as long as it is taken."""
    monitor.reset()
    host, _, port = netloc.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"PUT /api/content HTTP/1.1\r\nHost: {netloc}\r\nAuthorization: Bearer {token}\r\n"
        "Content-Length: 1000\r\n\r\n".encode()
    )
    began = time.perf_counter()
    reading = asyncio.ensure_future(_read_to_end(reader))
    while not reading.done() and time.perf_counter() - began < 2 * TARGET_TRICKLE_S:
        writer.write(b"x")
        await asyncio.wait([reading], timeout=1.0)
    status = int(reading.result().split(b" ")[1]) if reading.done() else 0
    writer.close()
    seconds = time.perf_counter() - began
    return Upload("1 byte a second", status, "", seconds, monitor.stall_s, 0.0, TARGET_TRICKLE_S)


async def measure() -> tuple[float, list[Upload]]:
    """All uploads, one after the other; the longest wait without any comes first."""
    bodies = {name: make() for name, make in UPLOADS.items()}
    with tempfile.TemporaryDirectory() as folder:
        async with StandInServer(Path(folder)) as server:
            netloc = urlsplit(await server.login_url()).netloc
            bearer = {"Authorization": f"Bearer {server.token}"}
            http = httpx.AsyncClient(
                base_url=f"http://{netloc}", headers=bearer, timeout=60, trust_env=False
            )
            async with (
                http,
                connect(f"ws://{netloc}/ws", additional_headers=bearer, proxy=None) as socket,
            ):
                monitor = ServerMonitor(socket, server.pid)
                polling = [
                    asyncio.create_task(monitor.poll_snapshots()),
                    asyncio.create_task(monitor.poll_memory()),
                ]
                await asyncio.sleep(1.0)
                monitor.reset()
                await asyncio.sleep(_QUIET_S)
                quiet_s = monitor.stall_s
                rows = [await _upload(http, monitor, name, body) for name, body in bodies.items()]
                rows.append(await _trickle(netloc, server.token, monitor))
                for task in polling:
                    task.cancel()
    return quiet_s, rows


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    report.new_parser("server.uploads", __doc__).parse_args(argv)
    quiet_s, rows = asyncio.run(measure())
    note = f"stall: longest wait of a client of /ws, {quiet_s * 1e3:.0f} ms without any upload"
    table = report.new_table(
        "uploads", ("upload", "answer", "in", "stall", "memory", "to reach", ""), (note,)
    )
    for row in rows:
        table.add_row(
            row.name,
            f"{row.status} {row.code}",
            f"{row.seconds:.2f} s",
            report.milliseconds(row.stall_s),
            f"+{max(0.0, row.memory_mb):.0f} MB",
            f"{row.target_s:.0f} s, {TARGET_STALL_S * 1e3:.0f} ms, {TARGET_MB:.0f} MB",
            "[green]met[/]" if row.met else "[red]missed[/]",
        )
    report.print_table(table)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
