"""Which server and which ports the agent takes."""

import pytest

from styletune.client.address import Address
from styletune.errors import ConfigError
from styletune.midi_agent.agent import server_address
from styletune.midi_agent.ports import matching_output


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://localhost:8018", "http://localhost:8018"),
        ("http://localhost:8018/", "http://localhost:8018"),
        ("localhost:8018", "http://localhost:8018"),
        ("https://art.example/styletune/", "https://art.example/styletune"),
        ("wss://art.example/ws", "https://art.example"),
        ("http://[::1]:8018", "http://[::1]:8018"),
    ],
)
def test_the_address_of_a_server(url: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STYLETUNE_TOKEN", "read by the command line alone")
    assert server_address(url, None) == Address(base)
    assert server_address(url, "token") == Address(base, "token")


@pytest.mark.parametrize("url", ["ftp://x", "", "http://"])
def test_invalid_addresses_are_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="--url must be like http://localhost:8018"):
        server_address(url, None)


def test_a_token_on_the_command_line_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="does not belong on the command line") as error:
        server_address("http://localhost:8018/?token=secret", None)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "outputs", "output"),
    [
        ("Twister", ["Other", "Twister"], "Twister"),
        ("nanoKONTROL2 SLIDER/KNOB", ["x", "nanoKONTROL2 CTRL"], "nanoKONTROL2 CTRL"),
        ("a:nanoKONTROL2 SLIDER/KNOB", ["b:nanoKONTROL2 CTRL"], "b:nanoKONTROL2 CTRL"),
        ("Twister", ["Other"], None),
        ("Twister", [], None),
    ],
)
def test_the_output_of_a_device_is_found(name: str, outputs: list[str], output: str | None) -> None:
    assert matching_output(name, outputs) == output
