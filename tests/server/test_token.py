from pathlib import Path

import pytest

from styletune.errors import ConfigError
from styletune.server import token


def test_a_new_token_is_long_and_fits_a_url() -> None:
    assert len({token.new() for _ in range(100)}) == 100
    assert len(token.new()) >= 43
    assert token.check(token.new(), "x")


def test_the_environment_gives_a_token_or_none() -> None:
    assert token.from_environment({}) is None
    assert token.from_environment({"STYLETUNE_TOKEN": ""}) is None
    assert token.from_environment({"STYLETUNE_TOKEN": "abc"}) == "abc"


def test_a_private_file_gives_its_token(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("  secret-1\n")
    path.chmod(0o600)
    assert token.from_file(path) == "secret-1"
    path.chmod(0o400)
    assert token.from_file(str(path)) == "secret-1"


@pytest.mark.checklist(3)
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_can_open_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text("secret-1")
    path.chmod(mode)
    with pytest.raises(ConfigError) as error:
        token.from_file(path)
    assert f"received mode {mode:04o}; run: chmod 600 {path}" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("text", ["", " \n", "two words", "é", "x" * 1025, "a\tb", "a\0b"])
def test_what_is_no_token_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="visible ASCII characters") as error:
        token.from_file(path)
    assert not text.strip() or text.strip() not in str(error.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the token cannot be read: .*No such file"):
        token.from_file(tmp_path / "none")
