from pathlib import Path

import pytest
from PIL import Image

from styletune.server.decoding import DecodedPicture, decode_picture
from styletune.server.pictures import MAX_RECENT, DecodedPictures, RecentPictures
from styletune.supervisor.sources import MAX_HISTORY, SourcePictures


@pytest.fixture
def sources(tmp_path: Path) -> SourcePictures:
    return SourcePictures(tmp_path / "content.png", [tmp_path / "style.png"])


@pytest.fixture
def pictures(tmp_path: Path, sources: SourcePictures) -> DecodedPictures:
    return DecodedPictures(sources, [decoded(tmp_path, "content"), decoded(tmp_path, "style")])


def test_clients_see_what_the_sources_name(
    tmp_path: Path, sources: SourcePictures, pictures: DecodedPictures
) -> None:
    for index, name in ((0, "new"), (1, "second")):
        pictures.add(decoded(tmp_path, name))
        sources.set_style(index, tmp_path / f"{name}.png")
    message = pictures.message()
    assert (message.content.name, message.content.version) == ("content", 1)
    assert [style.name for style in message.styles] == ["new", "second"]
    assert (pictures.style_count, len(pictures.thumbnail(2))) == (2, len(pictures.thumbnail(0)))
    sources.revert(tmp_path / "second.png")
    sources.revert(tmp_path / "new.png")
    assert [style.name for style in pictures.message().styles] == ["style"]


def test_former_pictures_are_deleted_but_for_the_last_ones(
    tmp_path: Path, sources: SourcePictures, pictures: DecodedPictures
) -> None:
    for number in range(20):
        pictures.add(decoded(tmp_path, f"n{number}"))
        sources.set_content(tmp_path / f"n{number}.png")
        pictures.delete_unused()
    left = {path.stem for path in tmp_path.glob("n*.png")}
    assert left == {f"n{number}" for number in range(20 - MAX_HISTORY - 1, 20)}


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
