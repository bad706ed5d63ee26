import os
from pathlib import Path

import pytest

from styletune.config import SessionConfig, load
from styletune.errors import ConfigError, PictureError
from styletune.server import library
from styletune.server.library import check_folder


def touch(path: Path, seconds: int = 1_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 9)
    os.utime(path, (seconds, seconds))
    return path


def found(folder: Path) -> list[tuple[str, str | None]]:
    return [(file.name, file.kind) for file in library._folder_files(folder)]


def test_a_folder_gives_its_pictures_in_natural_order(tmp_path: Path) -> None:
    for name in ("b10.jpg", "b2.PNG", "B1.webp", ".hidden.jpg", "notes.txt", "other/deep.jpg"):
        touch(tmp_path / name)
    touch(tmp_path / "Styles" / "wave.jpeg")
    touch(tmp_path / "content" / "street.avif")
    (tmp_path / "folder.jpg").mkdir()
    assert found(tmp_path) == [
        ("B1", None), ("b2", None), ("b10", None), ("street", "content"), ("wave", "style"),
    ]  # fmt: skip


def test_links_that_lead_out_are_no_pictures_of_the_folder(tmp_path: Path) -> None:
    secret = touch(tmp_path / "secret" / "key.jpg")
    folder = tmp_path / "pictures"
    own = touch(folder / "own.jpg")
    (folder / "link.jpg").symlink_to(secret)
    (folder / "styles").symlink_to(secret.parent)
    assert found(folder) == [("own", None)]
    (file,) = library._folder_files(folder)
    own.unlink()
    own.symlink_to(secret)
    with pytest.raises(PictureError, match=r"^own: cannot be read any more: no such picture file"):
        library._read(file)


def test_only_the_newest_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "MAX_OF_FOLDER", 2)
    for age, name in enumerate(("a", "b", "c", "d")):
        touch(tmp_path / f"{name}.jpg", 1_000 + age)
    assert found(tmp_path) == [("c", None), ("d", None)]


def test_an_id_stays_and_the_version_follows_the_file(tmp_path: Path) -> None:
    (before,) = library._folder_files(touch(tmp_path / "a.jpg").parent)
    (after,) = library._folder_files(touch(tmp_path / "a.jpg", 2_000).parent)
    assert before.id == after.id
    assert before.version != after.version


def test_a_file_as_large_as_no_upload_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "MAX_BYTES", 8)
    (file,) = library._folder_files(touch(tmp_path / "a.jpg").parent)
    with pytest.raises(PictureError, match=r"^a: a picture to choose from has at most 0 MB"):
        library._read(file)


def test_a_folder_that_cannot_be_read_ends_the_start_with_the_remedy(tmp_path: Path) -> None:
    check_folder(None)
    check_folder(str(tmp_path))
    for wrong in (tmp_path / "none", touch(tmp_path / "file")):
        with pytest.raises(ConfigError, match=r"^--pictures .*; name a folder .*, or leave it out"):
            check_folder(str(wrong))


def test_a_session_file_names_its_folder_beside_itself(tmp_path: Path) -> None:
    file = tmp_path / "show.toml"
    file.write_text('[server]\npictures = "mine"\n')
    assert load(file).server.pictures == str(tmp_path / "mine")
    assert SessionConfig().server.pictures is None
