"""Running a look: pictures of any size, in parts, by ONNX Runtime and by Keras."""

from pathlib import Path

import numpy as np
import pytest

from styletune.images import samples
from styletune.images.decode import read
from styletune.looks import file
from styletune.looks.desk import Desk, desk_values
from styletune.looks.file import Look
from styletune.looks.runner import LookRunner, Picture


@pytest.fixture(scope="module")
def look(look_path: Path) -> Look:
    return file.read(look_path)


@pytest.fixture(scope="module")
def runner(look: Look) -> LookRunner:
    return LookRunner(look, "onnx", threads=1)


def desk(look: Look, **moves: float) -> Desk:
    return desk_values(look.table(), look.positions() | moves, 1)


def picture(width: int, height: int) -> Picture:
    return np.asarray(read(samples.path("harbour")).resize((width, height)))


def test_paint_knobs(look: Look, runner: LookRunner) -> None:
    middle = runner.paint(picture(64, 48), desk(look))
    moved = runner.paint(picture(64, 48), desk(look, **{"style.block3_conv1": 0.9}))
    assert np.abs(middle.astype(int) - moved).mean() > 0.5
