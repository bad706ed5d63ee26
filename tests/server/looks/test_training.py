"""The look that is learned, with a stand-in for the training itself."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from PIL import Image

from styletune.cli.main import build_parser
from styletune.config import SessionConfig, load
from styletune.errors import StorageError
from styletune.server.http_errors import ApiError
from styletune.server.jobs import background
from styletune.server.looks import training as training_module
from styletune.server.looks.library import LookLibrary
from styletune.server.looks.training import LookTraining
from tests.support.small_look import write_empty_look
from tests.support.web_process import until

COMMAND = (sys.executable, "-m", "tests.support.standin_training")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the user's looks."""
    monkeypatch.setenv("STANDIN_LOOK", str(write_empty_look(tmp_path / "standin.keras")))
    monkeypatch.setattr(training_module, "STEPS_A_MINUTE", 10)
    monkeypatch.setattr(background, "LOOK_AGAIN_S", 0.1)
    return tmp_path / "looks"


@asynccontextmanager
async def teaching(folder: Path) -> AsyncIterator[LookTraining]:
    """As in a server that runs meanwhile."""
    training = LookTraining(folder, COMMAND)
    task = asyncio.create_task(training.run())
    try:
        yield training
    finally:
        process = training._process
        task.cancel()
        await asyncio.wait([task])
        if process is not None:  # left to itself
            await asyncio.to_thread(process.wait)


def style(folder: Path, name: str = "blot") -> tuple[str, Path]:
    path = folder.parent / f"{name}-decoded.png"
    Image.new("RGB", (8, 8), "teal").save(path)
    return name, path


def start(training: LookTraining, folder: Path, name: str = "", kind: str = "blot") -> None:
    training.start(name, [style(folder, kind)], 10, SessionConfig())


def state(training: LookTraining) -> str:
    status = training.status()
    return status.state if status else "none"


async def test_a_look_is_learned_across_a_restart(folder: Path) -> None:
    async with teaching(folder) as training:
        session = SessionConfig().with_overrides(controls={"smooth": 0.25, "paused": True})
        training.start("my look", [style(folder), style(folder, "dots")], 10, session)
        await until(lambda: state(training) == "training")
        status = training.status()
        assert status is not None
        assert (status.name, status.styles, status.style_left) == ("my look", ("blot", "dots"), 0.5)
        assert training.samples() == b"samples"
        assert load(folder / "training/session.toml").controls == {"smooth": 0.25}
        job = training._job()
        assert job is not None
        words = build_parser().parse_args(training._words(job)[1:])  # those of the real command
        assert (len(words.style), words.steps, words.spread) == (2, 100, 1)
        with pytest.raises(ApiError, match=r"^`my look` is being learned, and only one look"):
            start(training, folder)
    other = LookTraining(folder, COMMAND)
    await until(lambda: state(other) == "waiting")  # its process has ended with the server
    steps = int((folder / "training/my look.checkpoint.npz").read_text())
    assert 0 < steps < 100
    async with teaching(folder) as training:
        await until(lambda: training.status() is None)
    assert (folder / "starts.txt").read_text().split() == ["0", str(steps)]
    (look,) = [look for look in await LookLibrary(folder).list() if not look.shipped]
    assert (look.name, look.error) == ("my look", "")
    assert not (folder / "training").exists()


async def test_what_has_been_learned_so_far_is_kept_or_forgotten(folder: Path) -> None:
    async with teaching(folder) as training:
        start(training, folder)
        await until(lambda: state(training) == "training")
        await training.stop(keep=False)
        assert training.status() is None
        start(training, folder)  # at once
        await until(lambda: state(training) == "training")
        await training.stop(keep=True)
        await until(lambda: training.status() is None)
        with pytest.raises(ApiError, match=r"^no look is being learned"):
            await training.stop(keep=True)
    assert [path.name for path in folder.glob("*.keras")] == ["blot.keras"]


async def test_a_failure_is_explained_by_its_last_lines(folder: Path) -> None:
    async with teaching(folder) as training:
        start(training, folder, kind="bad")
        await until(lambda: state(training) == "failed")
        status = training.status()
        assert status is not None
        assert status.error == "styletune: bad.png: no style\n(exit code 1)"
        assert state(LookTraining(folder, COMMAND)) == "failed"  # after a restart, too
        training.go_on()
        assert state(training) != "failed"
        with pytest.raises(ApiError, match=r"^no learning has failed"):
            training.go_on()
        await training.stop(keep=False)
        assert training.status() is None


def test_a_look_gets_a_name_of_its_own(folder: Path) -> None:
    training = LookTraining(folder, COMMAND)
    folder.mkdir()
    write_empty_look(folder / "blot.keras")
    for name in ("..", "a/b", ".x", "x" * 41, "a\nb", "\0"):
        with pytest.raises(ApiError, match=r"^a look's name is 1 to 40 letters"):
            start(training, folder, name)
    with pytest.raises(ApiError, match=r"^there is a look `blot` already"):
        start(training, folder, "blot")
    for kind, name in (("blot", "blot 2"), ("../é:", "é"), ("..", "look")):
        assert training._fresh_name("", [kind]) == name
    with pytest.raises(ApiError, match=r"^minutes must be one of 10, 20, 40; received 5"):
        training.start("x", [style(folder)], 5, SessionConfig())


def test_without_room_or_memory_nothing_is_begun(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ApiError, match=r"^a look cannot be kept: this server has no folder"):
        start(LookTraining(None), folder)
    training = LookTraining(folder, COMMAND)
    folder.write_text("a file")
    with pytest.raises(StorageError, match=r"^a look cannot be learned: .*: "):
        start(training, folder)
    folder.unlink()
    monkeypatch.setattr(training_module, "MIN_FREE_BYTES", 10**15)
    with pytest.raises(ApiError, match=r"^learning a look takes .* GB of memory; .* are free"):
        start(training, folder)
    assert not folder.exists()


def test_a_damaged_job_is_set_aside(folder: Path) -> None:
    (folder / "training").mkdir(parents=True)
    (folder / "training/job.json").write_text('{"name": 3}')
    assert LookTraining(folder, COMMAND).status() is None
    assert (folder / "training/job.damaged-1.json").exists()
