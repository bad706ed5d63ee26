"""Segments: names, room, and what is left when there is none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from styletune.errors import MemoryBlockError
from styletune.shared import segments
from styletune.shared.frame_block import FrameBlock


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
        [sys.executable, "-m", "tests.shared.quiet_end"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert run.stderr == ""
    assert run.stdout.split() == ["0", "-9", "0", "-9", "True"]
    assert run.returncode == 0
