"""A look's file: what is read back, and what is refused in words that help."""

import json
import zipfile
from pathlib import Path

import pytest

from styletune.errors import LookError
from styletune.looks import file


def test_read_whole(look_path: Path) -> None:
    look = file.read(look_path)
    assert look.name == "small"
    assert look.info.styles == ("style1",)
    assert look.sample.startswith(b"\xff\xd8")
    assert "style.block3_conv1" in look.table()
    assert look.positions()["style.block3_conv1"] == 0.5


def test_locate() -> None:
    assert file.locate("mine.keras") == Path("mine.keras")
    for name, path in file.shipped().items():
        assert file.locate(name) == path


def rewritten(look_path: Path, out: Path, **members: bytes | None) -> Path:
    """The look with other members, or without those that are None."""
    with zipfile.ZipFile(look_path) as source, zipfile.ZipFile(out, "w") as archive:
        changes = {name.replace("_", "."): data for name, data in members.items()}
        for name in source.namelist():
            data = changes.get(name, source.read(name))
            if data is not None:
                archive.writestr(name, data)
    return out


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"look_json": None}, "not a look, though a file of Keras; `styletune train` makes looks"),
        ({"look_json": b'{"version": 7}'}, "a look of version 7; this styletune reads version 1"),
        ({"look_json": b'{"version": 1, "styles": []}'}, r"look\.json: `styles`: "),
        ({"look_json": b"[]"}, "a look of version None"),
        ({"look_json": b"{"}, "not a look, or damaged"),
        ({"look_onnx": None}, "not a look, or damaged: 'look.onnx'"),
    ],
)
def test_refuse(
    look_path: Path, tmp_path: Path, members: dict[str, bytes | None], problem: str
) -> None:
    with pytest.raises(LookError, match=problem):
        file.read(rewritten(look_path, tmp_path / "other.keras", **members))


def test_refuse_another_session(look_path: Path, tmp_path: Path) -> None:
    info = file.read(look_path).info.model_dump()
    text = json.dumps(info | {"session": {"network": {"name": "vgg99"}}}).encode()
    with pytest.raises(LookError, match=r"of another version of styletune: .*vgg99"):
        file.read(rewritten(look_path, tmp_path / "other.keras", look_json=text))


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04 and no more"])
def test_refuse_other_files(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.keras").write_bytes(data)
    with pytest.raises(LookError, match=r"x\.keras: not a look, or damaged"):
        file.read(tmp_path / "x.keras")
    with pytest.raises(LookError, match="no such look; those that ship are"):
        file.read(tmp_path / "nowhere.keras")


def test_damage_is_found_wherever_it_is(look_path: Path, tmp_path: Path) -> None:
    whole, damaged = file.read(look_path), tmp_path / "small.keras"
    data, found = look_path.read_bytes(), 0
    for at in range(0, len(data), 101):
        damaged.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        try:
            look = file.read(damaged)
        except LookError:
            found += 1
        else:  # a date, for instance
            assert (look.info, look.onnx, look.sample) == (whole.info, whole.onnx, whole.sample)
    assert found > 0.9 * len(range(0, len(data), 101))
    damaged.write_bytes(data[: len(data) // 2])
    with pytest.raises(LookError, match="damaged"):
        file.read(damaged)
