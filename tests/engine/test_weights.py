"""Weights: every kind of file, only the layers that are there, errors with the remedy."""

from pathlib import Path

import keras
import numpy as np
import pytest

from styletune.engine import weights
from styletune.engine.vgg import FeatureExtractor
from styletune.errors import WeightsError
from styletune.networks import NETWORKS
from tests.support.small_painter import picture

SHARED = Path(__file__).parents[3] / "shared" / "weights" / "vgg19_imagenet_blocks1-3.npz"
FIRST = NETWORKS["vgg16"].layers[:2]


@pytest.fixture(scope="module")
def vgg16() -> keras.Model:
    """Keras' own VGG-16 with seeded random weights."""
    keras.utils.set_random_seed(3)
    return keras.applications.VGG16(include_top=False, weights=None)


def arrays(model: keras.Model, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    found = {}
    for name in names:
        kernel, bias = model.get_layer(name).get_weights()
        found |= {f"{name}.kernel": kernel, f"{name}.bias": bias}
    return found


@pytest.fixture(scope="module", params=["npz", "h5", "weights.h5", "keras"])
def file(request: pytest.FixtureRequest, vgg16: keras.Model, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / f"vgg.{request.param}"
    if request.param == "npz":
        np.savez(path, **arrays(vgg16, FIRST))
    elif request.param == "h5":
        # The layout of Keras' published files: <layer>/<layer>_W_1:0 or <layer>/<layer>/kernel:0.
        import h5py

        with h5py.File(path, "w") as out:
            for name, array in arrays(vgg16, FIRST).items():
                layer, _, kind = name.partition(".")
                out[f"{layer}/{layer}_{'W' if kind == 'kernel' else 'b'}_1:0"] = array
    elif request.param == "weights.h5":
        vgg16.save_weights(path)
    else:
        vgg16.save(path)
    return path


def test_every_kind_of_file_gives_the_same_kernels(file: Path, vgg16: keras.Model) -> None:
    found = weights.load("vgg16", file, FIRST)
    for name in FIRST:
        kernel, bias = vgg16.get_layer(name).get_weights()
        np.testing.assert_array_equal(found.kernels[name], kernel)
        np.testing.assert_array_equal(found.biases[name], bias)


def test_features_equal_those_of_keras_applications(vgg16: keras.Model, tmp_path: Path) -> None:
    played = ("block1_conv2", "block3_conv3", "block5_conv1")
    names = NETWORKS["vgg16"].layers[:11]
    np.savez(tmp_path / "v.npz", **arrays(vgg16, names))
    found = weights.load("vgg16", tmp_path / "v.npz", names)
    ours = FeatureExtractor("vgg16", played, found, padding="zero")
    pixels = picture(48, 64, seed=5).astype(np.float32)[None]
    theirs = keras.Model(vgg16.input, [vgg16.get_layer(name).output for name in played])
    expected = theirs(keras.applications.vgg16.preprocess_input(pixels.copy()))
    for got, want in zip(ours(pixels), expected, strict=True):
        want = keras.ops.convert_to_numpy(want)
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(got), want, atol=1e-4 * float(np.abs(want).max())
        )


def test_a_file_of_the_first_blocks_serves_the_layers_that_it_holds(
    vgg16: keras.Model, tmp_path: Path
) -> None:
    np.savez(tmp_path / "v.npz", **arrays(vgg16, FIRST))
    assert set(weights.load("vgg16", tmp_path / "v.npz", FIRST).kernels) == set(FIRST)
    with pytest.raises(WeightsError, match="hold no `block2_conv1`; they hold block1_conv1, block"):
        weights.load("vgg16", tmp_path / "v.npz", NETWORKS["vgg16"].layers[:3])


def test_damaged_missing_and_foreign_files_are_refused(vgg16: keras.Model, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        weights.load("vgg16", tmp_path / "nowhere.npz", FIRST)
    for name in ("torn.npz", "torn.h5", "torn.keras"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 not a file of weights")
        with pytest.raises(WeightsError, match="cannot be read"):
            weights.load("vgg16", tmp_path / name, FIRST)
    (tmp_path / "weights.txt").write_text("no")
    with pytest.raises(WeightsError, match=r"must be \.npz, \.h5, \.weights\.h5 or \.keras"):
        weights.load("vgg16", tmp_path / "weights.txt", FIRST)
    good = arrays(vgg16, FIRST)
    np.savez(tmp_path / "shape.npz", **good | {"block1_conv2.kernel": np.zeros((3, 3, 5, 64))})
    with pytest.raises(WeightsError, match=r"`block1_conv2` must have shape \(3, 3, 64, n\)"):
        weights.load("vgg16", tmp_path / "shape.npz", FIRST)
    np.savez(tmp_path / "nan.npz", **good | {"block1_conv2.bias": np.full(64, np.nan)})
    with pytest.raises(WeightsError, match="not finite"):
        weights.load("vgg16", tmp_path / "nan.npz", FIRST)
    np.savez(tmp_path / "pickle.npz", a=np.array([{}], dtype=object))
    with pytest.raises(WeightsError, match=r"hold no `block1_conv1`|cannot be read"):
        weights.load("vgg16", tmp_path / "pickle.npz", FIRST)


def test_random_filters_are_seeded_and_labelled() -> None:
    first, again, other = (weights.random_filters("lite", seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.kernels["block3_conv4"], again.kernels["block3_conv4"])
    assert not np.array_equal(first.kernels["block1_conv1"], other.kernels["block1_conv1"])
    assert "random" in first.label
    first.require("lite", NETWORKS["lite"].layers)


@pytest.mark.skipif(weights.cached("vgg19") is not None, reason="VGG-19 is in Keras' cache here")
def test_vgg_that_cannot_be_had_names_file_place_and_the_way_without(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import socket

    def offline(*_: object) -> None:
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", offline)
    monkeypatch.setattr(socket, "getaddrinfo", offline)
    with pytest.raises(WeightsError) as caught:
        weights.load("vgg19", None, NETWORKS["vgg19"].layers[:1])
    said = str(caught.value)
    assert "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5" in said
    assert "--weights FILE" in said
    assert "--network lite" in said


@pytest.mark.skipif(
    not SHARED.is_file(), reason="needs ImageNet weights of VGG-19 beside the clone"
)
def test_real_vgg19_weights_of_three_blocks_load() -> None:
    found = weights.load("vgg19", SHARED, NETWORKS["vgg19"].layers[:8])
    assert found.kernels["block3_conv4"].shape == (3, 3, 256, 256)
