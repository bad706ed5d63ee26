"""The report of a sweep: table, contact sheets, plots, and index.html with all of it.

The page needs no server and no network: its pictures lie beside it, everything else is inside.
"""

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template
from typing import Any

from styletune.sweeps.report.figures import draw_losses, draw_sheet
from styletune.sweeps.report.grid import Grid, join_labels, make_grids
from styletune.sweeps.results import Result, ResultsFolder
from styletune.sweeps.spec import SweepSpec

_TEMPLATE = Path(__file__).with_name("page.html")


def make_page(
    title: str,
    subtitle: str,
    grids: Sequence[Grid],
    results: Sequence[Result],
    losses: str,
    sheets: Sequence[str],
) -> str:
    """The text of index.html.

    Args:
        losses: the plots as SVG, or empty.
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
        "results": [_result_data(title, result) for result in results],
    }
    links = (f'<a href="{html.escape(name)}">{html.escape(name)}</a>' for name in sheets)
    return Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(title),
        subtitle=html.escape(subtitle),
        plot=losses,
        sheets=" · ".join(links),
        # Within a script element only this could end it.
        data=json.dumps(data, ensure_ascii=False).replace("<", "\\u003c"),
    )


def _result_data(title: str, result: Result) -> dict[str, object]:
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
    """The sweep's name and the point's labels, cut to the length that a scene's name may have."""
    name = f"{title}: {join_labels(result.labels)}"
    return (name if len(name) <= 60 else name[:59] + "…").strip()


def write_report(spec: SweepSpec, folder: ResultsFolder) -> None:
    """Write table, contact sheets, plots and page of all that is done."""
    results = folder.results()
    subtitle = _subtitle(spec, folder.painter, results)
    folder.write_table()
    grids = make_grids(folder.axes, folder.count, results)
    sheets = [_sheet_name(grid, number, len(grids)) for number, grid in enumerate(grids, 1)]
    for grid, name in zip(grids, sheets, strict=True):
        folder.write(name, draw_sheet(grid, folder.path, spec.name, subtitle))
    losses = draw_losses(results, {axis.name: axis.log for axis in folder.axes})
    if losses:
        folder.write("losses.svg", losses.encode(errors="replace"))
    page = make_page(spec.name, subtitle, grids, results, losses, sheets)
    folder.write("index.html", page.encode(errors="replace"))


def _subtitle(spec: SweepSpec, painter: Mapping[str, Any], results: Sequence[Result]) -> str:
    """What was painted, by what, with how many steps."""
    pictures = [painter["content"], " + ".join(name for name in painter["styles"] if name)]
    sizes = {max(result.width, result.height) for result in results} or {painter["size"]}
    least, most = min(sizes), max(sizes)
    parts = [
        " in ".join(name for name in pictures if name),
        f"{painter['network']}, {least if least == most else f'{least} to {most}'} px",
        f"{'at rest, or ' if spec.settle else ''}{spec.steps} steps",
    ]
    return "  ·  ".join(part for part in parts if part)


def _sheet_name(grid: Grid, number: int, count: int) -> str:
    if count == 1:
        return "sheet.png"
    slug = re.sub(r"[^a-z0-9]+", "-", grid.name.lower()).strip("-")[:40]
    return f"sheet-{number}-{slug}.png"
