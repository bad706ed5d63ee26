"""index.html: all of a sweep in one page that needs no server and no network.

Its pictures lie beside it; everything else is inside. Results in, text out.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from string import Template

from styletune.sweeps.grids import Grid, label
from styletune.sweeps.result import Result

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
