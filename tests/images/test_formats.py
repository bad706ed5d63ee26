"""What a file is by its first bytes, and whether it is whole."""

import io
import re
import sys
import time

import pytest
from PIL import Image, features
from PIL.PngImagePlugin import PngInfo

from styletune.errors import PictureError
from styletune.images import decode, formats

NOISE = Image.effect_noise((96, 64), 60).convert("RGB")
NEEDS_AVIF = pytest.mark.skipif(not features.check("avif"), reason="a Pillow without AVIF")
AVIF = pytest.param("AVIF", marks=NEEDS_AVIF)


def to_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def ftyp(*brands: bytes) -> bytes:
    """The head of an ISO media file, of which no more came."""
    box = b"ftyp" + brands[0] + bytes(4) + b"".join(brands[1:])
    return (len(box) + 4).to_bytes(4) + box + bytes(400)


@pytest.mark.parametrize("orientation", [None, 6])
def test_a_png_with_one_bit_turned_is_refused(orientation: int | None) -> None:
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    data = to_bytes(NOISE, "PNG", exif=exif)
    pixels = range(data.index(b"IDAT"), data.index(b"IEND") - 8)
    for position in pixels[:: len(pixels) // 60]:
        bad = bytearray(data)
        bad[position] ^= 1 << position % 8
        with pytest.raises(PictureError, match="x: the PNG is damaged or cut short"):
            decode.decode(bytes(bad), source="x")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", AVIF, "progressive"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_picture_cut_short_is_refused(kind: str, part: float) -> None:
    options = {"progressive": True} if kind == "progressive" else {}
    data = to_bytes(NOISE, "JPEG" if options else kind, **options)
    with pytest.raises(PictureError, match="is damaged or cut short"):
        decode.decode(data[: int(len(data) * part)], source="x")


@pytest.mark.parametrize("missing", [8, 12, 16])
def test_a_png_without_its_end_is_refused(missing: int) -> None:
    with pytest.raises(PictureError, match="x: the PNG is damaged or cut short"):
        decode.decode(to_bytes(NOISE, "PNG")[:-missing], source="x")


def test_what_follows_the_end_of_a_picture_does_not_matter() -> None:
    for kind in ("PNG", "JPEG"):
        data = to_bytes(NOISE, kind)
        assert decode.decode(data + b"a film" * 99, source="x") == decode.decode(data, source="x")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (to_bytes(NOISE, "GIF"), "GIF"),
        (to_bytes(NOISE, "TIFF"), "TIFF or a camera's raw format"),
        (to_bytes(NOISE, "BMP"), "BMP"),
        (to_bytes(NOISE, "JPEG2000"), "JPEG 2000"),
        (b"\xff\x0a" + bytes(99), "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "JPEG XL"),
        (ftyp(b"crx ", b"isom"), "TIFF or a camera's raw format"),
        (b"\n<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    ],
)
def test_a_picture_of_another_format_is_named(data: bytes, name: str) -> None:
    with pytest.raises(PictureError) as error:
        decode.decode(data, source="x")
    assert str(error.value) == (
        "x: not a picture that can be read; JPEG, PNG and WebP pictures are accepted; "
        f"received {name}: save it as one of these"
    )


@pytest.mark.parametrize("brands", [(b"heic", b"mif1"), (b"mif1", b"heic"), (b"hevc",), (b"msf1",)])
def test_a_heic_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, brands: tuple[bytes, ...]
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PictureError) as error:
        decode.decode(ftyp(*brands), source="IMG_0001.HEIC")
    assert str(error.value) == (
        "IMG_0001.HEIC: HEIC pictures are read where pillow-heif is installed; "
        "`pip install pillow-heif`, or save the picture as JPEG or PNG"
    )


def test_a_heic_is_read_where_its_decoder_is_installed() -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    image = Image.linear_gradient("L").convert("RGB")
    data = to_bytes(image, "HEIF", quality=95)
    assert formats.recognise(data, "x") == "HEIC"
    decoded = decode.decode(data, source="x")
    assert decoded.size == (256, 256)
    assert decoded.getpixel((9, 99)) == pytest.approx((99, 99, 99), abs=3)
    with pytest.raises(PictureError, match="x: the HEIC is damaged or cut short"):
        decode.decode(data[:-99], source="x")


@NEEDS_AVIF
def test_an_avif_is_read_or_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    data = to_bytes(NOISE, "AVIF", quality=100)
    assert decode.decode(data, source="x").size == NOISE.size
    monkeypatch.setattr(features, "check", lambda feature: False)
    for avif in (data, ftyp(b"avif"), ftyp(b"mif1", b"miaf", b"avif")):
        with pytest.raises(PictureError, match=r"^x: this Pillow reads no AVIF; save the picture"):
            decode.decode(avif, source="x")


@pytest.mark.parametrize("kind", ["zTXt", "iTXt", "tEXt", "iCCP"])
def test_megabytes_of_text_or_profile_do_not_matter(kind: str) -> None:
    info, options = PngInfo(), {}
    match kind:
        case "iTXt":
            info.add_itxt("XML:com.adobe.xmp", "x" * 5_000_000, zip=True)
        case "iCCP":
            options = {"icc_profile": bytes(3_000_000)}
        case _:
            info.add_text("comment", "x" * 5_000_000, zip=kind == "zTXt")
    data = to_bytes(NOISE, "PNG", pnginfo=info, **options)
    assert kind.encode() in data
    assert decode.decode(data, source="x") == NOISE


def many_scans(count: int, size: tuple[int, int] = (200, 200)) -> bytes:
    """A progressive JPEG whose last scan is there so many times."""
    data = to_bytes(Image.new("L", size, 99), "JPEG", progressive=True)
    *_, last = (match.start() for match in re.finditer(rb"\xff\xda", data))
    return data[:last] + data[last:-2] * count + data[-2:]


def test_a_jpeg_of_thousands_of_scans_is_refused_at_once() -> None:
    data = many_scans(24_000)
    started = time.process_time()
    with pytest.raises(PictureError, match="x: a JPEG has at most 64 scans; save it again"):
        decode.decode(data, source="x")
    assert time.process_time() - started < 0.5


def test_counting_scans_is_linear() -> None:
    data = many_scans(1)
    for junk in (b"\xff" * 3_000_000 + b"\0", b"\xff\xd0" * 1_500_000, b"\xff\0" * 1_500_000):
        started = time.process_time()
        assert formats._count_scans(data[:-2] + junk + data[-2:]) == 6
        assert time.process_time() - started < 1


def test_only_a_jpegs_own_scans_count() -> None:
    assert decode.decode(many_scans(40), source="x").size == (200, 200)
    inside = b"\xff\xe1" + (20_002).to_bytes(2) + b"\xff\xda" * 10_000  # a preview's, say
    data = many_scans(1)
    data = data[:2] + inside + data[2:] + b"\xff\xda" * 10_000  # a film behind its end
    assert decode.decode(data, source="x").size == (200, 200)
