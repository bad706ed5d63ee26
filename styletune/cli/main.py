"""The command line: options in, one command run, an exit code out.

Exit codes: 0 fine, 1 failed, 2 usage, 3 port in use. People read stderr, programs read stdout.
Imports nothing heavy: each command does, once it is known to run.
"""

import argparse
import contextlib
import io
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from styletune import __version__
from styletune.cli import (
    apply,
    doctor,
    export,
    film,
    lab,
    midi,
    paint,
    render,
    serve,
    sweep,
    teach,
    train,
)
from styletune.cli.arguments import CommandParser
from styletune.errors import ConfigError, StyletuneError
from styletune.safe_path import safe_path


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # of an ASCII locale, perhaps
            stream.reconfigure(errors="backslashreplace")
    parser = build_parser()
    arguments = parser.parse_args(argv)
    # `doctor` shows what matters of TensorFlow's start-up messages.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        _ensure_home()
        with safe_path():
            return run(arguments)
    except StyletuneError as error:
        print(f"styletune: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("styletune: stopped", file=sys.stderr)
        return 130  # the shell's convention for a program ended by Ctrl-C


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="styletune",
        description="Neural style transfer played like an instrument.",
        epilog="Start with: styletune serve. It needs no pictures, no GPU and no controller.",
    )
    parser.add_argument("--version", action="version", version=f"styletune {__version__}")
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=CommandParser
    )
    for command in (
        serve,
        paint,
        film,
        train,
        apply,
        export,
        render,
        sweep,
        lab,
        midi,
        doctor,
        teach,
    ):
        command.add_parser(subparsers)
    return parser


def _ensure_home() -> None:
    """Where neither HOME nor the list of users names a home directory, choose one, and say so.

    Without one neither we nor the libraries know where settings, sessions and weights lie.

    Raises:
        ConfigError: the one that is chosen belongs to somebody else.
    """
    with contextlib.suppress(RuntimeError):
        if Path.home().is_absolute():
            return
    home = Path(tempfile.gettempdir(), f"styletune-home-{os.getuid()}")
    try:
        home.mkdir(mode=0o700, exist_ok=True)
        status = home.lstat()
        private = stat.S_ISDIR(status.st_mode) and not status.st_mode & 0o077
    except OSError:
        private = False
    if not private or status.st_uid != os.getuid():
        raise ConfigError(f"there is no home directory, and {home} is not yours alone; set HOME")
    os.environ["HOME"] = str(home)
    text = f"there is no home directory: what is kept lies in {home}; HOME chooses another one"
    print(f"styletune: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
