"""index.html: all of a sweep in one page that needs no server and no network.

Its pictures lie beside it; everything else is inside. Results in, text out.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

from styletune.sweeps.report.grid import Grid, grids, label
from styletune.sweeps.report.plot import plots
from styletune.sweeps.report.sheet import sheet
from styletune.sweeps.result import Result
from styletune.sweeps.results import Folder
from styletune.sweeps.spec import SweepSpec

_TEMPLATE = Path(__file__).with_name("page.html")


def page(
    title: str,
    subtitle: str,
    grids: Sequence[Grid],
    results: Sequence[Result],
    plot: str,
    sheets: Sequence[str],
) -> str:
    """The page.

    Args:
        plot: SVG, or empty.
        sheets: file names of the contact sheets.
    """
    numbers = {result.key: number for number, result in enumerate(results)}
    data = {
        "grids": [
            {
                "name": grid.name,
                "rows": grid.rows and asdict(grid.rows),
                "columns": grid.columns and asdict(grid.columns),
                "cells": [
                    [None if cell is None else numbers[cell.key] for cell in row]
                    for row in grid.cells
                ],
                "labels": grid.labels,
            }
            for grid in grids
        ],
        "results": [_shown(title, result) for result in results],
    }
    links = (f'<a href="{html.escape(name)}">{html.escape(name)}</a>' for name in sheets)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        subtitle=html.escape(subtitle),
        plot=plot,
        sheets=" · ".join(links),
        # Within a script element only this could end it.
        data=json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
    )


def _shown(title: str, result: Result) -> dict[str, object]:
    return {
        "file": result.file,
        "width": result.width,
        "height": result.height,
        "labels": result.labels,
        "steps": result.steps,
        "settled": result.settled,
        "seconds": result.seconds,
        "total": result.total,
        "smooth": result.smooth,
        "disturbed": result.disturbed,
        "terms": [asdict(term) for term in result.terms],
        "scene": result.scene(scene_name(title, result)),
    }


def scene_name(title: str, result: Result) -> str:
    """The sweep's name and what sets the point apart, as long as a scene's name may be."""
    name = f"{title}: {label(result.labels)}"
    return (name if len(name) <= 60 else name[:59] + "…").strip()


# What is made of the results: table, contact sheets, plot and page, in their folder.
#
# Made anew each time from all that is done. Knows nothing about painting.


def described(painter: Mapping[str, Any], plan: SweepSpec) -> dict[str, Any]:
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


def write_report(plan: SweepSpec, folder: Folder) -> None:
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


def _subtitle(plan: SweepSpec, painter: Mapping[str, Any], results: Sequence[Result]) -> str:
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
