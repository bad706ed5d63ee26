"""Where a server is, as people write it."""

from pathlib import Path

import pytest

from styletune.client.address import Address
from styletune.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "base", "token"),
    [
        ("http://localhost:8018", "http://localhost:8018", ""),
        ("localhost:8018", "http://localhost:8018", ""),
        ("http://127.0.0.1:8018/?token=a%2Fb", "http://127.0.0.1:8018", "a/b"),
        ("https://host/styletune/", "https://host/styletune", ""),
        ("wss://host/", "https://host", ""),
        ("ws://[::1]:9", "http://[::1]:9", ""),
    ],
)
def test_addresses_as_people_write_them(url: str, base: str, token: str) -> None:
    address = Address.of(url, environment={})
    assert (address.base, address.token) == (base, token)
    assert address.socket("/ws").startswith("ws")


@pytest.mark.parametrize("url", ["ftp://host", "http://", "http://host:99999", "http://host:x"])
def test_invalid_addresses_are_refused_without_their_token(url: str) -> None:
    with pytest.raises(ConfigError, match="address") as refused:
        Address.of(url + "/?token=secret")
    assert "secret" not in str(refused.value)


def test_a_given_token_precedes_file_address_and_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    file.chmod(0o600)
    environment = {"STYLETUNE_TOKEN": "of-the-environment"}
    url = "http://host/?token=of-the-address"

    def token(**given: object) -> str:
        return Address.of(environment=environment, **given).token  # type: ignore[arg-type]

    assert token(url=url, token="given", token_file=file) == "given"
    assert token(url=url, token_file=file) == "of-the-file"
    assert token(url=url) == "of-the-address"
    assert token() == "of-the-environment"
    assert "given" not in repr(Address.of(token="given"))


def test_a_token_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("secret")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="received mode 0644; run: chmod 600") as refused:
        Address.of(token_file=file)
    assert "secret" not in str(refused.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        Address.of(token_file=tmp_path / "none")
