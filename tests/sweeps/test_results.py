"""Results as lines of JSON and as the state of a PNG."""

from pathlib import Path

import numpy as np
import pytest

from styletune.errors import SweepError
from styletune.images.png_metadata import encode_png, read_metadata
from styletune.sweeps.results import AxisLabels, Result, ResultsFolder
from styletune.sweeps.spec import SweepSpec
from tests.support.sweep_results import make_results


def test_a_result_survives_its_json(tmp_path: Path) -> None:
    (first, *_) = make_results(tmp_path, [AxisLabels("smooth", ("0", "0.5"))])
    line = first.to_json()
    assert Result.from_json(line) == first
    crafted = ("[" * 9999, "1" * 9999, line.replace(f'"{first.file}"', "5"), '{"file": 5}')
    for broken in (*crafted, "", "{", "[]", "{}", line[:-9], line.replace('"raw"', '"row"')):
        with pytest.raises(ValueError, match=r".*"):
            Result.from_json(broken)


@pytest.mark.parametrize("text", ["{", "[]", "7", "[" * 9999, "{}", "\xff"])
def test_a_damaged_manifest_is_one_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "sweep.json").write_text(text, encoding="latin-1")
    with pytest.raises(SweepError):
        ResultsFolder(tmp_path, SweepSpec(seeds=(1,)))


def test_the_page_reads_the_state_of_a_point(tmp_path: Path) -> None:
    (first, *_) = make_results(tmp_path, [AxisLabels("smooth", ("0", "0.5"))])
    png = encode_png(np.zeros((8, 8, 3), np.uint8), first.state)
    assert read_metadata(png).controls == first.controls
