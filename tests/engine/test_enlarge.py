"""A larger painting that follows a performance keeps what was painted, and adds what is finer."""

import numpy as np
import pytest
from PIL import Image

from styletune.engine.canvas import Canvas
from styletune.engine.enlarge import Enlarger, combine
from styletune.engine.moment import Moment
from styletune.engine.state import resample
from tests.support.small_painter import picture, small_session


@pytest.fixture(scope="module")
def moment(tmp_path_factory: pytest.TempPathFactory) -> Moment:
    folder = tmp_path_factory.mktemp("enlarge")
    paths = [str(folder / name) for name in ("content.png", "style.png")]
    for path, (height, width, seed) in zip(paths, ((48, 64, 1), (50, 50, 2)), strict=True):
        Image.fromarray(picture(height, width, seed)).save(path)
    session = small_session(
        pictures={"content": paths[0], "styles": [paths[1]], "size": 32},
        painting={"faders": "amount"},
    )
    positions = session.positions()
    canvas = Canvas(session, positions, 32)
    painter = canvas.build_painter()
    painter.apply(positions)
    painter.run(20)
    return Moment(painter, canvas, positions, 0, 20)


def shrunk(large: np.ndarray, like: np.ndarray) -> np.ndarray:
    height, width = like.shape[:2]
    return resample(large.astype(np.float32), height, width, Image.Resampling.LANCZOS)


def test_it_is_the_same_picture_with_more_in_it(moment: Moment) -> None:
    enlarger = Enlarger(64, 3)
    large = enlarger.paint(moment)
    for _ in range(4):
        large = enlarger.paint(moment)
    small = moment.painter.picture()
    assert large.shape == (48, 64, 3)
    assert np.abs(shrunk(large, small) - small).mean() < 12
    plain = resample(small.astype(np.float32), 48, 64, Image.Resampling.BICUBIC)
    assert np.abs(large - plain).mean() > 4, "nothing finer was painted"


def test_what_is_coarse_comes_from_the_small_picture(moment: Moment) -> None:
    enlarger = Enlarger(64, 0)
    enlarger.paint(moment, steps=0)
    small = np.full((24, 32, 3), 90, np.float32)
    large = np.random.default_rng(0).normal(160, 20, (48, 64, 3)).astype(np.float32)
    combined = combine(small, large, enlarger._painter)
    assert np.abs(shrunk(combined, small) - 90).mean() < 3
    assert combined.std() > 10
