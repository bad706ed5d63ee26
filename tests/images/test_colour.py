"""Every mode of picture with a profile comes out as sRGB; a profile of no use is left out."""

import io
import struct
import zlib

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image, ImageCms, features
from PIL.PngImagePlugin import PngInfo

from styletune.images import decode
from tools import odd_pictures

AVIF = pytest.param(
    "AVIF", marks=pytest.mark.skipif(not features.check("avif"), reason="a Pillow without AVIF")
)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
LAB = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def profile(space: bytes, tags: dict[bytes, bytes], device: bytes = b"mntr") -> bytes:
    """An ICC profile of version 2; see ICC.1:2001-04, 6.1 and 6.2."""
    d50 = struct.pack(">3i", 63190, 65536, 54061)
    head = struct.pack(">4xI4s4s4s12x4s28x12s48x", 0x02400000, device, space, b"XYZ ", b"acsp", d50)
    table, data = struct.pack(">I", len(tags)), b""
    start = 4 + len(head) + 4 + 12 * len(tags)
    for name, value in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(value))
        data += value + bytes(-len(value) % 4)
    return struct.pack(">I", start + len(data)) + head[:124] + table + data


def gamma(value: float) -> bytes:
    return struct.pack(">4s4xIH", b"curv", 1, round(value * 256))


def xyz(*values: float) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * 65536) for value in values))


# Display P3's primaries, brought to D50, with a gamma in place of its curve.
WIDE = profile(
    b"RGB ",
    {
        b"rXYZ": xyz(0.51512, 0.24120, -0.00105),
        b"gXYZ": xyz(0.29198, 0.69225, 0.04189),
        b"bXYZ": xyz(0.15710, 0.06657, 0.78407),
        b"rTRC": gamma(1.8),
        b"gTRC": gamma(1.8),
        b"bTRC": gamma(1.8),
    },
)
GREY = profile(b"GRAY", {b"kTRC": gamma(1.0)})
# D50 in XYZ to linear sRGB, brought there by Bradford.
TO_SRGB = np.array(
    [[3.13386, -1.61687, -0.49061], [-0.97877, 1.91614, 0.03345], [0.07194, -0.22899, 1.40524]]
)


def encode(linear: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Linear 0..1 as sRGB 0..255; IEC 61966-2-1."""
    linear = np.clip(linear, 0, 1)
    low, high = 12.92 * linear, 1.055 * np.power(linear, 1 / 2.4) - 0.055
    return 255 * np.where(linear <= 0.0031308, low, high)


def wide_to_srgb(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    columns = np.array(
        [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
    )
    linear = (pixels / 255) ** 1.8 @ columns.T
    return encode(linear @ TO_SRGB.T)


RAMP = Image.merge(
    "RGB",
    [Image.linear_gradient("L").resize((48, 48)).rotate(turn) for turn in (0, 90, 180)],
)


def to_bytes(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG."""
    crc = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)


def error(data: bytes, expected: npt.NDArray[np.float64]) -> float:
    """Mean difference of what is decoded, of 255."""
    decoded = decode.decode(data, source="x", keep_alpha=True).convert("RGB")
    return float(np.abs(np.asarray(decoded, np.float64) - expected).mean())


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", AVIF])
def test_a_profile_is_converted_in_every_format(kind: str) -> None:
    data = to_bytes(RAMP, kind, quality=100, icc_profile=WIDE)
    plain = decode.decode(to_bytes(RAMP, kind, quality=100), source="x")
    assert error(data, wide_to_srgb(np.asarray(plain))) < 0.7
    assert error(data, np.asarray(RAMP, np.float64)) > 10  # which nobody had done before


