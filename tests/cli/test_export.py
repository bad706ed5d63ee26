"""`styletune export`: the network elsewhere paints as Keras does."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from styletune.cli.main import main

Inputs = dict[str, npt.NDArray[np.float32]]


@pytest.fixture(scope="module")
def network(look_path: Path) -> Any:
    from styletune.looks.keras_model import read_model

    return read_model(look_path)


@pytest.fixture(scope="module")
def inputs(network: Any) -> Inputs:
    """Of one picture, 48 × 32, and a desk that does not stand in the middle."""
    rng = np.random.default_rng(0)
    inputs: Inputs = {
        tensor.name: rng.uniform(0, 1, (1, tensor.shape[-1])).astype(np.float32)
        for tensor in network.inputs
    }
    inputs["picture"] = rng.uniform(0, 255, (1, 32, 48, 3)).astype(np.float32)
    inputs["shared_statistics"][:] = 0
    return inputs


@pytest.fixture(scope="module")
def painted(network: Any, inputs: Inputs) -> npt.NDArray[np.float32]:
    return np.asarray(network(inputs))


def test_saved_model(
    look_path: Path, tmp_path: Path, inputs: Inputs, painted: npt.NDArray[np.float32]
) -> None:
    import tensorflow as tf

    out = tmp_path / "look"
    assert main(["export", str(look_path), "--to", "saved_model", "-o", str(out)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["look"]
    loaded = tf.saved_model.load(str(out))
    assert np.abs(loaded.serve(inputs).numpy() - painted).max() <= 1


def test_onnx(
    look_path: Path, tmp_path: Path, inputs: Inputs, painted: npt.NDArray[np.float32]
) -> None:
    import onnxruntime

    out = tmp_path / "look.onnx"
    assert main(["export", str(look_path), "--to", "onnx", "-o", str(out)]) == 0
    session = onnxruntime.InferenceSession(out, providers=["CPUExecutionProvider"])
    assert np.abs(session.run(None, inputs)[0] - painted).max() <= 1


@pytest.mark.long
def test_litert(
    look_path: Path, tmp_path: Path, inputs: Inputs, painted: npt.NDArray[np.float32]
) -> None:
    import tensorflow as tf

    out = tmp_path / "look.tflite"
    words = ["export", str(look_path), "--to", "litert", "-o", str(out), "--size", "48x32"]
    assert main(words) == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it moves to a package of its own
        interpreter = tf.lite.Interpreter(str(out))
    result = interpreter.get_signature_runner()(**inputs)
    assert np.abs(next(iter(result.values())) - painted).max() <= 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["onnx", "-o", "look.tflite"], "onnx is written as .onnx; received 'look.tflite'"),
        (["saved_model", "-o", "."], "is there already"),
        (["onnx", "-o", "no/such/look.onnx"], "does not exist"),
        (["litert", "-o", "look.tflite", "--size", "50x32"], "multiples of 4 from 16 on"),
    ],
)
def test_mistake(
    look_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(look_path), "--to", *words]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
