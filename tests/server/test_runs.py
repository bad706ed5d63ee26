"""Runs on disk: begun, ended in order or cut short, resumed, and never too many of them."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.config import SessionConfig
from styletune.errors import CheckpointError
from styletune.ipc.checkpoint import Checkpoint, write
from styletune.server import runs
from styletune.server.runs import KEPT, Hung, Note, Run, keep, playing

ROOT = Path(__file__).parents[2]


def paint(run: Run, step: int = 7) -> None:
    """Leave a checkpoint, as the worker does."""
    run.checkpoints.mkdir(exist_ok=True)
    picture = np.zeros((4, 4, 3), np.float32)
    write(run.checkpoints, Checkpoint({"picture": picture}, 1, step, 4, 4, 1_700_000_000.0))


def hang(run: Run, *names: str) -> list[Hung]:
    for name in names:
        Image.new("RGB", (8, 8)).save(run.pictures / f"{name}.png")
    return [Hung(file=f"{name}.png", name=name.title()) for name in names]


def test_a_run_in_which_nothing_was_painted_leaves_nothing(tmp_path: Path) -> None:
    with playing(tmp_path / "runs") as run:
        assert run.pictures.is_dir()
        assert not run.resumed
    assert list((tmp_path / "runs").iterdir()) == []
    with pytest.raises(CheckpointError, match="nothing to resume: no run of this session in"):
        playing(tmp_path / "runs", resume=True).__enter__()


def test_values_and_pictures_come_back(tmp_path: Path) -> None:
    with playing(tmp_path) as run:
        paint(run)
        run.write(
            Note(
                controls={
                    "smooth": 0.25,
                    "style.block1_conv1.mute": True,
                    "of_old": 1.0,
                    "color": "infrared",
                },
                pictures=hang(run, "content", "style"),
            )
        )
        name = run.name
    with playing(tmp_path, resume=True) as run:
        assert run.name == name
        assert run.resumed
        session = run.session(SessionConfig())
        assert session.positions()["smooth"] == 0.25
        assert session.positions()["style.block1_conv1.mute"] == 1.0
        assert session.pictures.content == str(run.pictures / "content.png")
        assert session.pictures.styles == (str(run.pictures / "style.png"),)
        assert [hung.name for hung in run.note.pictures] == ["Content", "Style"]


@pytest.mark.parametrize("file", ["../../etc/passwd", "missing.png", "/etc/passwd"])
def test_a_note_that_leads_elsewhere_or_nowhere_is_not_followed(tmp_path: Path, file: str) -> None:
    with playing(tmp_path) as run:
        paint(run)
        run.write(Note(pictures=[*hang(run, "content"), Hung(file=file, name="x")]))
    with playing(tmp_path, resume=True) as run:
        assert run.session(SessionConfig()) == SessionConfig()


def test_a_damaged_note_costs_the_note_and_not_the_painting(tmp_path: Path) -> None:
    with playing(tmp_path) as run:
        paint(run)
        name = run.name
    (tmp_path / name / "run.json").write_text('{"ended": ')
    with playing(tmp_path, resume=True) as run:
        assert run.note == Note()
        assert (run.checkpoints).is_dir()


def test_three_runs_stay(tmp_path: Path) -> None:
    names = []
    for _ in range(KEPT + 2):
        with playing(tmp_path) as run:
            paint(run)
            names.append(run.name)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)[-KEPT:]
    with playing(tmp_path, resume=True) as run:
        assert run.name == names[-1]
    with playing(tmp_path, resume=True, name=names[-2]) as run:
        assert run.name == names[-2]
    with pytest.raises(CheckpointError, match="no run `20000101-000000-000`"):
        playing(tmp_path, resume=True, name="20000101-000000-000").__enter__()


def test_runs_that_begin_in_the_same_millisecond_have_names_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["20300101-000000-000"] * 3 + ["20300101-000000-001"]
    monkeypatch.setattr(runs, "_name", lambda now: names.pop(0))
    with playing(tmp_path) as one, playing(tmp_path) as two:
        assert one.folder == tmp_path / "20300101-000000-000"
        assert two.folder == tmp_path / "20300101-000000-001"
    assert caplog.messages == []


def test_where_the_clock_stands_a_second_run_lives_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runs, "_NAME_S", 0.01)
    monkeypatch.setattr(runs, "_name", lambda now: "20300101-000000-000")
    with playing(tmp_path), playing(tmp_path) as run:
        assert run.pictures.is_dir()
    assert "this run cannot be resumed later: File exists" in caplog.messages[0]


CUT_SHORT = """
import sys
from pathlib import Path
from styletune.server.runs import playing
from tests.server.test_runs import paint
with playing(Path(sys.argv[1])) as run:
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
            playing(tmp_path, resume=True).__enter__()
        with caplog.at_level(logging.WARNING), playing(tmp_path) as run:
            assert run.name != name
        assert caplog.messages == []
        os.kill(other.pid, signal.SIGKILL)
    with caplog.at_level(logging.WARNING), playing(tmp_path):
        pass
    (told,) = caplog.messages
    assert "cut short at step 4211" in told
    assert f"--resume --run {name}" in told
    caplog.clear()
    with playing(tmp_path, resume=True) as run:
        assert run.name == name
    with caplog.at_level(logging.WARNING), playing(tmp_path):
        pass
    assert caplog.messages == []  # it has ended in order now


@pytest.mark.checklist(38)
def test_where_nothing_can_be_kept_the_show_goes_on_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    with caplog.at_level(logging.WARNING), playing(tmp_path / "file" / "runs") as run:
        assert run.pictures.is_dir()
        paint(run)
    assert not run.folder.exists()
    assert "this run cannot be resumed later: Not a directory" in caplog.messages[0]


async def test_what_changes_is_noted_and_the_last_of_it_when_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "_NOTE_S", 0.01)
    values = {"smooth": 0.1}
    with playing(tmp_path) as run:
        paint(run)
        keeping = asyncio.create_task(keep(run, lambda: Note(controls=dict(values))))
        async with asyncio.timeout(30):
            while run.note.controls != values:
                await asyncio.sleep(0.01)
            values["smooth"] = 0.2
            while run.note.controls != values:
                await asyncio.sleep(0.01)
        values["smooth"] = 0.3
        keeping.cancel()
        await asyncio.wait([keeping])
    with playing(tmp_path, resume=True) as run:
        assert run.note.controls == {"smooth": 0.3}
