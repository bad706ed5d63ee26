"""The spare worker: made when it is calm, takes over at once, never left behind."""

import asyncio
import math
import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from styletune.config import SessionConfig
from styletune.ipc import segments
from styletune.ipc.commands import State
from styletune.supervisor.policy import SupervisorTimeouts
from styletune.supervisor.supervisor import Supervisor
from styletune.worker.process import WarmUp
from tests.support import standin_worker
from tests.support.supervised import (
    PATIENCE_S,
    ROOT,
    colour,
    frame_where,
    line,
    picture,
    pid_of,
    report_where,
    running,
    session,
    state_of,
    workers,
)

__all__ = ["picture", "session"]  # the fixtures

EAGER = SupervisorTimeouts(running_s=60, restart_delays_s=(0, 0.05), standby_after_s=0.1)


def with_spare(
    session: SessionConfig,
    folder: Path,
    warm_up: WarmUp = standin_worker.warm_up,
    timeouts: SupervisorTimeouts = EAGER,
) -> AbstractAsyncContextManager[Supervisor]:
    """A started supervisor; afterwards no process and no segment is left."""
    return running(session, folder, timeouts=timeouts, warm_up=warm_up)


async def ready(supervisor: Supervisor) -> tuple[int, int]:
    """Pids of the worker that paints and of the spare, once there is one."""
    while not supervisor.standby_ready:
        await asyncio.sleep(0.01)
    assert supervisor.frame is not None
    painting = pid_of(supervisor.frame)
    (waiting,) = set(workers()) - {painting}
    return painting, waiting


@pytest.mark.checklist(31)
async def test_the_spare_takes_over_and_another_one_is_made(
    session: SessionConfig, tmp_path: Path
) -> None:
    async with with_spare(session, tmp_path) as supervisor:
        await frame_where(supervisor, lambda frame: True)
        supervisor.write(state_of(session, 7, smooth=1.0))
        before, waiting = await ready(supervisor)
        assert supervisor.report.state is State.RUNNING
        os.kill(before, signal.SIGKILL)
        after = await frame_where(supervisor, lambda frame: pid_of(frame) != before)
        assert pid_of(after) == waiting
        assert (after.rev, colour(after)) == (7, (255, 10, 20))
        painting, another = await ready(supervisor)
        assert painting == waiting
        assert another not in (before, waiting)


async def test_it_holds_no_shared_memory(session: SessionConfig, tmp_path: Path) -> None:
    async with with_spare(session, tmp_path) as supervisor:
        await frame_where(supervisor, lambda frame: True)
        painting, waiting = await ready(supervisor)

        def mapped(pid: int) -> list[str]:
            maps = psutil.Process(pid).memory_maps()
            return [m.path for m in maps if Path(m.path).name.startswith(segments.PREFIX)]

        assert len(mapped(painting)) == 2
        assert mapped(waiting) == []


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
async def test_it_gives_way_while_it_warms_up_and_not_when_it_paints(
    session: SessionConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(standin_worker.NOTES, str(tmp_path / "notes"))
    async with with_spare(session, tmp_path, standin_worker.note_and_warm_up) as supervisor:
        await frame_where(supervisor, lambda frame: True)
        before, waiting = await ready(supervisor)
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        assert (tmp_path / "notes").read_text() == "19"
        score = Path(f"/proc/{waiting}/oom_score_adj")
        assert score.read_text() == "1000\n"
        os.kill(before, signal.SIGKILL)
        await frame_where(supervisor, lambda frame: pid_of(frame) == waiting)
        assert score.read_text() == Path("/proc/self/oom_score_adj").read_text()
        threads = [int(path.name) for path in Path(f"/proc/{waiting}/task").iterdir()]
        assert {os.getpriority(os.PRIO_PROCESS, thread) for thread in threads} == {niceness}


async def test_one_that_has_died_or_is_stopped_is_not_given_the_job(
    session: SessionConfig, tmp_path: Path
) -> None:
    async with with_spare(session, tmp_path) as supervisor:
        await frame_where(supervisor, lambda frame: True)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            before, waiting = await ready(supervisor)
            os.kill(waiting, number)
            if number == signal.SIGSTOP:
                while psutil.Process(waiting).status() != psutil.STATUS_STOPPED:
                    await asyncio.sleep(0.01)
            while number == signal.SIGKILL and supervisor.standby_ready:
                await asyncio.sleep(0.01)
            assert supervisor.report.state is State.RUNNING  # nobody misses it
            os.kill(before, signal.SIGKILL)
            after = await frame_where(supervisor, lambda frame, b=before: pid_of(frame) != b)
            assert pid_of(after) != waiting
            assert not psutil.pid_exists(waiting)


async def test_one_that_dies_is_not_made_again_for_the_same_worker(
    session: SessionConfig, tmp_path: Path
) -> None:
    async with with_spare(session, tmp_path, standin_worker.fail_to_warm_up) as supervisor:
        await frame_where(supervisor, lambda frame: True)
        while not any("RuntimeError: too cold" in said for said in supervisor.log):
            await asyncio.sleep(0.01)
        assert supervisor.frame is not None
        epoch = supervisor.frame.epoch
        await frame_where(supervisor, lambda frame: frame.epoch > epoch + 50)
        assert not supervisor.standby_ready
        assert list(supervisor.log).count("RuntimeError: too cold") == 1


async def test_a_worker_that_dies_while_the_spare_warms_up_is_followed_by_it_all_the_same(
    session: SessionConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(standin_worker.NOTES, str(tmp_path / "notes"))
    async with with_spare(session, tmp_path, standin_worker.warm_up_slowly) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        while not (tmp_path / "notes").exists():
            await asyncio.sleep(0.01)
        assert not supervisor.standby_ready
        (waiting,) = set(workers()) - {pid_of(before)}
        os.kill(pid_of(before), signal.SIGKILL)
        await report_where(supervisor, lambda report: report.state is State.STARTING)
        (tmp_path / standin_worker.WARM_ENOUGH).touch()
        after = await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))
        assert pid_of(after) == waiting


