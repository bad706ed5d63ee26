"""`styletune train`: teach a look, a feed-forward network that keeps the faders."""

import argparse
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command, session_config
from styletune.controls import MAX_STYLES
from styletune.errors import ConfigError

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune train`."""
    parser = add_command(
        subparsers,
        "train",
        run,
        "Teach a look: a network that paints a picture at once, with the knobs as its inputs.",
        epilog="examples:\n"
        "  styletune train strokes -o strokes.keras\n"
        "  styletune train gogh.jpg hokusai.jpg -o two.keras --minutes 60\n"
        "  styletune train gogh.jpg -o show.keras --scene saved.png --contents photos/\n"
        "  styletune train gogh.jpg -o gogh.keras --from strokes.keras --minutes 10\n"
        "Half an hour on two cores gives a good look, a GPU is quicker. Ctrl-C keeps what is\n"
        "learned: a look of it, and a checkpoint that --resume goes on from. Beside the look\n"
        "lies a sheet of samples, new every two minutes.",
    )
    parser.add_argument(
        "style", metavar="STYLE", nargs="+", help="style to learn, up to four: a file or a sample"
    )
    parser.add_argument("-o", "--out", required=True, metavar="NAME.keras", help="where to write")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, metavar="N", help="train for so many steps")
    length.add_argument(
        "--minutes", type=float, default=40.0, metavar="M", help="or so long (default 40)"
    )
    parser.add_argument(
        "--contents",
        metavar="FOLDER",
        help="pictures of your own to learn on, beside the ones that are drawn",
    )
    parser.add_argument(
        "--scene",
        metavar="FILE",
        help="stay near this session file, or PNG that styletune saved: its knobs, less far",
    )
    parser.add_argument(
        "--spread",
        type=float,
        metavar="W",
        help="how far it learns to go from there, 0 to 1: the whole desk (default 1, with --scene "
        "0.35)",
    )
    parser.add_argument(
        "--from",
        dest="start_from",
        metavar="LOOK",
        help="begin with the network of another look of as many styles: quicker",
    )
    parser.add_argument(
        "--steadiness",
        type=float,
        default=1.0,
        metavar="W",
        help="how much the same thing, moved, must look the same: films do not flicker (default 1)",
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on from the checkpoint beside NAME.keras"
    )
    parser.add_argument(
        "--tensorboard", metavar="FOLDER", help="also write the losses for TensorBoard"
    )
    parser.add_argument(
        "--status",
        metavar="FILE",
        help="also write how far it is, as JSON, about once a second",
    )
    parser.add_argument("--network", help="that judges: lite (default), vgg16 or vgg19")
    parser.add_argument("--weights", metavar="FILE", help="weights of that network")
    parser.add_argument(
        "--size", type=int, metavar="PX", help="of a painting with such strokes (default 256)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="of all that is drawn (default 0)")


def run(arguments: argparse.Namespace) -> int:
    """Teach as the options say; returns the exit code."""
    from rich.console import Console

    if len(arguments.style) > MAX_STYLES:
        raise ConfigError(f"a look has 1 to {MAX_STYLES} styles; received {len(arguments.style)}")
    session = session_config(arguments, arguments.scene)
    with Console(stderr=True).status("Loading Keras …"):
        from styletune.engine.imports import fast_import

        with fast_import():
            from styletune.engine import backend
            from styletune.training.looks.train import run_training

            backend.configure("auto", "float32")
    return run_training(session, arguments)
