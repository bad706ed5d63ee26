"""How long until there are pictures again, after each thing that can fail.

    python -m benchmarks.server.recovery [--size 128] [--no-spare] [--standin]

Real processes and signals on a real server, with the real worker or with a stand-in. A standby
worker is waited for before the real one is made to fail. Takes about two minutes. Exit code 1
where a target was missed.
"""
# checklist: 27, 30, 31, 32, 33, 36

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.common import machine, report
from benchmarks.common.client import RecordingClient
from benchmarks.common.processes import ServerProcess, StandInServer
from benchmarks.common.report import Row
from benchmarks.server.load_clients import FADER

_TIMEOUT_S = 120.0
_NAN_STEP = 100
_VALUE = 0.625


async def _picture(client: RecordingClient, after: float) -> float:
    """When the first picture after a time came."""
    async with asyncio.timeout(_TIMEOUT_S):
        return await client.wait_for(
            lambda: next((picture.at for picture in client.pictures if picture.at > after), None)
        )


async def _state(client: RecordingClient, after: float, *states: str) -> float:
    """When one of some states first came after a time."""
    async with asyncio.timeout(_TIMEOUT_S):
        return await client.wait_for(
            lambda: next((at for name, at in client.states if name in states and at > after), None)
        )


async def _connect(server: ServerProcess) -> RecordingClient:
    return RecordingClient(await server.websocket_url(), server.token)


class Servers:
    """Servers of one session, one after the other: started, killed and resumed.

    Attributes:
        standby_mb: the memory that the standby worker has resident, and its part of what is shared.
    """

    def __init__(self, folder: Path, size: int, *, stand_in: bool, standby: bool) -> None:
        self._folder = folder
        self._size = ("--size", str(size))
        self.stand_in = stand_in
        self._standby = standby and not stand_in
        self.standby_mb: tuple[float, float] | None = None

    def start(self, *flags: str, **environment: str) -> ServerProcess:
        """Start the next one."""
        if self.stand_in:
            return StandInServer(self._folder, *self._size)
        standby = () if self._standby else ("--no-spare",)
        return ServerProcess(self._folder, *self._size, *standby, *flags, **environment)

    async def wait_for_standby(self, server: ServerProcess) -> None:
        """Wait until a standby worker is ready, where there is to be one."""
        if not self._standby:
            return
        async with asyncio.timeout(_TIMEOUT_S):
            while (pid := server.standby_pid) is None:
                await asyncio.sleep(0.1)
        self.standby_mb = machine.resident_mb(pid), machine.proportional_mb(pid)


def _is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


async def _wait_for_exit(pid: int) -> float:
    async with asyncio.timeout(_TIMEOUT_S):
        while _is_alive(pid):
            await asyncio.sleep(0.01)
    return time.perf_counter()


async def stop_worker(
    server: ServerProcess, client: RecordingClient, number: int
) -> tuple[float, float]:
    """Send a signal to the worker; seconds until its new state, and until pictures come again."""
    worker = server.worker_pid
    assert worker is not None  # it has just painted
    begins = time.perf_counter()
    os.kill(worker, number)
    noticed = await _state(client, begins, "restarting", "starting")
    again = await _picture(client, noticed)
    await _state(client, noticed, "running")
    return noticed - begins, again - begins


async def measure(servers: Servers) -> list[Row]:
    """Let everything fail, one thing after the other."""
    rows: list[Row] = []

    def add(line: int, name: str, seconds: float, target: float) -> None:
        rows.append(Row(name, seconds, target, "s", line=line))

    faults = {"STYLETUNE_FAULTS": "1", "STYLETUNE_FAULT": f"nan@{_NAN_STEP}"}
    async with (
        servers.start(**({} if servers.stand_in else faults)) as server,
        await _connect(server) as client,
    ):
        await _state(client, 0.0, "running")
        if not servers.stand_in:
            rolled = await _state(client, 0.0, "rolling back")
            add(33, "not finite: pictures again", await _picture(client, rolled) - rolled, 2.0)
        await servers.wait_for_standby(server)
        _, again = await stop_worker(server, client, signal.SIGKILL)
        add(31, "worker killed: pictures again", again, 3.0 if servers.stand_in else 20.0)
        await servers.wait_for_standby(server)
        noticed, again = await stop_worker(server, client, signal.SIGSTOP)
        add(32, "worker stopped: reported as hung", noticed, 6.0)
        add(32, "and replaced", again, 15.0)
        await client.set({FADER: _VALUE})
        await asyncio.sleep(5.0)  # for the session store and some checkpoints
        worker = server.worker_pid
        assert worker is not None
        begins = time.perf_counter()
        os.kill(server.pid, signal.SIGKILL)
        add(36, "web process killed: worker ended", await _wait_for_exit(worker) - begins, 3.0)
    begins = time.perf_counter()
    async with servers.start("--resume") as server, await _connect(server) as client:
        _, snapshot = await client.wait_for(lambda: next(iter(client.states), None))
        if not servers.stand_in:
            assert client.controls[FADER] == _VALUE, "values were lost"
            add(27, "server again: the same values", snapshot - begins, 3.0)
        await _state(client, 0.0, "running")
        begins = time.perf_counter()
        os.kill(server.pid, signal.SIGTERM)
        add(30, "SIGTERM: ended", await _wait_for_exit(server.pid) - begins, 5.0)
    return rows


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("server.recovery", __doc__)
    parser.add_argument("--size", type=int, default=128, metavar="PX", help="(default 128)")
    parser.add_argument("--no-spare", action="store_true", help="without a standby worker")
    parser.add_argument("--standin", action="store_true", help="a stand-in instead of the worker")
    arguments = parser.parse_args(argv)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="styletune-recovery-") as name:
        servers = Servers(
            Path(name),
            arguments.size,
            stand_in=arguments.standin,
            standby=not arguments.no_spare,
        )
        rows = asyncio.run(measure(servers))
    notes = [f"load at the start {load:.1f}"]
    if servers.standby_mb is not None:
        notes.append(
            "standby: {:.0f} MB resident, {:.0f} MB its own part".format(*servers.standby_mb)
        )
    worker = "a stand-in worker" if arguments.standin else "the real worker, lite"
    return report.print_rows(f"recovery, with {worker}, {arguments.size} px", rows, notes)


if __name__ == "__main__":
    sys.exit(main())
