"""The supervisor with real spawned workers that fail in every way.

No time is asserted: waiting is for events, and `PATIENCE_S` only ends a test that failed.
"""

import asyncio
import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from styletune.config import SessionConfig
from styletune.errors import MemoryBlockError
from styletune.ipc import segments
from styletune.ipc.commands import CommandRejected, Report, State
from styletune.ipc.frame_block import Frame
from styletune.supervisor.policy import SizeReduction, SupervisorTimeouts, Watchdog
from styletune.supervisor.supervisor import Supervisor
from tests.support import standin_worker
from tests.support.supervised import (
    CALM,
    PATIENCE_S,
    ROOT,
    colour,
    frame_where,
    line,
    picture,
    pid_of,
    report_where,
    running,
    segments_here,
    session,
    state_of,
    workers,
)

__all__ = ["picture", "session"]  # the fixtures


async def test_frames_flow_and_controls_and_pictures_reach_them(
    session: SessionConfig, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    async with running(session, tmp_path) as supervisor:
        first = await frame_where(supervisor, lambda frame: True)
        # Its red is the fader `smooth`, which stands at its default at the start.
        assert colour(first) == (round(session.positions()["smooth"] * 255), 10, 20)
        assert supervisor.folder.is_dir()
        supervisor.write(state_of(session, 5, smooth=1.0))
        after = await frame_where(supervisor, lambda frame: frame.rev == 5)
        assert colour(after) == (255, 10, 20)
        supervisor.set_content(picture("c2", 11))
        supervisor.set_style(0, picture("s2", 21))
        await frame_where(supervisor, lambda frame: colour(frame) == (255, 11, 21))
        assert supervisor.report.state is State.RUNNING
        assert supervisor.report.device == "stand-in"
        assert supervisor.retry_s is None
        assert await supervisor.draw_layer("block1_conv1") == b"drawn block1_conv1"


async def test_values_written_before_the_start_are_those_of_the_first_frame(
    session: SessionConfig, tmp_path: Path
) -> None:
    supervisor = Supervisor(session, folder=tmp_path, target=standin_worker.paint, timeouts=CALM)
    supervisor.write(state_of(session, 3, smooth=0.0))
    try:
        async with asyncio.timeout(PATIENCE_S):
            await supervisor.start()
            first = await frame_where(supervisor, lambda frame: True)
    finally:
        await supervisor.stop()
    assert (first.rev, colour(first)[0]) == (3, 0)
    supervisor.write(state_of(session, 4))  # after the end: nothing happens
    await supervisor.stop()


@pytest.mark.checklist(31)
async def test_a_killed_worker_is_replaced_with_the_same_values_and_pictures(
    session: SessionConfig, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    async with running(session, tmp_path) as supervisor:
        supervisor.write(state_of(session, 7, smooth=1.0))
        supervisor.set_content(picture("c2", 12))
        supervisor.set_style(0, picture("s2", 22))
        seen: list[Frame] = []

        async def watch() -> None:
            async for frame in supervisor.frames():
                seen.append(frame)

        watching = asyncio.create_task(watch())
        before = await frame_where(supervisor, lambda frame: colour(frame) == (255, 12, 22))
        os.kill(pid_of(before), signal.SIGKILL)
        restarting = await report_where(supervisor, lambda report: report.state is State.RESTARTING)
        assert restarting.message.startswith("the painting process was ended by SIGKILL")
        assert supervisor.frame is not None  # the last good picture stays
        after = await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))
        assert (after.rev, after.smooth, colour(after)) == (7, 7, (255, 12, 22))
        await report_where(supervisor, lambda report: report.state is State.RUNNING)
        watching.cancel()
    for number in ("epoch", "step"):
        values = [getattr(frame, number) for frame in seen]
        assert values == sorted(set(values))


@pytest.mark.checklist(32)
async def test_a_stopped_worker_is_found_hung_and_replaced(
    session: SessionConfig, tmp_path: Path
) -> None:
    timeouts = SupervisorTimeouts(
        running_s=3, dump_s=0.05, term_s=0.2, restart_delays_s=(0, 0.05), failures=50
    )
    async with running(session, tmp_path, timeouts=timeouts) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        await report_where(supervisor, lambda report: report.state is State.RUNNING)
        os.kill(pid_of(before), signal.SIGSTOP)
        told: list[Report] = []
        async for report in supervisor.reports():
            told += [report] if isinstance(report, Report) else []
            if told[-1].state is State.STARTING:
                break
        # The next worker starts at once: why must not be gone before anybody has read it.
        assert [report.state for report in told[-2:]] == [State.RESTARTING, State.STARTING]
        for report in told[-2:]:
            assert "hung while running: no sign of life for 3 s" in report.message
        await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))
        assert not psutil.pid_exists(pid_of(before))


