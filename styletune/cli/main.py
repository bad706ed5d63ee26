"""The command line, thin: options in, one of the rooms called, an exit code out.

Exit codes: 0 fine, 1 failed, 2 usage, 3 port in use. People read stderr, programs read stdout.
Imports nothing heavy before it knows what is asked.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from styletune import __version__
from styletune.config import MAX_SIZE_PX, MIN_SIZE_PX, NETWORKS, SessionConfig, load
from styletune.errors import ConfigError, StyletuneError

if TYPE_CHECKING:
    from styletune.server.options import ServerOptions

_console = Console(stderr=True, highlight=False)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    # TensorFlow's start-up chatter says nothing that `doctor` does not say better.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except StyletuneError as error:
        print(f"styletune: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("styletune: stopped", file=sys.stderr)
        return 130  # the shell's convention for a program ended by Ctrl-C


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="styletune",
        description="Neural style transfer played like an instrument.",
        epilog="Start with: styletune serve. It needs no pictures, no GPU and no controller.",
    )
    parser.add_argument("--version", action="version", version=f"styletune {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(commands)
    _add_paint(commands)
    _add_sweep(commands)
    _add_midi(commands)
    _add_doctor(commands)
    _add_teach(commands)
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    run: Callable[[argparse.Namespace], int],
    help: str,
    epilog: str = "",
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=help,
        description=help,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _add_network(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--network",
        choices=NETWORKS,
        help="lite: ships with styletune, live on a CPU (default); vgg16, vgg19: the real thing, "
        "for a GPU or patience",
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="weights of the network: .npz, .h5, .weights.h5 or .keras "
        "(default: Keras' cache, else its download)",
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="N",
        help=f"longer edge of the painting in pixels, {MIN_SIZE_PX} to {MAX_SIZE_PX} (default 256)",
    )
    parser.add_argument(
        "--device",
        metavar="NAME",
        help="auto (default), cpu, gpu, gpu:1 …; `styletune doctor` lists them",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "tf32", "bfloat16", "float16"),
        help="of the network (default float32); tf32 is for GPUs; losses are float32 in any case",
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of all that is random (default 0)")
    parser.add_argument(
        "--init",
        metavar="KIND",
        help="start from content, tinted (content in the style's colours), noise, style or a file",
    )


def _add_serve(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(
        commands,
        "serve",
        _serve,
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
    _add_network(parser)
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


def _add_paint(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(
        commands,
        "paint",
        _paint,
        "Paint one picture and write it to a file.",
        epilog="examples:\n"
        "  styletune paint me.jpg gogh.jpg -o out.png\n"
        "  styletune paint harbour woodcut -o out.png --size 512 --steps 300\n"
        "A name such as harbour is one of the sample pictures.",
    )
    parser.add_argument("content", metavar="CONTENT", help="picture to paint: a file or a sample")
    parser.add_argument("style", metavar="STYLE", help="style to paint in: a file or a sample")
    parser.add_argument("-o", "--out", required=True, metavar="OUT.png", help="where to write it")
    parser.add_argument(
        "--steps", type=int, default=200, metavar="N", help="optimisation steps (default 200)"
    )
    parser.add_argument(
        "--optimizer",
        choices=("lbfgs", "adam", "gd"),
        help="what takes the steps (default lbfgs, or the session file's)",
    )
    parser.add_argument(
        "--schedule",
        choices=("constant", "cosine", "exponential"),
        help="of the learning rate of adam and gd (default exponential)",
    )
    parser.add_argument(
        "--no-scales", action="store_true", help="paint at the full size from the start"
    )
    parser.add_argument("--session", metavar="SESSION.toml", help="settings from a session file")
    _add_network(parser)


def _add_sweep(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(
        commands,
        "sweep",
        _sweep,
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
    _add_network(parser)


def _add_midi(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from styletune.midi_agent.ports import APIS

    parser = _command(
        commands,
        "midi",
        _midi,
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


def _add_doctor(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = _command(
        commands,
        "doctor",
        _doctor,
        "Say what this machine gives the instrument: device, weights, memory, ports, MIDI.",
    )
    parser.add_argument("session", nargs="?", metavar="SESSION.toml", help="a session file")
    _add_network(parser)
    parser.add_argument("--port", type=int, help="port to look at (default 8018)")


def _add_teach(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    from styletune import training

    parser = _command(commands, "teach", training.run, "Teach `lite` to imitate VGG-19.")
    training.add_arguments(parser)


def _session(arguments: argparse.Namespace, file: str | None) -> SessionConfig:
    """The session file (or the defaults) with the command line's flags on top."""
    given = vars(arguments)
    session = load(file) if file else SessionConfig()
    styles = given.get("style")
    content = given.get("content")
    styles = [styles] if isinstance(styles, str) else styles
    return session.replaced(
        pictures={
            "content": content,
            "styles": styles,
            "size": given.get("size"),
        },
        network=_network(session, given.get("network"), given.get("weights")),
        engine={"device": given.get("device"), "precision": given.get("precision")},
        painting={"seed": given.get("seed"), "init": given.get("init")},
        server={
            "host": given.get("host"),
            "port": given.get("port"),
            "spare": given.get("spare"),
        },
    )


