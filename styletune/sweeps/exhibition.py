"""What is made of the results: table, contact sheets, plot and page, in their folder.

Made anew each time from all that is done. Knows nothing about painting.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from styletune.sweeps.folder import Folder
from styletune.sweeps.grids import Grid, grids
from styletune.sweeps.page import page
from styletune.sweeps.plan import Sweep
from styletune.sweeps.plot import plots
from styletune.sweeps.result import Result
from styletune.sweeps.sheet import sheet


def described(painter: Mapping[str, Any], plan: Sweep) -> dict[str, Any]:
    """What paints, without the pictures and the size that the sweep itself changes."""
    named = {axis.picture or axis.control for axis in plan.axes} | set(plan.controls)
    named |= {name for point in plan.points for name in point}
    kept = dict(painter)
    kept |= {name: None for name in ("content", "size") if name in named}
    kept["styles"] = [
        None if f"style {number}" in named else name
        for number, name in enumerate(painter["styles"], 1)
    ]
    return kept


def lay_out(plan: Sweep, folder: Folder) -> None:
    """Table, sheets, plots and page of all that is done."""
    results = folder.results()
    subtitle = _subtitle(plan, folder.painter, results)
    folder.write_table()
    laid = grids(folder.lines, folder.count, results)
    names = [_sheet_name(grid, number, len(laid)) for number, grid in enumerate(laid, 1)]
    for grid, name in zip(laid, names, strict=True):
        folder.write_picture(name, sheet(grid, folder.path, plan.name, subtitle))
    logs = {line.name: line.log for line in folder.lines}
    plot = plots(results, logs)
    if plot:
        folder.write("losses.svg", plot.encode())
    text = page(plan.name, subtitle, laid, results, plot, names)
    folder.write("index.html", text.encode())


def _subtitle(plan: Sweep, painter: Mapping[str, Any], results: Sequence[Result]) -> str:
    """What was painted, by what, how far."""
    pictures = [painter["content"], " + ".join(name for name in painter["styles"] if name)]
    sizes = {max(result.width, result.height) for result in results} or {painter["size"]}
    least, most = min(sizes), max(sizes)
    parts = [
        " in ".join(name for name in pictures if name),
        f"{painter['network']}, {least if least == most else f'{least} to {most}'} px",
        f"{'at rest, or ' if plan.settle else ''}{plan.steps} steps",
    ]
    return "  ·  ".join(part for part in parts if part)


def _sheet_name(grid: Grid, number: int, count: int) -> str:
    if count == 1:
        return "sheet.png"
    slug = re.sub(r"[^a-z0-9]+", "-", grid.name.lower()).strip("-")[:40]
    return f"sheet-{number}-{slug}.png"
