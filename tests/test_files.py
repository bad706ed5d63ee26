import re
import stat
from pathlib import Path

import pytest

from styletune import files
from styletune.errors import ConfigError


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
