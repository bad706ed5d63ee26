"""What each fader of a layer does to the picture, told by a table and shown by a sheet.

    python -m benchmarks.quality.knobs [--session FILE] [--pairs CONTENT:STYLE ...] [--out FOLDER]

The painting runs for --calm steps with the session's faders. From there each style fader goes
from its middle to its bottom and to its top, and each content fader to its top, for --steps
steps, and is compared with the painting whose faders stay:

- the mean difference of 255;
- the steps until 90 % of the way that the picture went;
- the cosine between the differences of two faders, in the mean over all pairs of them: 0 where
  they have nothing in common, 1 where both do the same.
"""

import itertools
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.common import report
from benchmarks.quality.contact_sheets import Labelled, sheet
from styletune.config import load
from styletune.engine.painter import Painter
from styletune.engine.stderr_filter import filter_stderr

TARGET_CHANGE = 18.0  # of 255
TARGET_COSINE = 0.2
TARGET_STEPS = 40
SESSION = Path(__file__).parents[2] / "configs" / "default.toml"
PAIRS = ("harbour:strokes", "harbour:woodcut", "mountains:mosaic")
ENDS = {"style at its bottom": ("style", 0.0), "style at its top": ("style", 1.0)}
ENDS["content at its top"] = ("content", 1.0)
_SETTLED = 0.9

Pixels = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Move:
    """What became of one fader's move: the picture, how far it is off, and how soon it was so."""

    picture: Pixels
    difference: Pixels
    steps: int

    @property
    def change(self) -> float:
        """Mean difference from the painting whose faders stay, of 255."""
        return float(np.abs(self.difference).mean())


def mean_cosine(differences: Sequence[npt.NDArray[np.floating]]) -> float:
    """The mean cosine between two of them.

    >>> mean_cosine([np.array([1.0, 0.0]), np.array([1.0, 1.0]), np.array([0.0, 1.0])]).round(3)
    0.471
    """
    unit = [each / np.linalg.norm(each) for each in differences]
    return float(np.mean([np.sum(a * b) for a, b in itertools.combinations(unit, 2)]))


def move_fader(
    painter: Painter, positions: Mapping[str, float], moved: Mapping[str, float], steps: int
) -> tuple[Pixels, int]:
    """Go on with some faders moved: the picture, and the steps until 90 % of its way."""
    start, way = painter.pixels(), []
    painter.apply({**positions, **moved})
    for _ in range(steps):
        painter.run(1)
        way.append(float(np.abs(painter.pixels() - start).mean()))
    painter.apply(positions)
    return painter.pixels(), int(np.argmax(np.array(way) >= _SETTLED * way[-1])) + 1


def measure(
    painter: Painter, calm: int, steps: int, ends: Mapping[str, tuple[str, float]] = ENDS
) -> tuple[Pixels, dict[str, dict[str, Move]]]:
    """The painting whose faders stay, and each fader's moves by end and layer."""
    positions = painter.session.positions()
    painter.apply(positions)
    painter.run(calm)
    state = painter.state()
    still, _ = move_fader(painter, positions, {}, steps)
    found: dict[str, dict[str, Move]] = {}
    for end, (term, position) in ends.items():
        found[end] = {}
        for layer in painter.layers:
            painter.restore(state)
            moved = {f"{term}.{layer}": position}
            picture, settled = move_fader(painter, positions, moved, steps)
            found[end][layer] = Move(picture, picture - still, settled)
    return still, found


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write the sheets."""
    parser = report.new_parser("quality.knobs", __doc__)
    parser.add_argument("--session", default=SESSION, metavar="FILE", help="what is played")
    parser.add_argument("--size", type=int, default=192, metavar="PX", help="longer edge")
    parser.add_argument("--calm", type=int, default=150, metavar="N", help="steps before a move")
    parser.add_argument("--steps", type=int, default=50, metavar="N", help="steps after it")
    parser.add_argument("--pairs", nargs="+", default=PAIRS, metavar="CONTENT:STYLE")
    parser.add_argument("--out", type=Path, default=Path("knobs"), metavar="FOLDER")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows: list[list[str]] = []
    layers: Sequence[str] = ()
    with filter_stderr():
        for pair in arguments.pairs:
            content, _, style = pair.rpartition(":")
            painter = build(content, style, arguments.size, arguments.session)
            layers = painter.layers
            still, found = measure(painter, arguments.calm, arguments.steps)
            name = f"{Path(content).stem} in {Path(style).stem}"
            rows += [table_row(name, end, moves) for end, moves in found.items()]
            write_sheet(arguments.out / f"{name.replace(' ', '-')}.png", still, found)
    headings = ("change of 255", "", *layers, f"cosine ≤ {TARGET_COSINE:g}", "steps to 90 %")
    title = (
        f"{Path(arguments.session).name}, {arguments.size} px, {arguments.steps} steps after a move"
    )
    table = report.new_table(title, headings)
    for row in rows:
        table.add_row(*row)
    report.print_table(table)
    return 0


def build(content: str, style: str, size: int, file: str | Path = SESSION) -> Painter:
    """A calibrated painter of a session file with other pictures."""
    from styletune.engine.canvas import Canvas

    pictures = {"content": content, "styles": (style,), "size": size}
    session = load(file).with_overrides(pictures=pictures)
    painter = Canvas(session, session.positions(), size).build_painter()
    painter.calibrate()
    painter.reset()
    return painter


def table_row(pair: str, end: str, moves: Mapping[str, Move]) -> list[str]:
    """One row of the table."""
    cosine = mean_cosine([move.difference for move in moves.values()])
    steps = sorted(move.steps for move in moves.values())
    return [
        pair,
        end,
        *(f"{move.change:.1f} {report.met(move.change, TARGET_CHANGE, at_least=True)}"
          for move in moves.values()),
        f"{cosine:.2f} {report.met(cosine, TARGET_COSINE)}",
        f"{steps[0]} – {steps[-1]} {report.met(steps[-1], TARGET_STEPS)}",
    ]  # fmt: skip


def write_sheet(path: Path, still: Pixels, found: Mapping[str, Mapping[str, Move]]) -> None:
    """A row of pictures for each end, each beginning with the painting whose faders stay."""
    from PIL import Image

    pictures = [
        sheet([("as it was", still.astype(np.uint8)), *labelled(moves)]) for moves in found.values()
    ]
    whole = Image.new("RGB", (pictures[0].width, sum(each.height for each in pictures)), "white")
    top = 0
    for each in pictures:
        whole.paste(each, (0, top))
        top += each.height
    whole.save(path)


def labelled(moves: Mapping[str, Move]) -> list[Labelled]:
    """Each layer's picture with its name."""
    return [(layer, move.picture.astype(np.uint8)) for layer, move in moves.items()]


if __name__ == "__main__":
    sys.exit(main())
