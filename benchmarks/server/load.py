"""What the web process can bear, the bare libraries beside it in the same run.

    python -m benchmarks.server.load [--seconds 60]

Fifty viewers, a slow tunnel, stalled readers, a thousand sets a second, over loopback only. The
worker is a stand-in, so that serving is what is measured; uvicorn and websockets alone, in their
simplest form, do the same beside it. Takes about six times --seconds and half a minute more.
Exit code 1 where a target was missed.
"""
# checklist: 22, 23, 24, 25, 26

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console

from benchmarks.common import machine, report
from benchmarks.common.processes import ModuleProcess, StandInServer
from benchmarks.common.report import Row
from benchmarks.common.stand_in import FPS
from benchmarks.server import load_clients
from benchmarks.server.load_clients import Endpoint, Received
from benchmarks.server.tunnel import Tunnel

_VIEWERS, _STALLED, _BESIDE = 50, 10, 10
_SETS_PER_S = 1000.0
_PICTURE_BYTES = 60_000
_LINE_BYTES_PER_S, _LINE_DELAY_S = 600e3, 0.06  # of the tunnel; it holds 2 MiB
_IDLE_S = 4.0  # to learn what the server takes when nobody is there

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """A server under load, and its process."""

    endpoint: Endpoint
    pid: int

    async def under(self, load: Awaitable[T], seconds: float) -> tuple[T, float]:
        """The result of `load`, and the share of a core that the web process takes meanwhile."""
        before = machine.cpu_s(self.pid)
        result = await load
        return result, (machine.cpu_s(self.pid) - before) / seconds

    def memory_mib(self) -> float:
        """The memory that it has resident now."""
        return machine.resident_mb(self.pid) * machine.MIB_PER_MB


async def viewers(server: Server, seconds: float) -> tuple[float, float, float, float]:
    """Fewest pictures, oldest picture, share of a core, and MiB more, of fifty viewers."""
    before = server.memory_mib()
    watching = load_clients.run_viewers(server.endpoint, _VIEWERS, seconds)
    received, cpu = await server.under(watching, seconds + 1.0)  # connecting included
    return lowest_fps(received), oldest_ms(received), 100 * cpu, server.memory_mib() - before


async def through_tunnel(server: Server, seconds: float) -> float:
    """The oldest picture of a viewer at the far end of a slow tunnel."""
    async with Tunnel(
        server.endpoint.port, bytes_per_s=_LINE_BYTES_PER_S, delay_s=_LINE_DELAY_S
    ) as tunnel:
        received = await load_clients.run_viewer(server.endpoint, seconds, port=tunnel.port)
    return oldest_ms([received])


async def beside_stalled(server: Server, seconds: float) -> tuple[float, float, float]:
    """Fewest and oldest pictures of readers beside stalled ones, and MiB for each of those."""
    before = server.memory_mib()
    async with load_clients.stalled_viewers(server.endpoint, _STALLED):
        received = await load_clients.run_viewers(server.endpoint, _BESIDE, seconds)
        memory = (server.memory_mib() - before) / _STALLED
    return lowest_fps(received), oldest_ms(received), memory


async def many_sets(server: Server, seconds: float) -> tuple[float, float]:
    """How long the last of very many sets took, ms, and the share of a core beyond idle's."""
    _, idle = await server.under(asyncio.sleep(_IDLE_S), _IDLE_S)
    sending = load_clients.send_sets(server.endpoint, _SETS_PER_S, seconds)
    last_s, cpu = await server.under(sending, seconds)
    return 1e3 * last_s, 100 * (cpu - idle)


async def measure(ours: Server, bare: Server, seconds: float, console: Console) -> list[Row]:
    """All of it, one server after the other."""
    short = max(5.0, seconds / 3)
    rows: list[Row] = []

    def add(
        line: int,
        name: str,
        pair: Sequence[float],
        target: float,
        unit: str,
        *,
        least: bool = False,
    ) -> None:
        rows.append(Row(name, pair[0], target, unit, at_least=least, line=line, reference=pair[1]))

    console.print(f"{_VIEWERS} viewers …")
    pairs = zip(await viewers(ours, seconds), await viewers(bare, seconds), strict=True)
    fps, age, cpu, memory = pairs
    add(22, f"{_VIEWERS} viewers: fewest pictures", fps, 19.0, "fps", least=True)
    add(22, "oldest of 99 %", age, 50.0, "ms")
    add(22, "of a core", cpu, 25.0, "%")
    add(22, "more memory", memory, 10.0, "MiB")
    console.print("a slow tunnel …")
    ages = await through_tunnel(ours, short), await through_tunnel(bare, short)
    add(23, "through a tunnel: oldest of 99 %", ages, 500.0, "ms")
    console.print("stalled readers …")
    fps, age, memory = zip(
        await beside_stalled(ours, short), await beside_stalled(bare, short), strict=True
    )
    add(24, f"beside {_STALLED} stalled: fewest pictures", fps, 19.0, "fps", least=True)
    add(24, "oldest of 99 %", age, 50.0, "ms")
    add(24, "memory for each stalled", memory, 2.0, "MiB")
    console.print(f"{_SETS_PER_S:.0f} sets a second …")
    last, cpu = zip(await many_sets(ours, seconds), await many_sets(bare, seconds), strict=True)
    add(25, "1,000 sets a second: last one", last, 100.0, "ms")
    add(25, "of a core, beyond idle", cpu, 5.0, "%")
    console.print("sets, one at a time …")
    latencies = await load_clients.control_latencies(ours.endpoint, short)
    half, most = 1e3 * np.percentile(latencies, (50, 99))
    rows.append(Row("from a set to the worker: half", half, 20.0, "ms", line=26))
    rows.append(Row("99 %", most, 60.0, "ms", line=26))
    return rows


def lowest_fps(received: Sequence[Received]) -> float:
    """Pictures a second of the viewer that got fewest."""
    return min(one.fps for one in received)


def oldest_ms(received: Sequence[Received]) -> float:
    """The age that 99 % of all pictures were below, ms."""
    return float(1e3 * np.percentile([age for one in received for age in one.ages_s], 99))


async def run(seconds: float, console: Console) -> list[Row]:
    """Start both servers, measure, stop them."""
    with tempfile.TemporaryDirectory(prefix="styletune-load-") as name:
        folder = Path(name)
        arguments = (str(_PICTURE_BYTES), str(FPS))
        async with (
            asyncio.timeout(8 * seconds + 120),
            StandInServer(folder) as ours,
            ModuleProcess(
                "benchmarks.server.plain_server", arguments, folder / "plain.log"
            ) as bare,
        ):
            our_server = Server(Endpoint(await ours.port(), ours.token), ours.pid)
            bare_server = Server(Endpoint(int(await bare.read_line()), acks=False), bare.pid)
            return await measure(our_server, bare_server, seconds, console)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("server.load", __doc__)
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="(default 60)")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    rows = asyncio.run(run(arguments.seconds, report.progress_console()))
    notes = (
        f"{arguments.seconds:g} s each; {FPS:g} pictures a second of about "
        f"{_PICTURE_BYTES // 1000} KB; the clients of both run in one process beside them; "
        f"load at the start {load:.1f}",
    )
    return report.print_rows("styletune under load", rows, notes, reference="bare libraries")


if __name__ == "__main__":
    sys.exit(main())
