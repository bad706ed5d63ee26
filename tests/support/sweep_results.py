"""Results that nobody painted: colours by place, losses that fall along the first axis."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

from PIL import Image

from styletune.sweeps.results import AxisLabels, Result, Term

LAYERS = ("block1_conv1", "block2_conv2", "block3_conv4")


def make_results(
    folder: Path, axes: Sequence[AxisLabels], size: tuple[int, int] = (96, 72), log: bool = False
) -> list[Result]:
    """A result and its picture for each place."""
    (folder / "points").mkdir(parents=True, exist_ok=True)
    found = []
    for index, place in enumerate(product(*(range(len(axis.labels)) for axis in axes))):
        file = f"points/{index + 1:04}.png"
        colour = (40 + 30 * place[0], 40 + 30 * place[-1], 120)
        Image.new("RGB", size, colour).save(folder / file)
        values = [10.0**i if log else i / 4 for i in place]
        labels = {axis.name: axis.labels[i] for axis, i in zip(axes, place, strict=True)}
        found.append(
            Result(
                key=f"key{index}", index=index, file=file, labels=labels,
                at=dict(zip(labels, values, strict=True)),
                place=place, controls={"smooth": 0.5, "paused": False}, pictures={}, seed=None,
                steps=100, settled=False, seconds=1.5, rev=index, width=size[0], height=size[1],
                total=1000.0 / (1 + place[0]), smooth=1.0,
                terms=tuple(
                    Term(layer, term, 100.0 * (n + 1) / (1 + place[0]) + 5 * n * place[-1],
                         1.0, 10.0)
                    for n, layer in enumerate(LAYERS)
                    for term in ("content", "style")
                ),
                disturbed=False, rollbacks=0, time=1.7e9,
            )
        )  # fmt: skip
    return found