@pytest.mark.parametrize("mode", ["RGBA", "P", "P with alpha"])
def test_a_palette_and_alpha_keep_the_profile(mode: str) -> None:
    image = RAMP.copy() if mode == "RGBA" else RAMP.quantize(64)
    expected = wide_to_srgb(np.asarray(image.convert("RGB")))
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize(RAMP.size))
    options = {"transparency": bytes(range(64))} if "with" in mode else {}
    assert error(to_bytes(image, "PNG", icc_profile=WIDE, **options), expected) < 0.7


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_grey_keeps_the_profile(mode: str) -> None:
    grey = np.repeat(np.arange(0, 256, 8, np.uint8)[None], 32, axis=0)
    if mode == "1":
        grey = np.where(grey > 99, np.uint8(255), np.uint8(0))
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else None
    image = image or Image.fromarray(grey).convert(mode)
    expected = np.repeat(encode(grey / 255)[..., None], 3, axis=2)
    assert error(to_bytes(image, "PNG", icc_profile=GREY), expected) < 0.7


def test_cmyk_is_converted_by_its_profile() -> None:
    ink = Image.new("CMYK", (32, 32), (255, 0, 0, 0))
    data = to_bytes(ink, "JPEG", quality=100, icc_profile=cmyk_profile())
    assert decode.decode(data, source="x").getpixel((9, 9)) != (0, 255, 255)
    red, green, blue = decode.decode(data, source="x").getpixel((9, 9))
    assert abs(red - 188) <= 2
    assert abs(green - 188) <= 2
    assert abs(blue - 188) <= 2


def cmyk_profile() -> bytes:
    """A profile of a press whose cyan lets half of the light through, and all else none."""
    # lut8: 4 inputs, 3 outputs (Lab), 2 grid points; identity matrix; linear tables.
    identity = [65536, 0, 0, 0, 65536, 0, 0, 0, 65536]
    head = struct.pack(">4s4x4B9i", b"mft1", 4, 3, 2, 0, *identity)
    linear = bytes(range(256))
    lab = []
    for cyan, *others in np.ndindex(2, 2, 2, 2):
        lightness = 0 if any(others) else (195, 255)[not cyan]  # L* 76.1: half of the light
        lab.append((lightness, 128, 128))
    table = head + linear * 4 + np.array(lab, np.uint8).tobytes() + linear * 3
    tags = {b"A2B0": table, b"A2B1": table, b"A2B2": table}
    made = bytearray(profile(b"CMYK", tags, b"prtr"))
    made[20:24] = b"Lab "
    return bytes(made)


@pytest.mark.parametrize(
    ("image", "icc", "reason"),
    [
        (RAMP, WIDE[:200], "cannot open profile"),
        (RAMP, b"no profile at all", "cannot open profile"),
        (RAMP, GREY, "it is made for GRAY (mntr), the picture is RGB"),
        (RAMP, LAB, "it is made for Lab"),
        (RAMP, profile(b"RGB ", {b"rXYZ": xyz(0.4, 0.2, 0)}), "cannot build transform"),
        (RAMP, WIDE.replace(b"mntr", b"link"), "it is made for RGB (link)"),
        (RAMP.convert("L"), WIDE, "it is made for RGB (mntr), the picture is L"),
        (RAMP.convert("CMYK"), WIDE, "it is made for RGB (mntr), the picture is CMYK"),
    ],
    ids=["cut", "junk", "of grey", "of Lab", "incomplete", "link", "grey", "CMYK"],
)
def test_a_profile_of_no_use_is_left_out_with_a_line(
    caplog: pytest.LogCaptureFixture, image: Image.Image, icc: bytes, reason: str
) -> None:
    plain = decode.decode(to_bytes(image, "JPEG"), source="x")
    decoded = decode.decode(to_bytes(image, "JPEG", icc_profile=icc), source="a.jpg")
    assert decoded == plain
    (line,) = caplog.messages
    assert line.startswith("a.jpg: the colour profile is left out: ")
    assert reason in line


def test_a_profile_that_cannot_be_decompressed_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    data = to_bytes(RAMP, "PNG")
    data = data[:33] + chunk(b"iCCP", b"x\0\0no deflate stream") + data[33:]
    assert decode.decode(data, source="x") == RAMP
    assert "the colour profile is left out" in caplog.text


