"""The weights that come with the package."""

import hashlib
import json
import shutil
import socket
from pathlib import Path

import numpy as np
import pytest

from styletune.engine import weights
from styletune.errors import WeightsError
from styletune.networks import NETWORKS

LITE_FILE = weights.PACKAGED / "lite.npz"
LAYERS = NETWORKS["lite"].layers


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_the_file_is_the_one_that_was_taught() -> None:
    noted = (LITE_FILE.parent / "lite.sha256").read_text().split()[0]
    assert hashlib.sha256(LITE_FILE.read_bytes()).hexdigest() == noted


def test_the_file_is_at_most_a_megabyte() -> None:
    assert LITE_FILE.stat().st_size <= 1_000_000


@pytest.mark.usefixtures("no_network")
def test_loading_takes_no_network() -> None:
    loaded = weights.load("lite", None, LAYERS)
    assert [loaded.kernels[layer].shape[3] for layer in LAYERS] == [16, 16, 32, 32, 64, 64, 64, 64]


def test_the_file_says_where_it_comes_from() -> None:
    with np.load(LITE_FILE, allow_pickle=False) as archive:
        provenance = json.loads(str(archive["provenance"]))
    assert {"teacher", "teacher_sha256", "seed", "steps", "errors", "date"} <= set(provenance)
    assert "CC BY 4.0" in provenance["licence"]
    assert set(provenance["errors"]) == set(LAYERS)
    # Half of each layer's energy unexplained would be no teaching at all.
    assert max(provenance["errors"].values()) < 0.5


def test_the_metrics_are_symmetric_and_positive() -> None:
    loaded = weights.load("lite", None, LAYERS)
    for layer, metric in loaded.metrics.items():
        assert metric == pytest.approx(metric.T, abs=1e-6), layer
        assert np.linalg.eigvalsh(metric.astype(np.float64)).min() > -1e-4, layer


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    cut = tmp_path / "lite.npz"
    cut.write_bytes(LITE_FILE.read_bytes()[:5000])
    with pytest.raises(WeightsError, match=r"lite\.npz cannot be read"):
        weights.load("lite", cut, LAYERS)


def test_a_file_with_a_flipped_byte_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "lite.npz"
    data = bytearray(LITE_FILE.read_bytes())
    data[len(data) // 2] ^= 0xFF
    damaged.write_bytes(data)
    with pytest.raises(WeightsError, match=r"lite\.npz cannot be read"):
        weights.load("lite", damaged, LAYERS)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    shutil.copy(LITE_FILE, tmp_path / "lite.npz")
    with np.load(tmp_path / "lite.npz") as archive:
        arrays = {name: archive[name] for name in archive.files}
    arrays["block2_conv1.kernel"] = np.zeros((3, 3, 5, 32), np.float16)
    np.savez(tmp_path / "other.npz", **arrays)
    with pytest.raises(WeightsError, match=r"kernel of `block2_conv1` must have shape \(3, 3, 16"):
        weights.load("lite", tmp_path / "other.npz", LAYERS)
