from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.errors import PictureError
from styletune.training.dataset import Folder, crops, teaching_picture
from styletune.training.motifs import MOTIFS


@pytest.mark.parametrize("seed", range(24))
def test_a_seed_always_gives_the_same_picture(seed: int) -> None:
    assert np.array_equal(teaching_picture(seed, 48), teaching_picture(seed, 48))


@pytest.mark.parametrize("seed", range(40))
def test_every_picture_is_of_its_size_and_not_constant(seed: int) -> None:
    picture = teaching_picture(seed, 64)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
    assert picture.std() > 1.0


def test_different_seeds_give_different_pictures() -> None:
    found = {teaching_picture(seed, 32).tobytes() for seed in range(20)}
    assert len(found) == 20


@pytest.mark.parametrize("name", MOTIFS)
def test_every_motif_is_finite_in_range_and_deterministic(name: str) -> None:
    draw, weight = MOTIFS[name]
    assert weight > 0
    for seed in range(6):
        picture = draw(np.random.default_rng(seed), 64)
        assert picture.shape == (64, 64, 3)
        assert np.isfinite(picture).all()
        assert picture.min() >= 0.0
        assert picture.max() <= 255.0
        assert np.array_equal(picture, draw(np.random.default_rng(seed), 64))


def test_a_picture_too_small_to_show_anything_is_refused() -> None:
    with pytest.raises(ValueError, match=r"at least 32 px wide; received size=8"):
        teaching_picture(0, 8)


def test_crops_lie_inside_the_picture() -> None:
    picture = teaching_picture(5, 64)
    for crop in crops(np.random.default_rng(0), picture, 32, 10):
        assert crop.shape == (32, 32, 3)


def test_a_folder_gives_varied_squares_of_the_size_asked_for(tmp_path: Path) -> None:
    Image.fromarray(teaching_picture(1, 128)).save(tmp_path / "b.png")
    Image.fromarray(teaching_picture(2, 96)).convert("L").save(tmp_path / "a.jpg")
    (tmp_path / "notes.txt").write_text("not a picture")
    folder = Folder(tmp_path)
    assert folder.names == ["a.jpg", "b.png"]
    first = [folder.cut(np.random.default_rng(seed), 48) for seed in range(8)]
    again = [folder.cut(np.random.default_rng(seed), 48) for seed in range(8)]
    assert all(cut.shape == (48, 48, 3) and cut.dtype == np.uint8 for cut in first)
    assert np.array_equal(first, again)
    assert len({cut.tobytes() for cut in first}) == 8


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"no picture \(.*\) in teaching folder"):
        Folder(tmp_path)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    Image.fromarray(teaching_picture(1, 128)).save(tmp_path / "broken.png")
    data = bytearray((tmp_path / "broken.png").read_bytes())
    data[500] ^= 1
    for damaged in (b"not a png", bytes(data)):
        (tmp_path / "broken.png").write_bytes(damaged)
        with pytest.raises(PictureError, match=r"cannot read teaching picture .*broken\.png"):
            Folder(tmp_path)
