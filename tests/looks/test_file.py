"""A look's file: what is read back, and what is refused in words that help."""

from pathlib import Path

from styletune.looks import file


def test_read_whole(look_path: Path) -> None:
    look = file.read(look_path)
    assert look.name == "small"
    assert look.info.styles == ("style1",)
    assert look.sample.startswith(b"\xff\xd8")
    assert "style.block3_conv1" in look.table()
    assert look.positions()["style.block3_conv1"] == 0.5
