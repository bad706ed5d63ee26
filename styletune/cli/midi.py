"""`styletune midi`: the MIDI controllers of this machine, played on a server."""

import argparse
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune midi`."""
    from styletune.midi_agent.ports import APIS

    parser = add_command(
        subparsers,
        "midi",
        run,
        "Play the MIDI controllers of this machine on a server, here or anywhere.",
        epilog="examples:\n"
        "  styletune midi --list\n"
        "  STYLETUNE_TOKEN=… styletune midi --url http://localhost:8018 --port nano\n"
        "All controllers play by default; they may be plugged in and pulled at any time.",
    )
    parser.add_argument(
        "--url",
        default="http://localhost:8018",
        help="address of the server (default http://localhost:8018)",
    )
    parser.add_argument(
        "--port", default="", metavar="NAME", help="only controllers with this in their name"
    )
    parser.add_argument("--list", action="store_true", help="print the controllers' names and end")
    parser.add_argument(
        "--monitor", action="store_true", help="print what they send, in words; needs no server"
    )
    parser.add_argument(
        "--api", choices=tuple(APIS), help="MIDI system (default: the first that works)"
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="file of mode 0600 with the server's token (default: $STYLETUNE_TOKEN)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Play until Ctrl-C, list or monitor; returns the exit code."""
    from styletune.midi_agent import agent
    from styletune.server import options

    if arguments.list:
        return agent.list_ports(arguments.api)
    if arguments.monitor:
        return agent.monitor(arguments.port, arguments.api)
    return agent.play(
        arguments.url, options.resolve_token(arguments.token_file), arguments.port, arguments.api
    )
