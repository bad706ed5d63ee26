"""`styletune serve`: paint without end, played in the browser."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command, add_session_options, require_live, session_config

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers
    from styletune.server.options import ServerOptions


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune serve`."""
    parser = add_command(
        subparsers,
        "serve",
        run,
        "Paint without end and play it in the browser.",
        epilog="examples:\n"
        "  styletune serve\n"
        "  styletune serve --content me.jpg --style gogh.jpg --style hokusai.jpg\n"
        "  styletune serve configs/original.toml --weights vgg16.h5\n"
        "On a remote machine: ssh -N -L 8018:localhost:8018 user@host, then open the printed URL.",
    )
    parser.add_argument("session", nargs="?", metavar="SESSION.toml", help="a session file")
    parser.add_argument("--content", metavar="FILE", help="picture to paint (default: a sample)")
    parser.add_argument(
        "--style", metavar="FILE", action="append", help="style to paint in; up to four times"
    )
    parser.add_argument(
        "--pictures",
        metavar="FOLDER",
        help="pictures to choose from on the page, besides the samples; its subfolders `contents` "
        "and `styles` hold those that are for one of the two",
    )
    add_session_options(parser)
    parser.add_argument(
        "--source",
        metavar="FILM",
        help="what the look paints live: content (default: the picture), or a film file, which "
        "loops; a camera is opened on the page",
    )
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1: this machine)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8018; 0: any free)")
    parser.add_argument(
        "--allowed-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name under which browsers may reach the server",
    )
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="file of mode 0600 with the access token (default: $STYLETUNE_TOKEN, else a new one)",
    )
    parser.add_argument(
        "--viewer-link",
        action="store_true",
        help="print a second URL that may watch but not play ($STYLETUNE_VIEW_TOKEN chooses its "
        "token, and asks for it too)",
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="serve HTTPS with this PEM certificate")
    parser.add_argument("--tls-key", metavar="FILE", help="its key (default: in the same file)")
    parser.add_argument(
        "--behind-proxy",
        metavar="ORIGIN",
        help="what browsers show when a reverse proxy stands before it: https://paint.example",
    )
    parser.add_argument(
        "--root-path", default="", metavar="PATH", help="where that proxy has put it: /paint"
    )
    parser.add_argument(
        "--log-format",
        choices=("key-value", "json"),
        default="key-value",
        help="of the lines on stderr, one an event (default key-value)",
    )
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="every line of the log on a terminal, too; else there only what is painted and what "
        "is wrong",
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="where scenes and values are kept (default: $STYLETUNE_DATA, else the user's data)",
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on where the last run of this session was: picture, values, scenes and step",
    )
    parser.add_argument(
        "--run",
        dest="run_name",
        metavar="NAME",
        help="resume this run of the session, not the last one",
    )
    parser.add_argument(
        "--no-spare",
        dest="spare",
        action="store_false",
        default=None,
        help="keep no second painting process ready for when the first one dies; saves its memory",
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal ends it; returns the exit code."""
    from styletune.errors import ConfigError
    from styletune.films.reader import FilmReader
    from styletune.images import samples
    from styletune.ipc.commands import CAMERA_SOURCE, CONTENT_SOURCE
    from styletune.looks import choice
    from styletune.midi.profile_store import user_profile_dir
    from styletune.server.serve import serve
    from styletune.server.storage import looks_dir, renders_dir, session_dir, takes_dir

    session = require_live(session_config(arguments, arguments.session))
    resume = arguments.resume or arguments.run_name is not None
    if resume and (arguments.content or arguments.style):
        print(
            "styletune: --content and --style are for a new run: one that is resumed goes on with "
            "its own pictures",
            file=sys.stderr,
        )
    pictures, look = session.pictures, choice.find(session)
    if arguments.look is not None:  # which is to paint at once
        session = session.with_overrides(controls={"look": True})
    if session.controls.get("look") or session.painting.init == "look":
        choice.read_for(session, look)
    source = session.look.source
    if source == CAMERA_SOURCE:
        raise ConfigError("a camera is opened on the page: start without it as the source")
    if source != CONTENT_SOURCE:
        FilmReader(Path(source))  # what is wrong with it is said at once
        source = str(Path(source).absolute())
    return serve(
        session.with_overrides(
            look={"file": look and str(look), "source": source},
            pictures={
                "content": str(samples.locate(pictures.content)),
                "styles": tuple(str(samples.locate(style)) for style in pictures.styles),
            },
        ),
        open_browser=not arguments.no_browser,
        options=server_options(arguments),
        log_format=log_format(arguments),
        controllers_folder=user_profile_dir(),
        memory_folder=session_dir(arguments.session, arguments.data),
        looks_folder=looks_dir(arguments.data),
        takes_folder=takes_dir(arguments.data),
        renders_folder=renders_dir(arguments.data),
        resume=resume,
        run=arguments.run_name,
    )


def log_format(arguments: argparse.Namespace) -> str:
    """The form of the log: on a terminal that for people, unless all of it is wanted, or JSON."""
    wanted: str = arguments.log_format
    people = wanted == "key-value" and sys.stderr.isatty() and not arguments.verbose
    return "plain" if people else wanted


def server_options(arguments: argparse.Namespace) -> "ServerOptions":
    """Return tokens, TLS and proxy as the flags and the environment give them.

    Raises:
        ConfigError: one of them cannot be used.
    """
    from styletune.server import options
    from styletune.server.auth.origin import public_origin

    public = arguments.behind_proxy
    return options.ServerOptions(
        token=options.resolve_token(arguments.token_file),
        view_token=options.viewer_token(arguments.viewer_link),
        allowed_hosts=tuple(arguments.allowed_host),
        tls=options.tls_files(arguments.tls_cert, arguments.tls_key),
        public=None if public is None else public_origin(public),
        root_path=arguments.root_path.removesuffix("/"),
    )
