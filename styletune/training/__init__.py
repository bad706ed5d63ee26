"""Teaching `lite`: the small network that imitates VGG-19's first three blocks.

    fields     smooth random fields
    brush      brush strokes over any picture
    motifs     what the procedural pictures show
    pictures   an endless supply of teaching pictures
    student    the network being taught, with its throw-away linear maps
    fitting    least squares between student and teacher
    start      a start from the teacher's own channels
    material   crops and the teacher's answers, a round at a time
    practice   the student paints, the teacher looks
    plan       how many steps of what size, and how fast
    lesson     round by round to the end
    course     a lesson with files, progress and a checkpoint

Needs Keras on TensorFlow; importing this package alone loads neither. Knows nothing about
sockets, MIDI and the painting loop.
"""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `styletune teach`."""
    parser.add_argument(
        "--weights",
        default="",
        metavar="VGG19.npz",
        help="the teacher: .npz, .h5 or .keras (default: Keras' cache, else its download)",
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
