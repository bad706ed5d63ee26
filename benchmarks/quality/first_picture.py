"""How much sooner a painting is there that begins with what a learned look paints.

    python -m benchmarks.quality.first_picture LOOK …

For each content: the loss that `--steps` steps reach from the content picture, and the steps to it
from the look's (`painting.init = "look"`), with the live optimizer and all controls as they are.
"""

import sys
from collections.abc import Sequence

import numpy as np

from benchmarks.common import report
from styletune.config import SessionConfig
from styletune.engine.canvas import Canvas
from styletune.engine.painter import Painter
from styletune.engine.stderr_filter import filter_stderr
from styletune.images import samples
from styletune.looks import file as look_file

TARGET = 0.5


def painter_of(look: str, content: str, style: str, size: int, init: str) -> Painter:
    """A calibrated painter at its start."""
    session = SessionConfig.model_validate(
        {
            "pictures": {"content": content, "styles": (style,), "size": size},
            "painting": {"init": init},
            "look": {"file": look},
        }
    )
    painter = Canvas(session, session.positions(), size).build_painter()
    painter.calibrate()
    painter.reset()
    return painter


def losses(painter: Painter, steps: int) -> list[float]:
    """The loss of each step, measured by the one after it."""
    found = []
    for _ in range(steps + 1):
        painter.run(1, all_terms=False)
        found.append(painter.losses().total)
    return found[1:]


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = report.new_parser("quality.first_picture", __doc__)
    parser.add_argument("looks", metavar="LOOK", nargs="+", help="that ship, or files")
    parser.add_argument("--size", type=int, default=256, metavar="PX")
    parser.add_argument("--steps", type=int, default=100, metavar="N")
    arguments = parser.parse_args(argv)
    table = report.new_table(
        f"steps to the loss of {arguments.steps} steps from the content",
        ("look", "content", "loss", "from the look", "part", f"target {TARGET}"),
    )
    with filter_stderr():
        for name in arguments.looks:
            look = look_file.read(look_file.locate(name))
            style = look.info.styles[0]
            for content in samples.CONTENTS:
                given = (str(look_file.locate(name)), content, style, arguments.size)
                wanted = losses(painter_of(*given, "content"), arguments.steps)[-1]
                reached = np.array(losses(painter_of(*given, "look"), arguments.steps)) <= wanted
                steps = int(np.argmax(reached)) + 1 if reached.any() else arguments.steps
                part = steps / arguments.steps
                table.add_row(
                    look.name, content, f"{wanted:.4g}", f"{steps}", f"{part:.2f}",
                    "met" if part <= TARGET else "missed",
                )  # fmt: skip
    report.print_table(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
