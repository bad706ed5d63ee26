"""Contact sheets, plots and the page, from results that nobody painted."""

import io
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.sweeps.report.figures import draw_losses, draw_sheet
from styletune.sweeps.report.grid import Grid, make_grids
from styletune.sweeps.report.html import make_page, scene_name
from styletune.sweeps.results import AxisLabels
from tests.support.sweep_results import make_results

ROWS = AxisLabels("smooth", ("0", "0.25", "0.5"))
COLUMNS = AxisLabels("style.master", ("0", "1", "10", "100"), log=True)
SEEDS = AxisLabels("seed", ("1", "2"))


def sheet_of(grid: Grid, folder: Path, title: str, subtitle: str) -> Image.Image:
    return Image.open(io.BytesIO(draw_sheet(grid, folder, title, subtitle))).convert("RGB")


def test_two_axes_are_rows_and_columns_with_holes(tmp_path: Path) -> None:
    results = make_results(tmp_path, [ROWS, COLUMNS])
    (grid,) = make_grids([ROWS, COLUMNS], 12, results[:5] + results[6:])
    assert (grid.rows, grid.columns) == (ROWS, COLUMNS)
    assert grid.cells[1][1] is None
    assert grid.cells[2][3] == results[-1]


def test_every_further_axis_makes_sheets(tmp_path: Path) -> None:
    results = make_results(tmp_path, [ROWS, COLUMNS, SEEDS])
    found = make_grids([ROWS, COLUMNS, SEEDS], 24, results)
    assert [grid.name for grid in found] == ["seed 1", "seed 2"]
    assert found[1].cells[0][0] == results[1]


def test_one_axis_fills_the_sheet_with_labels(tmp_path: Path) -> None:
    axis = AxisLabels("style alone", tuple(f"block{n}" for n in range(8)))
    (grid,) = make_grids([axis], 8, make_results(tmp_path, [axis]))
    assert [len(row) for row in grid.cells] == [4, 4]
    assert grid.labels[1][3] == "block7"


@pytest.mark.parametrize("axes", [[ROWS, COLUMNS], [COLUMNS], []])
def test_a_sheet_shows_every_picture(tmp_path: Path, axes: list[AxisLabels]) -> None:
    results = make_results(tmp_path, axes or [ROWS])
    (grid,) = make_grids(axes, len(results), results)
    wall = np.asarray(sheet_of(grid, tmp_path, "A title", "what painted it"))
    for result in results:
        with Image.open(tmp_path / result.file) as picture:
            colour = np.array(picture.getpixel((0, 0)))
        assert (wall == colour).all(axis=2).sum() > 5000


def test_labels_may_be_long_of_other_scripts_or_formulas(tmp_path: Path) -> None:
    axis = AxisLabels("стиль", ("青い " * 80, "x" * 500, "$x_1^{$"))
    (grid,) = make_grids([axis], 3, make_results(tmp_path, [axis]))
    assert sheet_of(grid, tmp_path, "Übung " * 20, "…").width < 4000


def test_many_columns_stay_within_what_viewers_open(tmp_path: Path) -> None:
    columns = AxisLabels("smooth", tuple(str(n) for n in range(60)))
    (grid,) = make_grids([AxisLabels("a", ("1",)), columns], 60, [])
    assert sheet_of(grid, tmp_path, "t", "s").width <= 3300


def test_losses_are_plotted_against_each_axis_of_numbers(tmp_path: Path) -> None:
    results = make_results(tmp_path, [ROWS, COLUMNS])
    svg = draw_losses(results, {"style.master": True})
    root = ElementTree.fromstring(svg)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("block3_conv4") == 4
    assert "smooth" in texts
    assert "style.master" in texts
    assert "#ffe0b8" in svg  # the lightest amber is the first layer
    assert svg == draw_losses(results, {"style.master": True})
    assert "nan" not in svg
    assert "inf" not in svg.replace("font-family", "")


def test_without_two_numbers_nothing_is_plotted(tmp_path: Path) -> None:
    assert draw_losses(make_results(tmp_path, [AxisLabels("a", ("1",))]), {}) == ""
    assert draw_losses([], {}) == ""


def test_the_page_holds_everything_and_loads_nothing(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>"
    axis = AxisLabels(name, ("<b>", "&amp;"))
    results = make_results(tmp_path, [axis])
    text = make_page(name, "sub & <i>", make_grids([axis], 2, results), results, "", ["sheet.png"])
    assert text.count("<script") == 2
    assert "<b>" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    scene = data["results"][0]["scene"]
    assert scene["controls"] == {"smooth": 0.5}
    assert len(scene["name"]) <= 60
    assert scene["name"] == scene_name(name, results[0])
