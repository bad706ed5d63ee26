"""Sheets, plots and the page, from results that nobody painted."""

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.images.png_metadata import encode_png, read_metadata
from styletune.sweeps.report.grid import Shown, grids
from styletune.sweeps.report.html import page, scene_name
from styletune.sweeps.report.plot import plots
from styletune.sweeps.report.sheet import sheet
from styletune.sweeps.result import Result
from styletune.sweeps.sweep import time_left_s
from tests.support.sweep_results import made

ROWS = Shown("smooth", ("0", "0.25", "0.5"))
COLUMNS = Shown("style.master", ("0", "1", "10", "100"), log=True)
SEEDS = Shown("seed", ("1", "2"))


def test_two_lines_are_rows_and_columns_and_a_hole_stays_a_hole(tmp_path: Path) -> None:
    results = made(tmp_path, [ROWS, COLUMNS])
    (grid,) = grids([ROWS, COLUMNS], 12, results[:5] + results[6:])
    assert (grid.rows, grid.columns) == (ROWS, COLUMNS)
    assert grid.cells[1][1] is None
    assert grid.cells[2][3] == results[-1]


def test_every_further_line_makes_sheets(tmp_path: Path) -> None:
    results = made(tmp_path, [ROWS, COLUMNS, SEEDS])
    found = grids([ROWS, COLUMNS, SEEDS], 24, results)
    assert [grid.name for grid in found] == ["seed 1", "seed 2"]
    assert found[1].cells[0][0] == results[1]


def test_one_line_fills_the_sheet_with_a_label_each(tmp_path: Path) -> None:
    line = Shown("style alone", tuple(f"block{n}" for n in range(8)))
    (grid,) = grids([line], 8, made(tmp_path, [line]))
    assert [len(row) for row in grid.cells] == [4, 4]
    assert grid.labels[1][3] == "block7"


@pytest.mark.parametrize("lines", [[ROWS, COLUMNS], [COLUMNS], []])
def test_a_sheet_hangs_every_picture_where_it_belongs(tmp_path: Path, lines: list[Shown]) -> None:
    results = made(tmp_path, lines or [ROWS])
    (grid,) = grids(lines, len(results), results)
    wall = np.asarray(sheet(grid, tmp_path, "A title", "what painted it"))
    for result in results:
        with Image.open(tmp_path / result.file) as picture:
            colour = np.array(picture.getpixel((0, 0)))
        assert (wall == colour).all(axis=2).sum() > 5000


def test_labels_of_other_scripts_and_endless_ones_do_no_harm(tmp_path: Path) -> None:
    line = Shown("стиль", ("青い " * 80, "x" * 500, ""))
    (grid,) = grids([line], 3, made(tmp_path, [line]))
    assert sheet(grid, tmp_path, "Übung " * 20, "…").width < 4000


def test_many_columns_stay_within_what_viewers_open(tmp_path: Path) -> None:
    columns = Shown("smooth", tuple(str(n) for n in range(60)))
    (grid,) = grids([Shown("a", ("1",)), columns], 60, [])
    assert sheet(grid, tmp_path, "t", "s").width <= 3300


def test_plots_show_each_axis_of_numbers_for_content_and_style(tmp_path: Path) -> None:
    results = made(tmp_path, [ROWS, COLUMNS])
    svg = plots(results, {"style.master": True})
    root = ElementTree.fromstring(svg)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("block3_conv4") == 4
    assert "smooth" in texts
    assert "style.master" in texts
    assert "nan" not in svg
    assert "inf" not in svg.replace("font-family", "")


def test_without_two_numbers_there_is_nothing_to_plot(tmp_path: Path) -> None:
    assert plots(made(tmp_path, [Shown("a", ("1",))]), {}) == ""
    assert plots([], {}) == ""


def test_the_page_holds_everything_and_reaches_for_nothing(tmp_path: Path) -> None:
    name = "</script><script>alert(1)</script>"
    line = Shown(name, ("<b>", "&amp;"))
    results = made(tmp_path, [line])
    text = page(name, "sub & <i>", grids([line], 2, results), results, "", ["sheet.png"])
    assert text.count("<script") == 2
    assert "<b>" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S)[1])  # type: ignore[index]
    scene = data["results"][0]["scene"]
    assert scene["controls"] == {"smooth": 0.5}
    assert len(scene["name"]) <= 60
    assert scene["name"] == scene_name(name, results[0])


def test_a_result_survives_its_line(tmp_path: Path) -> None:
    (first, *_) = made(tmp_path, [ROWS])
    assert Result.parse(first.line) == first
    for broken in ("", "{", "[]", "{}", first.line[:-9], first.line.replace('"raw"', '"row"')):
        with pytest.raises(ValueError, match=r".*"):
            Result.parse(broken)


def test_the_page_reads_the_state_of_a_point(tmp_path: Path) -> None:
    (first, *_) = made(tmp_path, [ROWS])
    png = encode_png(np.zeros((8, 8, 3), np.uint8), first.state)
    assert read_metadata(png).controls == first.controls


@pytest.mark.parametrize(
    ("done", "now_s", "done_s", "rate", "left"),
    [
        (0, 0.0, 0.0, 0.0, None),  # nothing is known
        (0, 0.0, 0.0, 10.0, 40.0),  # by the rate that was measured before
        (0, 4.0, 0.0, 10.0, 36.0),
        (0, 50.0, 0.0, 10.0, 0.0),  # slower than that, and no point is done yet
        (100, 30.0, 30.0, 10.0, 90.0),  # from here on by its own pace
        (100, 50.0, 30.0, 0.0, 70.0),  # the next point is under way
        (400, 120.0, 120.0, 10.0, None),
    ],
)
def test_the_time_left_goes_by_the_pace_so_far(
    done: float, now_s: float, done_s: float, rate: float, left: float | None
) -> None:
    assert time_left_s(done, 400, now_s, done_s, rate) == left
