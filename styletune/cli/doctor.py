"""`styletune doctor`: what this machine gives the instrument, and what is missing.

Each line is one fact: device, backend, weights, memory, ports, MIDI. Looks only; changes nothing.
"""

import os
import platform
import shutil
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from styletune import __version__
from styletune.config import DEFAULT_LAYERS, SessionConfig
from styletune.engine.stderr_filter import filter_stderr
from styletune.errors import DeviceError, StyletuneError

Finding = tuple[str, bool | None, str]  # what, fine (None: neither), in words


def doctor(session: SessionConfig, console: Console) -> int:
    """Print the findings for `session`; returns 0, or 1 where it could not paint."""
    table = Table(title=f"styletune {__version__}", title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("")
    table.add_column("", overflow="fold")
    failed = False
    with console.status("Looking …"):
        for what, fine, words in _findings(session):
            failed |= fine is False
            mark = {True: "[green]ok[/]", False: "[red]no[/]", None: "[yellow]–[/]"}[fine]
            table.add_row(what, mark, escape(words))
    console.print(table)
    return 1 if failed else 0


def _findings(session: SessionConfig) -> Iterator[Finding]:
    yield "python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "pillow", True, version("pillow")
    yield from _engine(session)
    yield from _memory(session)
    yield _port(session)
    yield from _midi()
    yield _browser()


def _engine(session: SessionConfig) -> Iterator[Finding]:
    with filter_stderr():
        from styletune.engine import backend

        gpus = backend.gpus()
        try:
            backend.configure(session.engine.device, session.engine.precision)
            chosen: Finding = ("device", True, backend.describe())
        except DeviceError as error:
            chosen = ("device", False, str(error))
    yield "backend", True, backend.backend()
    yield chosen
    for number, gpu in enumerate(gpus):
        yield f"gpu {number}", True, gpu
    if not gpus:
        yield "gpu", None, "none: `lite` is live on a CPU; VGG wants a GPU (pip install '.[gpu]')"
    yield from (_weights(name, session) for name in ("lite", "vgg16", "vgg19"))


def _weights(name: str, session: SessionConfig) -> Finding:
    """Where the weights of a network stand; only what the session names must be there."""
    from styletune.engine import vgg, weights

    what = f"weights of {name}"
    file = session.network.weights if name == session.network.name else None
    if name != "lite" and not file:
        # Loading would download half a gigabyte, and a doctor only looks.
        cached = weights.cached(name)
        if cached is None:
            return what, None, "not in Keras' cache: downloaded when played, or --weights FILE"
        file = str(cached)
    played = session.network.played if name == session.network.name else DEFAULT_LAYERS[name]
    try:
        names = [convolution.name for convolution in vgg.convolutions(name, played)]
        return what, True, weights.load(name, file, names).label
    except StyletuneError as error:
        return what, False, str(error)


def _memory(session: SessionConfig) -> Iterator[Finding]:
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    yield "memory", True, f"{total / 2**30:.1f} GiB"
    need = 3 * 3 * session.pictures.size**2 + 2**20
    shm = Path("/dev/shm")
    if shm.is_dir():
        free = shutil.disk_usage(shm).free
        words = f"{free / 2**20:.0f} MiB free, {need / 2**20:.0f} MiB needed"
        if free < need:
            words += "; in a container: docker run --shm-size=1g"
        yield "shared memory", free >= need, words


def _port(session: SessionConfig) -> Finding:
    host, port = session.server.host, session.server.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return "port", False, f"{host}:{port}: {error.strerror}; choose another with --port"
    return "port", True, f"{host}:{port} is free"


def _midi() -> Iterator[Finding]:
    try:
        import rtmidi

        with filter_stderr():  # ALSA writes to the terminal where there is none
            names = rtmidi.MidiIn(name="styletune doctor").get_ports()
    except Exception as error:  # rtmidi raises its own kinds where the system has no MIDI
        yield "midi", None, f"no MIDI system here ({error}); the browser's Web MIDI still works"
        return
    yield "midi", None if not names else True, ", ".join(names) or "no input is plugged in"


def _browser() -> Finding:
    import webbrowser

    try:
        webbrowser.get()
    except webbrowser.Error:
        return "browser", None, "none here: open the printed URL elsewhere (ssh -L …)"
    return "browser", True, "opens by itself"
