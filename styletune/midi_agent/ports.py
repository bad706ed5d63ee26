"""MIDI ports of this machine, on python-rtmidi: listed, opened, closed.

Whole messages come by callback, on threads of rtmidi: its queue would hold only 1,024 of them.
"""

import ctypes
import re
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any, NamedTuple

from styletune.errors import ConfigError
from styletune.midi.port_name import mate

CLIENT = "styletune"  # our name among the ports; our own are never played
_ALSA_NUMBERS = re.compile(r" \d+:\d+$")  # of client and port: others at each plugging
_THROUGH = re.compile(r"through", re.IGNORECASE)  # a loop-back port, on every Linux machine

APIS = {
    "alsa": "API_LINUX_ALSA",
    "jack": "API_UNIX_JACK",
    "core": "API_MACOSX_CORE",
    "windows": "API_WINDOWS_MM",
}
OnMessage = Callable[[tuple[int, ...]], None]


class Port:
    """An open input, and the output of the same device where it has one."""

    def __init__(self, midi_in: Any, midi_out: Any, identity: Hashable = None) -> None:
        self.identity = identity
        self._in = midi_in
        self._out = midi_out

    def send(self, data: tuple[int, ...]) -> None:
        """Send one whole message to the device, unless it has just gone."""
        if self._out is not None:
            with suppress(Exception):
                self._out.send_message(data)

    def close(self) -> None:
        """Close both; also those of a device that was pulled."""
        for side in (self._in, self._out):
            if side is not None:
                with suppress(Exception):
                    side.close_port()
                side.delete()


class _Listed(NamedTuple):
    """A port in rtmidi's list: its number there, its name there and the name that we give it."""

    number: int
    system_name: str
    name: str


class Ports:
    """All ports of one MIDI system.

    Args:
        api: one of `APIS`; None: the first that works here.

    Attributes:
        unreadable: inputs that had no name that can be read, at the last look.

    Raises:
        ConfigError: there is no MIDI system here, or not this one.
    """

    def __init__(self, api: str | None = None) -> None:
        try:
            import rtmidi
        except ImportError as error:
            raise ConfigError(
                f"python-rtmidi is needed: {error}; pip install python-rtmidi"
            ) from None
        self._rtmidi = rtmidi
        self.unreadable = 0
        compiled = rtmidi.get_compiled_api()
        wanted = [getattr(rtmidi, APIS[api])] if api else compiled
        for candidate in wanted:
            if candidate not in compiled:
                continue
            self._api = candidate
            try:
                self._inputs, self._outputs = self._make(rtmidi.MidiIn), self._make(rtmidi.MidiOut)
            except rtmidi.SystemError:
                continue
            return
        raise ConfigError(
            f"no MIDI system{f' `{api}`' if api else ''} here; on Linux the kernel's snd-seq "
            "must be there, or a JACK server run; --api chooses"
        )

    def names(self) -> list[str]:
        """Names of the inputs of others, as people know them."""
        return list(self.inputs())

    def inputs(self) -> dict[str, Hashable]:
        """What is plugged in, by name; when its value changes, the name is another port's."""
        listed, self.unreadable = self._list(self._inputs)
        return _identities(listed)

    def open(self, name: str, on_message: OnMessage) -> Port | None:
        """Open the input of that name and its output; None: it has just gone, or is in use.

        Args:
            on_message: called with each whole message, on another thread.
        """
        midi_in = None
        try:
            midi_in = self._make(self._rtmidi.MidiIn)
            # Looked up each time: numbers change as devices come and go.
            listed, _ = self._list(midi_in)
            place = [port.name for port in listed].index(name)
            midi_in.ignore_types(sysex=True, timing=True, active_sense=True)
            midi_in.set_callback(_keep_thread_state(on_message))
            midi_in.open_port(listed[place].number, f"{CLIENT} in")
        except Exception:  # whatever ails one port must not end the others
            Port(midi_in, None).close()
            return None
        return Port(midi_in, self._open_output(place, listed), _identities(listed)[name])

    def close(self) -> None:
        """Leave the MIDI system."""
        self._inputs.delete()
        self._outputs.delete()

    def _open_output(self, place: int, inputs: list[_Listed]) -> Any:
        """The output of the device whose input is at `place`, or None: it gets no feedback."""
        midi_out = None
        try:
            midi_out = self._make(self._rtmidi.MidiOut)
            outputs, _ = self._list(midi_out)
            found = mate(place, [i.system_name for i in inputs], [o.system_name for o in outputs])
            if found is not None:
                midi_out.open_port(outputs[found].number, f"{CLIENT} out")
                return midi_out
        except Exception:  # the input plays all the same
            pass
        Port(None, midi_out).close()
        return None

    def _make(self, kind: Any) -> Any:
        return kind(self._api, name=CLIENT)

    def _list(self, side: Any) -> tuple[list[_Listed], int]:
        """Ports of others, the second of one name as `name 2`; and how many cannot be named."""
        system_names: list[str | None] = []
        with suppress(Exception):  # the whole system has gone
            system_names = _read_names(side)
        listed: list[_Listed] = []
        taken: set[str] = set()
        for number, system_name in enumerate(_without_index(system_names)):
            if (
                system_name is None
                or system_name.startswith(CLIENT)
                or _THROUGH.search(system_name)
            ):
                continue
            name = unique = _ALSA_NUMBERS.sub("", system_name)
            copy = 1
            while unique in taken:
                copy += 1
                unique = f"{name} {copy}"
            taken.add(unique)
            listed.append(_Listed(number, system_name, unique))
        return listed, system_names.count(None)


def _identities(listed: list[_Listed]) -> dict[str, Hashable]:
    """Which port each name is: that of the system, among how many of that name."""
    system_names = [port.system_name for port in listed]
    return {p.name: (p.system_name, system_names.count(p.system_name)) for p in listed}


def _read_names(side: Any) -> list[str | None]:
    """Names of all ports by number; None: it has no name that can be read, or has just gone."""
    names: list[str | None] = []
    for number in range(side.get_port_count()):
        name = None
        with suppress(
            Exception
        ):  # UnicodeDecodeError, or what rtmidi has for a number that is gone
            name = side.get_port_name(number)
        names.append(name if name and name.strip() else None)
    return names


def _without_index(names: list[str | None]) -> list[str | None]:
    """Windows' names without the index that rtmidi adds to all of them, from 0 on."""
    if not all(name is None or name.endswith(f" {index}") for index, name in enumerate(names)):
        return names
    return [name and name.rpartition(" ")[0] for name in names]


def _keep_thread_state(on_message: OnMessage) -> Callable[[tuple[list[int], float], None], None]:
    """A callback for rtmidi that keeps Python's state of its thread between messages.

    A thread of C is a new one to Python at each call: its state is made and thrown away, and
    memory mapped and unmapped for its first frame, which takes longer than all else that the
    agent does for a message. The state lives while `PyGILState_Ensure` is not released, which
    only that thread could do, and it just ends when the port is closed: some kilobytes remain
    of each time that a device is plugged in.
    """
    kept = False

    def callback(event: tuple[list[int], float], _: None) -> None:
        nonlocal kept
        if not kept:
            kept = True
            ctypes.pythonapi.PyGILState_Ensure()
        on_message(tuple(event[0]))

    return callback