def _network(session: SessionConfig, name: str | None, weights: str | None) -> dict[str, object]:
    """Flags over the file; another network than the file's brings its own layers."""
    if name is None or name == session.network.name:
        return {"weights": weights}
    return {"name": name, "weights": weights or "", "layers": ()}


def _live(session: SessionConfig) -> SessionConfig:
    """The session, if its controls can be moved while it is painted."""
    if session.optimizer.name == "lbfgs":
        raise ConfigError(
            "`serve` takes the optimizers adam and gd; received lbfgs, which loses its memory when "
            "a control moves: leave it to `styletune paint`"
        )
    return session


def _serve(arguments: argparse.Namespace) -> int:
    from styletune.images import samples
    from styletune.midi.profile import user_profile_dir
    from styletune.server.serve import serve
    from styletune.server.storage import session_dir

    session = _live(_session(arguments, arguments.session))
    pictures = session.pictures
    return serve(
        session.replaced(
            pictures={
                "content": str(samples.locate(pictures.content)),
                "styles": tuple(str(samples.locate(style)) for style in pictures.styles),
            }
        ),
        open_browser=not arguments.no_browser,
        entrance=_entrance(arguments),
        log_format=arguments.log_format,
        controllers_folder=user_profile_dir(),
        memory_folder=session_dir(arguments.session, arguments.data),
        resume=arguments.resume or arguments.run_name is not None,
        run=arguments.run_name,
    )


def _entrance(arguments: argparse.Namespace) -> "ServerOptions":
    from styletune.server import options
    from styletune.server.auth.origin import public_origin
    from styletune.server.options import ServerOptions, tls_files

    public = arguments.behind_proxy
    return ServerOptions(
        token=options.resolve_token(arguments.token_file),
        view_token=options.viewer_token(arguments.viewer_link),
        allowed_hosts=tuple(arguments.allowed_host),
        tls=tls_files(arguments.tls_cert, arguments.tls_key),
        public=None if public is None else public_origin(public),
        root_path=arguments.root_path.removesuffix("/"),
    )


def _paint(arguments: argparse.Namespace) -> int:
    from styletune.cli.paint import DEFAULTS, paint

    if arguments.steps < 1:
        raise ConfigError(f"--steps must be at least 1; received {arguments.steps}")
    session = _session(arguments, arguments.session)
    if arguments.session is None:
        session = session.replaced(**DEFAULTS)
    session = session.replaced(
        optimizer={"name": arguments.optimizer, "schedule": arguments.schedule},
        painting={"init": arguments.init, "scales": False if arguments.no_scales else None},
    )
    paint(session, Path(arguments.out), arguments.steps, _console)
    return 0


def _sweep(arguments: argparse.Namespace) -> int:
    from styletune.client.address import DEFAULT_URL
    from styletune.sweeps.spec import load as load_plan
    from styletune.sweeps.sweep import BackendOptions, sweep

    given = {name: getattr(arguments, name) for name in _OF_A_SESSION}
    file = arguments.session or load_plan(Path(arguments.file)).session
    flags = [f"--{name}" for name, value in given.items() if value is not None]
    if arguments.actors is not None and (arguments.ray is None or arguments.actors < 1):
        raise ConfigError(f"--actors is at least 1, and for --ray; received {arguments.actors}")
    if arguments.ray is not None:
        session = _live(_session(arguments, file))
        where = BackendOptions(ray=arguments.ray, session=session, actors=arguments.actors)
    elif arguments.local:
        _live(_session(arguments, file))  # what is wrong with it is better said here
        where = BackendOptions(local=[*([file] if file else []), *_as_flags(given)])
    elif arguments.session or flags:
        flag = (["--session"] if arguments.session else flags)[0]
        raise ConfigError(f"{flag} is for --local and --ray; a running server has its own session")
    else:
        where = BackendOptions(url=arguments.url or DEFAULT_URL, token_file=arguments.token_file)
    return sweep(Path(arguments.file), Path(arguments.out), where, _console, yes=arguments.yes)


_OF_A_SESSION = (
    "content", "style", "network", "weights", "size", "seed", "init", "device", "precision",
)  # fmt: skip


def _as_flags(given: dict[str, object]) -> list[str]:
    """The options of `serve` again, as it reads them."""
    words = []
    for name, value in given.items():
        for one in value if isinstance(value, list) else [value]:
            words += [] if one is None else [f"--{name}", str(one)]
    return words


def _midi(arguments: argparse.Namespace) -> int:
    from styletune.midi_agent import agent
    from styletune.server import options

    if arguments.list:
        return agent.list_ports(arguments.api)
    if arguments.monitor:
        return agent.monitor(arguments.port, arguments.api)
    return agent.play(
        arguments.url, options.resolve_token(arguments.token_file), arguments.port, arguments.api
    )


def _doctor(arguments: argparse.Namespace) -> int:
    from styletune.cli.doctor import doctor

    return doctor(_session(arguments, arguments.session), _console)


if __name__ == "__main__":
    sys.exit(main())
