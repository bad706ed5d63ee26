from pathlib import Path

import pytest
from PIL import Image

from styletune.server.gallery import CONTENT, KEPT, Gallery
from styletune.server.prepared import Prepared, prepare


def prepared(folder: Path, name: str, size: tuple[int, int] = (40, 30)) -> Prepared:
    return prepare(Image.new("RGB", size, "red"), name, folder / f"{name}.png")


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(prepared(tmp_path, "content"), [prepared(tmp_path, "style")])


def test_each_change_raises_the_version_of_its_place(tmp_path: Path, gallery: Gallery) -> None:
    assert gallery.put(1, prepared(tmp_path, "new")).version == 2
    message = gallery.message()
    assert (message.content.name, message.content.version) == ("content", 1)
    assert [(style.name, style.version) for style in message.styles] == [("new", 2)]


def test_a_refused_picture_gives_way_to_the_former_one(tmp_path: Path, gallery: Gallery) -> None:
    bad = prepared(tmp_path, "bad")
    gallery.put(CONTENT, bad)
    assert gallery.take_back(bad.path)
    assert (gallery.message().content.name, gallery.message().content.version) == ("content", 3)
    assert not gallery.take_back(bad.path)


def test_a_picture_refused_late_is_never_gone_back_to(tmp_path: Path, gallery: Gallery) -> None:
    bad, worse = prepared(tmp_path, "bad"), prepared(tmp_path, "worse")
    gallery.put(CONTENT, bad)
    gallery.put(CONTENT, worse)
    assert not gallery.take_back(bad.path)
    assert gallery.message().content.name == "worse"
    assert gallery.take_back(worse.path)
    assert gallery.message().content.name == "content"


def test_former_pictures_are_deleted_but_for_the_last_ones(
    tmp_path: Path, gallery: Gallery
) -> None:
    for number in range(20):
        gallery.put(CONTENT, prepared(tmp_path, f"n{number}"))
    left = {path.stem for path in tmp_path.glob("n*.png")}
    assert left == {f"n{number}" for number in range(20 - KEPT - 1, 20)}


def test_styles_are_added_and_taken_away(tmp_path: Path, gallery: Gallery) -> None:
    seen = {(1, gallery.message().styles[0].version)}
    for place, name in ((2, "two"), (3, "three")):
        seen.add((place, gallery.put(place, prepared(tmp_path, name)).version))
    gallery.remove(2)
    (one, three) = gallery.message().styles
    assert (one.name, three.name) == ("style", "three")
    assert (2, three.version) not in seen  # or a page would show the picture that was there
    assert gallery.put(3, prepared(tmp_path, "four")).version not in (1, three.version)


def test_an_added_style_that_is_refused_is_taken_away_again(
    tmp_path: Path, gallery: Gallery
) -> None:
    bad = prepared(tmp_path, "bad")
    gallery.put(2, bad)
    assert gallery.take_back(bad.path)
    assert [style.name for style in gallery.message().styles] == ["style"]
