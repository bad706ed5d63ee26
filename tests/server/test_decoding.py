import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from styletune.errors import PictureError, StorageError
from styletune.server import decoding
from styletune.server.decoding import decode_in_subprocess, decode_picture


@pytest.mark.parametrize(
    ("size", "small"),
    [((40, 30), (40, 30)), ((2048, 1024), (1024, 512)), ((200, 1600), (128, 1024))],
)
def test_a_prepared_picture_lies_as_png_and_has_a_thumbnail(
    tmp_path: Path, size: tuple[int, int], small: tuple[int, int]
) -> None:
    picture = decode_picture(Image.new("RGB", size, "red"), "x", tmp_path / "x.png")
    with Image.open(picture.path, formats=("PNG",)) as written:
        assert (written.size, written.mode) == (size, "RGB")
    assert Image.open(io.BytesIO(picture.thumbnail), formats=("JPEG",)).size == small


def test_a_process_of_its_own_gives_the_same(tmp_path: Path) -> None:
    image = Image.linear_gradient("L").resize((1000, 600)).convert("RGB")
    file = io.BytesIO()
    image.save(file, "PNG")
    here = decode_picture(image, "x", tmp_path / "here.png")
    apart = decode_in_subprocess(file.getvalue(), "x", tmp_path / "apart.png", source="upload")
    assert (apart.name, apart.width, apart.height) == ("x", 1000, 600)
    assert apart.thumbnail == here.thumbnail
    assert apart.path.read_bytes() == here.path.read_bytes()


def test_a_profile_that_is_left_out_is_a_line_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (40, 30)).save(file, "JPEG", icc_profile=b"none")
    decode_in_subprocess(file.getvalue(), "x", tmp_path / "x.png", source="content")
    (line,) = caplog.messages
    assert "content: the colour profile is left out" in line


def test_a_process_of_its_own_allows_as_many_pixels(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("L", (1100, 1000)).save(file, "PNG")
    with pytest.raises(PictureError, match="at most 1 megapixels"):
        decode_in_subprocess(
            file.getvalue(), "x", tmp_path / "x.png", source="x", max_pixels=1_000_000
        )


def test_a_refusal_comes_back_in_the_same_words(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match=r"^my käfer: not a picture that can be read"):
        decode_in_subprocess(b"no picture", "x", tmp_path / "x.png", source="my käfer")
    assert list(tmp_path.iterdir()) == []


def test_a_decoder_that_crashes_or_hangs_is_only_a_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "MAX_SECONDS", 0.001)
    with pytest.raises(PictureError, match="x: the picture could not be decoded"):
        decode_in_subprocess(b"x", "x", tmp_path / "x.png", source="x")
    monkeypatch.undo()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PictureError, match="x: the picture could not be decoded"):
        decode_in_subprocess(b"x", "x", tmp_path / "x.png", source="x")


def test_a_disk_that_takes_nothing_is_named(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, "PNG")
    with pytest.raises(StorageError, match=r"^upload: the picture cannot be saved: No such file"):
        decode_in_subprocess(file.getvalue(), "x", tmp_path / "gone" / "x.png", source="upload")


def test_a_name_beyond_the_locale_is_decoded(tmp_path: Path) -> None:
    """The parent's locale is ASCII, and the names that a browser sends are not."""
    Image.new("RGB", (32, 32)).save(tmp_path / "in.png")
    code = (
        "from pathlib import Path; from styletune.server.decoding import decode_in_subprocess as d;"
        f"p = Path({str(tmp_path)!r});"
        r"cat = '\u732b'; data = (p / 'in.png').read_bytes();"
        "print(ascii(d(data, cat, p / 'out.png', source=cat).name))"
    )
    ascii_locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {**os.environ, **ascii_locale}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert done.stdout.decode().strip() == ascii("猫"), done.stderr


def test_nothing_is_imported_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "PIL.py").write_text("raise SystemExit(9)")
    monkeypatch.chdir(tmp_path)
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(file, "PNG")
    assert decode_in_subprocess(file.getvalue(), "x", tmp_path / "x.png", source="x").width == 32


def test_it_starts_fast_because_it_imports_little() -> None:
    code = "import sys, styletune.server.decoding as p; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pydantic", "fastapi", "asyncio"} & set(done.stdout.split())
