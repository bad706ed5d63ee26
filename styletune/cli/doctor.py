"""`styletune doctor`: what this machine has for painting and playing, and what is missing.

Each line is one check: device, backend, weights, memory, ports, MIDI. Changes nothing. Of a file
of weights it says what that holds.
"""

import argparse
import platform
import shutil
import socket
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from styletune import __version__
from styletune.cli.arguments import add_command, add_session_options, session_config
from styletune.errors import ConfigError, DeviceError, StyletuneError
from styletune.networks import NETWORKS, convolutions

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers
    from styletune.config import SessionConfig

Check = tuple[str, bool | None, str]  # its name, passed (None: neither), the finding


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune doctor`."""
    parser = add_command(
        subparsers,
        "doctor",
        run,
        "Say what this machine gives the instrument: device, weights, memory, ports, MIDI.",
        epilog="examples:\n"
        "  styletune doctor --network vgg19 --weights vgg19-dcbb9e9d.pth\n"
        "  styletune doctor vgg19-dcbb9e9d.pth\n"
        "The second one looks at the file alone: of which network it is, and how much of it.",
    )
    parser.add_argument(
        "session",
        nargs="?",
        metavar="SESSION.toml",
        help="a session file, or a file of weights to look at",
    )
    add_session_options(parser)
    parser.add_argument("--port", type=int, help="port to look at (default 8018)")


def run(arguments: argparse.Namespace) -> int:
    """Print the checks; returns 0, or 1 where the session could not be painted.

    Raises:
        WeightsError: the file of weights that is looked at is damaged, or of no known network.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(stderr=True, highlight=False)
    file = arguments.session
    if file and Path(file).suffix not in ("", ".toml"):
        from styletune.engine import weights

        console.print(f"{file}: {weights.describe(file)}", markup=False, soft_wrap=True)
        return 0
    session = session_config(arguments, file)
    table = Table(title=f"styletune {__version__}", title_justify="left", show_header=False)
    table.add_column("")
    table.add_column("")
    table.add_column("", overflow="fold")
    failed = False
    with console.status("Looking …"):
        for name, passed, finding in _checks(session):
            failed |= passed is False
            mark = {True: "[green]ok[/]", False: "[red]no[/]", None: "[yellow]–[/]"}[passed]
            table.add_row(name, mark, escape(finding))
    console.print(table)
    return 1 if failed else 0


def _checks(session: "SessionConfig") -> Iterator[Check]:
    yield "python", True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    yield "pillow", True, version("pillow")
    yield from _engine(session)
    yield from _memory(session)
    yield _port(session)
    yield from _midi()
    yield _browser()


def _engine(session: "SessionConfig") -> Iterator[Check]:
    from styletune.engine.imports import fast_import

    with fast_import():
        from styletune.engine import backend

        gpus = backend.gpus()
        try:
            backend.configure(session.engine.device, session.engine.precision)
            device: Check = ("device", True, backend.describe())
        except DeviceError as error:
            device = ("device", False, str(error))
    yield "backend", True, backend.backend()
    yield device
    for number, gpu in enumerate(gpus):
        yield f"gpu {number}", True, gpu
    if not gpus:
        yield "gpu", None, "none: `lite` is live on a CPU; VGG wants a GPU (pip install '.[gpu]')"
    yield from (_weights(name, session) for name in NETWORKS)


def _weights(name: str, session: "SessionConfig") -> Check:
    """Find a network's weights; only those that the session names must be there."""
    from styletune.engine import weights

    what = f"weights of {name}"
    file = session.network.weights if name == session.network.name else None
    if NETWORKS[name].keras_application and not file:
        # Loading would download half a gigabyte, and the doctor changes nothing.
        cached = weights.cached(name)
        if cached is None:
            return what, None, "not in Keras' cache: downloaded when played, or --weights FILE"
        file = str(cached)
    used = name == session.network.name
    layers = session.network.selected_layers if used else NETWORKS[name].default_layers
    try:
        names = [convolution.name for convolution in convolutions(name, layers)]
        return what, True, weights.load(name, file, names).label
    except StyletuneError as error:
        return what, False, str(error)


def _memory(session: "SessionConfig") -> Iterator[Check]:
    import psutil

    from styletune import memory

    free = memory.available_bytes()
    total = psutil.virtual_memory().total
    yield "memory", True, f"{total / 2**30:.1f} GiB, {free / 2**30:.1f} GiB free"
    yield _largest_sizes(session, free)
    need = 3 * 3 * session.pictures.size**2 + 2**20
    shm = Path("/dev/shm")
    if shm.is_dir():
        free = shutil.disk_usage(shm).free
        words = f"{free / 2**20:.0f} MiB free, {need / 2**20:.0f} MiB needed"
        if free < need:
            words += "; in a container: docker run --shm-size=1g"
        yield "shared memory", free >= need, words


def _largest_sizes(session: "SessionConfig", free: int) -> Check:
    """How large each network paints on the processor; whether the session's own size fits."""
    from styletune import memory

    sizes = []
    for name in NETWORKS:
        layers = {} if name == session.network.name else {"name": name, "weights": "", "layers": ()}
        largest = memory.largest_size(session.with_overrides(network=layers), free=free)
        sizes.append(f"{name} {largest} px" if largest else f"{name} none")
    found = f"{', '.join(sizes)}, for a square on the processor"
    try:
        memory.check_session(session)
    except ConfigError as error:
        return "largest size", False, f"{found}; {error}"
    return "largest size", True, found


def _port(session: "SessionConfig") -> Check:
    host, port = session.server.host, session.server.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return "port", False, f"{host}:{port}: {error.strerror}; choose another with --port"
    return "port", True, f"{host}:{port} is free"


def _midi() -> Iterator[Check]:
    from styletune.engine.stderr_filter import filter_stderr

    try:
        import rtmidi

        with filter_stderr():  # ALSA writes to the terminal where there is none
            names = rtmidi.MidiIn(name="styletune doctor").get_ports()
    except Exception as error:  # rtmidi raises its own kinds where the system has no MIDI
        yield "midi", None, f"no MIDI system here ({error}); the browser's Web MIDI still works"
        return
    yield "midi", None if not names else True, ", ".join(names) or "no input is plugged in"


def _browser() -> Check:
    import webbrowser

    try:
        webbrowser.get()
    except webbrowser.Error:
        return "browser", None, "none here: open the printed URL elsewhere (ssh -L …)"
    return "browser", True, "opens by itself"
