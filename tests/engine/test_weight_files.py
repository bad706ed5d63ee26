"""Weights as Keras 2, Keras 3 and PyTorch save them: the model's own, and the right network's."""

import pickle
from collections import OrderedDict
from operator import attrgetter
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from styletune.engine import weights
from styletune.engine.vgg import FeatureExtractor
from styletune.errors import WeightsError
from styletune.networks import NETWORKS, network_title
from tests.support.small_painter import picture
from tests.support.weight_files import (
    Arrays,
    keras_model,
    nested,
    random_arrays,
    save_torch,
    state_dict,
    torchvision_names,
    train,
)

pytestmark = pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
VGG = random_arrays("vgg19", 3)
LAYERS = NETWORKS["vgg19"].layers


def assert_same(file: Path, arrays: Arrays, network: str = "vgg19") -> None:
    names = [name.removesuffix(".kernel") for name in arrays if name.endswith(".kernel")]
    found = weights.load(network, file, names)
    assert list(found.kernels) == names
    for name in names:
        np.testing.assert_array_equal(found.kernels[name], arrays[f"{name}.kernel"], name)
        np.testing.assert_array_equal(found.biases[name], arrays[f"{name}.bias"], name)


# ------------------------------------------------------------------- Keras


# Which optimizer, whether its layers have VGG's names, all but the last are frozen, and the model
# lies in another one. Keras 2 has had two forms of moments in its files.
@pytest.mark.parametrize(
    ("version", "optimizer", "named", "frozen", "inner"),
    [
        ("tf_keras", "Adam", True, True, False),
        ("tf_keras", "SGD", False, True, True),
        ("tf_keras", "legacy.Adam", False, False, False),
        ("tf_keras", "legacy.SGD", True, False, True),
        ("keras", "Adam", True, True, False),
        ("keras", "SGD", False, True, True),
    ],
)
def test_a_saved_model_gives_its_kernels_and_never_its_moments(
    version: str, optimizer: str, named: bool, frozen: bool, inner: bool, tmp_path: Path
) -> None:
    library = pytest.importorskip(version, reason="Keras 2 is not installed: pip install '.[test]'")
    kind = attrgetter(optimizer)(library.optimizers)
    model = keras_model(library, VGG, named=named, frozen=frozen)
    model = nested(library, model) if inner else model
    train(model, kind(momentum=0.9) if "SGD" in optimizer else kind())
    for ending in (".h5", ".keras"):
        model.save(tmp_path / f"model{ending}")
        assert_same(tmp_path / f"model{ending}", VGG)
    for ending in (".weights.h5", ".h5")[: 1 + (version == "tf_keras")]:
        model.save_weights(tmp_path / f"v{ending}")
        assert_same(tmp_path / f"v{ending}", VGG)


def test_numbered_layers_are_read_in_their_order(tmp_path: Path) -> None:
    channels = 3
    with h5py.File(tmp_path / "of.weights.h5", "w") as file:
        for number, row in enumerate(NETWORKS["vgg19"].convolutions[:12]):
            layer = f"layers/functional/layers/conv2d_{number + 7}/vars"
            file[f"{layer}/0"] = np.full((3, 3, channels, row.channels), number, np.float16)
            file[f"{layer}/1"] = np.full(row.channels, number, np.float16)
            channels = row.channels
    found = weights.read("vgg19", tmp_path / "of.weights.h5")
    assert [kernel.flat[0] for kernel in found.kernels.values()] == list(range(12))
    assert [bias[0] for bias in found.biases.values()] == list(range(12))


def test_moments_are_ignored_where_the_file_does_not_say_what_is_the_models(
    tmp_path: Path,
) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        for name, array in VGG.items():
            layer, _, part = name.partition(".")
            file[f"{layer}/{layer}/{part}:0"] = array
            file[f"optimizer_weights/training/Adam/{layer}/{part}/m:0"] = array * 0
            file[f"optimizer/Adam/{layer}/{part}/v:0"] = array * 0
    assert_same(tmp_path / "v.h5", VGG)