async def test_a_worker_that_compiles_for_ever_is_dumped_and_replaced(
    session: SessionConfig, tmp_path: Path
) -> None:
    # Long enough for a spawned Python to come up; once it compiles, the minute flies by.
    timeouts = SupervisorTimeouts(
        poll_interval_s=0.01, compiling_s=60, dump_s=2, restart_delays_s=(0,), failures=1
    )
    pace = [1]
    async with running(
        session,
        tmp_path,
        standin_worker.compile_for_ever,
        timeouts,
        clock=lambda: pace[0] * time.monotonic(),
    ) as supervisor:
        await report_where(supervisor, lambda report: report.state is State.COMPILING)
        pace[0] = 100
        failed = await report_where(supervisor, lambda report: report.state is State.FAILED)
        assert "hung while compiling" in failed.message
        assert any("in compile_for_ever" in line for line in supervisor.log)  # the stack


async def test_five_failures_are_the_end_until_somebody_says_restart(
    session: SessionConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(session, tmp_path, standin_worker.crash) as supervisor:
        states: list[State] = []
        async for report in supervisor.reports():
            assert isinstance(report, Report)
            states.append(report.state)
            if report.state is State.FAILED:
                break
        assert states.count(State.RESTARTING) == 4
        assert "ended with exit code 1; 5 failures in 300 s" in supervisor.report.message
        assert len(supervisor.log) == 30
        assert supervisor.log[-1] == "RuntimeError: the stand-in failed as it was told"
        assert "reading the weights" in supervisor.log
        assert workers() == []
        supervisor.restart()
        again = await report_where(supervisor, lambda report: report.state is State.RESTARTING)
        assert "(failure 1)" in again.message
    written = capfd.readouterr()
    assert "RuntimeError: the stand-in failed as it was told" in written.err
    assert written.out == ""  # programs read it: nothing of the worker's gets there


async def test_a_worker_without_memory_is_followed_by_a_smaller_one(
    session: SessionConfig, tmp_path: Path
) -> None:
    large = session.model_copy(update={"controls": {"size": 0.5}})
    async with running(large, tmp_path, standin_worker.paint_if_small) as supervisor:
        told: list[str] = []
        async for report in supervisor.reports():
            if isinstance(report, SizeReduction):  # in the place of the hub
                told.append(report.message)
                supervisor.write(state_of(session, len(told), size=report.position))
            elif isinstance(report, Report) and report.state is State.RUNNING:
                break
            elif isinstance(report, Report) and report.state is State.RESTARTING:
                assert report.message.startswith(told[-1])
        assert told == ["the painting ran out of memory at 181 px; going on at 128 px"]


async def test_where_the_smallest_does_not_fit_either_it_fails_as_usual(
    session: SessionConfig, tmp_path: Path
) -> None:
    async with running(session, tmp_path, standin_worker.run_out_of_memory) as supervisor:
        supervisor.write(state_of(session, 1, size=0.0))
        failed = await report_where(supervisor, lambda report: report.state is State.FAILED)
        assert "the painting ran out of memory at the smallest size; 5 fail" in failed.message


async def test_without_a_free_descriptor_it_keeps_on_trying(
    session: SessionConfig, tmp_path: Path
) -> None:
    timeouts = SupervisorTimeouts(running_s=60, restart_delays_s=(0, 0.05), failures=100)
    async with running(session, tmp_path, timeouts=timeouts) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        with no_free_descriptor():
            os.kill(pid_of(before), signal.SIGKILL)
            await report_where(supervisor, lambda report: "Too many open files" in report.message)
        await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))


@contextlib.contextmanager
def no_free_descriptor() -> Iterator[None]:
    before, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before, hard))