async def test_there_is_none_before_the_painting_is_calm(
    session: SessionConfig, tmp_path: Path
) -> None:
    timeouts = replace(EAGER, standby_after_s=10_000)
    async with with_spare(session, tmp_path, timeouts=timeouts) as supervisor:
        await frame_where(supervisor, lambda frame: frame.epoch > 50)
        assert len(workers()) == 1


async def test_a_worker_that_was_prepared_before_the_start_is_the_first_to_paint(
    session: SessionConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(standin_worker.NOTES, str(tmp_path / "notes"))
    supervisor = Supervisor(
        session,
        folder=tmp_path / "pictures",
        target=standin_worker.paint,
        warm_up=standin_worker.note_and_warm_up,
        timeouts=replace(EAGER, standby_after_s=math.inf),
    )
    supervisor.prestart()
    try:
        (prepared,) = workers()
        async with asyncio.timeout(PATIENCE_S):
            await supervisor.start()
            first = await frame_where(supervisor, lambda frame: frame.epoch > 20)
        assert workers() == [prepared]
    finally:
        await supervisor.stop()
    assert pid_of(first) == prepared
    # In a hurry, as somebody waits for its pictures.
    assert (tmp_path / "notes").read_text() == str(os.getpriority(os.PRIO_PROCESS, 0))
    assert workers() == []


async def test_a_failing_worker_gets_no_spare(session: SessionConfig, tmp_path: Path) -> None:
    timeouts, warm_up = (
        replace(EAGER, standby_after_s=0, restart_delays_s=(0,)),
        standin_worker.warm_up,
    )
    async with running(session, tmp_path, standin_worker.crash, timeouts, warm_up) as supervisor:
        failed = await report_where(supervisor, lambda report: report.state is State.FAILED)
        assert "5 failures" in failed.message


# --------------------------------------------- the parent and its terminal


@pytest.fixture
def web_process(tmp_path: Path):
    """A small web process with a spare, in a group of its own; its pid, painter and spare."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.run_supervisor", str(tmp_path), "spare"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            line(process, "parent")
            worker = psutil.Process(int(line(process, "worker")[0]))
            line(process, "spare")
            yield process, worker, [psutil.Process(pid) for pid in workers(process.pid)]
        finally:
            process.kill()


@pytest.mark.checklist(36)
def test_when_the_parent_is_killed_the_spare_goes_too(web_process) -> None:
    process, worker, both = web_process
    assert len(both) == 2
    assert worker in both
    process.kill()
    for child in both:
        child.wait(timeout=PATIENCE_S)


@pytest.mark.checklist(30)
def test_ctrl_c_and_sigterm_leave_neither(web_process) -> None:
    process, _, both = web_process
    os.killpg(process.pid, signal.SIGINT)
    line(process, "interrupted")
    assert all(child.is_running() for child in both)
    process.terminate()
    assert set(line(process, "reports")) == {"starting", "running"}
    line(process, "ended")
    assert process.wait() == 0
    assert not any(child.is_running() for child in both)


@pytest.mark.checklist(35)
def test_a_group_kill_leaves_no_process(web_process) -> None:
    process, _, both = web_process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until = time.monotonic() + PATIENCE_S
    while any(child.is_running() for child in both):
        assert time.monotonic() < until
        time.sleep(0.01)


# --------------------------------------------- what it imports


@pytest.mark.parametrize("backend", ["tensorflow", pytest.param("jax", marks=pytest.mark.long)])
def test_warming_up_imports_the_engine_and_touches_no_device(backend: str) -> None:
    script = (
        "import os, sys; from styletune.worker.process import preload; preload(); "
        "assert 'styletune.worker.loop' in sys.modules; "
        "from tensorflow.python.eager import context; "
        "assert not context.context()._initialized; "
        "xla = sys.modules.get('jax._src.xla_bridge'); "
        "assert not (xla and xla._backends); "
        "maps = open('/proc/self/maps').read(); "
        "print('/dev/nvidia' in maps, 'libcuda.so' in maps)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": backend},
        timeout=PATIENCE_S,
        check=False,
    )
    assert run.stdout == "False False\n", run.stderr
