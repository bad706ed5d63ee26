"""`styletune doctor` in a process of its own."""

from pathlib import Path

import numpy as np

from tests.cli.running import styletune, styletune_here
from tests.support.weight_files import random_arrays


def test_doctor_lists_what_is_here() -> None:
    done = styletune("doctor", "--port", "0")
    assert done.returncode == 0, done.stderr
    for word in ("backend", "device", "weights of lite", "memory", "largest size", "port", "midi"):
        assert word in done.stderr
    assert "'.[gpu]'" in done.stderr.replace("\n", "") or "gpu 0" in done.stderr
    assert "Downloading" not in done.stdout + done.stderr


def test_doctor_downloads_nothing() -> None:
    done = styletune_here("doctor", "--port", "0", "--network", "vgg16")
    assert "Downloading" not in done.stdout + done.stderr
    assert "weights of vgg16" in done.stderr


def test_doctor_fails_where_the_weights_are_missing(tmp_path: Path) -> None:
    done = styletune_here("doctor", "--port", "0", "--weights", tmp_path / "none.npz")
    assert done.returncode == 1
    assert "no such file" in done.stderr.replace("\n", " ")


def test_doctor_says_what_a_file_of_weights_holds(tmp_path: Path) -> None:
    file = tmp_path / "VGG.NPZ"
    with file.open("wb") as out:
        np.savez(out, **random_arrays("vgg19", 8))
    done = styletune_here("doctor", file)
    assert done.returncode == 0, done.stderr
    assert "VGG.NPZ: VGG-19 (--network vgg19), the first 8 convolutions" in done.stderr
    assert "backend" not in done.stderr
    file.write_bytes(file.read_bytes()[:5000])
    done = styletune_here("doctor", file)
    assert done.returncode == 1
    assert done.stderr.startswith("styletune: ")
    assert "VGG.NPZ cannot be read: " in done.stderr
    assert done.stderr.count("\n") == 1
    done = styletune_here("doctor", __file__)
    assert done.returncode == 1
    assert "the file must be .npz" in done.stderr