@pytest.mark.parametrize("error", [OSError(24, "Too many open files"), RuntimeError("unforeseen")])
async def test_any_error_while_a_worker_is_watched_is_one_failed_life(
    session: SessionConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with running(session, tmp_path) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        errors = [error]

        def check(*_: object) -> None:
            if errors:
                raise errors.pop()

        monkeypatch.setattr(Watchdog, "check", check)
        await report_where(supervisor, lambda report: str(error) in report.message)
        await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))
        assert not psutil.pid_exists(pid_of(before))


async def test_restart_cuts_a_long_wait_short(session: SessionConfig, tmp_path: Path) -> None:
    timeouts = SupervisorTimeouts(running_s=60, restart_delays_s=(10_000,))
    target = standin_worker.paint_after_failing_once
    async with running(session, tmp_path, target, timeouts) as supervisor:
        supervisor.restart()  # nothing to restart: nothing happens
        await report_where(supervisor, lambda report: report.state is State.RESTARTING)
        assert supervisor.retry_s is not None
        assert 0 < supervisor.retry_s <= 10_000
        supervisor.restart()
        await frame_where(supervisor, lambda frame: True)
        assert supervisor.retry_s is None


async def test_a_worker_that_gives_up_is_not_tried_again_by_itself(
    session: SessionConfig, tmp_path: Path
) -> None:
    timeouts = SupervisorTimeouts(stop_s=0.1)
    async with running(session, tmp_path, standin_worker.give_up, timeouts) as supervisor:
        failed = await report_where(supervisor, lambda report: report.state is State.FAILED)
        assert failed.message == "no weights here"
        while workers():
            await asyncio.sleep(0.01)
        supervisor.restart()
        await report_where(supervisor, lambda report: report.state is State.STARTING)
        await report_where(supervisor, lambda report: report.state is State.FAILED)


async def test_a_processor_that_is_too_old_is_failed_at_once(
    session: SessionConfig, tmp_path: Path
) -> None:
    target = standin_worker.meet_unknown_instruction
    async with running(session, tmp_path, target, SupervisorTimeouts()) as supervisor:
        states = []
        async for report in supervisor.reports():
            states.append(report.state)
            if report.state is State.FAILED:
                break
        assert "lacks instructions" in report.message
        assert State.RESTARTING not in states


async def test_a_refused_picture_is_passed_on_and_not_given_to_the_next_worker(
    session: SessionConfig, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    async with running(session, tmp_path) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        supervisor.set_style(0, picture("s2", 22))
        await frame_where(supervisor, lambda frame: colour(frame)[2] == 22)
        reports = supervisor.reports()
        await anext(reports)
        supervisor.set_style(0, tmp_path / "missing")
        refused = await anext(
            report async for report in reports if isinstance(report, CommandRejected)
        )
        assert refused == CommandRejected("style 1", "no number in it", str(tmp_path / "missing"))
        os.kill(pid_of(before), signal.SIGKILL)
        after = await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))
        assert colour(after)[2] == 22
        await reports.aclose()


async def test_styles_are_added_and_removed_and_a_restarted_worker_knows(
    session: SessionConfig, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    async with running(session, tmp_path) as supervisor:
        first = colour(await frame_where(supervisor, lambda frame: True))[2]
        for index, number in ((1, 1), (2, 2), (3, 4)):
            supervisor.set_style(index, picture(f"s{index}", number))
        await frame_where(supervisor, lambda frame: colour(frame)[2] == first + 7)
        supervisor.remove_style(1)
        supervisor.set_style(1, picture("s5", 8))  # in the place of what was style 3
        before = await frame_where(supervisor, lambda frame: colour(frame)[2] == first + 12)
        os.kill(pid_of(before), signal.SIGKILL)
        after = await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(before))
        assert colour(after)[2] == first + 12
        reports = supervisor.reports()
        await anext(reports)
        supervisor.set_style(3, tmp_path / "missing")
        await anext(report async for report in reports if isinstance(report, CommandRejected))
        await reports.aclose()
        supervisor.set_style(3, picture("s6", 16))  # the place is free again
        await frame_where(supervisor, lambda frame: colour(frame)[2] == first + 28)


async def test_the_worker_knocks_so_that_nobody_has_to_look(
    session: SessionConfig, tmp_path: Path
) -> None:
    timeouts = SupervisorTimeouts(poll_interval_s=3600)
    async with running(session, tmp_path, timeouts=timeouts) as supervisor:
        frames = supervisor.frames()
        epochs = [(await anext(frames)).epoch for _ in range(5)]
        assert epochs == sorted(set(epochs))
        await frames.aclose()


