"""`styletune sweep`: one picture at many settings, on whatever paints."""

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command, add_session_options, require_live, session_config
from styletune.errors import ConfigError

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers
    from styletune.sweeps.spec import SweepSpec

_SESSION_OPTIONS = (
    "content", "style", "network", "weights", "size", "seed", "init", "device", "precision",
)  # fmt: skip


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune sweep`."""
    parser = add_command(
        subparsers,
        "sweep",
        run,
        "Paint one picture at many settings: a contact sheet, a table, a page.",
        epilog="examples:\n"
        "  styletune sweep configs/sweeps/layers-alone.toml --url http://localhost:8018 -o layers\n"
        "  styletune sweep configs/sweeps/smooth-rate.toml --local --size 192 -o smooth\n"
        "The token is read from $STYLETUNE_TOKEN, or from --token-file. Ctrl-C keeps what is\n"
        "painted; the same command goes on from there.",
    )
    parser.add_argument("file", metavar="SWEEP.toml", help="what is swept")
    parser.add_argument("-o", "--out", required=True, metavar="FOLDER", help="for the results")
    painters = parser.add_mutually_exclusive_group()
    painters.add_argument("--url", help="a running server (default http://localhost:8018)")
    painters.add_argument(
        "--local", action="store_true", help="start a server for this sweep, and end it afterwards"
    )
    painters.add_argument(
        "--ray",
        nargs="?",
        const="",
        metavar="ADDRESS",
        help="on the actors of a Ray cluster, or of this machine; needs the extra `ray`",
    )
    parser.add_argument("--token-file", metavar="FILE", help="file of mode 0600 with the token")
    parser.add_argument("--yes", action="store_true", help="paint an enormous sweep, too")
    parser.add_argument(
        "--actors", type=int, metavar="N", help="with --ray: at most so many (default: all)"
    )
    own = parser.add_argument_group("for --local and --ray")
    own.add_argument("--session", metavar="SESSION.toml", help="settings from a session file")
    own.add_argument("--content", metavar="FILE", help="picture to paint (default: a sample)")
    own.add_argument("--style", metavar="FILE", action="append", help="style to paint in")
    add_session_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Paint what is not painted yet and write the report; returns the exit code."""
    from rich.console import Console

    from styletune.client.address import DEFAULT_URL
    from styletune.sweeps.spec import load as load_spec
    from styletune.sweeps.sweep import BackendOptions, sweep

    options = {name: getattr(arguments, name) for name in _SESSION_OPTIONS}
    spec = load_spec(Path(arguments.file))
    file = arguments.session or spec.session
    for left_out in _left_out(spec, arguments.session, options):
        print(f"styletune: {arguments.file}: {left_out}", file=sys.stderr)
    flags = [f"--{name}" for name, value in options.items() if value is not None]
    if arguments.actors is not None and (arguments.ray is None or arguments.actors < 1):
        raise ConfigError(f"--actors is at least 1, and for --ray; received {arguments.actors}")
    if arguments.ray is not None:
        session = require_live(session_config(arguments, file))
        backend = BackendOptions(ray=arguments.ray, session=session, actors=arguments.actors)
    elif arguments.local:
        # A session that is not valid fails here, before a server is started.
        require_live(session_config(arguments, file))
        backend = BackendOptions(local=[*([file] if file else []), *_as_flags(options)])
    elif arguments.session or flags:
        flag = (["--session"] if arguments.session else flags)[0]
        raise ConfigError(f"{flag} is for --local and --ray; a running server has its own session")
    else:
        backend = BackendOptions(url=arguments.url or DEFAULT_URL, token_file=arguments.token_file)
    console = Console(stderr=True, highlight=False)
    return sweep(Path(arguments.file), Path(arguments.out), backend, console, yes=arguments.yes)


def _left_out(
    spec: "SweepSpec", session: str | None, options: Mapping[str, object]
) -> Iterator[str]:
    """Which of a sweep file and the flags leaves out what the other names, for people."""
    if session is not None and spec.session is not None and session != spec.session:
        yield f"its session {spec.session} is replaced by {session}"
    swept = spec.swept | ({"seed"} if spec.seeds is not None else set())
    for name, value in options.items():
        if value is None:
            continue
        count = len(value) if isinstance(value, list) else 1
        names = [f"style {n + 1}" for n in range(count)] if name == "style" else [name]
        for taken in swept.intersection(names):
            yield f"it sets the {taken} of each point, whatever --{name} is"


def _as_flags(options: dict[str, object]) -> list[str]:
    """Return the options as words for `styletune serve`."""
    words = []
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            words += [] if one is None else [f"--{name}", str(one)]
    return words
