import pytest

from styletune.errors import ConfigError
from styletune.midi_agent.connection import socket_url, wait_s
from styletune.midi_agent.ports import mate_of


@pytest.mark.parametrize(
    ("url", "socket"),
    [
        ("http://localhost:8018", "ws://localhost:8018/ws?only=hardware"),
        ("http://localhost:8018/", "ws://localhost:8018/ws?only=hardware"),
        ("localhost:8018", "ws://localhost:8018/ws?only=hardware"),
        ("https://art.example/styletune/", "wss://art.example/styletune/ws?only=hardware"),
        ("wss://art.example/ws", "wss://art.example/ws?only=hardware"),
        ("http://[::1]:8018", "ws://[::1]:8018/ws?only=hardware"),
    ],
)
def test_the_socket_of_an_address(url: str, socket: str) -> None:
    assert socket_url(url) == socket


@pytest.mark.parametrize("url", ["ftp://x", "", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--url must be like http://localhost:8018"):
        socket_url(url)


def test_a_token_on_the_command_line_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="does not belong on the command line") as error:
        socket_url("http://localhost:8018/?token=secret")
    assert "secret" not in str(error.value)


def test_waits_double_up_to_five_seconds_give_or_take_a_quarter() -> None:
    assert [wait_s(attempt, 0.5) for attempt in range(6)] == [0.5, 1, 2, 4, 5, 5]
    assert (wait_s(0, 0.0), wait_s(0, 1.0), wait_s(10**6, 1.0)) == (0.375, 0.625, 6.25)


@pytest.mark.parametrize(
    ("name", "outputs", "mate"),
    [
        ("Twister", ["Other", "Twister"], "Twister"),
        ("nanoKONTROL2 SLIDER/KNOB", ["x", "nanoKONTROL2 CTRL"], "nanoKONTROL2 CTRL"),
        ("a:nanoKONTROL2 SLIDER/KNOB", ["b:nanoKONTROL2 CTRL"], "b:nanoKONTROL2 CTRL"),
        ("Twister", ["Other"], None),
        ("Twister", [], None),
    ],
)
def test_the_output_of_a_device_is_found(name: str, outputs: list[str], mate: str | None) -> None:
    assert mate_of(name, outputs) == mate
