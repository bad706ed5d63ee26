"""MIDI ports of this machine, on python-rtmidi: listed, opened, closed.

Whole messages come by callback, on threads of rtmidi: its queue would hold only 1,024 of them.
"""

import ctypes
import re
from collections.abc import Callable
from typing import Any

from styletune.errors import ConfigError

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

    def __init__(self, name: str, midi_in: Any, midi_out: Any) -> None:
        self.name = name
        self._in = midi_in
        self._out = midi_out

    def send(self, data: tuple[int, ...]) -> None:
        """Send one whole message to the device."""
        if self._out is not None:
            self._out.send_message(data)

    def close(self) -> None:
        """Close both; also those of a device that was pulled."""
        for side in (self._in, self._out):
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
        return list(self._numbers(self._inputs))

    def open(self, name: str, on_message: OnMessage) -> Port | None:
        """Open the input of that name and its output; None: it has just gone.

        Args:
            on_message: called with each whole message, on another thread.
        """
        midi_in = midi_out = None
        try:
            midi_in = self._make(self._rtmidi.MidiIn)
            # Looked up each time: numbers change as devices come and go.
            number = self._numbers(midi_in).get(name)
            if number is None:
                midi_in.delete()
                return None
            midi_in.ignore_types(sysex=True, timing=True, active_sense=True)
            midi_in.set_callback(_keep_thread_state(on_message))
            midi_in.open_port(number, f"{CLIENT} in")
            midi_out = self._open_output(name)
        except (self._rtmidi.RtMidiError, self._rtmidi.SystemError):
            Port(name, midi_in, midi_out).close()
            return None
        return Port(name, midi_in, midi_out)

    def close(self) -> None:
        """Leave the MIDI system."""
        self._inputs.delete()
        self._outputs.delete()

    def _open_output(self, name: str) -> Any:
        midi_out = self._make(self._rtmidi.MidiOut)
        numbers = self._numbers(midi_out)
        output = matching_output(name, list(numbers))
        if output is None:
            midi_out.delete()
            return None
        midi_out.open_port(numbers[output], f"{CLIENT} out")
        return midi_out

    def _make(self, kind: Any) -> Any:
        return kind(self._api, name=CLIENT)

    def _numbers(self, side: Any) -> dict[str, int]:
        """Number of each port by its name; a second port of the same name gets ` 2`."""
        numbers: dict[str, int] = {}
        for number, port in enumerate(side.get_ports()):
            name = _ALSA_NUMBERS.sub("", port)
            if name.startswith(CLIENT) or _THROUGH.search(name):
                continue
            copy = 1
            while (unique := name if copy == 1 else f"{name} {copy}") in numbers:
                copy += 1
            numbers[unique] = number
        return numbers


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


def matching_output(name: str, outputs: list[str]) -> str | None:
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
