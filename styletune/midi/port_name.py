"""Names of MIDI ports: what the system adds to a device's own name, and which output is whose.

Pure. `web/panels/midi-names.js` is its counterpart on the page; tests hold both to one table.
"""

import re
from collections.abc import Sequence

# `20:0`, ALSA's client and port; `2- `, Windows' count of a kind; `[20]`, of WinRT and a2jmidid;
# the card's number before PipeWire's `:(capture_0)`.
_ADDED = re.compile(r" \d+:\d+$|(?:^|(?<=\())\d+- ?| ?\[\d+\]| \d+(?=:\()")
# Windows' index of a port, and ours of equals. `MIDI 1` and `Port 1` are ports of one device,
# and from 25 on it is a count of keys.
_NUMBER = re.compile(r"(?: 0|(?<!\bMIDI)(?<!\bPort) #?(?:1?\d|2[0-4])| \(\d+\))$", re.IGNORECASE)
_ADDRESS = re.compile(r" (\d+):\d+$")
_DIRECTION = re.compile(r"\b(midi)?(?:in|out|input|output|capture|playback)(?=[\d_]|\b)")
# Korg's small ones call both ends after what is on the panel.
_KORG = re.compile(r"\b(nano\w.*) (?:slider/kno?b?|pad|keyboard|ctrl)$")
_GENERIC = re.compile(r"midi|port|[\W\d_]")


def device_name(port: str) -> str:
    """The name of a port without what the system adds, which changes from plugging to plugging."""
    return _NUMBER.sub("", _ADDED.sub("", port.strip())).strip() or port


def mate(number: int, inputs: Sequence[str], outputs: Sequence[str]) -> int | None:
    """Which of `outputs` belongs to the device of `inputs[number]`; None: none does for certain.

    By ALSA's numbers, else by the whole name without what the system adds; of several of one name
    the first belongs to the first, if there are as many of both.

    Args:
        inputs, outputs: names of all ports, as the system gives them, in its order.
    """
    port = inputs[number]
    if address := _ADDRESS.search(port):
        for index, output in enumerate(outputs):
            if output.endswith(address[0]):
                return index
    for key in (_key, _key_without_client):
        wanted = key(port)
        mine = [index for index, other in enumerate(inputs) if key(other) == wanted]
        its = [index for index, other in enumerate(outputs) if key(other) == wanted]
        if wanted and its:
            return its[mine.index(number)] if len(its) == len(mine) else None
    return None


def _key(port: str) -> str:
    """The same for both ends of one device; with ALSA's number of its client."""
    address = _ADDRESS.search(port)
    name = _DIRECTION.sub(r"\1", device_name(port).casefold())
    name = _KORG.sub(r"\1", " ".join(name.split()))
    return f"{name} {address[1]}:" if address else name


def _key_without_client(port: str) -> str:
    """A program may open both ends under names of its own, `a:nano` and `b:nano`."""
    key = "" if _ADDRESS.search(port) else _key(port).rpartition(":")[2].strip()
    return key if _GENERIC.sub("", key) else ""