def adobe_to_srgb(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Adobe RGB (1998), 4.3.4 and 4.3.5: primaries and white point D65 as sRGB's, gamma 2.2."""
    to_xyz = [[0.57667, 0.18556, 0.18823], [0.29734, 0.62736, 0.07529], [0.02703, 0.07069, 0.99134]]
    to_linear = [
        [3.24097, -1.53738, -0.49861],
        [-0.96924, 1.87597, 0.04156],
        [0.05563, -0.20398, 1.05697],
    ]
    linear = (pixels / 255) ** (563 / 256)
    return encode(linear @ np.transpose(to_xyz) @ np.transpose(to_linear))


def test_adobe_rgb_is_recognised_by_what_the_camera_says() -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.IFD.Interop] = {1: "R03"}
    plain = decode.decode(to_bytes(RAMP, "JPEG", quality=100), source="x")
    data = to_bytes(RAMP, "JPEG", quality=100, exif=exif)
    assert error(data, adobe_to_srgb(np.asarray(plain))) < 0.7
    assert error(data, np.asarray(plain, np.float64)) > 4
    data = to_bytes(RAMP, "JPEG", quality=100, exif=exif, icc_profile=WIDE)  # which is better
    assert error(data, wide_to_srgb(np.asarray(plain))) < 0.7


@pytest.mark.parametrize(("gamma", "lines"), [(1.0, 1), (0.45455, 0)])
def test_a_gamma_that_is_left_out_is_a_line_in_the_log(
    caplog: pytest.LogCaptureFixture, gamma: float, lines: int
) -> None:
    info = PngInfo()
    info.add(b"gAMA", struct.pack(">I", round(gamma * 100_000)))
    assert decode.decode(to_bytes(RAMP, "PNG", pnginfo=info), source="x") == RAMP
    assert caplog.messages == ["x: the PNG's gamma of 1.00 is left out; use a profile"] * lines


def test_a_run_over_a_folder_finds_what_differs_from_pillows_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = to_bytes(RAMP, "PNG", icc_profile=WIDE)
    assert odd_pictures.compare(data)[0] == "the same"
    assert odd_pictures.compare(data[:300])[0] == "refused by both"
    assert odd_pictures.compare(to_bytes(RAMP, "GIF"))[0] == "of another format"
    monkeypatch.setattr(odd_pictures, "pillow_conversion", lambda data: RAMP)
    kind, detail = odd_pictures.compare(data)
    assert kind == "different"
    assert detail.startswith("mean difference 1")


def test_srgb_stays_as_it_is() -> None:
    assert error(to_bytes(RAMP, "PNG", icc_profile=SRGB.tobytes()), np.asarray(RAMP, float)) == 0


def test_a_transparent_value_of_sixteen_bits_lies_over_white() -> None:
    pixels = np.full((32, 32), 40_000, np.uint16)
    pixels[:, 16:] = 0
    pixels[:, 24:] = 1
    data = to_bytes(Image.fromarray(pixels), "PNG", transparency=0)
    decoded = decode.decode(data, source="x")
    assert [decoded.getpixel((x, 5)) for x in (5, 20, 28)] == [(156,) * 3, (255,) * 3, (0,) * 3]


@pytest.mark.parametrize("bits", [2, 4])
def test_a_transparent_value_of_few_bits_lies_over_white(bits: int) -> None:
    step = 255 // (2**bits - 1)
    image = Image.new("L", (32, 32), step)
    image.paste(2 * step, (16, 0, 32, 32))
    decoded = decode.decode(to_bytes(image, "PNG", bits=bits, transparency=1), source="x")
    assert decoded.getpixel((5, 5)) == (255, 255, 255)
    assert decoded.getpixel((20, 5)) == (2 * step,) * 3


def test_a_transparent_colour_of_sixteen_bits_lies_over_white() -> None:
    red, blue = struct.pack(">3H", 60_000, 0, 0), struct.pack(">3H", 0, 0, 60_000)
    rows = (b"\0" + red * 16 + blue * 16) * 32
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 32, 32, 16, 2, 0, 0, 0))
        + chunk(b"tRNS", red)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    decoded = decode.decode(data, source="x")
    assert decoded.getpixel((5, 5)) == (255, 255, 255)
    assert decoded.getpixel((20, 5)) == (0, 0, 234)
