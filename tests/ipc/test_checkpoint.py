"""Checkpoints: kept whole or not at all, three generations, and never in the painting's way."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.errors import CheckpointError
from styletune.ipc import checkpoint
from styletune.ipc.checkpoint import (
    EVERY_S,
    EVERY_STEPS,
    Checkpoint,
    CheckpointWriter,
    list_checkpoints,
    load_latest,
    read,
    write,
)

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60


def painted(step: int) -> Checkpoint:
    """A checkpoint of which every value follows from `step`."""
    picture = np.full((4, 6, 3), step % 251, np.float32)
    state = {"picture": picture, "adam_momentum": picture * 2, "iterations": np.array(step)}
    return Checkpoint(state, epoch=step // 2, step=step, width=6, height=4, time=step + 0.5)


def same(one: Checkpoint, other: Checkpoint) -> bool:
    numbers = ("epoch", "step", "width", "height", "time")
    return (
        one.state.keys() == other.state.keys()
        and all(np.array_equal(one.state[name], other.state[name]) for name in one.state)
        and all(one.state[name].dtype == other.state[name].dtype for name in one.state)
        and all(getattr(one, name) == getattr(other, name) for name in numbers)
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path, painted(7))
    found, complaints = load_latest(tmp_path)
    assert complaints == []
    assert same(found, painted(7))


def test_three_generations_stay_and_numbers_rise(tmp_path: Path) -> None:
    for step in range(1, 6):
        write(tmp_path, painted(step))
    assert [read(path).step for path in list_checkpoints(tmp_path)] == [5, 4, 3]
    assert len(list(tmp_path.iterdir())) == 3  # and no temporary file


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert load_latest(tmp_path / "none") == (None, [])
    (tmp_path / "checkpoint-1.npz").write_text("of another program")
    assert load_latest(tmp_path) == (None, [])


def damage_nothing_left(path: Path) -> None:
    path.write_bytes(b"")


def damage_cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def damage_one_bit(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[data.index(np.float32(9).tobytes() * 3) + 2] ^= 1
    path.write_bytes(data)


def damage_pickle(path: Path) -> None:
    np.savez(path, **{"checkpoint.json": np.array([{"version": 1}], object)})


def damage_version(path: Path) -> None:
    np.savez(path, **{"checkpoint.json": np.frombuffer(b'{"version": 2}', np.uint8)})


def damage_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.checklist(38)
@pytest.mark.parametrize(
    "damage",
    [
        damage_nothing_left, damage_cut, damage_one_bit, damage_pickle, damage_version,
        damage_folder,
    ],
)  # fmt: skip
def test_where_the_newest_is_damaged_the_one_before_is_taken(tmp_path: Path, damage) -> None:
    write(tmp_path, painted(8))
    write(tmp_path, painted(9))
    damage(list_checkpoints(tmp_path)[0])
    found, complaints = load_latest(tmp_path)
    assert same(found, painted(8))
    (complaint,) = complaints
    assert "checkpoint-000000002.npz: the checkpoint cannot be read" in complaint
    with pytest.raises(CheckpointError):
        read(list_checkpoints(tmp_path)[0])
    # And the next one is written beside it, as the newest.
    write(tmp_path, painted(10))
    assert load_latest(tmp_path)[0].step == 10


def test_an_array_that_the_list_of_members_lost_is_missed(tmp_path: Path) -> None:
    path = write(tmp_path, painted(9))
    whole = path.read_bytes()
    # The number of members, twice in the zip file's last 22 bytes, and where their list begins.
    end = bytearray(whole[-22:])
    members = end[8]
    last = whole.rindex(b"PK\x01\x02")
    end[8] = end[10] = members - 1
    size = last - int.from_bytes(end[16:20], "little")
    end[12:16] = size.to_bytes(4, "little")
    path.write_bytes(whole[:last] + bytes(end))
    with pytest.raises(CheckpointError, match="arrays are missing"):
        read(path)


@pytest.mark.parametrize(
    "head",
    [
        {"time": 1e300}, {"time": float("nan")}, {"time": -1.0}, {"time": "now"},
        {"epoch": 10**400}, {"step": 2**63}, {"step": -1}, {"epoch": 1.5}, {"width": 0},
        {"height": "x"}, {"width": 10**6}, {"more": 1}, {"arrays": "picture"}, {"version": [1]},
        [], "text", None, 7,
    ],
    ids=repr,
)  # fmt: skip
def test_a_crafted_head_is_refused(tmp_path: Path, head: object) -> None:
    path = write(tmp_path, painted(9))
    with np.load(path) as file:
        arrays = dict(file)
    whole = json.loads(arrays["checkpoint.json"].tobytes())
    text = json.dumps(whole | head if isinstance(head, dict) else head)
    for crafted in (text, "[" * 100_000, '{"step": ' + "1" * 50_000):
        arrays["checkpoint.json"] = np.frombuffer(crafted.encode(), np.uint8)
        np.savez(path, **arrays)
        with pytest.raises(CheckpointError, match="the checkpoint cannot be read"):
            read(path)


def test_a_compressed_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, painted(9))
    with np.load(path) as file:
        arrays = dict(file) | {"picture": np.zeros((9, 999, 3), np.float32)}
    np.savez_compressed(path, **arrays)
    with pytest.raises(CheckpointError, match="it is compressed"):
        read(path)


def test_numbers_go_on_beyond_nine_digits(tmp_path: Path) -> None:
    write(tmp_path, painted(8)).rename(tmp_path / "checkpoint-999999999.npz")
    write(tmp_path, painted(9))
    write(tmp_path, painted(10))
    assert load_latest(tmp_path)[0].step == 10
    assert len(list_checkpoints(tmp_path)) == 3


@given(st.data())
def test_a_cut_or_changed_file_is_refused_or_still_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = write(tmp_path_factory.mktemp("checkpoints"), painted(9))
    whole = path.read_bytes()
    where = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:where])
    else:
        path.write_bytes(
            whole[:where] + bytes([data.draw(st.integers(0, 255))]) + whole[where + 1 :]
        )
    try:
        found = read(path)
    except CheckpointError:
        return
    assert same(found, painted(9))


KILLED = """
import sys
from pathlib import Path
from tests.ipc.test_checkpoint import painted, write
for step in range(1, 100_000):
    write(Path(sys.argv[1]), painted(step))
    print(step, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_newest_one(tmp_path: Path) -> None:
    for delay_s in (0.0, 0.001, 0.002, 0.003, 0.005):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE
        ) as writer:
            told = int(writer.stdout.readline())
            time.sleep(delay_s)
            os.kill(writer.pid, signal.SIGKILL)
            rest = writer.stdout.read().split()
        found, complaints = load_latest(tmp_path)
        assert complaints == []
        assert found.step >= int(rest[-1] if rest else told)


