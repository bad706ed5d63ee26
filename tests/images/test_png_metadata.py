import contextlib
import io
import json
import struct
import zlib

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


GOOD = json.dumps({"controls": {"smooth": 0.5}, "epoch": 7})


def test_what_was_embedded_is_found() -> None:
    assert png_metadata.read_metadata(png(GOOD)).controls == {"smooth": 0.5}


def test_a_state_after_the_pixels_is_found_too() -> None:
    data = png(None)
    text = b"tEXtstyletune\0" + GOOD.encode()
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    assert png_metadata.read_metadata(data[:-12] + chunk + data[-12:]).controls == {"smooth": 0.5}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "only a PNG holds a state"),
        (b"\xff\xd8\xff\xe0 JFIF", "only a PNG holds a state"),
        (png(None), "holds no state of styletune"),
        (png(GOOD, "stiletune"), "holds no state of styletune"),
        (png(GOOD)[:60], "cut off before its end"),
        (png(None)[:-20], "cut off before its end"),
        (png("{"), "state cannot be read"),
        (png("[]"), "state cannot be read"),
        (png('{"controls": 5}'), "state cannot be read"),
        (png('{"controls": {"' + "x" * 101 + '": 1}}'), "state cannot be read"),
        (png("[" * 60_000), "state cannot be read"),
        (png("x" * 70_000), "the picture's state has at most 65536 bytes; received 70000"),
        (png(GOOD).replace(b"smooth", b"smooch"), "its checksum does not fit"),
        (b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0abcd\0\0\0\0" * 100_001), "more than 100000 chunks"),
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
