"""Every kind of odd and bad picture, made here."""

import io
import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from styletune.errors import PictureError
from styletune.images import decode

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def to_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


def halves(width: int = 40, height: int = 32) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(BLUE, (width // 2, 0, width, height))
    return image


def near(pixel: object, wanted: tuple[int, int, int], tolerance: int = 6) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(pixel, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_ordinary_picture_comes_out_as_it_is(kind: str) -> None:
    image = decode.decode(to_bytes(halves(), kind, quality=95), source="x")
    assert image.mode == "RGB"
    assert image.size == (40, 32)
    assert near(image.getpixel((5, 5)), RED, 12)
    assert near(image.getpixel((35, 5)), BLUE, 12)


@pytest.mark.checklist(17)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_exif_rotation_is_undone(kind: str, orientation: int) -> None:
    upright = Image.new("RGB", (48, 32), "white")  # a red top left corner, a blue top right one
    upright.paste(RED, (0, 0, 24, 16))
    upright.paste(BLUE, (24, 0, 48, 16))
    undo = decode._UPRIGHT.get(orientation)
    inverse = {
        Image.Transpose.ROTATE_90: Image.Transpose.ROTATE_270,
        Image.Transpose.ROTATE_270: Image.Transpose.ROTATE_90,
    }
    stored = upright if undo is None else upright.transpose(inverse.get(undo, undo))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode.decode(to_bytes(stored, kind, exif=exif, quality=95), source="x")
    assert image.size == (48, 32)
    assert near(image.getpixel((6, 6)), RED, 20)
    assert near(image.getpixel((42, 6)), BLUE, 20)
    assert near(image.getpixel((6, 26)), (255, 255, 255), 20)


def test_broken_exif_does_not_matter() -> None:
    data = to_bytes(halves(), "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + bytes(20))
    assert decode.decode(data, source="x").size == (40, 32)


@pytest.mark.checklist(17)
@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_lies_over_white(mode: str) -> None:
    image = Image.new("RGBA", (32, 32), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 16, 32))
    image.paste((0, 0, 0, 128), (16, 16, 32, 32))
    decoded = decode.decode(to_bytes(image.convert(mode), "PNG"), source="x")
    assert decoded.mode == "RGB"
    assert decoded.getpixel((5, 5)) == (0, 0, 0)
    assert decoded.getpixel((25, 5)) == (255, 255, 255)
    if mode != "P":  # a palette's conversion may round half transparent to either side
        assert near(decoded.getpixel((25, 25)), (127, 127, 127))


def test_a_transparent_colour_lies_over_white() -> None:
    data = to_bytes(halves(), "PNG", transparency=BLUE)
    decoded = decode.decode(data, source="x")
    assert decoded.getpixel((5, 5)) == RED
    assert decoded.getpixel((35, 5)) == (255, 255, 255)


@pytest.mark.checklist(17)
def test_a_palette_keeps_its_colours() -> None:
    decoded = decode.decode(to_bytes(halves().convert("P"), "PNG"), source="x")
    assert decoded.getpixel((5, 5)) == RED
    assert decoded.getpixel((35, 5)) == BLUE


@pytest.mark.checklist(17)
def test_cmyk_is_not_inverted() -> None:
    decoded = decode.decode(to_bytes(halves().convert("CMYK"), "JPEG", quality=95), source="x")
    assert near(decoded.getpixel((5, 5)), RED, 12)
    assert near(decoded.getpixel((35, 5)), BLUE, 12)


def test_grey_and_black_and_white_become_rgb() -> None:
    grey = decode.decode(to_bytes(Image.new("L", (20, 20), 77), "PNG"), source="x")
    assert grey.getpixel((3, 3)) == (77, 77, 77)
    white = decode.decode(to_bytes(Image.new("1", (20, 20), 1), "PNG"), source="x")
    assert white.getpixel((3, 3)) == (255, 255, 255)


@pytest.mark.checklist(17)
def test_sixteen_bits_are_scaled_not_clipped() -> None:
    ramp = np.repeat(np.linspace(0, 65535, 32).astype(np.uint16)[None], 32, axis=0)
    decoded = np.asarray(decode.decode(to_bytes(Image.fromarray(ramp), "PNG"), source="x"))
    assert decoded.shape == (32, 32, 3)
    expected = np.round(ramp / 257.0)
    assert np.abs(decoded[..., 0] - expected).max() <= 1
    assert decoded[0, -1, 0] == 255


@pytest.mark.checklist(17)
def test_metadata_is_stripped() -> None:
    exif = Image.Exif()
    exif[0x010F] = "secret camera"
    decoded = decode.decode(to_bytes(halves(), "JPEG", exif=exif, comment=b"at home"), source="x")
    text = PngInfo()
    text.add_text("where", "at home")
    other = decode.decode(to_bytes(halves(), "PNG", pnginfo=text, dpi=(300, 300)), source="x")
    for image in (decoded, other):
        assert not image.info
        for kind in ("PNG", "JPEG"):
            written = to_bytes(image, kind)
            assert b"secret" not in written
            assert b"home" not in written


@pytest.mark.parametrize(
    ("kind", "size", "reduced"),
    [
        ("PNG", (4100, 520), (4096, 519)),
        ("PNG", (760, 6000), (519, 4096)),
        ("JPEG", (6000, 760), (4096, 519)),
        ("JPEG", (8200, 1100), (4096, 549)),  # by the decoder to a half, and a little more here
        ("JPEG", (17_000, 2200), (4096, 530)),
    ],
)
def test_a_very_large_picture_is_reduced_to_what_is_allowed(
    kind: str, size: tuple[int, int], reduced: tuple[int, int]
) -> None:
    whole = Image.radial_gradient("L").resize(size)
    image = decode.decode(to_bytes(whole, kind, quality=95), source="x")
    assert image.size == pytest.approx(reduced, abs=1)
    assert max(image.size) == decode.MAX_EDGE_PX
    expected = np.asarray(whole.resize(image.size, Image.Resampling.LANCZOS), np.int16)
    difference = np.abs(np.asarray(image.getchannel(0), np.int16) - expected)
    assert difference.max() <= (1 if kind == "PNG" else 8)  # no seams where bands meet


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: b"", "pic.png: is empty; JPEG, PNG and WebP pictures are accepted"),
        (
            lambda: b"hello, I am no picture",
            "pic.png: not a picture that can be read; JPEG, PNG and WebP pictures are accepted; "
            "received 22 bytes starting with b'hello, I'",
        ),
        (
            lambda: to_bytes(halves(), "GIF"),
            "not a picture that can be read",
        ),
        (lambda: b"%PDF-1.7\n" + bytes(100), "not a picture that can be read"),
        (lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n" + bytes(100), "not a picture that can be read"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that can be read"),
        (lambda: b"SIMPLE  =                    T" + bytes(2880), "not a picture"),
        (lambda: to_bytes(halves(), "PNG")[:20], "pic.png: the PNG is damaged or cut short"),
        (
            lambda: to_bytes(Image.effect_noise((99, 99), 50), "JPEG")[:900],
            "pic.png: the JPEG is damaged or cut short",
        ),
        (
            lambda: to_bytes(Image.effect_noise((99, 99), 50), "PNG")[:900],
            "pic.png: the PNG is damaged or cut short",
        ),
        (
            lambda: to_bytes(Image.effect_noise((99, 99), 50).convert("RGB"), "WEBP")[:900],
            "pic.png: the WebP is damaged or cut short",
        ),
        (
            lambda: to_bytes(Image.new("RGB", (1, 1)), "PNG"),
            "pic.png: both edges of a picture must have at least 16 px; received 1 × 1 px",
        ),
        (lambda: to_bytes(Image.new("RGB", (400, 15)), "PNG"), "received 400 × 15 px"),
        (
            lambda: to_bytes(Image.new("RGB", (3000, 20)), "PNG"),
            "pic.png: the longer edge of a picture is at most 8 times the shorter; "
            "received 3000 × 20 px",
        ),
        (lambda: to_bytes(Image.new("RGB", (20, 161)), "PNG"), "at most 8 times"),
        (
            lambda: png_header(8000, 7000),
            "pic.png: a picture has at most 50 megapixels; received 8000 × 7000 px",
        ),
        (lambda: png_header(30_000, 30_000), "pic.png: a picture has at most 50 megapixels"),
        (lambda: png_header(2**31 - 1, 2**31 - 1), "pic.png: "),
        (lambda: png_header(100, 100), "pic.png: the PNG is damaged or cut short"),
    ],
)
def test_a_bad_picture_is_refused_in_one_sentence(make: Callable[[], bytes], message: str) -> None:
    with pytest.raises(PictureError) as error:
        decode.decode(make(), source="pic.png")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_jpeg_of_too_many_pixels_is_decoded_at_a_part_of_its_size() -> None:
    whole = Image.radial_gradient("L")
    for size, decoded in (((400, 300), (200, 150)), ((800, 600), (200, 150))):
        data = to_bytes(whole.resize(size), "JPEG")
        assert decode.decode(data, source="x", max_pixels=40_000).size == decoded
    with pytest.raises(PictureError, match="received 8000 × 160 px"):
        decode.decode(to_bytes(Image.new("L", (8000, 160)), "JPEG"), source="x", max_pixels=9000)


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "progressive JPEG"])
def test_another_of_too_many_pixels_is_refused_with_the_switch_that_allows_it(kind: str) -> None:
    data = to_bytes(halves(1200, 900), kind.split()[-1], progressive=True)
    with pytest.raises(PictureError) as error:
        decode.decode(data, source="x", max_pixels=1_000_000)
    assert str(error.value) == (
        "x: a picture has at most 1 megapixels; received 1200 × 900 px; reduce it, or allow it "
        "with --max-megapixels 2"
    )
    assert decode.decode(data, source="x", max_pixels=2_000_000).size == (1200, 900)


