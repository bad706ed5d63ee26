"""Runs on disk: begun, ended in order or cut short, resumed, and never too many of them."""

import errno
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.config import SessionConfig
from styletune.errors import CheckpointError
from styletune.ipc import segments
from styletune.ipc.checkpoint import Checkpoint, write
from styletune.server import runs
from styletune.server.runs import (
    MAX_RUNS,
    PictureRef,
    RunFolder,
    RunManifest,
    open_run,
    remove_stale_folders,
    temp_folder,
)

ROOT = Path(__file__).parents[2]


def paint(run: RunFolder, step: int = 7) -> None:
    """Leave a checkpoint, as the worker does."""
    run.checkpoints.mkdir(exist_ok=True)
    picture = np.zeros((4, 4, 3), np.float32)
    write(run.checkpoints, Checkpoint({"picture": picture}, 1, step, 4, 4, 1_700_000_000.0))


def add_pictures(run: RunFolder, *names: str) -> list[PictureRef]:
    for name in names:
        Image.new("RGB", (8, 8)).save(run.pictures / f"{name}.png")
    return [PictureRef(file=f"{name}.png", name=name.title()) for name in names]


def test_a_run_in_which_nothing_was_painted_leaves_nothing(tmp_path: Path) -> None:
    with open_run(tmp_path / "runs") as run:
        assert run.pictures.is_dir()
        assert not run.resumed
    assert list((tmp_path / "runs").iterdir()) == []
    with pytest.raises(CheckpointError, match="nothing to resume: no run `dawn` of this session"):
        open_run(tmp_path / "runs", resume=True, name="dawn").__enter__()


