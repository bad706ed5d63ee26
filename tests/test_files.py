import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

from styletune import files
from styletune.errors import ConfigError
from styletune.files import remove_stale_temporaries, write_atomically, write_bytes_atomically


def test_the_page_and_the_configurations_are_found() -> None:
    assert (files.web_folder() / "index.html").is_file()
    assert (files.configs_folder() / "controllers" / "nanokontrol2.toml").is_file()


def test_a_private_folder_is_nobody_elses_even_if_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "sessions" / "default"
    for mode in (None, 0o755):
        if mode is not None:
            folder.chmod(mode)
        files.make_private_folder(folder)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_package_comes_before_the_checkout(tmp_path: Path) -> None:
    package = tmp_path / "styletune"
    (tmp_path / "web").mkdir()
    package.mkdir()
    assert files._folder("web", package) == tmp_path / "web"
    (package / "web").mkdir()
    assert files._folder("web", package) == package / "web"


def test_a_missing_folder_is_an_error_that_names_both_places(tmp_path: Path) -> None:
    package = tmp_path / "styletune"
    with pytest.raises(ConfigError) as error:
        files._folder("web", package)
    assert str(package / "web") in str(error.value)
    assert str(tmp_path / "web") in str(error.value)


def test_the_page_asks_beside_itself_so_that_a_proxy_may_put_it_anywhere() -> None:
    for path in sorted(files.web_folder().glob("*.*")):
        if path.suffix in (".js", ".html"):
            absolute = re.findall(r"""["'`]/(?:api|web|ws|frames|stage)\b""", path.read_text())
            assert not absolute, path.name


def test_a_name_that_the_locale_cannot_decode_is_still_text() -> None:
    assert files.printable("plain é 猫") == "plain é 猫"
    assert files.printable("caf\udcc3\udca9") == "café"  # UTF-8 in an ASCII locale
    assert files.printable("caf\udce9") == "caf\ufffd"  # Latin-1 bytes
    assert files.printable("caf\ud800") == "caf?"


def leftover(folder: Path, name: str, age_s: float = 60) -> Path:
    path = folder / name
    path.write_bytes(b"x" * 99)
    os.utime(path, (time.time() - age_s,) * 2)
    return path


def test_what_killed_writers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from styletune.files import write_atomically\n"
        "def fill(file):\n    file.write(b'x' * 99)\n    os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_atomically(Path(sys.argv[1]), fill)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run.json")])
    assert killed.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert remove_stale_temporaries(tmp_path.rglob(".*")) == 0  # too new to be certain
    os.utime(left, (0, 0))
    (tmp_path / "deep").mkdir()
    leftover(tmp_path / "deep", ".checkpoint-000000001.npz.abcd_123")
    kept = [
        leftover(tmp_path, ".new.json.abcd1234", age_s=0),
        leftover(tmp_path, "run.json.abcd1234"),
        leftover(tmp_path, ".run.json.ABCD1234"),
        leftover(tmp_path, ".run.json"),
        leftover(tmp_path, "run.json"),
    ]
    (tmp_path / ".link.json.abcd1234").symlink_to(kept[-1])
    (tmp_path / ".folder.json.abcd1234").mkdir()

    def fill(file: IO[bytes]) -> None:
        os.utime(file.name, (0, 0))  # a disk may be as slow as that
        assert remove_stale_temporaries(tmp_path.rglob(".*")) == 2
        file.write(b"whole")

    write_atomically(tmp_path / "live.json", fill)
    assert (tmp_path / "live.json").read_bytes() == b"whole"
    assert all(path.exists() for path in kept)
    assert (tmp_path / ".link.json.abcd1234").exists()


def test_a_write_removes_what_an_earlier_one_of_the_same_file_left(tmp_path: Path) -> None:
    gone, other = leftover(tmp_path, ".a[1].png.abcd1234"), leftover(tmp_path, ".b.png.abcd1234")
    write_bytes_atomically(tmp_path / "a[1].png", b"x")
    assert not gone.exists()
    assert other.exists()
