import os
import signal
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import pytest

from styletune.ipc.exit_codes import FatalCause
from styletune.supervisor import process
from styletune.supervisor.process import WorkerProcess, oom_kill_count
from tests.support.standin_worker import paint, warm_up

EVENTS = "low 0\noom 3\noom_kill {}\noom_group_kill 7\n"


@pytest.mark.parametrize(
    ("groups", "file"),
    [
        ("0::/user.slice/a.scope\n", "user.slice/a.scope/memory.events"),
        ("0::/../outside/path\n", "memory.events"),
        ("0::/\n", "memory.events"),
        ("5:cpu:/x\n4:memory,hugetlb:/docker/a:b\n0::/x\n", "memory/docker/a:b/memory.oom_control"),
        ("4:memory:/docker/ab\n", "memory/memory.oom_control"),
    ],
)
def test_kills_are_those_of_our_own_group(tmp_path: Path, groups: str, file: str) -> None:
    (tmp_path / "cgroup").write_text(groups)
    mount = tmp_path / "mount"
    for other in ("user.slice/b.scope/memory.events", "memory/docker/cd/memory.oom_control"):
        (mount / other).parent.mkdir(parents=True, exist_ok=True)
        (mount / other).write_text(EVENTS.format(99))
    assert oom_kill_count(tmp_path / "cgroup", mount) == 0
    (mount / file).parent.mkdir(parents=True, exist_ok=True)
    (mount / file).write_text(EVENTS.format(2))
    assert oom_kill_count(tmp_path / "cgroup", mount) == 2
    assert oom_kill_count(tmp_path / "none", mount) == 0


def test_this_machine_can_be_asked() -> None:
    assert oom_kill_count() >= 0


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    monkeypatch.setattr(process, "oom_kill_count", lambda: counted[-1])
    counted = [5]
    return counted.append


def test_a_kill_is_for_lack_of_memory_only_where_our_group_has_just_had_one(
    count: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = WorkerProcess(paint, deque())
    try:
        count(6)  # while it waits: somebody else of the group
        monkeypatch.setattr(process, "_OOM_WINDOW_S", 0.0)
        worker.read_messages()
        worker.read_messages()
        os.kill(worker.pid, signal.SIGKILL)
        until = time.monotonic() + 30
        while worker.exitcode is None and time.monotonic() < until:
            time.sleep(0.01)
        assert worker.exit_cause is None
        count(7)
        worker.read_messages()  # the count at its end is not taken for an earlier one
        worker.read_messages()
        assert worker.exit_cause is FatalCause.OUT_OF_MEMORY
    finally:
        worker.kill()
        worker.close()


def test_the_end_of_the_terminal_does_not_reach_a_worker_that_comes_up() -> None:
    worker = WorkerProcess(paint, deque(), warm_up, standby=True)
    try:
        until = time.monotonic() + 30
        while not worker.read_messages() and time.monotonic() < until:
            os.kill(worker.pid, signal.SIGHUP)
            os.kill(worker.pid, signal.SIGINT)
            time.sleep(0.01)
        assert worker.exitcode is None
    finally:
        worker.kill()
        worker.close()
