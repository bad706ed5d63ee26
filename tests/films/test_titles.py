"""Titles below frames, and frames side by side."""

import numpy as np
import pytest

from styletune.films.titles import Titles, grid

TITLES = [("block3_conv1@2", "weight 1.00"), ("block1_conv1", "weight 0.50")]


def grey(height: int, width: int) -> np.ndarray:
    return np.full((height, width, 3), 128, np.uint8)


@pytest.mark.parametrize("shape", [(192, 256), (341, 256), (768, 1024), (192, 120)])
def test_a_title_stands_below_the_picture(shape: tuple[int, int]) -> None:
    height, width = shape
    frame = Titles(width, height, TITLES, 2000).below(0, grey(height, width), 7)
    assert frame.shape[1:] == (width, 3)
    assert frame.shape[0] % 2 == 0  # films have even heights
    assert np.array_equal(frame[:height], grey(height, width))  # nothing lies over it
    strip = frame[height:].max(2)
    assert 16 <= len(strip) <= 50
    assert strip.max() > 180  # letters
    assert (strip < 30).mean() > 0.7  # on a quiet ground
    edge = round(len(strip) / 6)
    for border in (strip[:edge], strip[-2:], strip[:, :edge], strip[:, -edge:]):
        assert border.max() < 30  # none is cut off


def test_titles_differ() -> None:
    titles = Titles(256, 192, TITLES, 2000)
    frames = [titles.below(*row) for row in ((0, grey(192, 256), 7), (0, grey(192, 256), 1234))]
    left = slice(0, 150)  # name and note stay, and the number moves nothing
    assert np.array_equal(frames[0][:, left], frames[1][:, left])
    assert not np.array_equal(frames[0], frames[1])
    other = titles.below(1, grey(192, 256), 7)
    assert other.shape == frames[0].shape
    assert not np.array_equal(other[:, left], frames[0][:, left])


def test_a_narrow_title_takes_two_lines() -> None:
    wide, narrow = (Titles(width, 192, TITLES, 2000) for width in (256, 140))
    heights = [len(t.below(0, grey(192, w), 1)) - 192 for t, w in ((wide, 256), (narrow, 140))]
    assert heights[1] > 1.3 * heights[0]


def test_grid_is_four_by_two() -> None:
    frames = [np.full((60, 80, 3), 20 * number, np.uint8) for number in range(1, 9)]
    whole = grid(frames)
    assert whole.shape == (2 * 60 + 2, 4 * 80 + 3 * 2, 3)
    assert [int(whole[30, 40 + 82 * column, 0]) for column in range(4)] == [20, 40, 60, 80]
    assert [int(whole[92, 40 + 82 * column, 0]) for column in range(4)] == [100, 120, 140, 160]
    assert whole[60:62].max() < 20


def test_grid_of_few_and_of_large() -> None:
    assert grid([grey(60, 80)] * 3).shape == (60, 3 * 80 + 2 * 2, 3)
    assert grid([grey(1000, 2000)] * 5).shape == (2 * 480 + 14, 4 * 960 + 3 * 14, 3)
