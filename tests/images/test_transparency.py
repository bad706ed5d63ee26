"""What is transparent is continued from what is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from styletune.images.transparency import continue_colours, over_white

RED, BLUE = (200, 60, 40), (10, 20, 230)


def test_one_colour_is_continued_to_every_corner() -> None:
    image = Image.new("RGBA", (61, 38))  # transparent black
    image.paste((*RED, 255), (30, 17, 31, 18))
    assert (np.asarray(continue_colours(image)) == RED).all()


def test_each_side_takes_the_colour_that_is_near() -> None:
    image = Image.new("RGBA", (64, 32), (255, 255, 255, 0))
    image.paste((*RED, 255), (8, 8, 24, 24))
    image.paste((*BLUE, 255), (40, 8, 56, 24))
    filled = continue_colours(image)
    for x in (6, 25):
        assert filled.getpixel((x, 16)) == pytest.approx(RED, abs=40)
    for x in (38, 57):
        assert filled.getpixel((x, 16)) == pytest.approx(BLUE, abs=40)
    assert filled.getpixel((16, 16)) == RED
    assert filled.getpixel((48, 16)) == BLUE


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_what_is_opaque_stays_and_no_new_colour_appears(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = rng.choice([0, 0, 255], (height, width))
    opaque = pixels[..., 3] == 255
    filled = np.asarray(continue_colours(Image.fromarray(pixels)))
    assert (filled[opaque] == pixels[..., :3][opaque]).all()
    if opaque.any():
        assert (filled >= pixels[..., :3][opaque].min(0)).all()
        assert (filled <= pixels[..., :3][opaque].max(0)).all()


def test_rgb_stays_as_it_is() -> None:
    image = Image.new("RGB", (3, 2), RED)
    assert continue_colours(image) is image
    assert over_white(image) is image
