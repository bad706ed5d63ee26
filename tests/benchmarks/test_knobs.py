"""Each fader of a layer is seen: what it does to the picture, at a small size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.quality import knobs


def test_the_mean_cosine_by_hand() -> None:
    ways = [np.array([1.0, 0.0]), np.array([1.0, 1.0]), np.array([0.0, 1.0])]
    assert knobs.mean_cosine(ways) == pytest.approx((0.5**0.5 + 0 + 0.5**0.5) / 3)


@pytest.mark.long
def test_each_end_of_the_desk_is_seen_and_no_two_faders_do_the_same(tmp_path: Path) -> None:
    painter = knobs.build("harbour", "strokes", 64)
    ends = {end: at for end, at in knobs.ENDS.items() if at[0] == "style"}
    still, found = knobs.measure(painter, calm=150, steps=25, ends=ends)
    assert len(found) == 2
    for end, moves in found.items():
        changes = {layer: round(move.change, 1) for layer, move in moves.items()}
        assert min(changes.values()) > 15, (end, changes)
        assert knobs.mean_cosine([move.difference for move in moves.values()]) < 0.25
    knobs.write_sheet(tmp_path / "sheet.png", still, found)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 64 * 9
    assert painter.traces == 1
