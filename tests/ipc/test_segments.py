"""Leftovers of killed processes are swept, and nothing else."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from styletune.errors import MemoryBlockError
from styletune.ipc import segments
from styletune.ipc.control_block import ControlBlock
from styletune.ipc.frame_block import FrameBlock
from styletune.ipc.segments import remove_stale_segments
from tests.support.processes import TABLE


@pytest.fixture
def dead_pid() -> int:
    """The pid of a process that has just ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.checklist(35)
def test_what_a_killed_group_left_is_swept_and_what_lives_stays() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.processes"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            left = [segments.FOLDER / name for name in process.stdout.readline().split()]
            assert len(left) == 2
            remove_stale_segments()
            assert all(path.exists() for path in left)  # it lives
        finally:
            # The whole group, resource tracker and all, as a container's end or a closed
            # session does it.
            os.killpg(process.pid, signal.SIGKILL)
    own = ControlBlock.create(TABLE)
    remove_stale_segments()
    assert not any(path.exists() for path in left)
    assert (segments.FOLDER / own.name).exists()
    own.close()
    own.unlink()


@pytest.mark.parametrize(
    "name",
    [
        "styletune-{world}-{pid}x-00000000-control",
        "styletune-{world}-0-00000000-control",
        "styletune-ffffffff-{pid}-00000000-control",  # another boot or container
        "otherprogram-{world}-{pid}-00000000-control",
    ],
)
def test_other_names_are_left_alone(name: str, dead_pid: int) -> None:
    path = segments.FOLDER / name.format(world=segments.namespace_id(), pid=dead_pid)
    path.touch()
    try:
        remove_stale_segments()
        assert path.exists()
    finally:
        path.unlink()


def test_a_name_with_an_impossible_pid_is_swept() -> None:
    path = segments.FOLDER / f"styletune-{segments.namespace_id()}-{10**30}-00000000-control"
    path.touch()
    remove_stale_segments()
    assert not path.exists()


@pytest.mark.checklist(35)
@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.long)])
def test_killed_groups_leave_nothing_after_the_next_start(tmp_path: Path, rounds: int) -> None:
    """Supervisors with their workers, four or twenty, killed while both are at work."""
    killed: list[int] = []
    for number in range(rounds):
        folders = [tmp_path / f"{number}-{group}" for group in range(4)]
        groups: list[subprocess.Popen] = []
        try:
            for folder in folders:
                folder.mkdir()
                groups.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.support.run_supervisor", str(folder)],
                        cwd=Path(__file__).parents[2],
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                )
            for index, group in enumerate(groups):
                # At different moments: as it comes up, and with its worker painting.
                for _ in range(1 + index % 2):
                    assert group.stdout.readline()
                os.killpg(group.pid, signal.SIGKILL)
        finally:
            for group in groups:
                with group:
                    os.killpg(group.pid, signal.SIGKILL)
                killed.append(group.pid)
    remove_stale_segments()  # what every start does first
    left = [path.name for path in segments.FOLDER.glob(f"styletune-{segments.namespace_id()}-*")]
    assert [name for name in left if int(name.split("-")[2]) in killed] == []


# Segments: names, room, and what is left when there is none.


def mine() -> set[str]:
    return {path.name for path in segments.FOLDER.glob(f"styletune-*-{os.getpid()}-*")}


def test_a_segment_is_zeroed_private_and_named_after_its_maker() -> None:
    segment = segments.create("control", 1000)
    assert re.fullmatch(
        rf"styletune-[0-9a-f]{{8}}-{os.getpid()}-[0-9a-f]{{8}}-control", segment.name
    )
    assert bytes(segment.buf[:1000]) == bytes(1000)
    assert (segments.FOLDER / segment.name).stat().st_mode & 0o777 == 0o600
    segment.close()
    segments.unlink(segment)
    assert segment.name not in mine()


def test_its_memory_is_reserved_before_it_is_touched() -> None:
    segment = segments.create("frame", 1 << 20)
    assert (segments.FOLDER / segment.name).stat().st_blocks * 512 >= 1 << 20
    segment.close()
    segments.unlink(segment)


def test_too_little_room_is_said_with_figures_and_remedy_and_leaves_nothing() -> None:
    status = os.statvfs(segments.FOLDER)
    size = 2 * status.f_blocks * status.f_frsize
    before = mine()
    with pytest.raises(MemoryBlockError) as error:
        segments.create("frame", size)
    assert f"needed {size / 1e6:,.1f} MB, available " in str(error.value)
    advised = re.search(r"docker run --shm-size=(\d+)m", str(error.value))
    assert advised is not None
    assert int(advised[1]) << 20 >= size
    assert mine() == before


def test_a_frame_block_for_huge_pictures_is_refused_likewise() -> None:
    before = mine()
    with pytest.raises(MemoryBlockError, match=r"the frame block: needed 144,0.* MB, available"):
        FrameBlock.create(("block1_conv1",), 4_000_000)
    assert mine() == before


def test_a_segment_removed_by_hand_can_still_be_unlinked() -> None:
    segment = segments.create("control", 10)
    (segments.FOLDER / segment.name).unlink()
    segment.close()
    segments.unlink(segment)


def test_workers_that_end_or_are_killed_leave_the_segment_and_nobody_complains() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.support.quiet_end"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout.split() == ["0", "-9", "0", "-9", "True"]
    assert run.returncode == 0
