"""How much films flicker in a look: the same thing, moved or with noise, should be painted alike.

    python -m benchmarks.quality.steadiness LOOK … [--beside OTHER]

A pan moves over a picture by two pixels a frame; a still has other noise in each frame, as a
camera's. What is compared is each painted frame, moved like its source, with the next one: the
mean difference of 255. OTHER is a look of the same style that was taught with `--steadiness 0`;
the ratios to it are printed.
"""

import sys
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.common import report
from styletune.engine.canvas import load_image
from styletune.images import samples
from styletune.looks import file as look_file
from styletune.looks.desk import desk_values
from styletune.looks.runner import LookRunner

TARGET_RATIO = 0.5  # of a look that was taught without
FRAMES = 12
_STEP_PX, _NOISE = 2, 4.0  # a frame; standard deviation in pixel values
_BORDER_PX = 16  # what comes into the picture is new

Pixels = npt.NDArray[np.uint8]


def pan(picture: Pixels, width: int) -> Iterator[tuple[Pixels, int]]:
    """Frames `width` px wide, each with how far it has moved since the one before."""
    for number in range(FRAMES):
        yield picture[:, _STEP_PX * number :][:, :width], _STEP_PX


def noisy_still(picture: Pixels, width: int) -> Iterator[tuple[Pixels, int]]:
    """The same frame with other noise each time."""
    rng = np.random.default_rng(0)
    for _ in range(FRAMES):
        frame = picture[:, :width] + rng.normal(0, _NOISE, picture[:, :width].shape)
        yield np.clip(frame, 0, 255).astype(np.uint8), 0


def unsteadiness(runner: LookRunner, frames: Iterator[tuple[Pixels, int]]) -> float:
    """Mean difference of a painted frame, moved like its source, from the next one, of 255."""
    look = runner.look
    desk = desk_values(look.table(), look.positions(), len(look.info.styles))
    before: npt.NDArray[np.float32] | None = None
    found = []
    for frame, moved in frames:
        painted = runner.paint(np.ascontiguousarray(frame), desk).astype(np.float32)
        if before is not None:
            shown = before[:, moved:][:, _BORDER_PX:-_BORDER_PX]
            now = painted[:, : painted.shape[1] - moved][:, _BORDER_PX:-_BORDER_PX]
            found.append(np.abs(shown - now).mean())
        before = painted
    return float(np.mean(found))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("quality.steadiness", __doc__)
    parser.add_argument("looks", metavar="LOOK", nargs="+", help="that ship, or files")
    parser.add_argument("--beside", metavar="OTHER", help="taught with --steadiness 0")
    arguments = parser.parse_args(argv)
    table = report.new_table(
        "flicker of 255",
        ("", "pan", "noisy still"),
        (f"target {TARGET_RATIO} of the look beside it",) if arguments.beside else (),
    )
    beside = measure(arguments.beside) if arguments.beside else None
    for name in arguments.looks:
        found = measure(name)
        cells = [f"{value:.2f}" for value in found]
        if beside:
            ratios = [mine / other for mine, other in zip(found, beside, strict=True)]
            cells = [
                f"{cell}, {ratio:.2f} × {report.met(ratio, TARGET_RATIO)}"
                for cell, ratio in zip(cells, ratios, strict=True)
            ]
        table.add_row(look_file.locate(name).stem, *cells)
    if beside:
        table.add_row(look_file.locate(arguments.beside).stem, *(f"{v:.2f}" for v in beside))
    report.print_table(table)
    return 0


def measure(name: str) -> tuple[float, float]:
    """Of a pan and of a noisy still, in the mean over the samples."""
    runner = LookRunner(look_file.read(look_file.locate(name)))
    size = runner.look.config.pictures.size
    pictures = [load_image(content, size) for content in samples.CONTENTS]
    width = size - FRAMES * _STEP_PX
    return (
        float(np.mean([unsteadiness(runner, pan(each, width)) for each in pictures])),
        float(np.mean([unsteadiness(runner, noisy_still(each, width)) for each in pictures])),
    )


if __name__ == "__main__":
    sys.exit(main())
