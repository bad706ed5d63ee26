"""The arithmetic of the soak, and a short one; STYLETUNE_SOAK_MINUTES lengthens it."""

import os

import pytest
from rich.console import Console

from benchmarks.server.soak import Reading, run, slope

MINUTES = float(os.environ.get("STYLETUNE_SOAK_MINUTES", "0.2"))


def test_the_slope_is_that_of_most_pairs_whatever_one_jump_does() -> None:
    steady = [Reading(60.0 * n, 100 + n / 60, 10) for n in range(60)]
    assert slope(steady) == pytest.approx(1.0)
    jumped = [Reading(60.0 * n, 100 + (n > 50) * 30, 10) for n in range(60)]
    assert slope(jumped) == 0.0
    assert slope(steady[:1]) == 0.0


@pytest.mark.long
@pytest.mark.checklist(39)
async def test_viewers_come_and_go_and_leave_no_file_open() -> None:
    readings, visits = await run(MINUTES, Console(quiet=True))
    web = readings["web process"]
    settled = web[len(web) // 4 :]
    descriptors = [reading.descriptors for reading in settled]
    assert visits > 0
    assert max(descriptors) - min(descriptors) <= 8
    if MINUTES >= 10:
        assert slope(settled) < 1.0
