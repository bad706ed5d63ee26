"""How results lie on a sheet: rows, columns, labels. Pure: nothing is drawn here.

The first two lines of a sweep are rows and columns; of every further one, each option has a sheet
of its own. One line alone, a list and random samples fill the sheet from the top left, each with
its own label. In all of them a place without a result stays empty.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from styletune.sweeps.result import Result


@dataclass(frozen=True, slots=True)
class Shown:
    """A line as it is shown: its name and the labels of its options."""

    name: str
    labels: tuple[str, ...]
    log: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """One sheet.

    Attributes:
        name: what sets it apart from the others; empty where there is one.
        rows, columns: the lines along its edges; None: each cell has its own label.
        cells: results by row and column; None: not painted yet.
        labels: of the cells, where there are no lines.
    """

    name: str
    rows: Shown | None
    columns: Shown | None
    cells: tuple[tuple[Result | None, ...], ...]
    labels: tuple[tuple[str, ...], ...] = ()


def grids(lines: Sequence[Shown], count: int, results: Sequence[Result]) -> list[Grid]:
    """Lay out what is done.

    Args:
        count: of all points, done or not.
    """
    if len(lines) < 2:
        return [_filled(count, results)]
    rows, columns, *others = lines
    found = {result.place: result for result in results}
    made = []
    for place in product(*(range(len(line.labels)) for line in others)):
        named = [f"{line.name} {line.labels[i]}" for line, i in zip(others, place, strict=True)]
        cells = tuple(
            tuple(found.get((row, column, *place)) for column in range(len(columns.labels)))
            for row in range(len(rows.labels))
        )
        made.append(Grid(", ".join(named), rows, columns, cells))
    return made


def _filled(count: int, results: Sequence[Result]) -> Grid:
    """Wider than high, as screens and pages on a wall are."""
    width = max(1, min(count, math.ceil(math.sqrt(count * 1.6))))
    by_index = {result.index: result for result in results}
    indices = [
        [row * width + column for column in range(width)] for row in range(-(-count // width))
    ]
    cells = tuple(tuple(by_index.get(index) for index in row) for row in indices)
    labels = tuple(
        tuple(label(by_index[index].labels) if index in by_index else "" for index in row)
        for row in indices
    )
    return Grid("", None, None, cells, labels)


def label(labels: Mapping[str, str]) -> str:
    """What sets a point apart, in one line; the name of a single line says itself."""
    if len(labels) == 1:
        return next(iter(labels.values()))
    return "  ".join(f"{name} {text}".strip() for name, text in labels.items())
