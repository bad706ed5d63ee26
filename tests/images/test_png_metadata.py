import contextlib
import io
import json
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from styletune.errors import PictureError
from styletune.images import png_metadata


def png(text: str | None, keyword: str = "styletune") -> bytes:
    info = PngInfo()
    info.add_text("Software", "styletune")
    if text is not None:
        info.add_text(keyword, text)
    file = io.BytesIO()
    Image.effect_noise((64, 48), 50).save(file, "PNG", pnginfo=info)
    return file.getvalue()


CRC = zlib.crc32(b"abcd").to_bytes(4, "big")
GOOD = json.dumps({"controls": {"smooth": 0.5}, "epoch": 7})


PIXELS = np.random.default_rng(1).integers(0, 256, (40, 30, 3), np.uint8)


@pytest.mark.parametrize("chunk", ["tEXt", "zTXt", "iTXt"])
def test_a_state_is_read_from_any_text_chunk(chunk: str) -> None:
    info, file = PngInfo(), io.BytesIO()
    match chunk:
        case "iTXt":
            info.add_itxt("styletune", GOOD)
        case _:
            info.add_text("styletune", GOOD, zip=chunk == "zTXt")
    Image.new("RGB", (64, 48)).save(file, "PNG", pnginfo=info)
    assert chunk.encode() in file.getvalue()
    assert png_metadata.read_metadata(file.getvalue()).controls == {"smooth": 0.5}


def test_megabytes_of_foreign_text_do_not_hide_a_state() -> None:
    info, file = PngInfo(), io.BytesIO()
    info.add_itxt("XML:com.adobe.xmp", "x" * 3_000_000, zip=True)
    info.add_text("styletune", GOOD)
    Image.new("RGB", (64, 48)).save(file, "PNG", pnginfo=info)
    assert png_metadata.read_metadata(file.getvalue()).controls == {"smooth": 0.5}


def test_no_pixel_is_decoded() -> None:
    data = png(GOOD)
    cut = data[: data.index(b"IDAT") + 8]
    assert png_metadata.read_metadata(cut).controls == {"smooth": 0.5}


def test_a_written_state_is_read_again() -> None:
    data = png_metadata.encode_png(PIXELS, {"controls": {"smooth": 0.25}, "name": "Übung"})
    assert png_metadata.read_metadata(data).controls == {"smooth": 0.25}
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)
        assert json.loads(image.info["styletune"])["name"] == "Übung"


def test_a_replaced_state_leaves_the_pixels() -> None:
    data = png_metadata.encode_png(PIXELS, {"controls": {"smooth": 0.25}})
    data = png_metadata.replace_state(data, {"controls": {"smooth": 0.75}})
    assert png_metadata.read_metadata(data).controls == {"smooth": 0.75}
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)
    for bad in (b"GIF89a", data[:60], data[:-200]):
        with pytest.raises(PictureError, match="no PNG or damaged"):
            png_metadata.replace_state(bad, {})


@pytest.mark.parametrize(
    ("pictures", "name"),
    [
        (["harbour", "strokes"], "styletune-harbour-strokes-9871.png"),
        (["My Cat.JPG", "Ü", 'a/b\r\n"c'], "styletune-my-cat-a-b-c-9871.png"),
        (["猫.png", "x" * 80], f"styletune-{'x' * 24}-9871.png"),
    ],
)
def test_a_file_name_is_plain(pictures: list[str], name: str) -> None:
    assert png_metadata.file_name(pictures, 9871) == name


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "only a PNG holds a state"),
        (b"\xff\xd8\xff\xe0 JFIF", "only a PNG holds a state"),
        (png(None), "holds no state of styletune"),
        (png(GOOD, "stiletune"), "holds no state of styletune"),
        (png(GOOD)[:60], "cut off before its end"),
        (png("{"), "state cannot be read"),
        (png("[]"), "state cannot be read"),
        (png('{"controls": 5}'), "state cannot be read"),
        (png('{"controls": {"' + "x" * 101 + '": 1}}'), "state cannot be read"),
        (png("[" * 60_000), "state cannot be read"),
        (png("x" * 70_000), "the picture's state has at most 65536 bytes; received 70000"),
        (png(GOOD).replace(b"smooth", b"smooch"), "its checksum does not fit"),
        (b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0abcd" + CRC) * 100_001, "bytes before its pixels"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXt", "cut off before its end"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_a_picture_without_a_good_state_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(PictureError) as error:
        png_metadata.read_metadata(data)
    assert told in str(error.value)
    assert len(str(error.value)) < 300


@given(st.binary(), st.integers(0, 400))
def test_any_bytes_are_a_state_or_an_error(junk: bytes, at: int) -> None:
    for data in (junk, png(GOOD)[:at] + junk):
        with contextlib.suppress(PictureError):
            png_metadata.read_metadata(data)
