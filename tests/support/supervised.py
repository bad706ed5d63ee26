"""A supervisor within a test, with real spawned workers: how it is started and watched."""

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil
import pytest

from styletune.config import SessionConfig, parse
from styletune.ipc import segments
from styletune.ipc.commands import Report
from styletune.ipc.control_block import ControlState
from styletune.ipc.frame_block import Frame
from styletune.supervisor.policy import SupervisorTimeouts
from styletune.supervisor.supervisor import Supervisor
from styletune.worker.process import WarmUp
from tests.support import standin_worker

PATIENCE_S = 120 * float(os.environ.get("STYLETUNE_TEST_TIMEOUT_FACTOR", "1"))
ROOT = Path(__file__).parents[2]
# Patient with healthy workers on a busy machine, impatient with waits in between.
CALM = SupervisorTimeouts(running_s=60, restart_delays_s=(0, 0.05))


def segments_here() -> set[str]:
    return {path.name for path in segments.FOLDER.glob(f"styletune-*-{os.getpid()}-*")}


@pytest.fixture
def picture(tmp_path: Path) -> Callable[[str, int], Path]:
    """Makes a stand-in picture: a file that holds a number."""

    def make(name: str, number: int) -> Path:
        path = tmp_path / name
        path.write_text(str(number))
        return path

    return make


@pytest.fixture
def session(picture: Callable[[str, int], Path]) -> SessionConfig:
    content, style = str(picture("content", 10)), str(picture("style", 20))
    return parse({"pictures": {"content": content, "styles": [style], "size": 32}}, "test")


def state_of(session: SessionConfig, rev: int, **positions: float) -> ControlState:
    table = session.table()
    return ControlState(rev, session.positions() | positions, dict.fromkeys(table.triggers, rev))


@asynccontextmanager
async def running(
    session: SessionConfig,
    folder: Path,
    target=standin_worker.paint,
    timeouts: SupervisorTimeouts = CALM,
    warm_up: WarmUp | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Supervisor]:
    """A started supervisor; afterwards no process and no segment is left."""
    supervisor = Supervisor(
        session,
        clock=clock,
        folder=folder / "pictures",
        target=target,
        warm_up=warm_up,
        timeouts=timeouts,
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            await supervisor.start()
            yield supervisor
    finally:
        async with asyncio.timeout(PATIENCE_S):
            await supervisor.stop()
    assert workers() == []
    assert segments_here() == set()


def workers(of: int | None = None) -> list[int]:
    """Pids of the spawned workers of a process; None: this one's."""
    pids = []
    until = time.monotonic() + PATIENCE_S
    for child in psutil.Process(of).children():
        with suppress(psutil.NoSuchProcess):  # has just ended; a zombie is one, too
            while not (command := child.cmdline()):  # has just begun: it gets its words soon
                assert time.monotonic() < until, child
                time.sleep(0.001)
            if "spawn_main" in " ".join(command):
                pids.append(child.pid)
    return pids


async def frame_where(supervisor: Supervisor, condition: Callable[[Frame], bool]) -> Frame:
    async for frame in supervisor.frames():
        if condition(frame):
            return frame
    raise AssertionError("the supervisor ended")


async def report_where(supervisor: Supervisor, condition: Callable[[Report], bool]) -> Report:
    async for report in supervisor.reports():
        if isinstance(report, Report) and condition(report):
            return report
    raise AssertionError("the supervisor ended")


def colour(frame: Frame) -> tuple[int, ...]:
    return tuple(frame.picture[0, 0].tolist())


def pid_of(frame: Frame) -> int:
    return round(frame.total)


def line(process: subprocess.Popen, word: str) -> list[str]:
    """The rest of the next line, which must begin with `word`."""
    first, *rest = process.stdout.readline().split()
    assert first == word
    return rest
