"""The way in, as the command line describes it."""

import subprocess
from pathlib import Path

import pytest

from styletune.errors import ConfigError
from styletune.server.entrance import Entrance, tls_files, with_token
from styletune.server.origin import public_origin


def certificate(folder: Path, *, locked: bool = False) -> tuple[Path, Path]:
    """A certificate for localhost, signed by itself, and its key."""
    key, chain = folder / "key.pem", folder / "cert.pem"
    lock = ["-passout", "pass:secret"] if locked else ["-nodes"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-keyout", key, "-out", chain, "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost,IP:127.0.0.1", *lock],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return chain, key


def test_the_printed_address_is_what_a_browser_must_open(tmp_path: Path) -> None:
    assert Entrance().base("127.0.0.1", 8018) == "http://127.0.0.1:8018/"
    assert Entrance(root_path="/paint").base("::1", 80) == "http://[::1]:80/paint/"
    public = public_origin("https://paint.example:8443")
    assert Entrance(public=public, root_path="/a/b").base("0.0.0.0", 1) == (
        "https://paint.example:8443/a/b/"
    )
    tls = certificate(tmp_path)
    assert Entrance(tls=tls).base("0.0.0.0", 8018) == "https://localhost:8018/"
    assert with_token("http://x/", "a&b=/") == "http://x/?token=a%26b%3D%2F"


def test_the_tokens_do_not_show_when_it_is_printed() -> None:
    shown = repr(Entrance(token="secret-1", view_token="secret-2"))
    assert "secret" not in shown


def test_both_tokens_must_differ() -> None:
    with pytest.raises(ConfigError, match="must differ") as error:
        Entrance(token="secret", view_token="secret")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("path", ["paint", "/paint/", "//", "/a b", "/ä", "/a?b", "/../x/", "/"])
def test_a_crooked_root_path_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="--root-path"):
        Entrance(root_path=path)


def test_a_key_may_lie_in_the_certificates_file() -> None:
    assert tls_files("a", "b") == (Path("a"), Path("b"))
    assert tls_files("a", None) == (Path("a"), Path("a"))
    assert tls_files(None, None) is None
    with pytest.raises(ConfigError, match="--tls-key needs --tls-cert"):
        tls_files(None, "b")


def test_a_certificate_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    Entrance(tls=(chain, key))
    with pytest.raises(ConfigError, match="no such file; see --tls-cert"):
        Entrance(tls=(tmp_path / "none.pem", key))
    with pytest.raises(ConfigError, match="are not a PEM certificate and its key"):
        Entrance(tls=(key, chain))
    with pytest.raises(ConfigError, match="are not a PEM certificate and its key"):
        Entrance(tls=(chain, chain))


def test_a_locked_key_is_told_instead_of_asking_on_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="locked by a password"):
        Entrance(tls=certificate(tmp_path, locked=True))
