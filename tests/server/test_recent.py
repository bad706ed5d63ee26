from pathlib import Path

import pytest
from PIL import Image

from styletune.server.prepared import Prepared, prepare
from styletune.server.recent import KEPT, Recent


def prepared(folder: Path, name: str, red: int = 0) -> Prepared:
    return prepare(Image.new("RGB", (40, 30), (red, 0, 0)), name, folder / f"{name}.png")


def names(recent: Recent) -> list[str]:
    return [picture.name for picture in recent.message().recent]


def test_the_newest_is_first_and_each_picture_is_there_once(tmp_path: Path) -> None:
    one, two = prepared(tmp_path, "one", 10), prepared(tmp_path, "two", 200)
    recent = Recent([one, two])
    assert names(recent) == ["two", "one"]
    recent.add(prepared(tmp_path, "one again", 10))
    assert names(recent) == ["one", "two"]


def test_a_picture_outlives_the_file_that_it_came_from(tmp_path: Path) -> None:
    one = prepared(tmp_path, "one")
    recent = Recent([one])
    one.path.unlink()
    name = recent.message().recent[0].id
    again, more = recent.take(name), recent.take(name)
    assert again is not None
    assert more is not None
    assert again.path != more.path
    with Image.open(again.path) as image:
        assert image.size == (again.width, again.height) == (40, 30)
    assert recent.thumbnail(name) == one.thumbnail


def test_the_last_dozen_is_kept_and_the_files_of_others_are_deleted(tmp_path: Path) -> None:
    recent = Recent(prepared(tmp_path, f"n{number}", number * 9) for number in range(20))
    assert len(recent.message().recent) == KEPT
    assert len(list(tmp_path.glob("*.png"))) == 20 + KEPT
    assert recent.take("nothing") is recent.thumbnail("nothing") is None


def test_a_file_system_without_links_gets_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*paths: Path) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr("os.link", refuse)
    one = prepared(tmp_path, "one")
    again = Recent([one]).take(Recent([one]).message().recent[0].id)
    assert again is not None
    assert again.path.read_bytes() == one.path.read_bytes()