def test_a_run_starts_afresh_where_there_is_nothing_to_resume(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_run(tmp_path, resume=True) as run:
        paint(run)
        assert not run.resumed
    (message,) = caplog.messages
    assert message == f"nothing to resume: no run of this session in {tmp_path}; it starts afresh"

    def refuse(folder: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(runs, "process_lock", refuse)
    with open_run(tmp_path, resume=True) as run:
        assert not run.resumed
    assert "cannot be resumed: Read-only file system; the session starts afresh" in caplog.text


def test_values_and_pictures_come_back(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_run(tmp_path) as run:
        paint(run)
        run.write(
            RunManifest(
                controls={
                    "smooth": 0.25,
                    "style.block1_conv1.mute": True,
                    "of_old": 1.0,
                    "color": "infrared",
                },
                pictures=add_pictures(run, "content", "style"),
                look="/looks/gogh.keras",
                source="/films/walk.mp4",
            )
        )
        name = run.name
    with open_run(tmp_path, resume=True) as run:
        assert run.name == name
        assert run.resumed
        session = run.configure(SessionConfig())
        assert "left out of the resumed run" in caplog.text
        assert "['of_old', 'color']" in caplog.text
        assert session.positions()["smooth"] == 0.25
        assert session.positions()["style.block1_conv1.mute"] == 1.0
        assert session.pictures.content == str(run.pictures / "content.png")
        assert session.pictures.styles == (str(run.pictures / "style.png"),)
        assert (session.look.file, session.look.source) == ("/looks/gogh.keras", "/films/walk.mp4")
        assert [ref.name for ref in run.manifest.pictures] == ["Content", "Style"]


@pytest.mark.parametrize("file", ["../../etc/passwd", "missing.png", "/etc/passwd"])
def test_a_note_that_leads_elsewhere_or_nowhere_is_not_followed(tmp_path: Path, file: str) -> None:
    with open_run(tmp_path) as run:
        paint(run)
        run.write(
            RunManifest(pictures=[*add_pictures(run, "content"), PictureRef(file=file, name="x")])
        )
    with open_run(tmp_path, resume=True) as run:
        assert run.configure(SessionConfig()) == SessionConfig()


def test_a_damaged_note_costs_the_note_and_not_the_painting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_run(tmp_path) as run:
        paint(run)
        name = run.name
    (tmp_path / name / "run.json").write_text('{"ended": ')
    with open_run(tmp_path, resume=True) as run:
        assert run.manifest == RunManifest()
        assert (run.checkpoints).is_dir()
    assert (tmp_path / name / "run.damaged-1.json").read_text() == '{"ended": '
    assert "run.json is damaged" in caplog.text


def test_damaged_pictures_of_a_run_do_not_stop_its_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with open_run(tmp_path) as run:
        paint(run)
        run.write(RunManifest(pictures=add_pictures(run, "content", "style")))
        path = run.pictures / "style.png"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with open_run(tmp_path, resume=True) as run:
        assert run.configure(SessionConfig()) == SessionConfig()
    assert "are damaged or missing (style.png); it goes on with the session's" in caplog.text


def test_three_runs_stay(tmp_path: Path) -> None:
    names = []
    for _ in range(MAX_RUNS + 2):
        with open_run(tmp_path) as run:
            paint(run)
            names.append(run.name)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)[-MAX_RUNS:]
    with open_run(tmp_path, resume=True) as run:
        assert run.name == names[-1]
    with open_run(tmp_path, resume=True, name=names[-2]) as run:
        assert run.name == names[-2]
    with pytest.raises(CheckpointError, match="no run `20000101-000000-000`"):
        open_run(tmp_path, resume=True, name="20000101-000000-000").__enter__()


def test_runs_that_begin_in_the_same_millisecond_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["20300101-000000-000"] * 3 + ["20300101-000000-001"]
    monkeypatch.setattr(runs, "_name", lambda now: names.pop(0))
    with open_run(tmp_path) as one, open_run(tmp_path) as two:
        assert one.folder == tmp_path / "20300101-000000-000"
        assert two.folder == tmp_path / "20300101-000000-001"
    assert caplog.messages == []


@pytest.mark.parametrize(
    "clock",
    [
        [1_700_000_000.5, 1_699_990_000.25],  # set back
        [1_700_000_000.5, 1_700_000_000.5],
        [1_700_000_000.999, 1_700_000_000.999],
        [1_700_000_000.123, 1_700_000_001],
    ],
)
def test_the_last_run_is_the_one_that_began_last_whatever_the_clock_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    monkeypatch.setenv("TZ", "XYZ-5")
    time.tzset()
    for step, now in enumerate(clock):
        monkeypatch.setattr(runs.time, "time", lambda now=now: now)
        with open_run(tmp_path) as run:
            paint(run, step)
    with open_run(tmp_path, resume=True) as last:
        assert last.name == run.name
    assert sorted(path.name for path in tmp_path.iterdir())[0].startswith("20231114-221320-")
    monkeypatch.undo()
    time.tzset()


def test_a_run_of_local_time_is_older_than_the_next_one(tmp_path: Path) -> None:
    for name in ("20990101-000000-999", "20993131-999999-000"):  # the latter is no time
        (tmp_path / name / "checkpoints").mkdir(parents=True)
    with open_run(tmp_path) as run:
        assert run.name == "20990101-000001-000"


def test_where_the_clock_stands_a_second_run_lives_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runs, "_NAME_TIMEOUT_S", 0.01)
    monkeypatch.setattr(runs, "_name", lambda now: "20300101-000000-000")
    with open_run(tmp_path), open_run(tmp_path) as run:
        assert run.pictures.is_dir()
    assert "this run cannot be resumed later: File exists" in caplog.messages[0]


CUT_SHORT = """
import sys
from pathlib import Path
from styletune.server.runs import open_run
from tests.server.test_runs import paint
with open_run(Path(sys.argv[1])) as run:
    paint(run, step=4211)
    print(run.name, flush=True)
    sys.stdin.read()
"""


def test_a_run_that_was_killed_is_told_of_and_one_that_is_played_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", CUT_SHORT, str(tmp_path)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        name = other.stdout.readline().strip()
        with pytest.raises(CheckpointError, match=rf"{name} is being played by another process"):
            open_run(tmp_path, resume=True).__enter__()
        with caplog.at_level(logging.WARNING), open_run(tmp_path) as run:
            assert run.name != name
        assert caplog.messages == []
        os.kill(other.pid, signal.SIGKILL)
    with caplog.at_level(logging.WARNING), open_run(tmp_path):
        pass
    (told,) = caplog.messages
    assert "cut short at step 4211" in told
    assert f"--resume --run {name}" in told
    caplog.clear()
    with open_run(tmp_path, resume=True) as run:
        assert run.name == name
    with caplog.at_level(logging.WARNING), open_run(tmp_path):
        pass
    assert caplog.messages == []  # it has ended in order now


@pytest.mark.checklist(38)
def test_where_nothing_can_be_kept_the_show_goes_on_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING), open_run(tmp_path / "file" / "runs") as run:
        assert run.pictures.is_dir()
        assert run.not_kept.startswith("Not a directory in ")
        paint(run)
    assert not run.folder.exists()
    assert "this run cannot be resumed later: Not a directory" in caplog.messages[0]


# The folder of one run, and what killed runs left.


@pytest.fixture(autouse=True)
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_private_and_gone_afterwards() -> None:
    with temp_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "x.png").write_bytes(b"x")
        assert remove_stale_folders() == 0  # while its process lives
    assert not folder.exists()


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom styletune.server.runs import temp_folder\n"
        "with temp_folder() as folder:\n"
        "    (folder / 'x.png').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    assert remove_stale_folders() == 1
    assert list(tmp_path.iterdir()) == []
    assert remove_stale_folders() == 0


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    dead = 2**22 + 1  # above the largest pid that Linux gives
    world = segments.namespace_id()
    for name in (
        f"styletune-{world}-{os.getpid()}-abc",
        f"styletune-00000000-{dead}-abc",
        f"styletune-{world}-{dead}",
        f"styletune-{world}-0-abc",
        "styletune-abc",
    ):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"styletune-{world}-{dead}-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"styletune-{world}-{dead}-file").write_text("")
    before = set(tmp_path.iterdir())
    assert remove_stale_folders() == 0
    assert set(tmp_path.iterdir()) == before
