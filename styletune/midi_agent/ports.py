"""MIDI ports of this machine, on python-rtmidi: listed, opened, closed. Thin.

Whole messages come in by callback, on a thread of rtmidi's own: its polling queue would hold
only 1,024 of them. Nothing here decodes. python-rtmidi is imported on use, so that whatever
only looks at this room needs no MIDI libraries.
"""

import ctypes
import re
from collections.abc import Callable
from typing import Any

from styletune.errors import ConfigError

CLIENT = "styletune"  # our name among the ports; our own are never played
_PLACE = re.compile(r" \d+:\d+$")  # ALSA's client and port number: another one at each plugging
_THROUGH = re.compile(r"through", re.IGNORECASE)  # leads back, is on every Linux machine

APIS = {
    "alsa": "API_LINUX_ALSA",
    "jack": "API_UNIX_JACK",
    "core": "API_MACOSX_CORE",
    "windows": "API_WINDOWS_MM",
}
Heard = Callable[[tuple[int, ...]], None]


class Port:
    """An open input, and the output of the same device where it has one."""

    def __init__(self, name: str, source: Any, sink: Any) -> None:
        self.name = name
        self._source = source
        self._sink = sink

    def send(self, data: tuple[int, ...]) -> None:
        """Send one whole message to the device."""
        if self._sink is not None:
            self._sink.send_message(data)

    def close(self) -> None:
        """Let go of both; a device that was pulled is let go of as well."""
        for side in (self._source, self._sink):
            if side is not None:
                side.close_port()
                side.delete()


class Ports:
    """All ports of one MIDI system.

    Args:
        api: one of `APIS`; None: the first that works here.

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
        return list(self._numbered(self._inputs))

    def open(self, name: str, heard: Heard) -> Port | None:
        """Open the input of that name and its output; None: it has just gone.

        Args:
            heard: takes each whole message, on another thread.
        """
        source = sink = None
        try:
            source = self._make(self._rtmidi.MidiIn)
            # Found anew each time: numbers change as devices come and go.
            number = self._numbered(source).get(name)
            if number is None:
                source.delete()
                return None
            source.ignore_types(sysex=True, timing=True, active_sense=True)
            source.set_callback(_staying(heard))
            source.open_port(number, f"{CLIENT} in")
            sink = self._sink(name)
        except (self._rtmidi.RtMidiError, self._rtmidi.SystemError):
            Port(name, source, sink).close()
            return None
        return Port(name, source, sink)

    def close(self) -> None:
        """Let go of the system."""
        self._inputs.delete()
        self._outputs.delete()

    def _sink(self, name: str) -> Any:
        sink = self._make(self._rtmidi.MidiOut)
        numbers = self._numbered(sink)
        mate = mate_of(name, list(numbers))
        if mate is None:
            sink.delete()
            return None
        sink.open_port(numbers[mate], f"{CLIENT} out")
        return sink

    def _make(self, kind: Any) -> Any:
        return kind(self._api, name=CLIENT)

    def _numbered(self, side: Any) -> dict[str, int]:
        """Number of each port by its name; a second one of a name is called ` 2`."""
        numbers: dict[str, int] = {}
        for number, port in enumerate(side.get_ports()):
            name = _PLACE.sub("", port)
            if name.startswith(CLIENT) or _THROUGH.search(name):
                continue
            copy = 1
            while (shown := name if copy == 1 else f"{name} {copy}") in numbers:
                copy += 1
            numbers[shown] = number
        return numbers


def _staying(heard: Heard) -> Callable[[tuple[list[int], float], None], None]:
    """A callback for rtmidi whose thread stays known to Python between messages.

    A thread of C is a new one to Python at each call: its state is made and thrown away, and
    memory mapped and unmapped for its first frame, which takes longer than all else that the
    agent does for a message. The state lives while `PyGILState_Ensure` is not taken back, which
    only that thread could do, and it just ends when the port is closed: some kilobytes remain
    of each time that a device is plugged in.
    """
    stays = False

    def callback(event: tuple[list[int], float], _: None) -> None:
        nonlocal stays
        if not stays:
            stays = True
            ctypes.pythonapi.PyGILState_Ensure()
        heard(tuple(event[0]))

    return callback


def mate_of(name: str, outputs: list[str]) -> str | None:
    """The output of the device whose input has this name.

    Systems call it the same (`nanoKONTROL2`), or by the same first word (`nanoKONTROL2
    SLIDER/KNOB` and `nanoKONTROL2 CTRL`), after the name of a client on Linux.
    """
    if name in outputs:
        return name
    word = _first_word(name)
    return next((output for output in outputs if _first_word(output) == word), None)


def _first_word(name: str) -> str:
    words = name.rpartition(":")[2].split() or [name]
    return words[0].casefold()
