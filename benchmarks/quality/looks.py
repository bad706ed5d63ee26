"""How good looks are beside the painter that taught them, on pictures that none was taught on.

    python -m benchmarks.quality.looks LOOK … --weights VGG19.npz [--pictures FOLDER]

For each look and content, in the middle of the desk and at random positions of it, the part of
the style's distance that the look removes, and the same for `styletune paint`: both judged by
VGG-19 at full and half size, see `quality.style_distance`; places where `paint` itself does not
come near the style, as the desk asks for its opposite, do not count. And how far each knob's ends
move the look's picture from the middle's, in the mean of 255. The sheets show contents × positions.

Exit code 1 where VGG-19's weights are not available.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.common import report
from benchmarks.quality.contact_sheets import sheet
from benchmarks.quality.style_distance import LAYERS, Judge, Pixels
from styletune.config import SessionConfig
from styletune.engine import weights
from styletune.engine.canvas import load_image
from styletune.engine.offline import OfflinePainter
from styletune.engine.stderr_filter import filter_stderr
from styletune.errors import StyletuneError
from styletune.images import samples
from styletune.looks import file as look_file
from styletune.looks.desk import desk_values
from styletune.looks.file import Look
from styletune.looks.runner import LookRunner
from styletune.training.looks.desks import DeskRange

TARGET_REMOVED = 0.8  # of what `paint` removes
LEAST_REMOVED = 0.5  # by `paint`, for a place to count
TARGET_CHANGE = 12.0  # of 255, by each knob's end
SIZES = ("full", "half")
HELD_OUT = ("tubingen.jpg", "shipwreck.jpg")
Positions = Mapping[str, float]


def random_positions(look: Look, count: int) -> list[dict[str, float]]:
    """Positions of the desk as training draws them, by seeds of their own."""
    drawn = DeskRange(look.table(), look.positions(), len(look.info.styles))
    found: list[dict[str, float]] = []
    seed = 1_000_000
    while len(found) < count:
        positions = drawn.draw(np.random.default_rng(seed))
        seed += 1
        # Muted layers and those at the content's own have no distance that could be removed.
        if positions != look.positions():
            found.append(positions)
    return found


def paint(look: Look, content: str, style: str, positions: Positions, steps: int) -> Pixels:
    """The same by `styletune paint`."""
    size = look.config.pictures.size
    moved = {
        name: look.table()[name].to_json(at)
        for name, at in positions.items()
        if at != look.config.table()[name].default
    }
    session = SessionConfig.model_validate(
        look.config.model_dump()
        | {
            "pictures": {"content": content, "styles": (style,), "size": size},
            "optimizer": {"name": "lbfgs"},
            "controls": moved | {"average": True},
        }
    )
    painter = OfflinePainter(session, steps)
    painter.calibrate()
    for _ in painter.paint():
        pass
    return painter.picture()


def knob_changes(runner: LookRunner, content: Pixels) -> dict[str, tuple[float, float]]:
    """Of each layer's knob: how far its bottom and its top move the picture, of 255."""
    look, table, middle = runner.look, runner.look.table(), runner.look.positions()
    styles = len(look.info.styles)

    def at(moved: Positions) -> Pixels:
        return runner.paint(content, desk_values(table, {**middle, **moved}, styles))

    still = at({}).astype(np.float32)
    return {
        layer: (
            float(np.abs(at({f"style.{layer}": 0.0}) - still).mean()),
            float(np.abs(at({f"style.{layer}": 1.0}) - still).mean()),
        )
        for layer in table.layers
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write the sheets; returns 1 where VGG-19's weights are missing."""
    parser = report.new_parser("quality.looks", __doc__)
    parser.add_argument("looks", metavar="LOOK", nargs="+", help="that ship, or files")
    parser.add_argument("--weights", default=None, metavar="VGG19.npz", help="VGG-19's weights")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="held-out contents")
    parser.add_argument("--style", metavar="FILE", help="of a look that was taught another one")
    parser.add_argument("--positions", type=int, default=10, metavar="N", help="random ones")
    parser.add_argument("--steps", type=int, default=150, metavar="N", help="of `paint`")
    parser.add_argument("--out", type=Path, default=Path("looks"), metavar="FOLDER")
    arguments = parser.parse_args(argv)
    try:
        judge = Judge(weights.load("vgg19", arguments.weights, LAYERS))
    except StyletuneError as error:
        print(f"looks: {error}", file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    contents = list(samples.CONTENTS)
    if arguments.pictures is not None:
        contents = [str(arguments.pictures / name) for name in HELD_OUT] + contents
    with filter_stderr():
        for name in arguments.looks:
            measure(look_file.read(look_file.locate(name)), contents, judge, arguments)
    return 0


def measure(
    look: Look, contents: Sequence[str], judge: Judge, arguments: argparse.Namespace
) -> None:
    """One look's tables and sheets."""
    runner, console = LookRunner(look), report.progress_console()
    style = arguments.style or look.info.styles[0]
    pixels = load_image(style, look.config.pictures.size)
    places = {"middle": look.positions()}
    drawn = random_positions(look, arguments.positions)
    places |= {f"random {number}": at for number, at in enumerate(drawn, 1)}
    headings = ("content, desk", *(f"{way} {size}" for size in SIZES for way in ("look", "paint")))
    table = report.new_table(
        f"{look.name}: style distance removed, target {TARGET_REMOVED:.0%} of paint's",
        (*headings, "full", "half"),
    )
    ratios: list[list[float]] = []
    for number, content in enumerate(contents):
        picture = load_image(content, look.config.pictures.size)
        shown: list[tuple[str, Pixels]] = [(Path(content).stem, picture)]
        # `paint` takes half a minute a picture: random positions are shared by the contents.
        mine = {
            name: at
            for index, (name, at) in enumerate(places.items())
            if not index or index % len(contents) == number
        }
        for place, positions in mine.items():
            values = desk_values(look.table(), positions, len(look.info.styles))
            ours = runner.paint(picture, values)
            theirs = paint(look, content, style, positions, arguments.steps)
            removed = [judge.removed(each, picture, pixels) for each in (ours, theirs)]
            # Where the desk asks for the opposite of the style, distance is no measure.
            ratio = [
                removed[0][size] / removed[1][size] if removed[1][size] >= LEAST_REMOVED else np.nan
                for size in SIZES
            ]
            ratios.append(ratio)
            cells = [f"{one[size]:.1%}" for size in SIZES for one in removed]
            shares = ["–" if np.isnan(each) else f"{each:.0%}" for each in ratio]
            table.add_row(f"{Path(content).stem}, {place}", *cells, *shares)
            console.print(f"{Path(content).stem}, {place}: {ratio}")
            shown += [(place, ours), ("painted", theirs)]
        sheet(shown).save(arguments.out / f"{look.name}-{Path(content).stem}.png")
        changes = knob_changes(runner, picture)
        weakest = min(min(ends) for ends in changes.values())
        ends = " ".join(f"{low:.0f}/{high:.0f}" for low, high in changes.values())
        met = "met" if weakest >= TARGET_CHANGE else "missed"
        table.add_row(f"{Path(content).stem}, knobs", ends, *[""] * 4, met)
    for title, pick in (("mean", np.nanmean), ("worst", np.nanmin)):
        table.add_row(title, *[""] * 4, *(f"{value:.0%}" for value in pick(ratios, axis=0)))
    report.print_table(table)


if __name__ == "__main__":
    sys.exit(main())
