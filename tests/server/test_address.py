import socket

import pytest

from styletune.errors import ConfigError, PortInUseError
from styletune.server.address import check_exposure, listen, shown


def test_port_0_is_any_free_port() -> None:
    with listen("127.0.0.1", 0) as one, listen("127.0.0.1", 0) as two:
        assert one.getsockname()[1] != two.getsockname()[1] != 0
        with socket.create_connection(one.getsockname(), 5):
            pass


def test_a_port_in_use_is_told_with_the_remedy() -> None:
    with listen("127.0.0.1", 0) as one:
        port = one.getsockname()[1]
        with pytest.raises(PortInUseError) as error:
            listen("127.0.0.1", port)
        assert f"127.0.0.1:{port}" in str(error.value)
        assert "--port" in str(error.value)
        assert error.value.exit_code == 3
    listen("127.0.0.1", port).close()


def test_localhost_is_ipv4() -> None:
    with listen("localhost", 0) as listener:
        assert listener.family == socket.AF_INET


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.7", "a b", "x" * 300])
def test_an_address_of_somebody_else_is_refused(host: str) -> None:
    with pytest.raises(ConfigError, match=r"no such address|cannot listen on"):
        listen(host, 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_loopback_needs_no_token_of_ones_own(host: str) -> None:
    check_exposure(host, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "studio.example", ""])
def test_an_open_address_needs_a_token_of_ones_own(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ConfigError, match="STYLETUNE_TOKEN"):
        check_exposure(host, None)
    check_exposure(host, "mine")
    (told,) = [getattr(record, "figures", {}) for record in caplog.records]
    assert "plain HTTP" in told["message"]
    assert "mine" not in str(told)
    check_exposure(host, "mine", encrypted=True)
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
def test_a_host_is_shown_as_it_stands_in_a_url(host: str, url: str) -> None:
    assert shown(host) == url
