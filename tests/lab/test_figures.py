"""The pictures of the laboratory, by hand."""

import io

import numpy as np
import pytest
from PIL import Image

from styletune.lab import figures
from styletune.lab.figures import (
    ACCENTS,
    PAGE,
    as_webp,
    draw_field,
    draw_gradient,
    draw_grams,
    draw_live,
    draw_maps,
)


def rgb(colour: str) -> list[int]:
    return [int(colour[start : start + 2], 16) for start in (1, 3, 5)]


def test_maps_lie_row_by_row_and_each_has_its_own_scale() -> None:
    ramp = np.linspace(0, 1, 20 * 10, dtype=np.float32).reshape(10, 20)
    sheet = draw_maps(np.stack([ramp, 1000 + 5 * ramp, 0 * ramp, ramp, ramp]), "content")
    # 20 × 10 positions, enlarged ten times; five of them in rows of four.
    assert sheet.shape == (2 * 100 + 6, 4 * 200 + 3 * 6, 3)
    np.testing.assert_array_equal(sheet[:100, :200], sheet[:100, 206:406])
    assert sheet[50, 203].tolist() == rgb(PAGE)
    assert sheet[150, 300].tolist() == rgb(PAGE)  # no sixth map
    assert (sheet[:100, 412:612] == sheet[0, 412]).all()  # a flat map is dark
    assert sheet[0, 412].sum() < 40
    assert sheet[99, 199].sum() > 650  # the largest value is all but white


def test_large_maps_are_reduced() -> None:
    assert draw_maps(np.ones((1, 300, 400), np.float32), "style").shape == (150, 200, 3)


def test_gram_matrices_share_their_scale_and_order_and_differ_in_two_colours() -> None:
    content = np.array([[1, 0.1], [0.1, 0.01]], np.float32)
    style = np.array([[0.1, 0.1], [0.1, 1]], np.float32)
    *drawn, difference = (picture[::192, ::192] for picture in draw_grams(content, style))
    # The style's strongest channel, the second one, comes first.
    expected = [[[0.0, 0.5], [0.5, 1.0]], [[1.0, 0.5], [0.5, 0.5]]]
    for picture, source, part in zip(drawn, ("content", "style"), expected, strict=True):
        np.testing.assert_array_equal(picture, figures.tinted(np.array(part), source))
    assert difference[0, 0].tolist() == rgb(ACCENTS["style"])  # 1 against 0.01
    assert difference[1, 1].tolist() == rgb(ACCENTS["content"])  # 0.1 against 1
    assert difference[0, 1].sum() < 50  # the same in both


def test_gradient_is_its_length_at_each_pixel() -> None:
    gradient = np.zeros((4, 4, 3), np.float32)
    gradient[:, 2:] = [3, 0, -4]
    gradient[:, :2] = [0, 1.25, 0]  # a quarter of the length 5, half as bright
    drawn = draw_gradient(gradient)
    np.testing.assert_array_equal(drawn[0, 0], figures.tinted(np.array([[0.5]]), "style")[0, 0])
    np.testing.assert_array_equal(drawn[0, 3], figures.tinted(np.array([[1.0]]), "style")[0, 0])


@pytest.mark.parametrize(
    ("field", "centre", "bright"),
    [
        (10, (60.0, 20.0), (55, 15, 65, 25)),
        (10, (2.0, 47.0), (0, 42, 7, 48)),  # cut by the border
        (200, (32.0, 24.0), (0, 0, 64, 48)),  # more than the picture
    ],
)
def test_field_is_bright_and_all_else_is_dimmed(
    field: int, centre: tuple[float, float], bright: tuple[int, int, int, int]
) -> None:
    picture = np.full((48, 64, 3), 200, np.uint8)
    drawn = draw_field(picture, field, centre)
    assert drawn.shape == (480, 640, 3)
    left, top, right, bottom = (10 * edge for edge in bright)
    assert (drawn[top:bottom, left:right] == 200).all()
    others = [y_x for y_x in ((2, 320), (478, 320)) if bright[2] < 64 and bright[0] * 10 < 320]
    assert all((drawn[at] == 76).all() for at in others)


def test_live_drawing_has_the_painting_left_and_the_style_right() -> None:
    maps, gram = np.ones((8, 12, 16), np.float32), np.eye(16, dtype=np.float32)
    maps[:, 6:] = 2
    tall = np.ones((8, 16, 12), np.float32)
    drawn = draw_live((maps, tall), (gram, gram))
    # Sheets of two rows of four, and of one row of eight; thirds below.
    assert drawn.shape == (134 + 12 + 238, 726, 3)
    painting, style = drawn[130, 20].astype(int), drawn[134 + 12 + 2, 244 + 2].astype(int)
    assert np.ptp(painting) <= 15  # no colour of its own, bright
    assert painting.min() > 230
    assert style.min() > 230  # the first of the diagonal
    assert drawn[-2, 244 + 10].sum() < 40  # off it
    assert drawn[134 + 12 :, 488 + 6 :].max() < 30  # no difference


def test_webp_is_as_good_as_there_is_room_for() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    full = as_webp(noise, 10**6)
    assert 0 < len(as_webp(noise, len(full) - 1)) < len(full)
    assert as_webp(noise, 100) == b""


def test_png_has_the_pixels() -> None:
    picture = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    with Image.open(io.BytesIO(figures.as_png(picture))) as image:
        np.testing.assert_array_equal(np.asarray(image), picture)