async def test_a_stopped_worker_with_a_full_pipe_does_not_stop_the_web_process(
    session: SessionConfig, tmp_path: Path, picture: Callable[[str, int], Path]
) -> None:
    timeouts = SupervisorTimeouts(running_s=60)
    async with running(session, tmp_path, timeouts=timeouts) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        os.kill(pid_of(before), signal.SIGSTOP)
        path = picture("x" * 200, 1)
        while not supervisor._commands:  # until the pipe is full, and an order is left over
            supervisor.set_content(path)
            await asyncio.sleep(0.01)
        supervisor.set_content(picture("newest", 33))
        os.kill(pid_of(before), signal.SIGCONT)
        await frame_where(supervisor, lambda frame: colour(frame)[1] == 33)


async def test_a_pause_without_pictures_is_no_fault(session: SessionConfig, tmp_path: Path) -> None:
    timeouts = SupervisorTimeouts(running_s=3, failures=50)
    async with running(session, tmp_path, timeouts=timeouts) as supervisor:
        before = await frame_where(supervisor, lambda frame: True)
        supervisor.write(state_of(session, 2, paused=1.0))
        await report_where(supervisor, lambda report: report.state is State.PAUSED)
        await asyncio.sleep(3.5)
        supervisor.write(state_of(session, 3, paused=0.0))
        after = await frame_where(supervisor, lambda frame: frame.rev == 3)
        assert pid_of(after) == pid_of(before)


async def test_output_beyond_what_a_pipe_holds_is_read_and_its_end_kept(
    session: SessionConfig, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(session, tmp_path, standin_worker.paint_and_babble) as supervisor:
        await frame_where(supervisor, lambda frame: True)
    assert list(supervisor.log)[-3:] == ["line 19999", "progress 1 %", "progress 2 %"]
    assert "line 0\n" in capfd.readouterr().err


async def test_a_worker_that_heeds_nothing_is_ended_all_the_same(
    session: SessionConfig, tmp_path: Path
) -> None:
    timeouts = SupervisorTimeouts(running_s=60, stop_s=0.1, term_s=0.1)
    async with running(session, tmp_path, standin_worker.paint_deaf, timeouts) as supervisor:
        frame = await frame_where(supervisor, lambda frame: True)
    assert not psutil.pid_exists(pid_of(frame))


async def test_stopping_while_the_worker_is_still_coming_up_leaves_nothing(
    session: SessionConfig, tmp_path: Path
) -> None:
    async with running(session, tmp_path):
        pass


async def test_a_cancelled_supervisor_leaves_nothing(
    session: SessionConfig, tmp_path: Path
) -> None:
    async with running(session, tmp_path) as supervisor:
        await frame_where(supervisor, lambda frame: True)
        assert supervisor._task is not None
        supervisor._task.cancel()  # as `asyncio.run` does after Ctrl-C
        await asyncio.gather(supervisor._task, return_exceptions=True)
        assert supervisor.report.state is State.FAILED
        assert "the supervisor has ended" in supervisor.report.message
        assert not supervisor.restart()  # nobody is left to do it


async def test_iterators_end_with_the_supervisor(session: SessionConfig, tmp_path: Path) -> None:
    async with running(session, tmp_path) as supervisor:
        first = asyncio.Event()

        async def read() -> int:
            count = 0
            async for _ in supervisor.frames():
                count += 1
                first.set()
            async for _ in supervisor.reports():
                pass
            return count

        reading = asyncio.create_task(read())
        await first.wait()
        await supervisor.stop()
        assert await reading >= 1


async def test_large_frames_are_copied_whole_too(session: SessionConfig, tmp_path: Path) -> None:
    large = session.with_overrides(pictures={"size": 1024})
    async with running(large, tmp_path) as supervisor:
        frame = await frame_where(supervisor, lambda frame: frame.epoch > 3)
        assert (frame.picture == frame.picture[0, 0]).all()
        assert frame.picture.shape == (1024, 1024, 3)


async def test_too_little_shared_memory_is_an_error_at_the_start(
    session: SessionConfig, tmp_path: Path
) -> None:
    # Beyond what a session may ask for: its largest size has room on most machines.
    supervisor = Supervisor(session, folder=tmp_path, target=standin_worker.paint)
    supervisor._blocks.max_size_px = 4_000_000
    with pytest.raises(MemoryBlockError, match=r"docker run --shm-size="):
        await supervisor.start()
    assert segments_here() == set()
    await supervisor.stop()


async def test_a_clock_that_jumps_ends_no_healthy_worker(
    session: SessionConfig, tmp_path: Path
) -> None:
    """Forwards as after a suspended machine, backwards as no clock should."""
    jumped_s = [0.0]
    jumping = running(session, tmp_path, clock=lambda: time.monotonic() + jumped_s[0])
    async with jumping as supervisor:
        first = await frame_where(supervisor, lambda frame: True)
        for jumped_s[0] in (3600.0, -7200.0, 1e6, 0.0):
            seen = supervisor.frame.epoch
            later = await frame_where(supervisor, lambda frame, e=seen: frame.epoch > e + 20)
            assert pid_of(later) == pid_of(first)
            assert supervisor.report.state is State.RUNNING
        # And one that fails is still replaced.
        os.kill(pid_of(first), signal.SIGKILL)
        await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(first))


