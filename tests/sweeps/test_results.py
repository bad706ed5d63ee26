"""Results as lines of JSON and as the state of a PNG."""

from pathlib import Path

import numpy as np
import pytest

from styletune.images.png_metadata import encode_png, read_metadata
from styletune.sweeps.results import AxisLabels, Result
from tests.support.sweep_results import make_results


def test_a_result_survives_its_json(tmp_path: Path) -> None:
    (first, *_) = make_results(tmp_path, [AxisLabels("smooth", ("0", "0.5"))])
    line = first.to_json()
    assert Result.from_json(line) == first
    for broken in ("", "{", "[]", "{}", line[:-9], line.replace('"raw"', '"row"')):
        with pytest.raises(ValueError, match=r".*"):
            Result.from_json(broken)


def test_the_page_reads_the_state_of_a_point(tmp_path: Path) -> None:
    (first, *_) = make_results(tmp_path, [AxisLabels("smooth", ("0", "0.5"))])
    png = encode_png(np.zeros((8, 8, 3), np.uint8), first.state)
    assert read_metadata(png).controls == first.controls
