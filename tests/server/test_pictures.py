from pathlib import Path

import pytest
from PIL import Image

from styletune.server.decoding import DecodedPicture, decode_picture
from styletune.server.pictures import (
    CONTENT,
    MAX_HISTORY,
    MAX_RECENT,
    RecentPictures,
    SourcePictures,
)


def prepared(folder: Path, name: str, size: tuple[int, int] = (40, 30)) -> DecodedPicture:
    return decode_picture(Image.new("RGB", size, "red"), name, folder / f"{name}.png")


@pytest.fixture
def pictures(tmp_path: Path) -> SourcePictures:
    return SourcePictures(prepared(tmp_path, "content"), [prepared(tmp_path, "style")])


def test_each_change_raises_the_version_of_its_place(
    tmp_path: Path, pictures: SourcePictures
) -> None:
    assert pictures.set(1, prepared(tmp_path, "new")).version == 2
    message = pictures.message()
    assert (message.content.name, message.content.version) == ("content", 1)
    assert [(style.name, style.version) for style in message.styles] == [("new", 2)]


def test_a_refused_picture_gives_way_to_the_former_one(
    tmp_path: Path, pictures: SourcePictures
) -> None:
    bad = prepared(tmp_path, "bad")
    pictures.set(CONTENT, bad)
    assert pictures.revert(bad.path)
    assert (pictures.message().content.name, pictures.message().content.version) == ("content", 3)
    assert not pictures.revert(bad.path)


def test_a_picture_refused_late_is_never_gone_back_to(
    tmp_path: Path, pictures: SourcePictures
) -> None:
    bad, worse = prepared(tmp_path, "bad"), prepared(tmp_path, "worse")
    pictures.set(CONTENT, bad)
    pictures.set(CONTENT, worse)
    assert not pictures.revert(bad.path)
    assert pictures.message().content.name == "worse"
    assert pictures.revert(worse.path)
    assert pictures.message().content.name == "content"


def test_former_pictures_are_deleted_but_for_the_last_ones(
    tmp_path: Path, pictures: SourcePictures
) -> None:
    for number in range(20):
        pictures.set(CONTENT, prepared(tmp_path, f"n{number}"))
    left = {path.stem for path in tmp_path.glob("n*.png")}
    assert left == {f"n{number}" for number in range(20 - MAX_HISTORY - 1, 20)}


def test_styles_are_added_and_taken_away(tmp_path: Path, pictures: SourcePictures) -> None:
    seen = {(1, pictures.message().styles[0].version)}
    for place, name in ((2, "two"), (3, "three")):
        seen.add((place, pictures.set(place, prepared(tmp_path, name)).version))
    pictures.remove(2)
    (one, three) = pictures.message().styles
    assert (one.name, three.name) == ("style", "three")
    assert (2, three.version) not in seen  # or a page would show the picture that was there
    assert pictures.set(3, prepared(tmp_path, "four")).version not in (1, three.version)


def test_an_added_style_that_is_refused_is_taken_away_again(
    tmp_path: Path, pictures: SourcePictures
) -> None:
    bad = prepared(tmp_path, "bad")
    pictures.set(2, bad)
    assert pictures.revert(bad.path)
    assert [style.name for style in pictures.message().styles] == ["style"]


def decoded(folder: Path, name: str, red: int = 0) -> DecodedPicture:
    return decode_picture(Image.new("RGB", (40, 30), (red, 0, 0)), name, folder / f"{name}.png")


def names(recent: RecentPictures) -> list[str]:
    return [picture.name for picture in recent.message().recent]


def test_the_newest_is_first_and_each_picture_is_there_once(tmp_path: Path) -> None:
    one, two = decoded(tmp_path, "one", 10), decoded(tmp_path, "two", 200)
    recent = RecentPictures([one, two])
    assert names(recent) == ["two", "one"]
    recent.add(decoded(tmp_path, "one again", 10))
    assert names(recent) == ["one", "two"]


def test_a_picture_outlives_the_file_that_it_came_from(tmp_path: Path) -> None:
    one = decoded(tmp_path, "one")
    recent = RecentPictures([one])
    one.path.unlink()
    name = recent.message().recent[0].id
    again, more = recent.reuse(name), recent.reuse(name)
    assert again is not None
    assert more is not None
    assert again.path != more.path
    with Image.open(again.path) as image:
        assert image.size == (again.width, again.height) == (40, 30)
    assert recent.thumbnail(name) == one.thumbnail


def test_the_last_dozen_is_kept_and_the_files_of_others_are_deleted(tmp_path: Path) -> None:
    recent = RecentPictures(decoded(tmp_path, f"n{number}", number * 9) for number in range(20))
    assert len(recent.message().recent) == MAX_RECENT
    assert len(list(tmp_path.glob("*.png"))) == 20 + MAX_RECENT
    assert recent.reuse("nothing") is recent.thumbnail("nothing") is None


def test_a_file_system_without_links_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: Path) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    one = decoded(tmp_path, "one")
    again = RecentPictures([one]).reuse(RecentPictures([one]).message().recent[0].id)
    assert again is not None
    assert again.path.read_bytes() == one.path.read_bytes()
