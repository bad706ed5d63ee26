"""Leftovers of killed processes are swept, and nothing else."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from styletune.shared import segments
from styletune.shared.control_block import ControlBlock
from styletune.shared.leftovers import sweep_leftovers
from tests.shared.processes import TABLE


@pytest.fixture
def dead_pid() -> int:
    """The pid of a process that has just ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.checklist(35)
def test_what_a_killed_group_left_is_swept_and_what_lives_stays() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.shared.processes"],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            left = [segments.FOLDER / name for name in process.stdout.readline().split()]
            assert len(left) == 2
            sweep_leftovers()
            assert all(path.exists() for path in left)  # it lives
        finally:
            # The whole group, resource tracker and all, as a container's end or a closed
            # session does it.
            os.killpg(process.pid, signal.SIGKILL)
    own = ControlBlock.create(TABLE)
    sweep_leftovers()
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
    path = segments.FOLDER / name.format(world=segments.world(), pid=dead_pid)
    path.touch()
    try:
        sweep_leftovers()
        assert path.exists()
    finally:
        path.unlink()


def test_a_name_with_an_impossible_pid_is_swept() -> None:
    path = segments.FOLDER / f"styletune-{segments.world()}-{10**30}-00000000-control"
    path.touch()
    sweep_leftovers()
    assert not path.exists()


@pytest.mark.checklist(35)
def test_twenty_killed_groups_leave_nothing_after_the_next_start(tmp_path: Path) -> None:
    """Supervisors with their workers, killed while both are at work."""
    killed: list[int] = []
    for number in range(5):
        folders = [tmp_path / f"{number}-{group}" for group in range(4)]
        groups: list[subprocess.Popen] = []
        try:
            for folder in folders:
                folder.mkdir()
                groups.append(
                    subprocess.Popen(
                        [sys.executable, "-m", "tests.server.run_standin", str(folder)],
                        cwd=Path(__file__).parents[2],
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                )
            for group in groups:
                # At different moments: as it comes up, and with its worker painting.
                for _ in range(1 + number % 2):
                    assert group.stdout.readline()
                os.killpg(group.pid, signal.SIGKILL)
        finally:
            for group in groups:
                with group:
                    os.killpg(group.pid, signal.SIGKILL)
                killed.append(group.pid)
    sweep_leftovers()  # what every start does first
    left = [path.name for path in segments.FOLDER.glob(f"styletune-{segments.world()}-*")]
    assert [name for name in left if int(name.split("-")[2]) in killed] == []