def test_the_edges_of_what_is_allowed_are_allowed() -> None:
    for size in ((16, 16), (128, 16), (16, 128)):
        image = decode.decode(to_bytes(Image.new("RGB", size), "PNG"), source="x")
        assert image.size == size


def test_a_bomb_of_compressed_text_is_refused_quickly() -> None:
    text = PngInfo()
    text.add_text("bomb", "x" * 80_000_000, zip=True)
    data = to_bytes(halves(), "PNG", pnginfo=text)
    assert len(data) < 100_000
    with pytest.raises(PictureError):
        decode.decode(data, source="x")


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_flipped_bytes_are_decoded_or_refused_but_nothing_else(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(["JPEG", "PNG", "WEBP"]))
    damaged = bytearray(to_bytes(halves(), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode.decode(bytes(damaged), source="x")
    except PictureError:
        return
    assert image.mode == "RGB"


def test_read_gives_the_picture_of_a_file(tmp_path: Path) -> None:
    halves().save(tmp_path / "a.png")
    assert decode.read(tmp_path / "a.png").size == (40, 32)
    assert decode.read(str(tmp_path / "a.png")).getpixel((0, 0)) == RED


def test_read_refuses_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, message in (
        (tmp_path / "none.jpg", "none.jpg: no such picture file"),
        (tmp_path, "is a folder; a picture file is needed"),
        (tmp_path / "pipe", "pipe: not a regular file"),
        (Path("/dev/zero"), "/dev/zero: not a regular file"),
        ("a\0b", "a\0b: "),
        ("x" * 5000, "x: cannot be read: File name too long"),
    ):
        with pytest.raises(PictureError) as error:
            decode.read(path)
        assert message in str(error.value)


def test_read_refuses_an_enormous_file_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "huge.png"
    with path.open("wb") as file:
        file.truncate(10**12)
    start = time.process_time()
    with pytest.raises(PictureError, match="at most 256 MB; received 1000000 MB"):
        decode.read(path)
    assert time.process_time() - start < 5


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_read_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    halves().save(path)
    path.chmod(0)
    with pytest.raises(PictureError, match="cannot be read: Permission denied"):
        decode.read(path)


@pytest.mark.parametrize(
    ("size", "longer", "fitted"),
    [
        ((100, 50), 256, (256, 128)),
        ((50, 100), 256, (128, 256)),
        ((3000, 1001), 256, (256, 85)),
        ((64, 64), 64, (64, 64)),
        ((128, 16), 4, (4, 1)),
        ((800, 100), 1, (1, 1)),
        ((4096, 4095), 512, (512, 512)),
    ],
)
def test_fit_makes_the_longer_edge_exact(
    size: tuple[int, int], longer: int, fitted: tuple[int, int]
) -> None:
    assert decode.fit(Image.new("RGB", size), longer).size == fitted


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300))
def test_fit_always_gives_that_edge_and_at_least_one_pixel(
    width: int, height: int, longer: int
) -> None:
    fitted = decode.fit(Image.new("L", (width, height)), longer)
    assert max(fitted.size) == longer
    assert min(fitted.size) >= 1
