"""`styletune doctor` in a process of its own."""

from pathlib import Path

from tests.cli.running import styletune


def test_doctor_lists_what_is_here() -> None:
    done = styletune("doctor", "--port", "0")
    assert done.returncode == 0, done.stderr
    for word in ("backend", "device", "weights of lite", "memory", "port", "midi"):
        assert word in done.stderr
    assert "'.[gpu]'" in done.stderr.replace("\n", "") or "gpu 0" in done.stderr
    assert "Downloading" not in done.stdout + done.stderr


def test_doctor_downloads_nothing() -> None:
    done = styletune("doctor", "--port", "0", "--network", "vgg16")
    assert "Downloading" not in done.stdout + done.stderr
    assert "weights of vgg16" in done.stderr


def test_doctor_fails_where_the_weights_are_missing(tmp_path: Path) -> None:
    done = styletune("doctor", "--port", "0", "--weights", tmp_path / "none.npz")
    assert done.returncode == 1
    assert "no such file" in done.stderr.replace("\n", " ")