# ------------------------------------------------------------- the writer


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def written(writer: CheckpointWriter) -> None:
    writer._thread.join(PATIENCE_S)


def test_it_is_due_after_two_seconds_or_fifty_steps_and_not_more_often(tmp_path: Path) -> None:
    clock, warnings = Clock(), []
    writer = CheckpointWriter(tmp_path, warnings.append, step=100, clock=clock)
    assert not writer.should_save(100)
    clock.now += EVERY_S
    assert not writer.should_save(100)  # nothing has been painted since
    assert writer.should_save(101)
    writer.save(painted(101))
    written(writer)
    assert not writer.should_save(101 + 10 * EVERY_STEPS)  # in no time at all
    clock.now += 0.5
    assert writer.should_save(101 + EVERY_STEPS)
    assert not writer.should_save(101 + EVERY_STEPS - 1)
    assert load_latest(tmp_path)[0].step == 101
    assert warnings == []


def test_a_slow_disk_is_used_for_at_most_a_twentieth_of_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    writer = CheckpointWriter(tmp_path, pytest.fail, clock=clock)

    def slow(folder: Path, kept: Checkpoint) -> None:
        clock.now += 3.0

    monkeypatch.setattr(checkpoint, "write", slow)
    writer.save(painted(1))
    written(writer)
    clock.now += 50.0
    assert not writer.should_save(10_000)
    clock.now += 10.0
    assert writer.should_save(10_000)


def test_painting_does_not_wait_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()
    monkeypatch.setattr(checkpoint, "write", lambda *_: free.wait(PATIENCE_S))
    clock = Clock()
    writer = CheckpointWriter(tmp_path, pytest.fail, clock=clock)
    writer.save(painted(1))
    assert not writer.should_save(1000)
    writer.save(painted(2))  # not due: nothing happens
    free.set()
    writer.close()
    clock.now += 1000
    assert writer.should_save(1000)


def test_the_last_one_is_written_before_closing_ends(tmp_path: Path) -> None:
    writer = CheckpointWriter(tmp_path / "made" / "here", pytest.fail)
    writer.save(painted(1))
    writer.close(painted(2))
    assert load_latest(tmp_path / "made" / "here")[0].step == 2


@pytest.mark.checklist(38)
def test_a_full_disk_is_a_warning_once_and_is_over_when_it_is_over(
    tmp_path: Path,
) -> None:
    """Really full, by the file-size limit of this process, as far as files are concerned."""
    write(tmp_path, painted(1))
    clock, warnings = Clock(), []
    writer = CheckpointWriter(tmp_path, warnings.append, clock=clock)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        for step in (100, 200):
            clock.now += 10
            assert writer.should_save(step)
            writer.save(painted(step))
            written(writer)
            assert not writer.should_save(step)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    (warning,) = warnings
    assert "cannot be kept for a restart: File too large" in warning
    assert "painting goes on" in warning
    assert load_latest(tmp_path)[0].step == 1
    assert len(list(tmp_path.iterdir())) == 1  # nothing half-written takes up the room
    clock.now += 10
    writer.save(painted(300))
    writer.close()
    assert warnings[1:] == [""]
    assert load_latest(tmp_path)[0].step == 300


@pytest.mark.checklist(38)
def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    warnings: list[str] = []
    writer = CheckpointWriter(tmp_path / "file" / "checkpoints", warnings.append)
    writer.close(painted(1))
    assert "Not a directory" in warnings[0]


@pytest.mark.checklist(38)
@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_is_a_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    warnings: list[str] = []
    CheckpointWriter(tmp_path, warnings.append).close(painted(1))
    tmp_path.chmod(0o700)
    assert "Permission denied" in warnings[0]
