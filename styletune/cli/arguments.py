"""What several commands share: their parser, the options of a session, and the session itself."""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from styletune.config import (
    MAX_MEGAPIXELS,
    MAX_SIZE_PX,
    MIN_SIZE_PX,
    OFFLINE_OPTIMIZER,
    SessionConfig,
    load,
)
from styletune.controls import LIVE_OPTIMIZERS
from styletune.errors import ConfigError
from styletune.networks import DEFAULT_NETWORK, NETWORKS

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


class CommandParser(argparse.ArgumentParser):
    """Takes a list of positional arguments on either side of an option, too."""

    _intermixed = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse as `argparse` does, which by itself ends such a list at the first option."""
        if self._intermixed:  # called by the line below
            return super().parse_known_args(args, namespace)
        self._intermixed = True
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._intermixed = False


def add_command(
    subparsers: "Subparsers",
    name: str,
    run: Callable[[argparse.Namespace], int],
    help: str,
    epilog: str = "",
) -> argparse.ArgumentParser:
    """Add the parser of a command, which calls `run`; `help` is also its description."""
    parser = subparsers.add_parser(
        name,
        help=help,
        description=help,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _network_help() -> str:
    """What each network is good for, those of one summary together."""
    names: dict[str, list[str]] = {}
    for name, row in NETWORKS.items():
        default = " (default)" if name == DEFAULT_NETWORK else ""
        names.setdefault(row.summary + default, []).append(name)
    return "; ".join(f"{', '.join(found)}: {summary}" for summary, found in names.items())


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a session that say what is computed, at which size, and on what."""
    parser.add_argument(
        "--network",
        choices=NETWORKS,
        help=_network_help(),
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="weights of the network: .npz, .h5, .weights.h5 or .keras, or PyTorch's .pth "
        "(default: Keras' cache, else its download)",
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="N",
        help=f"longer edge of the painting in pixels, {MIN_SIZE_PX} to {MAX_SIZE_PX} (default 256)",
    )
    parser.add_argument(
        "--max-megapixels",
        type=int,
        metavar="N",
        help="megapixels that a source picture may have, for 4 MB of memory and more each, "
        f"1 to {MAX_MEGAPIXELS} (default 50)",
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


def add_picture_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the pictures of a painting that ends: one content, and styles."""
    parser.add_argument("content", metavar="CONTENT", help="picture to paint: a file or a sample")
    parser.add_argument(
        "style",
        metavar="STYLE",
        nargs="*",
        default=[],
        help="style to paint in, up to four: a file or a sample (default: the session file's)",
    )


def add_session_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that stand for keys of a session file."""
    add_network_options(parser)
    parser.add_argument(
        "--init",
        metavar="KIND",
        help="start from content, tinted (content in the style's colours), noise, style, look (the "
        "content by the learned look) or a file",
    )
    parser.add_argument(
        "--look",
        metavar="NAME",
        help="learned look: one that ships with styletune, or a file of `styletune train` "
        "(default: the shipped one of the style, if any)",
    )


def session_config(arguments: argparse.Namespace, file: str | None) -> SessionConfig:
    """Return the session file (or the defaults) with the command line's flags on top.

    Where a flag leaves out more of the file than the one value that it names, stderr says what.

    Raises:
        ConfigError: the file or a flag is not valid.
    """
    given = vars(arguments)
    session = _load(file) if file else SessionConfig()
    styles = given.get("style") or None
    for left_out in _left_out(session, given, styles):
        print(f"styletune: {file}: {left_out}", file=sys.stderr)
    # A flag's value, not where the control of its name stands in the file.
    flags = {name for name in ("size", "optimizer") if given.get(name) is not None}
    controls = {name: at for name, at in session.controls.items() if name not in flags}
    return session.model_copy(update={"controls": controls}).with_overrides(
        pictures={
            "content": given.get("content"),
            "styles": styles,
            "size": given.get("size"),
            "max_megapixels": given.get("max_megapixels"),
        },
        network=_network(session, given.get("network"), given.get("weights")),
        engine={"device": given.get("device"), "precision": given.get("precision")},
        painting={"seed": given.get("seed"), "init": given.get("init")},
        look={"file": given.get("look"), "source": given.get("source")},
        server={
            "host": given.get("host"),
            "port": given.get("port"),
            "pictures": given.get("pictures"),
            "spare": given.get("spare"),
        },
    )


def _load(file: str) -> SessionConfig:
    """A session file, or the session and the values inside a PNG that styletune has saved."""
    if Path(file).suffix.lower() != ".png":
        return load(file)
    from styletune.images import decode, png_metadata

    return png_metadata.read_session(decode.read_bytes(file), file)


def _left_out(
    session: SessionConfig, given: Mapping[str, Any], styles: Sequence[str] | None
) -> Iterator[str]:
    """What of a session file the command line leaves out beside what a flag names, for people."""
    before, table = session.pictures.styles, session.table()
    if styles is not None:
        count = len(styles)
        if len(before) > 1 and tuple(styles) != before:
            yield f"its styles {', '.join(before)} are replaced by {', '.join(styles)}"
        unused = [name for name in session.controls if (table[name].style or 0) > count]
        unused += [name for name in session.controls if name == "style_mix" and count == 1]
        if unused:
            yield f"without effect on so few styles: {', '.join(unused)}"
    for name in ("size", "optimizer"):
        moved = session.controls.get(name) not in (None, table[name].to_json(table[name].default))
        if given.get(name) is not None and moved:
            yield f"its control {name} is replaced by --{name} {given[name]}"
    network = given.get("network")
    if network not in (None, session.network.name):
        rows = session.network
        own = [name for name in ("layers", "weights") if getattr(rows, name) is not None]
        if own:
            yield f"its {' and '.join(own)} of {rows.name} are left out for --network {network}"


def _network(session: SessionConfig, name: str | None, weights: str | None) -> dict[str, object]:
    """Put the flags over the file; another network than the file's brings its own layers."""
    if name is None or name == session.network.name:
        return {"weights": weights}
    return {"name": name, "weights": weights or "", "layers": ()}


def require_live(session: SessionConfig) -> SessionConfig:
    """Return `session` if its controls can be moved while it is painted.

    Raises:
        ConfigError: its optimizer is lbfgs.
    """
    if session.optimizer.name == OFFLINE_OPTIMIZER:
        raise ConfigError(
            f"`serve` takes the optimizers {' and '.join(LIVE_OPTIMIZERS)}; received "
            f"{OFFLINE_OPTIMIZER}, which loses its memory when a control moves: leave it to "
            "`styletune paint`"
        )
    return session
