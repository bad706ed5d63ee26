import contextlib
import io
import json
import shutil
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from styletune import __version__, files
from styletune.config import Server, SessionConfig
from styletune.errors import ConfigError, PictureError
from styletune.images import png_metadata
from styletune.images.png_metadata import EmbeddedState, describe_session, read_session


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


def with_chunk(chunk: str, text: str) -> bytes:
    """A picture with a state in a chunk of that kind; `zipped`: an iTXt that is compressed."""
    info, file = PngInfo(), io.BytesIO()
    info.add_text("Comment", "x" * 2_000_000)  # nobody's business, and more than Pillow reads
    if chunk in ("iTXt", "zipped"):
        info.add_itxt("styletune", text, zip=chunk == "zipped")
    else:
        info.add_text("styletune", text, zip=chunk == "zTXt")
    Image.new("RGB", (64, 48)).save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after the pixels"])
@pytest.mark.parametrize("name", ["plain", "Übung", "猫 🎨"])
@pytest.mark.parametrize("chunk", ["tEXt", "zTXt", "iTXt", "zipped"])
def test_a_state_is_read_from_any_text_chunk(chunk: str, name: str, after: bool) -> None:
    state = {"controls": {"smooth": 0.5}, "session": {"pictures": {"content": name}}}
    data = with_chunk(chunk, json.dumps(state, ensure_ascii=False))
    if after:
        start = data.index(b"styletune\0") - 8
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        text, data = data[start:end], data[:start] + data[end:]
        data = data[:-12] + text + data[-12:]  # before IEND
        Image.open(io.BytesIO(data)).verify()
    read = png_metadata.read_metadata(data)
    assert read.controls == {"smooth": 0.5}
    assert read.session == state["session"]


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


def test_an_updated_state_leaves_the_pixels() -> None:
    data = png_metadata.encode_png(PIXELS, {"controls": {"smooth": 0.25}, "seed": 3})
    data = png_metadata.update_state(data, {"controls": {"smooth": 0.75}, "step": 7})
    assert png_metadata.read_metadata(data).controls == {"smooth": 0.75}
    with Image.open(io.BytesIO(data)) as image:
        assert json.loads(image.info["styletune"]) == {
            "styletune": __version__, "controls": {"smooth": 0.75}, "seed": 3, "step": 7,
        }  # fmt: skip
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)
    for bad in (b"GIF89a", data[:60], data[:-200]):
        with pytest.raises(PictureError, match="no PNG or damaged"):
            png_metadata.update_state(bad, {})


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
        (b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\0abcd" + CRC) * 100_001, "more than 100000 chunks"),
        (b"\x89PNG\r\n\x1a\n\xff\xff\xff\xfftEXt", "cut off before its end"),
    ],
    ids=lambda value: str(value[:20]),
)
def test_a_picture_without_a_good_state_is_refused(data: bytes, told: str) -> None:
    with pytest.raises(PictureError) as error:
        png_metadata.read_metadata(data)
    assert told in str(error.value)
    assert len(str(error.value)) < 300


def test_a_state_survives_names_and_figures_that_are_no_json() -> None:
    session = {"init": "caf\udce9", "content": "猫", "style": "caf\udcc3\udca9"}
    state = {"controls": {}, "session": session, "total": float("nan")}
    read = png_metadata.read_metadata(png_metadata.encode_png(PIXELS, state))
    assert read.session == {"init": "caf\ufffd", "content": "猫", "style": "café"}


def test_a_session_comes_back_without_what_is_one_machines_own() -> None:
    session = SessionConfig().with_overrides(
        pictures={"content": "/home/me/a.jpg", "styles": ("/home/me/b.jpg", "c")},
        network={"name": "vgg16", "weights": "/home/me/vgg16.h5", "layers": ("block2_conv1",)},
        painting={"faders": "linear", "seed": 7, "init": "/home/me/start.png"},
        server={"host": "10.0.0.7"},
    )
    told = describe_session(session, ["a", "woodcut", "c"])
    assert "/home/me" not in json.dumps(told)
    assert "10.0.0.7" not in json.dumps(told)
    told["server"] = {"host": "0.0.0.0"}  # nobody's to choose but the reader's
    state = {"session": told, "controls": {"smooth": 0.25, "size": 1.0, "paused": True}}
    read = read_session(png_metadata.encode_png(PIXELS, state), "x.png")
    assert read.controls == {"smooth": 0.25, "size": 1.0}
    assert read.pictures.styles == ("woodcut", "c")
    assert (read.network.name, read.network.layers) == ("vgg16", ("block2_conv1",))
    assert read.server == Server()
    assert (read.painting.faders, read.painting.seed) == ("linear", 7)
    with pytest.raises(ConfigError, match=r"^x.png: the picture holds values, but no session"):
        read_session(png(GOOD), "x.png")


def test_values_of_another_session_are_those_that_set_the_same_here() -> None:
    then = SessionConfig().with_overrides(pictures={"size": 2048}, painting={"faders": "log"})
    layer = then.network.selected_layers[0]
    controls = {"size": 0.9, f"style.{layer}": 0.5, f"content.{layer}": 0.5, "far.off": 0.1}
    state = EmbeddedState(controls=controls, session=then.model_dump(mode="json"))
    here = SessionConfig().table()
    moved = state.controls_for(here)
    assert moved["size"] == 1.0  # 1024 px, of 2048
    assert f"style.{layer}" not in moved  # a weight there, an amount here
    assert (moved[f"content.{layer}"], moved["far.off"]) == (0.5, 0.1)
    assert state.controls_for(then.table()) == controls
    for unknown in (None, {"network": {"name": "vgg99"}}):
        assert EmbeddedState(controls=controls, session=unknown).controls_for(here) == controls


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_the_page_finds_what_is_written_here(tmp_path: Path) -> None:
    painted = png_metadata.encode_png(PIXELS, {"controls": {"smooth": 0.25}})
    pictures = {
        "painted": painted,
        "named": png_metadata.encode_png(PIXELS, {"controls": {}, "content": "猫"}),
        "swept": png_metadata.update_state(painted, {"sweep": {"labels": "Übung"}}),
        "zipped": with_chunk("zTXt", GOOD),
        "other": png(None),
    }
    for name, data in pictures.items():
        (tmp_path / name).write_bytes(data)
    module = files.web_folder() / "panels" / "png-state.js"
    code = f"""
        import {{ hasState }} from {json.dumps(module.as_uri())};
        import {{ readFileSync }} from "node:fs";
        for (const path of process.argv.slice(1)) {{
          console.log(await hasState(new Blob([readFileSync(path)])));
        }}"""
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code, *(tmp_path / name for name in pictures)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["true"] * 4 + ["false"], done.stderr


@given(st.binary(), st.integers(0, 400))
def test_any_bytes_are_a_state_or_an_error(junk: bytes, at: int) -> None:
    for data in (junk, png(GOOD)[:at] + junk):
        with contextlib.suppress(PictureError):
            png_metadata.read_metadata(data)
