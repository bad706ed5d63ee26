"""Running a look: pictures of any size, in parts, by ONNX Runtime and by Keras."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest

from styletune.errors import LookError, PictureError
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


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (66, 49)])
def test_paint_odd_size(look: Look, runner: LookRunner, size: tuple[int, int]) -> None:
    painted = runner.paint(picture(*size), desk(look))
    assert (painted.shape, painted.dtype) == ((size[1], size[0], 3), np.uint8)
    whole = runner.paint(picture(*size), desk(look), max_pixels=2000)
    assert whole.shape == painted.shape


def test_paint_in_parts(look: Look, runner: LookRunner) -> None:
    whole = runner.paint(picture(701, 500), desk(look))
    parts = runner.paint(picture(701, 500), desk(look), max_pixels=150_000)
    assert np.abs(whole.astype(int) - parts).mean() < 6
    # Nothing shows where parts meet: columns differ as much from their neighbours as in the whole.
    steps = [np.abs(np.diff(painted.astype(int), axis=1)) for painted in (parts, whole)]
    across = [step.mean(axis=(0, 2)) for step in steps]
    assert np.abs(across[0] - across[1]).max() < 0.25 * across[1].max()


def test_onnx_equals_keras(look: Look, runner: LookRunner) -> None:
    keras = LookRunner(look, "keras")
    assert keras.label.startswith("Keras ")
    moved = desk(look, **{"style.block3_conv1": 0.9, "smooth": 0.1})
    difference = runner.paint(picture(70, 50), moved).astype(int) - keras.paint(
        picture(70, 50), moved
    )
    assert np.abs(difference).max() <= 1


def test_too_small(look: Look, runner: LookRunner) -> None:
    with pytest.raises(PictureError, match=r"at least 16 × 16 px; received 40 × 15"):
        runner.paint(np.zeros((15, 40, 3), np.uint8), desk(look))


def test_network_that_cannot_run(look: Look) -> None:
    with pytest.raises(LookError, match="ONNX Runtime cannot run it"):
        LookRunner(dataclasses.replace(look, onnx=look.onnx[:1000]), "onnx")
    runner = LookRunner(look, "onnx", threads=1)
    with pytest.raises(LookError, match="ONNX Runtime cannot run it"):
        runner.paint(picture(32, 32), desk_values(look.table(), look.positions(), 3))


def test_without_onnx_runtime(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(LookError, match=r"pip install 'styletune\[look\]'"):
        LookRunner(look, "onnx")
