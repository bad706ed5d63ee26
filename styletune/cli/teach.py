"""`styletune teach`: train `lite` to imitate VGG-19's first three blocks."""

import argparse
from typing import TYPE_CHECKING

from styletune.cli.arguments import add_command

if TYPE_CHECKING:
    from styletune.cli.arguments import Subparsers


def add_parser(subparsers: "Subparsers") -> None:
    """Add `styletune teach`."""
    parser = add_command(subparsers, "teach", run, "Teach `lite` to imitate VGG-19.")
    parser.add_argument(
        "--weights",
        default="",
        metavar="VGG19.npz",
        help="the teacher: .npz, .h5, .keras or .pth (default: Keras' cache, else its download)",
    )
    parser.add_argument(
        "--pictures",
        default="",
        metavar="FOLDER",
        help="pictures of your own, taught beside the procedural ones",
    )
    parser.add_argument(
        "--rights", default="", metavar="TEXT", help="names and rights of those pictures, kept"
    )
    parser.add_argument(
        "--steps", type=int, default=6912, metavar="N", help="gradient steps (default 6912)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of everything drawn")
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from OUT's checkpoint (written after every round, beside OUT)",
    )
    parser.add_argument(
        "--out", default="lite.npz", metavar="OUT.npz", help="where to write (default lite.npz)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Teach as the options say; returns the exit code."""
    from styletune.training.teach import run_training

    return run_training(arguments)
