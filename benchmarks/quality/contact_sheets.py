"""Contact sheets to look at: what each feature of the painting does, side by side.

    python -m benchmarks.quality.contact_sheets --out FOLDER [--size 192] [--steps 150]

One PNG for each of: colours (as shown), blends of two to four styles, style scales, initial
pictures. All by the defaults of the live loop; only what the labels name differs.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from benchmarks.common import report
from styletune.config import SessionConfig, parse
from styletune.engine.initial_image import KINDS
from styletune.engine.stderr_filter import filter_stderr
from styletune.images import samples

Picture = npt.NDArray[np.uint8]
Labelled = tuple[str, Picture]
_MARGIN_PX = 14  # room for a label
_SCALES = (0.5, 1.0, 2.0)


def main(argv: Sequence[str] | None = None) -> int:
    """Paint and write the sheets."""
    parser = report.new_parser("quality.contact_sheets", __doc__)
    parser.add_argument("--size", type=int, default=192, metavar="N", help="longer edge, px")
    parser.add_argument("--steps", type=int, default=150, metavar="N")
    parser.add_argument("--content", default="harbour", metavar="FILE")
    parser.add_argument("--styles", nargs="+", default=list(samples.STYLES), metavar="FILE")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    arguments = parser.parse_args(argv)
    arguments.out.mkdir(parents=True, exist_ok=True)
    with filter_stderr():
        for name, row in sheets(arguments).items():
            sheet(row).save(arguments.out / f"{name}.png")
            print(arguments.out / f"{name}.png")
    return 0


def sheets(arguments: argparse.Namespace) -> dict[str, list[Labelled]]:
    """The rows of pictures, by feature."""
    session = parse(
        {
            "pictures": {
                "content": arguments.content,
                "styles": arguments.styles[:4],
                "size": arguments.size,
            }
        },
        "the benchmark",
    )
    table, steps = session.table(), arguments.steps
    gains = {f"style_gain.{number}": 1.0 for number in range(1, 5)}
    blends: dict[str, dict[str, float]] = {
        "first": {},
        "half and half": {"style_mix": 0.5},
        "second": {"style_mix": 1.0},
    }
    blends["all"] = {"style_mix": 0.5} | gains
    scales = {
        f"style x{scale:g}": {"style_scale.1": table["style_scale.1"].position(scale)}
        for scale in _SCALES
    }
    colors = {name: {"color": float(index)} for index, name in enumerate(table["color"].choices)}
    starts = [
        paint_row(session.with_overrides(painting={"init": kind}), {kind: {}}, steps)
        for kind in KINDS
    ]
    return {
        "colours": paint_row(session, colors, steps, restart=False),
        "blends": paint_row(session, blends, steps),
        "scales": paint_row(session, scales, steps),
        "starts": [labelled for row in starts for labelled in row],
    }


def paint_row(
    session: SessionConfig,
    settings: Mapping[str, Mapping[str, float]],
    steps: int,
    *,
    restart: bool = True,
) -> list[Labelled]:
    """A picture for each setting of controls, by one painter.

    Args:
        restart: each from the initial picture; else all are one painting, shown in several ways.
    """
    from styletune.engine.canvas import Canvas

    positions = session.positions()
    canvas = Canvas(session, positions, session.pictures.size)
    painter = canvas.build_painter()
    painter.calibrate()
    painter.reset()
    row = []
    for index, (label, changes) in enumerate(settings.items()):
        moved = {**positions, **changes}
        canvas.rescale_styles(painter, moved)
        painter.apply(moved)
        if restart or index == 0:
            painter.reset()
            painter.run(steps)
        row.append((label, painter.picture()))
    return row


def sheet(row: Sequence[Labelled]) -> Image.Image:
    """The pictures side by side, each with its label above."""
    height, width = row[0][1].shape[:2]
    made = Image.new("RGB", (width * len(row), height + _MARGIN_PX), "white")
    draw = ImageDraw.Draw(made)
    for index, (label, picture) in enumerate(row):
        draw.text((index * width + 3, 1), label, fill="black")
        made.paste(Image.fromarray(picture), (index * width, _MARGIN_PX))
    return made


if __name__ == "__main__":
    sys.exit(main())
