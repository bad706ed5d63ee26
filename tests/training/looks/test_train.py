"""`styletune train`: options, one short real training, and what the gallery reads of it."""

import errno
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from styletune.cli.main import build_parser, main
from styletune.config import SessionConfig
from styletune.errors import StorageError
from styletune.images import samples
from styletune.looks import file as look_file
from styletune.server.looks.job import TrainingProgress
from styletune.training.looks import train


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["strokes", "-o", "look.png"], "a look's file ends with .keras; received 'look.png'"),
        (["strokes", "-o", "no/look.keras"], "the folder no does not exist"),
        (["strokes"] * 5 + ["-o", "look.keras"], "a look has 1 to 4 styles; received 5"),
        (["strokes", "-o", "look.keras", "--steps", "0"], "--steps must be above 0; received 0"),
        (["strokes", "-o", "look.keras", "--minutes", "nan"], "--minutes must be above 0"),
        (["nothing.jpg", "-o", "look.keras"], "nothing.jpg: no such picture file"),
        (["strokes", "-o", "look.keras", "--resume"], "look.checkpoint.npz cannot be read"),
        (["strokes", "-o", "look.keras", "--from", "gogh"], "gogh: no such look"),
    ],
)
def test_mistakes_are_named(
    options: list[str],
    why: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", *options]) in (1, 2)
    assert why in capsys.readouterr().err.replace("\n", " ")
    assert not list(tmp_path.iterdir())


def test_a_look_of_other_styles_is_no_beginning(
    look_path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["train", "strokes", "mosaic", "-o", str(tmp_path / "two.keras")]
    assert main([*command, "--from", str(look_path)]) == 2
    assert "that look has 1 styles" in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.long
def test_a_training_is_interrupted_writes_a_look_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "two.keras"
    own = samples.path("mosaic")
    command = ["train", "strokes", str(own), "-o", str(out), "--steps", "4"]

    from styletune.training.looks.trainer import LookTrainer

    take_step = LookTrainer.take_step

    def then_ctrl_c(self: LookTrainer, progress: float) -> None:
        take_step(self, progress)
        if self.step == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as context:
        context.setattr(LookTrainer, "take_step", then_ctrl_c)
        assert main(command) == 0
    assert "stopped at step 2" in capsys.readouterr().err.replace("\n", " ")
    look = look_file.read(out)
    assert look.info.styles == ("strokes", "mosaic")
    assert look.info.steps == 2
    assert str(own.parent) not in look.info.model_dump_json()  # whoever gets it sees no paths
    assert out.stat().st_size < 520_000
    with Image.open(tmp_path / "two.samples.png") as sheet:
        assert sheet.width == 7 * 256

    assert main([*command, "--resume", "--seed", "5"]) == 2
    assert "was made with seed=0; received seed=5" in capsys.readouterr().err.replace("\n", " ")

    assert main([*command, "--resume"]) == 0
    assert "going on from" in capsys.readouterr().err
    assert look_file.read(out).info.steps == 4


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
    read = TrainingProgress.model_validate_json(training._status.read_bytes())
    assert (read.progress, read.style_left, read.seconds_left) == (0, None, 90)
    training._trainer = SimpleNamespace(step=200, style=0.12345)
    training._write_status("written")
    read = TrainingProgress.model_validate_json(training._status.read_bytes())
    assert (read.state, read.progress, read.style_left) == ("written", 1, 0.1235)
    training._status = tmp_path / "none" / "status.json"
    training._write_status("written")  # no reason to end a training
