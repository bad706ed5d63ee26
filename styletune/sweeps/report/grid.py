"""How results lie on sheets: rows, columns, labels. Nothing is drawn here.

The first two axes are rows and columns; each value of every further axis has a sheet of its own.
One axis alone, a list and random samples fill a sheet from its top left, with a label each.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from styletune.sweeps.results import AxisLabels, Result


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet.

    Attributes:
        name: what distinguishes it from the others; empty where there is one.
        rows, columns: the axes along its edges; None: each cell has its own label.
        cells: results by row and column; None: not painted yet.
        labels: of the cells, where there are no axes.
    """

    name: str
    rows: AxisLabels | None
    columns: AxisLabels | None
    cells: tuple[tuple[Result | None, ...], ...]
    labels: tuple[tuple[str, ...], ...] = ()


def make_grids(axes: Sequence[AxisLabels], count: int, results: Sequence[Result]) -> list[Grid]:
    """Lay out what is done.

    Args:
        count: of all points, done or not.
    """
    if len(axes) < 2:
        return [_filled_grid(count, results)]
    rows, columns, *others = axes
    by_place = {result.place: result for result in results}
    grids = []
    for place in product(*(range(len(axis.labels)) for axis in others)):
        names = [f"{axis.name} {axis.labels[i]}" for axis, i in zip(others, place, strict=True)]
        cells = tuple(
            tuple(by_place.get((row, column, *place)) for column in range(len(columns.labels)))
            for row in range(len(rows.labels))
        )
        grids.append(Grid(", ".join(names), rows, columns, cells))
    return grids


def _filled_grid(count: int, results: Sequence[Result]) -> Grid:
    """Wider than high, as screens and pages on a wall are."""
    width = max(1, min(count, math.ceil(math.sqrt(count * 1.6))))
    by_index = {result.index: result for result in results}
    indices = [
        [row * width + column for column in range(width)] for row in range(-(-count // width))
    ]
    cells = tuple(tuple(by_index.get(index) for index in row) for row in indices)
    labels = tuple(
        tuple(join_labels(by_index[index].labels) if index in by_index else "" for index in row)
        for row in indices
    )
    return Grid("", None, None, cells, labels)


def join_labels(labels: Mapping[str, str]) -> str:
    """What distinguishes a point, in one line; a single label needs no name."""
    if len(labels) == 1:
        return next(iter(labels.values()))
    return "  ".join(f"{name} {text}".strip() for name, text in labels.items())
