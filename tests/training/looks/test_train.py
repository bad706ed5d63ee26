"""`styletune train` as the gallery runs it: its status, and a disk that is full."""

import errno
from pathlib import Path
from types import SimpleNamespace

import pytest

from styletune.cli.main import build_parser
from styletune.config import SessionConfig
from styletune.errors import StorageError
from styletune.server.looks.training import _Progress
from styletune.training.looks import train


def test_a_full_disk_is_named_with_what_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full:
        def __init__(self, *options: object) -> None:
            pass

        def run(self) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self) -> None:
            pass

    monkeypatch.setattr(train, "Training", Full)
    arguments = build_parser().parse_args(["train", "strokes", "-o", str(tmp_path / "a.keras")])
    why = r"^cannot write beside .*a\.keras: No space left on device; make room, then the same"
    with pytest.raises(StorageError, match=why):
        train.run_training(SessionConfig(), arguments)


def test_the_status_is_what_the_gallery_reads(tmp_path: Path) -> None:
    training = object.__new__(train.Training)  # its networks take a minute
    training._status, training._steps = tmp_path / "status.json", 200
    training._trainer = SimpleNamespace(step=0, style=float("nan"))
    training._write_status("training", 90.4)
    read = _Progress.model_validate_json(training._status.read_bytes())
    assert (read.progress, read.style_left, read.seconds_left) == (0, None, 90)
    training._trainer = SimpleNamespace(step=200, style=0.12345)
    training._write_status("written")
    read = _Progress.model_validate_json(training._status.read_bytes())
    assert (read.state, read.progress, read.style_left) == ("written", 1, 0.1235)
    training._status = tmp_path / "none" / "status.json"
    training._write_status("written")  # no reason to end a training
