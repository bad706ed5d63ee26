"""A camera, painted live by a learned look: from its picture to the stage's, and how many.

    python -m benchmarks.server.camera [--look NAME] [--size 256] [--seconds 20]

The real server with a look, over loopback, and two stages. A camera of 30 pictures a second shows
noise that is now dark, now light; the latency is from the first picture of the other light to the
first one on a stage that has it. Takes about a minute. Exit code 1 where a target was missed.
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import struct
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.common import report
from benchmarks.common.client import RecordingClient
from benchmarks.common.processes import ServerProcess
from benchmarks.common.report import Row

TARGET_PER_S = 12.0
STAGES = 2
_CAMERA_HZ = 30.0
_FLASH_S = 0.7  # between two changes of the light, and up to as much as a picture takes more
_SETTLE_S = 3.0
_LIGHTS = (48, 208)


def camera_pictures(size_px: int) -> list[bytes]:
    """A dark and a light JPEG of 4 : 3, with grain."""
    rng = np.random.default_rng(0)
    found = []
    for light in _LIGHTS:
        pixels = rng.normal(light, 24, (size_px * 3 // 4, size_px, 3)).clip(0, 255)
        file = io.BytesIO()
        Image.fromarray(pixels.astype(np.uint8)).save(file, "JPEG", quality=85)
        found.append(file.getvalue())
    return found


class Camera:
    """Sends its newest picture whenever the one before is taken, as the page does.

    Attributes:
        light: 0 or 1, that it shows.
    """

    def __init__(self, socket: ClientConnection, pictures: Sequence[bytes]) -> None:
        self.light = 0
        self._socket = socket
        self._pictures = pictures

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + 1 / _CAMERA_HZ
            await self._socket.send(self._pictures[self.light])
            await self._socket.recv()
            await asyncio.sleep(max(0.0, due - loop.time()))


class Stage:
    """A page that sees what light each picture has.

    Attributes:
        seen: when each came, by `time.perf_counter()`, and its mean, 0 to 255.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.seen: list[tuple[float, float]] = []
        self._socket = socket
        self._came = asyncio.Event()

    async def run(self) -> None:
        """Take pictures until cancelled."""
        async for message in self._socket:
            assert isinstance(message, bytes)
            (length,) = struct.unpack_from("<I", message)
            epoch = json.loads(message[4 : 4 + length])["epoch"]
            await self._socket.send(json.dumps({"type": "ack", "epoch": epoch}))
            image = Image.open(io.BytesIO(message[4 + length :]))
            image.draft("L", (32, 32))  # little to decode
            self.seen.append((time.perf_counter(), float(np.asarray(image.convert("L")).mean())))
            self._came.set()

    async def wait(self, is_there: float, *, above: bool) -> float:
        """When the first of the pictures to come is above, or below, that mean."""
        first = len(self.seen)
        while True:
            for at, mean in self.seen[first:]:
                if (mean > is_there) == above:
                    return at
            first = len(self.seen)
            self._came.clear()
            await self._came.wait()


async def measure(arguments: argparse.Namespace) -> list[Row]:
    """Pictures a second, and the latency from the camera to the stage."""
    flags = ("--look", arguments.look, "--size", str(arguments.size), "--no-spare")
    async with contextlib.AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = await stack.enter_async_context(ServerProcess(folder, *flags))
        url = await server.websocket_url()
        client = await stack.enter_async_context(RecordingClient(url, server.token))
        await client.wait_for(lambda: client.state.get("live") or None)

        async def opened(path: str) -> ClientConnection:
            bearer = {"Authorization": f"Bearer {server.token}"}
            socket = connect(
                url + path, additional_headers=bearer, proxy=None, compression=None, max_size=None
            )
            return await stack.enter_async_context(socket)

        camera = Camera(await opened("ws/camera"), camera_pictures(arguments.size))
        stages = [Stage(await opened("frames")) for _ in range(STAGES)]
        tasks = [asyncio.create_task(camera.run())]
        tasks += [asyncio.create_task(stage.run()) for stage in stages]
        assert server.worker_pid is not None  # it paints
        worker = psutil.Process(server.worker_pid)
        try:
            found = await _play(camera, stages[0], worker, arguments.seconds)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    per_s, used_s, latencies = found
    p50, p95 = np.percentile(latencies, (50, 95)) * 1e3
    return [
        Row("pictures on a stage", per_s, TARGET_PER_S, "/s", at_least=True),
        Row("processor time of a picture, in the worker", used_s * 1e3, None, "ms"),
        Row("camera to stage, p50", float(p50), None, "ms"),
        Row("camera to stage, p95", float(p95), None, "ms"),
    ]


async def _play(
    camera: Camera, stage: Stage, worker: psutil.Process, seconds: float
) -> tuple[float, float, list[float]]:
    """Pictures a second, the worker's processor time for each, and latencies, in seconds."""
    means = []
    for light in (0, 1):
        camera.light = light
        await asyncio.sleep(_SETTLE_S)
        means.append(stage.seen[-1][1])
    middle = sum(means) / 2
    if abs(means[1] - means[0]) < 16:
        raise SystemExit(f"this look paints dark and light alike ({means}): choose another one")
    latencies: list[float] = []
    began, before, used = time.perf_counter(), len(stage.seen), _used_s(worker)
    while time.perf_counter() < began + seconds:
        camera.light = 1 - camera.light
        changed = time.perf_counter()
        above = means[camera.light] > middle
        latencies.append(await stage.wait(middle, above=above) - changed)
        await asyncio.sleep(_FLASH_S + np.random.default_rng(len(latencies)).uniform(0, 0.1))
    count = len(stage.seen) - before
    used_s = (_used_s(worker) - used) / max(1, count)
    return count / (time.perf_counter() - began), used_s, latencies


def _used_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("server.camera", __doc__)
    parser.add_argument("--look", default="strokes", help="shipped, or a file (default strokes)")
    parser.add_argument("--size", type=int, default=256, metavar="PX", help="(default 256)")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="(default 20)")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    rows = asyncio.run(measure(arguments))
    notes = (f"{STAGES} stages open, and a client of /ws; load average before: {load:.1f}",)
    return report.print_rows("camera", rows, notes)


if __name__ == "__main__":
    sys.exit(main())
