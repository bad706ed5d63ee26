"""Which server and which ports the agent takes."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from styletune.client.address import Address
from styletune.errors import ConfigError
from styletune.midi_agent import agent
from styletune.midi_agent.agent import MidiAgent, server_address
from styletune.midi_agent.ports import Ports


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


# ------------------------------------------------------------ ports of any system


class System:
    """rtmidi for names that no test bench here has: those of Windows, macOS and broken drivers.

    Attributes:
        inputs, outputs: names by number; an exception is raised where it stands.
        opened: names and numbers of what was opened, inputs and outputs.
        busy: names that cannot be opened.
    """

    SystemError = OSError

    def __init__(self) -> None:
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.opened: list[tuple[str, int]] = []
        self.sent: list[tuple[int, ...]] = []
        self.busy: set[str] = set()
        self.API_WINDOWS_MM = 4
        self.MidiIn = lambda api, name: Side(self, self.inputs)
        self.MidiOut = lambda api, name: Side(self, self.outputs)

    def get_compiled_api(self) -> list[int]:
        return [self.API_WINDOWS_MM]


class Side:
    def __init__(self, system: System, names: list[Any]) -> None:
        self.system, self.names = system, names

    def get_port_count(self) -> int:
        return len(self.names)

    def get_port_name(self, number: int) -> str | None:
        if isinstance(self.names[number], Exception):
            raise self.names[number]
        name: str | None = self.names[number]
        return name

    def open_port(self, number: int, _: str) -> None:
        if self.names[number] in self.system.busy:
            raise OSError("in use")
        self.system.opened.append((self.names[number], number))

    def send_message(self, data: tuple[int, ...]) -> None:
        if "gone" in self.system.busy:
            raise OSError("error sending MIDI message")
        self.system.sent.append(data)

    def ignore_types(self, **_: bool) -> None: ...

    def set_callback(self, _: object) -> None: ...

    def close_port(self) -> None: ...

    def delete(self) -> None: ...


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    system = System()
    monkeypatch.setitem(sys.modules, "rtmidi", system)
    return system


def opened(system: System, name: str) -> list[tuple[str, int]]:
    """What is opened for an input: itself, and its output where it has one."""
    system.opened.clear()
    assert Ports().open(name, lambda _: None) is not None
    return list(system.opened)


UNDECODABLE = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")


@pytest.mark.parametrize("bad", [None, "", " ", UNDECODABLE, OSError("no such port"), IndexError()])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_port_leaves_the_good_ones(system: System, bad: object, place: int) -> None:
    system.inputs[:] = ["Twister", "nanoKONTROL2"]
    system.inputs.insert(place, bad)
    system.outputs[:] = [bad, "nanoKONTROL2"]
    ports = Ports()
    assert ports.names() == ["Twister", "nanoKONTROL2"]
    assert ports.unreadable == 1
    assert opened(system, "nanoKONTROL2") == [
        ("nanoKONTROL2", system.inputs.index("nanoKONTROL2")),
        ("nanoKONTROL2", 1),
    ]


def test_a_system_that_is_gone_has_no_ports(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Side, "get_port_count", lambda _: 1 / 0)
    assert Ports().names() == []


def test_windows_indices_are_no_part_of_a_name(system: System) -> None:
    system.inputs[:] = ["nanoKONTROL2 0", "Twister 1", "nanoKONTROL2 2"]
    system.outputs[:] = ["Microsoft GS Wavetable Synth 0", "nanoKONTROL2 1", "nanoKONTROL2 2"]
    assert Ports().names() == ["nanoKONTROL2", "Twister", "nanoKONTROL2 2"]
    assert opened(system, "nanoKONTROL2") == [("nanoKONTROL2 0", 0), ("nanoKONTROL2 1", 1)]
    assert opened(system, "nanoKONTROL2 2") == [("nanoKONTROL2 2", 2), ("nanoKONTROL2 2", 2)]
    assert opened(system, "Twister") == [("Twister 1", 1)]


def test_two_of_a_kind_have_outputs_of_their_own(system: System) -> None:
    system.inputs[:] = ["nanoKONTROL2 SLIDER/KNOB"] * 2
    system.outputs[:] = ["nanoKONTROL2 CTRL"] * 2
    one, two = Ports().names()
    assert [opened(system, one)[1][1], opened(system, two)[1][1]] == [0, 1]
    del system.outputs[0]
    assert len(opened(system, one)) == 1


def test_an_output_in_use_leaves_its_input(system: System) -> None:
    system.inputs[:], system.outputs[:] = ["Twister in"], ["Twister out"]
    system.busy = {"Twister out"}
    assert opened(system, "Twister in") == [("Twister in", 0)]
    system.busy = {"Twister in"}
    assert Ports().open("Twister in", lambda _: None) is None
    assert Ports().open("not there", lambda _: None) is None


def test_feedback_to_a_device_that_has_just_gone_is_dropped(system: System) -> None:
    system.inputs[:], system.outputs[:] = ["Twister"], ["Twister"]
    port = Ports().open("Twister", lambda _: None)
    assert port is not None
    port.send((0xB0, 1, 2))
    system.busy = {"gone"}
    port.send((0xB0, 1, 3))
    assert system.sent == [(0xB0, 1, 2)]


def test_the_agent_reports_each_unbound_control_once(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "PORTS_POLL_S", 0)
    lines: list[str] = []
    played = MidiAgent(Ports(), "", lines.append)

    async def messages() -> AsyncIterator[str]:
        shown = {"type": "unbound", "device": "Twister", "source": "ch 4 CC 8", "count": 1}
        yield json.dumps(shown)
        yield json.dumps(shown | {"count": 9})
        yield json.dumps(shown | {"count": 10, "hint": "Push it"})
        yield json.dumps(shown | {"device": "another client's"})

    async def run() -> None:
        system.inputs[:] = ["Twister"]
        watch = asyncio.create_task(played.watch_ports())
        await asyncio.sleep(0)
        await played._receive(messages())  # type: ignore[arg-type]
        watch.cancel()

    asyncio.run(run())
    assert lines == [
        "Twister plays",
        "nothing is bound to ch 4 CC 8 of Twister; 1 such event so far",
        "nothing is bound to ch 4 CC 8 of Twister; 10 such events so far. Push it",
    ]


def test_the_agent_follows_ports_that_come_go_and_fail(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent, "PORTS_POLL_S", 0)
    lines: list[str] = []

    async def looks(watch: asyncio.Task[None], inputs: list[Any]) -> list[str]:
        lines.clear()
        system.inputs[:] = inputs
        for _ in range(6):
            await asyncio.sleep(0)
        assert not watch.done()
        return list(lines)

    async def run() -> None:
        system.busy = {"Pad"}
        played = MidiAgent(Ports(), "", lines.append)
        watch = asyncio.create_task(played.watch_ports())
        assert await looks(watch, ["Twister", None, UNDECODABLE, "Pad"]) == [
            "Twister plays",
            "Pad cannot be opened; another program may have it. Trying on",
            "2 of the inputs have no name that can be read: left out",
        ]
        assert await looks(watch, ["Twister", "Twister"]) == [
            "Twister plays",
            "Twister 2 plays",
        ]
        # Which of the two is left nobody knows: it is opened anew.
        assert await looks(watch, ["Twister"]) == [
            "Twister 2 was unplugged; plug it in again and it plays on",
            "Twister plays",
        ]
        assert await looks(watch, ["Twister", "Other"]) == ["Other plays"]
        watch.cancel()

    asyncio.run(run())
