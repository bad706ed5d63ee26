"""The pictures of a session: samples and files, brought to size."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.config import SessionConfig
from styletune.engine import canvas
from styletune.engine.initial_image import KINDS
from styletune.engine.painter import Painter
from styletune.errors import PictureError
from tests.support.small_painter import picture, small_session


def test_the_longer_edge_is_exactly_the_sessions_size() -> None:
    session = SessionConfig().with_overrides(pictures={"size": 64, "style_size": 48})
    assert canvas.load_content(session).shape == (48, 64, 3)
    assert max(canvas.load_style(session, "mosaic").shape) == 48


def test_a_file_is_read_as_well_as_a_sample(tmp_path: Path) -> None:
    Image.fromarray(picture(30, 60, seed=1)).save(tmp_path / "mine.png")
    session = SessionConfig().with_overrides(
        pictures={"content": str(tmp_path / "mine.png"), "size": 40}
    )
    assert canvas.load_content(session).shape == (20, 40, 3)


def test_what_is_neither_is_refused() -> None:
    with pytest.raises(PictureError, match="nowhere"):
        canvas.load_image("nowhere", 64)


def test_a_painting_starts_from_a_file_stretched_to_its_shape(tmp_path: Path) -> None:
    Image.fromarray(picture(20, 20, seed=7)).save(tmp_path / "start.png")
    session = small_session(painting={"init": str(tmp_path / "start.png")})
    content = picture(32, 40, seed=1)
    init = canvas.load_initial_image(session, content)
    assert init is not None
    painter = Painter(session, content, [picture(36, 36, seed=2)], init)
    np.testing.assert_array_equal(painter.picture(), init)
    painter.run(2)
    painter.reset()
    np.testing.assert_array_equal(painter.picture(), init)


@pytest.mark.parametrize("kind", KINDS)
def test_the_other_ways_to_start_need_no_file(kind: str) -> None:
    session = small_session(painting={"init": kind})
    assert canvas.load_initial_image(session, picture(32, 40, seed=1)) is None
