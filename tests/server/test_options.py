"""The way in, as the command line describes it."""

import socket
import subprocess
from pathlib import Path

import pytest

from styletune.errors import ConfigError, PortInUseError
from styletune.server import options
from styletune.server.auth.origin import public_origin
from styletune.server.options import (
    ServerOptions,
    bind_socket,
    format_host,
    login_url,
    require_token_if_public,
    tls_files,
)


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


def test_base_url_is_what_a_browser_opens(tmp_path: Path) -> None:
    assert ServerOptions().base_url("127.0.0.1", 8018) == "http://127.0.0.1:8018/"
    assert ServerOptions(root_path="/paint").base_url("::1", 80) == "http://[::1]:80/paint/"
    public = public_origin("https://paint.example:8443")
    assert ServerOptions(public=public, root_path="/a/b").base_url("0.0.0.0", 1) == (
        "https://paint.example:8443/a/b/"
    )
    tls = certificate(tmp_path)
    assert ServerOptions(tls=tls).base_url("0.0.0.0", 8018) == "https://localhost:8018/"
    assert login_url("http://x/", "a&b=/") == "http://x/?token=a%26b%3D%2F"


def test_options_do_not_show_tokens() -> None:
    shown = repr(ServerOptions(token="secret-1", view_token="secret-2"))
    assert "secret" not in shown


def test_options_refuse_equal_tokens() -> None:
    with pytest.raises(ConfigError, match="must differ") as error:
        ServerOptions(token="secret", view_token="secret")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("path", ["paint", "/paint/", "//", "/a b", "/ä", "/a?b", "/../x/", "/"])
def test_options_refuse_a_malformed_root_path(path: str) -> None:
    with pytest.raises(ConfigError, match="--root-path"):
        ServerOptions(root_path=path)


def test_tls_key_may_lie_in_the_certificates_file() -> None:
    assert tls_files("a", "b") == (Path("a"), Path("b"))
    assert tls_files("a", None) == (Path("a"), Path("a"))
    assert tls_files(None, None) is None
    with pytest.raises(ConfigError, match="--tls-key needs --tls-cert"):
        tls_files(None, "b")


def test_tls_certificate_is_checked_at_the_start(tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    ServerOptions(tls=(chain, key))
    with pytest.raises(ConfigError, match="no such file; see --tls-cert"):
        ServerOptions(tls=(tmp_path / "none.pem", key))
    with pytest.raises(ConfigError, match="are not a PEM certificate and its key"):
        ServerOptions(tls=(key, chain))
    with pytest.raises(ConfigError, match="are not a PEM certificate and its key"):
        ServerOptions(tls=(chain, chain))


def test_tls_key_with_a_password_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="locked by a password"):
        ServerOptions(tls=certificate(tmp_path, locked=True))


def test_bind_to_any_free_port() -> None:
    with bind_socket("127.0.0.1", 0) as one, bind_socket("127.0.0.1", 0) as two:
        assert one.getsockname()[1] != two.getsockname()[1] != 0
        with socket.create_connection(one.getsockname(), 5):
            pass


def test_bind_to_a_port_in_use() -> None:
    with bind_socket("127.0.0.1", 0) as one:
        port = one.getsockname()[1]
        with pytest.raises(PortInUseError) as error:
            bind_socket("127.0.0.1", port)
        assert f"127.0.0.1:{port}" in str(error.value)
        assert "--port" in str(error.value)
        assert error.value.exit_code == 3
    bind_socket("127.0.0.1", port).close()


def test_bind_to_localhost_is_ipv4() -> None:
    with bind_socket("localhost", 0) as listener:
        assert listener.family == socket.AF_INET


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.7", "a b", "x" * 300])
def test_bind_to_a_foreign_address(host: str) -> None:
    with pytest.raises(ConfigError, match=r"no such address|cannot listen on"):
        bind_socket(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_loopback_needs_no_chosen_token(host: str) -> None:
    require_token_if_public(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example", ""])
def test_public_address_needs_a_chosen_token(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ConfigError, match="STYLETUNE_TOKEN"):
        require_token_if_public(host, None)
    require_token_if_public(host, "mine")
    (told,) = [getattr(record, "fields", {}) for record in caplog.records]
    assert "plain HTTP" in told["message"]
    assert "mine" not in str(told)
    require_token_if_public(host, "mine", encrypted=True)
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("localhost", "localhost"),
        ("::1", "[::1]"),
        ("0.0.0.0", "localhost"),
        ("::", "localhost"),
        ("studio.example", "studio.example"),
    ],
)
def test_host_in_a_url(host: str, url: str) -> None:
    assert format_host(host) == url


def test_new_token_is_long_and_fits_a_url() -> None:
    assert len({options.new_token() for _ in range(100)}) == 100
    assert len(options.new_token()) >= 43
    assert options.check_token(options.new_token(), "x")


def test_token_from_environment() -> None:
    assert options.token_from_environment({}) is None
    assert options.token_from_environment({"STYLETUNE_TOKEN": ""}) is None
    assert options.token_from_environment({"STYLETUNE_TOKEN": "abc"}) == "abc"


def test_token_from_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("  secret-1\n")
    path.chmod(0o600)
    assert options.token_from_file(path) == "secret-1"
    path.chmod(0o400)
    assert options.token_from_file(str(path)) == "secret-1"


@pytest.mark.checklist(3)
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_token_file_that_others_can_read(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "token"
    path.write_text("secret-1")
    path.chmod(mode)
    with pytest.raises(ConfigError) as error:
        options.token_from_file(path)
    assert f"received mode {mode:04o}; run: chmod 600 {path}" in str(error.value)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("text", ["", " \n", "two words", "é", "x" * 1025, "a\tb", "a\0b"])
def test_malformed_token_is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="visible ASCII characters") as error:
        options.token_from_file(path)
    assert not text.strip() or text.strip() not in str(error.value)


def test_token_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the token cannot be read: .*No such file"):
        options.token_from_file(tmp_path / "none")
