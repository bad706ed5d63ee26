"""Devices by name, and how near the rounded networks come."""

import keras
import numpy as np
import pytest

from styletune.engine import backend
from styletune.engine.painter import Painter
from styletune.errors import DeviceError
from tests.support.small_painter import fresh_painter, small_painter, small_session


def test_the_processor_can_be_asked_for_by_name() -> None:
    if backend.gpus():
        pytest.skip("this machine has a GPU, and a process chooses its device once")
    for name in ("auto", "cpu"):
        backend.configure(name)
        assert backend.describe().startswith("CPU")


def test_a_gpu_that_is_not_there_is_an_error_with_a_way_out() -> None:
    if backend.gpus():
        pytest.skip("this machine has a GPU")
    with pytest.raises(DeviceError, match=r"there is no gpu:3: .* finds none; use --device cpu"):
        backend.configure("gpu:3")


def test_keras_own_settings_change_nothing() -> None:
    keras.config.set_image_data_format("channels_first")
    keras.config.set_floatx("float16")
    backend.configure()
    assert keras.config.image_data_format() == "channels_last"
    assert keras.config.floatx() == "float32"


def gradient(painter: Painter) -> np.ndarray:
    """Of all terms together on the content picture: the first moment of one step."""
    painter.reset()
    painter.run(1)
    return painter.state().momentum.astype(np.float64).reshape(-1)


@pytest.mark.parametrize(
    ("precision", "cosine", "off"), [("bfloat16", 0.97, 0.1), ("float16", 0.999, 0.01)]
)
def test_a_rounded_network_pulls_almost_the_same_way(
    precision: str, cosine: float, off: float
) -> None:
    exact = fresh_painter()
    rounded = small_painter(small_session(engine={"precision": precision}))
    for painter in (exact, rounded):
        painter.calibrate()
    a, b = gradient(exact), gradient(rounded)
    assert a @ b / np.linalg.norm(a) / np.linalg.norm(b) > cosine
    np.testing.assert_allclose(rounded.losses().raw["style"], exact.losses().raw["style"], rtol=off)
    assert rounded.pixels().dtype == np.float32


def test_tf32_is_float32_where_there_is_no_gpu() -> None:
    if backend.gpus():
        pytest.skip("this machine has a GPU")
    a, b = fresh_painter(), small_painter(small_session(engine={"precision": "tf32"}))
    np.testing.assert_array_equal(gradient(a), gradient(b))
