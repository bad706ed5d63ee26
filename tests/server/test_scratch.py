"""The folder of one run, and what killed runs left."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from styletune.ipc import seqlock
from styletune.server.scratch import scratch, sweep_scratch


@pytest.fixture(autouse=True)
def own_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_it_is_private_and_gone_afterwards() -> None:
    with scratch() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "x.png").write_bytes(b"x")
        assert sweep_scratch() == 0  # while its process lives
    assert not folder.exists()


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    code = (
        "import os, signal\nfrom styletune.server.scratch import scratch\n"
        "with scratch() as folder:\n"
        "    (folder / 'x.png').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) == 1
    assert sweep_scratch() == 1
    assert list(tmp_path.iterdir()) == []
    assert sweep_scratch() == 0


def test_what_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    dead = 2**22 + 1  # above the largest pid that Linux gives
    world = seqlock.namespace_id()
    for name in (
        f"styletune-{world}-{os.getpid()}-abc",
        f"styletune-00000000-{dead}-abc",
        f"styletune-{world}-{dead}",
        f"styletune-{world}-0-abc",
        "styletune-abc",
    ):
        (tmp_path / name).mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"styletune-{world}-{dead}-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / f"styletune-{world}-{dead}-file").write_text("")
    before = set(tmp_path.iterdir())
    assert sweep_scratch() == 0
    assert set(tmp_path.iterdir()) == before
