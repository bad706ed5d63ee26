"""What a sweep prints about its progress."""

import pytest

from styletune.sweeps.console import format_duration, time_left_s


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
def test_time_left_follows_the_pace_so_far(
    done: float, now_s: float, done_s: float, rate: float, left: float | None
) -> None:
    assert time_left_s(done, 400, now_s, done_s, rate) == left


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "1 s"),
        (59.4, "59 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (4e6, "1,111 h 6 min"),
    ],
)
def test_durations_are_written_as_people_write_them(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
