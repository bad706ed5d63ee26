"""The frozen convolution against the framework's own, its gradient too, by each kernel."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from styletune.engine import convolution
from styletune.engine.convolution import FrozenConvolution
from tests.support.gradients import gradient

pytestmark = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="JAX has its own convolutions"
)


@pytest.fixture(params=["onednn", "onednn, no avx512", "no onednn"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the layers take the machine for: each chooses other kernels."""
    monkeypatch.setattr(convolution, "has_onednn", lambda: request.param != "no onednn")
    monkeypatch.setattr(convolution, "_has_avx512", lambda: request.param == "onednn")
    return str(request.param)


def pair(padding: str, channels: int = 5, filters: int = 7) -> list[layers.Conv2D]:
    """Ours and Keras', with the same filters."""
    rng = np.random.default_rng(0)
    kernel = rng.normal(size=(3, 3, channels, filters)).astype(np.float32)
    bias = rng.normal(size=filters).astype(np.float32)
    made = [
        kind(filters, 3, padding=padding, activation="relu", trainable=False)
        for kind in (FrozenConvolution, layers.Conv2D)
    ]
    for layer in made:
        layer.build((1, None, None, channels))
        layer.set_weights([kernel, bias])
    return made


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("size", [(8, 8), (5, 9)])
def test_a_frozen_convolution_equals_the_frameworks_own(
    machine: str, padding: str, size: tuple[int, int]
) -> None:
    ours, theirs = pair(padding)
    x = np.random.default_rng(1).normal(size=(1, *size, 5)).astype(np.float32)
    expected = ops.convert_to_numpy(theirs(x))
    np.testing.assert_allclose(ops.convert_to_numpy(ours(x)), expected, rtol=1e-4, atol=1e-4)
    weights = np.random.default_rng(2).normal(size=expected.shape).astype(np.float32)
    found, own = (gradient(lambda v, f=f: ops.sum(f(v) * weights), x) for f in (ours, theirs))
    np.testing.assert_allclose(found, own, rtol=1e-4, atol=1e-5 * float(np.abs(own).max()))


def test_wide_layers_go_by_the_kernel_for_backward_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(convolution, "has_onednn", lambda: True)
    monkeypatch.setattr(convolution, "_has_avx512", lambda: True)
    assert pair("same", 5, 7)[0]._forward_kernel
    assert not pair("same", 256, 256)[0]._forward_kernel


def test_a_frozen_convolution_in_half_precision_keeps_its_type(machine: str) -> None:
    layer = FrozenConvolution(4, 3, padding="same", activation="relu", dtype="bfloat16")
    layer.build((1, None, None, 2))
    layer.set_weights([np.ones((3, 3, 2, 4), np.float32), np.zeros(4, np.float32)])
    x = np.ones((1, 4, 4, 2), np.float32)
    assert keras.backend.standardize_dtype(layer(x).dtype) == "bfloat16"
    # Each pixel is in four to nine windows, of four filters.
    found = gradient(lambda v: ops.sum(ops.cast(layer(v), "float32")), x)
    assert found[0, 0, 0, 0] == 16
    assert found[0, 1, 1, 0] == 36