async def test_a_worker_without_room_for_its_pictures_says_how_to_get_some(
    session: SessionConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container whose /dev/shm is full by the time that the second worker starts."""
    timeouts = SupervisorTimeouts(running_s=60, restart_delays_s=(0, 0.05), failures=3)
    async with running(session, tmp_path, timeouts=timeouts) as supervisor:
        first = await frame_where(supervisor, lambda frame: True)
        monkeypatch.setattr(segments, "_available", lambda: 1000)
        os.kill(pid_of(first), signal.SIGKILL)
        failed = await report_where(supervisor, lambda report: report.state is State.FAILED)
        assert "docker run --shm-size=" in failed.message
        assert supervisor.frame is not None  # the last picture stays
        monkeypatch.undo()
        assert supervisor.restart()
        await frame_where(supervisor, lambda frame: pid_of(frame) != pid_of(first))


# --------------------------------------------- the parent and its terminal


@pytest.fixture
def web_process(tmp_path: Path):
    """A small web process in a group of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.run_supervisor", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        yield process
        process.kill()


@pytest.mark.checklist(36)
def test_when_the_parent_is_killed_the_worker_goes_too(web_process: subprocess.Popen) -> None:
    line(web_process, "parent")
    worker = psutil.Process(int(line(web_process, "worker")[0]))
    web_process.kill()
    worker.wait(timeout=PATIENCE_S)
    web_process.wait()
    # The resource tracker, alone now, removes the segments.
    until = time.monotonic() + PATIENCE_S
    while list(segments.FOLDER.glob(f"styletune-*-{web_process.pid}-*")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_ctrl_c_goes_to_the_parent_alone_even_while_the_worker_comes_up(
    web_process: subprocess.Popen,
) -> None:
    line(web_process, "parent")
    # At every moment of the worker's coming up.
    for _ in range(30):
        os.killpg(web_process.pid, signal.SIGINT)
        time.sleep(0.02)
    while web_process.stdout.readline().split()[0] != "worker":
        pass
    os.killpg(web_process.pid, signal.SIGINT)
    line(web_process, "interrupted")
    web_process.terminate()
    # A slow machine may still owe some of the first thirty.
    while (last := web_process.stdout.readline().split())[:1] == ["interrupted"]:
        pass
    word, *states = last
    assert word == "reports"
    line(web_process, "ended")
    assert set(states) <= {"starting", "running"}  # never restarting
    assert web_process.wait() == 0
    assert web_process.stderr.read() == ""  # and no resource tracker complains


def test_the_supervisor_is_light_and_knows_no_keras() -> None:
    script = (
        "import re, sys, styletune.supervisor.supervisor; "
        "heavy = {'keras', 'tensorflow', 'jax', 'styletune.engine'} & sys.modules.keys(); "
        # Not ru_maxrss: that begins with what this test's own process once held.
        "peak = re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]; "
        "print(sorted(heavy), int(peak) // 1024)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    heavy, megabytes = run.stdout.rsplit(" ", 1)
    assert heavy == "[]"
    assert int(megabytes) < 120
