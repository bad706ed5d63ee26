"""The page and its folder."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from styletune.errors import ConfigError, StorageError
from styletune.lab.page import Figure, LabFolder, Page


class Parsed(HTMLParser):
    """The attributes of all elements by tag, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, list[dict[str, str | None]]] = {}
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.setdefault(tag, []).append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.words += data


def page(**more: object) -> Page:
    return Page("lite", "a<b", "strokes", "Two layers.", 64, 48, **more)  # type: ignore[arg-type]


def test_text_shows_all_figures_and_what_is_still_to_come() -> None:
    figure = Figure("pictures/x.png", "Pull", "of it", 'seen "so"', "style")
    text = page(layers={"block3_conv1@2": {"gradient": figure}}).text()
    parsed = Parsed(text)
    (image,) = parsed.found["img"]
    assert (image["src"], image["alt"]) == ("pictures/x.png", 'seen "so"')
    assert [link["href"] for link in parsed.found["a"]] == [
        "#reading", "#block3_conv1-2", "pictures/x.png",
    ]  # fmt: skip
    assert [section["id"] for section in parsed.found["section"]] == ["block3_conv1-2"]
    assert parsed.words.count("not painted") == 8  # of nine figures
    assert "a<b and strokes" in parsed.words
    assert "$" not in text
    # Nothing from elsewhere, and nothing that runs.
    assert "//" not in text
    assert "script" not in parsed.found


def test_folder_is_taken_over_from_a_page_before_and_from_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "new" / "lab"
    first = LabFolder(out)
    first.begin(page())
    old = first.write_picture("block1_conv1-field", b"old")
    first.write_page(
        page(layers={"block1_conv1": {"field": Figure(old, "field", "", "the field")}})
    )
    assert old == "pictures/block1_conv1-field.png"
    (out / "pictures" / "mine.png").write_bytes(b"mine")
    second = LabFolder(out)
    assert (out / old).read_bytes() == b"old"  # until there is a page without it
    second.begin(page())
    assert sorted(file.name for file in out.rglob("*.*")) == ["index.html", "mine.png"]


@pytest.mark.parametrize("other", ["notes.txt", "index.html", "pictures/holiday.png"])
def test_folder_of_other_things_is_refused_and_left_alone(tmp_path: Path, other: str) -> None:
    file = tmp_path / other
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ConfigError, match="holds other files; name a new folder with -o"):
        LabFolder(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before
    assert file.read_text() == "mine"


def test_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match=r"cannot write .*file/lab: Not a directory"):
        LabFolder(tmp_path / "file" / "lab")
    folder = LabFolder(tmp_path / "lab")
    (tmp_path / "lab" / "pictures").rmdir()
    with pytest.raises(StorageError, match=r"cannot write .*lab: No such file or directory"):
        folder.write_picture("content", b"")