def test_the_layers_are_those_that_the_file_names(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        for name, array in VGG.items():
            layer, _, part = name.partition(".")
            file[f"{layer}/{layer}/{part}:0"] = array
            file[f"an old {layer}/{layer}/{part}:0"] = array * 0
        # Keras splits lists that are too long for HDF5.
        file.attrs["layer_names0"] = np.array([b"block2_conv1"])
        file.attrs["layer_names1"] = np.array([b"block1_conv1", b"block1_conv2"])
        file["block1_conv2"].attrs["weight_names"] = [
            "block1_conv2/bias:0",
            "block1_conv2/kernel:0",
        ]
    assert_same(tmp_path / "v.h5", VGG)


def test_names_that_tensorflow_numbered_are_those_of_their_layers(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        for name, array in VGG.items():
            layer, _, part = name.partition(".")
            file[f"vgg19/{layer}_1/{part}:0"] = array
    assert_same(tmp_path / "v.h5", VGG)


@pytest.mark.parametrize("second", ["block1_conv1/Adam/kernel:0", "b/block1_conv1/kernel:0"])
def test_two_arrays_for_one_place_are_refused(tmp_path: Path, second: str) -> None:
    with h5py.File(tmp_path / "v.h5", "w") as file:
        for name, array in VGG.items():
            layer, _, part = name.partition(".")
            file[f"{layer}/{part}:0"] = array
        file[second] = VGG["block1_conv1.kernel"]
    with pytest.raises(WeightsError, match=r"v\.h5: it holds two kernels for `block1_conv1`"):
        weights.load("vgg19", tmp_path / "v.h5", LAYERS[:1])
    with h5py.File(tmp_path / "v.h5", "a") as file:
        del file[second]
        file["block1_conv1/kernel_m:0"] = VGG["block1_conv1.kernel"]
    with pytest.raises(WeightsError, match="two arrays for one place of `block1_conv1`"):
        weights.load("vgg19", tmp_path / "v.h5", LAYERS[:1])


def test_arrays_of_two_kinds_for_one_place_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", **VGG, conv1_1_W=VGG["block1_conv1.kernel"])
    with pytest.raises(WeightsError, match="two arrays for the kernel of `block1_conv1`"):
        weights.load("vgg19", tmp_path / "v.npz", LAYERS[:1])


def test_quantised_kernels_are_refused(tmp_path: Path) -> None:
    whole = {name: (array * 30).astype(np.int8) for name, array in VGG.items()}
    np.savez(tmp_path / "v.npz", **whole)
    with pytest.raises(WeightsError, match="`block1_conv1` must be of floating-point numbers"):
        weights.load("vgg19", tmp_path / "v.npz", LAYERS[:1])


# ---------------------------------------------------------------- identity


def save(kind: str, network: str, count: int, folder: Path) -> Path:
    arrays, path = random_arrays(network, count), folder / f"{network}{count}.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
    elif kind == "pth":
        save_torch(path, state_dict(arrays, torchvision_names(network, count)))
    else:
        with h5py.File(path, "w") as file:  # of Keras 3 before it kept the layers' names
            for number in range(count):
                layer = f"layers/conv2d_{number}" if number else "layers/conv2d"
                name = NETWORKS[network].layers[number]
                file[f"{layer}/vars/0"] = arrays[f"{name}.kernel"]
                file[f"{layer}/vars/1"] = arrays[f"{name}.bias"]
    return path


@pytest.mark.parametrize("kind", ["npz", "pth", "weights.h5"])
def test_the_file_of_another_network_says_which_it_is(kind: str, tmp_path: Path) -> None:
    vgg16, vgg19 = save(kind, "vgg16", 8, tmp_path), save(kind, "vgg19", 8, tmp_path)
    lite = save(kind, "lite", 8, tmp_path)
    first = LAYERS[:1]
    with pytest.raises(WeightsError, match="this is VGG-19; use --network vgg19"):
        weights.load("vgg16", vgg19, first)
    with pytest.raises(WeightsError, match="this is VGG-16; use --network vgg16"):
        weights.load("vgg19", vgg16, first)
    with pytest.raises(WeightsError, match="this is lite; use --network lite"):
        weights.load("vgg19", lite, first)
    with pytest.raises(WeightsError, match="this is VGG-19; use --network vgg19"):
        weights.load("lite", vgg19, first)
    for network, file in (("vgg16", vgg16), ("vgg19", vgg19), ("lite", lite)):
        assert weights.load(network, file, first).kernels
        assert weights.describe(file).startswith(network_title(network))


def test_what_is_alike_in_both_serves_both(tmp_path: Path) -> None:
    file = save("npz", "vgg16", 4, tmp_path)
    for network in ("vgg16", "vgg19"):
        assert len(weights.load(network, file, LAYERS[:4]).kernels) == 4
    assert weights.describe(file).startswith(
        "VGG-16 (--network vgg16) or VGG-19 (--network vgg19), the first 4 convolutions"
    )


def test_three_blocks_of_vgg16_are_not_vgg19s(tmp_path: Path) -> None:
    file = save("npz", "vgg16", 7, tmp_path)
    with pytest.raises(WeightsError, match="this is VGG-16; use --network vgg16"):
        weights.load("vgg19", file, LAYERS[:7])


@pytest.mark.parametrize(
    ("network", "first"),
    [("vgg16", (0.42947057, 0.55037946, 0.4800154)), ("vgg19", (0.3411952, 0.4641837, 0.394167))],
)
def test_published_weights_are_known_by_their_first_filter(
    network: str, first: tuple[float, ...], tmp_path: Path
) -> None:
    other = "vgg16" if network == "vgg19" else "vgg19"
    for values in (first, first[::-1]):
        kernel = VGG["block1_conv1.kernel"].copy()
        kernel[0, 0, :, 0] = values
        bias = VGG["block1_conv1.bias"]
        np.savez(tmp_path / "v.npz", **{"conv1_1_W": kernel, "conv1_1_b": bias})
        found = weights.load(network, tmp_path / "v.npz", LAYERS[:1])
        np.testing.assert_allclose(found.kernels["block1_conv1"][0, 0, :, 0], first, rtol=1e-6)
        np.testing.assert_allclose(found.biases["block1_conv1"], bias, rtol=1e-6)
        with pytest.raises(WeightsError, match=f"use --network {network}"):
            weights.load(other, tmp_path / "v.npz", LAYERS[:1])


def test_other_networks_are_refused(tmp_path: Path) -> None:
    shapes = {0: (64, 3, 3, 3), 3: (128, 64, 3, 3)}  # VGG-11
    arrays = {f"features.{n}.weight": np.ones(shape) for n, shape in shapes.items()}
    save_torch(tmp_path / "vgg11.pth", arrays)
    with pytest.raises(WeightsError, match=r"not VGG-19, nor another .* 3×3×3×64, 3×3×64×128$"):
        weights.load("vgg19", tmp_path / "vgg11.pth", LAYERS[:1])
    save_torch(tmp_path / "other.pth", {"fc.weight": np.ones((4, 4))})
    with pytest.raises(WeightsError, match="hold no `block1_conv1` nor any other layer of VGG"):
        weights.load("vgg19", tmp_path / "other.pth", LAYERS[:1])
    with pytest.raises(WeightsError, match="no convolution of VGG"):
        weights.describe(tmp_path / "other.pth")


def test_batch_normalisation_is_refused(tmp_path: Path) -> None:
    state = state_dict(VGG, {"block1_conv1": "features.0", "block1_conv2": "features.3"})
    for number in (1, 4):
        for part in ("weight", "bias", "running_mean", "running_var"):
            state[f"features.{number}.{part}"] = np.ones(64)
    save_torch(tmp_path / "vgg19_bn.pth", state)
    with pytest.raises(WeightsError, match="with batch normalisation"):
        weights.load("vgg19", tmp_path / "vgg19_bn.pth", LAYERS[:2])


# ---------------------------------------------------------------- damage


def test_zeros_where_a_download_was_cut_short_are_refused(tmp_path: Path) -> None:
    kernel = VGG["block2_conv1.kernel"].copy()
    kernel[2, 2, 60:] = 0
    np.savez(tmp_path / "v.npz", **VGG | {"block2_conv1.kernel": kernel})
    with pytest.raises(WeightsError, match="`block2_conv1` holds zeros"):
        weights.load("vgg19", tmp_path / "v.npz", LAYERS[:3])
    with pytest.raises(WeightsError, match="`block2_conv1` holds zeros"):
        weights.describe(tmp_path / "v.npz")


@pytest.mark.parametrize("kind", ["npz", "h5", "keras", "pth", "legacy.pth"])
def test_each_damaged_file_is_one_sentence(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"v.{kind}"
    if kind in ("npz",):
        np.savez(file, **VGG)
    elif "pth" in kind:
        names = torchvision_names("vgg19", 3)
        save_torch(file, state_dict(VGG, names), legacy=kind.startswith("legacy"))
    else:
        keras_model(keras, VGG).save(file)
    good = file.read_bytes()
    zeros = bytes(len(good) // 2)
    html = b"<!DOCTYPE html><html>Not Found</html>"
    for data in (b"", good[: len(good) // 2], good[: len(good) // 2] + zeros, html, zeros):
        file.write_bytes(data)
        for read in (
            lambda: weights.load("vgg19", file, LAYERS[:3]),
            lambda: weights.describe(file),
        ):
            with pytest.raises(WeightsError) as caught:
                read()
            assert "\n" not in str(caught.value)
            assert file.name in str(caught.value)


# ----------------------------------------------------------------- colours


PIXELS = picture(12, 16, seed=5)


def features(file: Path, padding: str, count: int = 3) -> np.ndarray:
    found = weights.load("vgg19", file, LAYERS[:count])
    network = FeatureExtractor("vgg19", [LAYERS[count - 1]], found, padding=padding)
    return keras.ops.convert_to_numpy(network(PIXELS.astype(np.float32)[None])[0])[0]


def by_hand(inputs: np.ndarray, mode: str, count: int = 3) -> np.ndarray:
    """The same in plain NumPy, from what the network was trained on.

    Args:
        mode: of the border of the first layer, as in `numpy.pad`.
    """
    x = inputs.astype(np.float64)
    for number, row in enumerate(NETWORKS["vgg19"].convolutions[:count]):
        if row.pool_before:
            x = x.reshape(x.shape[0] // 2, 2, x.shape[1] // 2, 2, -1).max((1, 3))
        padded = np.pad(x, ((1, 1), (1, 1), (0, 0)), "constant" if number else mode)
        patches = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (0, 1))
        kernel, bias = VGG[f"{row.name}.kernel"], VGG[f"{row.name}.bias"]
        x = np.maximum(np.einsum("hwcij,ijco->hwo", patches, kernel, optimize=True) + bias, 0)
    return x


RGB = PIXELS.astype(np.float64)
CAFFE = (RGB - (123.68, 116.779, 103.939))[..., ::-1]
TORCHVISION = (RGB / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
SSD = RGB - 255 * np.array((0.48235, 0.45882, 0.40784))
NAMES = torchvision_names("vgg19", 3)
CAFFES_NAMES = {name: name.replace("block", "conv").replace("_conv", "_") for name in NAMES}


def torchs_adain() -> Arrays:
    """A normalised VGG as AdaIN has it: the first convolution makes BGR of RGB 0..1."""
    first = {
        "0.weight": np.eye(3)[::-1, :, None, None] * 255,
        "0.bias": -np.array((103.939, 116.779, 123.68)),
    }
    return first | state_dict(VGG, dict(zip(NAMES, ("2", "5", "9"), strict=True)))


@pytest.mark.parametrize("padding", ["zero", "replicate"])
@pytest.mark.parametrize(
    ("name", "state", "inputs"),
    [
        ("vgg19-dcbb9e9d.pth", state_dict(VGG, NAMES), TORCHVISION),
        ("vgg19-d01eb7cb.pth", state_dict(VGG, NAMES), CAFFE),
        ("vgg16-88682ab5.pth", state_dict(VGG, NAMES), SSD),
        ("vgg_conv.pth", state_dict(VGG, CAFFES_NAMES), CAFFE),
        ("vgg_normalised.pth", torchs_adain(), CAFFE),
    ],
    ids=["torchvision", "of Caffe", "of SSD", "Gatys", "AdaIN"],
)  # fmt: skip
def test_features_are_those_that_pytorch_computes(
    name: str, state: Arrays, inputs: np.ndarray, padding: str, tmp_path: Path
) -> None:
    file = save_torch(tmp_path / name, OrderedDict(state))
    want = by_hand(inputs, "constant" if padding == "zero" else "edge")
    np.testing.assert_allclose(features(file, padding), want, atol=2e-5 * want.max())


def test_vgg16_weights_npz_takes_rgb_less_the_means(tmp_path: Path) -> None:
    arrays = {
        f"{theirs}_{short}": VGG[f"{ours}.{long}"]
        for ours, theirs in CAFFES_NAMES.items()
        for long, short in {"kernel": "W", "bias": "b"}.items()
    }
    np.savez(tmp_path / "vgg16_weights.npz", **arrays, fc6_W=np.ones((4, 4)))
    want = by_hand(CAFFE[..., ::-1], "edge")
    got = features(tmp_path / "vgg16_weights.npz", "replicate")
    np.testing.assert_allclose(got, want, atol=2e-5 * want.max())


# ----------------------------------------------------------------- PyTorch


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_both_formats_and_checkpoints_of_trainings_are_read(
    legacy: bool, prefix: str, tmp_path: Path
) -> None:
    state = {prefix + name: array for name, array in state_dict(VGG, NAMES).items()}
    moments = {"state": {0: {"exp_avg": VGG["block1_conv1.kernel"] * 0}}}
    saved = {"epoch": 3, "state_dict": OrderedDict(state), "optimizer": moments}
    file = save_torch(tmp_path / "v.pth", saved, legacy=legacy)
    found = weights.load("vgg19", file, LAYERS[:3])
    for name in LAYERS[1:3]:
        np.testing.assert_array_equal(found.kernels[name], VGG[f"{name}.kernel"])


def test_nothing_in_a_file_is_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "was run",)

    file = save_torch(tmp_path / "v.pth", {"features.0.weight": Evil()})
    with pytest.raises(WeightsError, match="which is code and not weights"):
        weights.load("vgg19", file, LAYERS[:1])
    file.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(WeightsError, match="which is code"):
        weights.load("vgg19", file, LAYERS[:1])
    assert not (tmp_path / "was run").exists()
