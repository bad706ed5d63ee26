"""The committed samples are sound, and their drawings follow from seed and size alone."""

import numpy as np
import pytest
from PIL import Image

from styletune.errors import PictureError
from styletune.images.samples import CONTENTS, STYLES, path
from tools.samples.draw import DRAWINGS, LIMIT_BYTES, jpeg, picture
from tools.samples.strokes import BRUSHES

SMALL = (64, 48)
# Thousands of shapes at every size; the other drawings stand on the same brushes.
RICH = {"mountains", "woodcut", "mosaic"}


@pytest.mark.parametrize("name", CONTENTS + STYLES)
def test_a_committed_picture_is_a_small_rgb_jpeg(name: str) -> None:
    assert path(name).stat().st_size <= LIMIT_BYTES
    with Image.open(path(name)) as image:
        image.load()
        assert image.format == "JPEG"
        assert image.mode == "RGB"
        assert image.size == DRAWINGS[name].size
        assert np.asarray(image).std() > 20


def test_every_sample_has_a_drawing_and_no_drawing_is_left_out() -> None:
    assert set(DRAWINGS) == set(CONTENTS) | set(STYLES)


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PictureError, match=r"one of `harbour`.*`mosaic`; received `monet`"):
        path("monet")


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.long if name in RICH else ()) for name in DRAWINGS],
)
def test_a_drawing_follows_from_its_seed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Strokes and tiles are as many at every size; fewer of them prove the same here.
    monkeypatch.setattr("tools.samples.mosaic.ROUNDS", 2)
    monkeypatch.setattr("tools.samples.mosaic.TILES", 1200)
    monkeypatch.setattr("tools.samples.strokes.BRUSHES", BRUSHES[:1])
    drawing = DRAWINGS[name]
    first = drawing.draw(SMALL, np.random.default_rng(7))
    again = drawing.draw(SMALL, np.random.default_rng(7))
    other = drawing.draw(SMALL, np.random.default_rng(8))
    assert first.shape == (SMALL[1], SMALL[0], 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all()
    assert first.min() >= 0
    assert first.max() <= 1
    assert first.std() > 0.05
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).mean() > 0.002


def test_a_picture_has_the_size_asked_for() -> None:
    assert picture("woodcut", size=SMALL, seed=3).size == SMALL


def test_a_jpeg_gives_up_quality_before_it_exceeds_the_limit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (96, 128, 3), dtype=np.uint8)
    image = Image.fromarray(noise)
    assert len(jpeg(image, 8_000)) <= 8_000 < len(jpeg(image, 100_000)) <= 100_000
