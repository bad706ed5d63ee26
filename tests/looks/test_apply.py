"""A look and files: where results go, and what is in them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.errors import ConfigError, FilmError, PictureError, StorageError
from styletune.films.reader import FilmReader
from styletune.images import samples
from styletune.images.png_metadata import read_metadata, read_session
from styletune.looks import file
from styletune.looks.apply import FilePainter, Job, is_input, parse_setting, plan
from styletune.looks.runner import LookRunner
from tests.support.small_film import TIMES, sound_packets, write_small_film


@pytest.fixture(scope="module")
def runner(look_path: Path) -> LookRunner:
    return LookRunner(file.read(look_path), "onnx", threads=1)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "notes.txt").write_text("no picture")
    (folder / "sub").mkdir()
    for name in ("b.png", "a.jpg", "c.avif"):
        Image.new("RGB", (32, 24), "teal").save(folder / name)
    return folder


def test_plan_one_picture(photos: Path, tmp_path: Path) -> None:
    one = photos / "a.jpg"
    assert plan([str(one)], str(tmp_path / "x.png")) == [Job(one, tmp_path / "x.png")]
    assert plan([str(one)], str(tmp_path)) == [Job(one, tmp_path / "a.jpg")]
    assert plan([str(one)], f"{tmp_path}/new/") == [Job(one, tmp_path / "new/a.jpg")]
    assert plan(["harbour"], str(tmp_path / "x.webp"))[0].source == samples.path("harbour")


def test_plan_folder(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (photos / "d.webm").write_text("by its name")
    (photos / "e.gif").write_text("by its name")
    assert [(job.source.name, job.out, job.film) for job in plan([str(photos)], str(out))] == [
        ("a.jpg", out / "a.jpg", False),
        ("b.png", out / "b.png", False),
        ("c.avif", out / "c.avif.jpg", False),
        ("d.webm", out / "d.webm", True),
        ("e.gif", out / "e.gif.mp4", True),
    ]


def test_plan_film(tmp_path: Path) -> None:
    film, out = tmp_path / "film.mov", tmp_path / "out.mp4"
    assert plan([str(film)], str(out)) == [Job(film, out, film=True)]
    with pytest.raises(FilmError, match="a film can be written as"):
        plan([str(film)], str(tmp_path / "out.png"))


@pytest.mark.parametrize(
    ("inputs", "out", "problem"),
    [
        (["photos"], "photos", "is an input, and stays"),
        (["photos/a.jpg"], "photos/a.jpg", "is an input, and stays"),
        (["photos/a.jpg"], "link.jpg", "is an input, and stays"),
        (["photos/a.jpg", "photos/b.png"], "out.png", "several results need a folder"),
        (["photos"], "photos/a.jpg", "several results need a folder"),
        (["photos"], "out.mp4", "several results need a folder"),
        (["photos"], "no/such/folder", "does not exist"),
        (["photos/sub"], "out", "no picture and no film in this folder"),
        (["photos/a.jpg", "a.jpg"], "out", "would both become out/a.jpg"),
    ],
)
def test_plan_refuses(
    photos: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str], out: str, problem: str
) -> None:
    monkeypatch.chdir(photos.parent)
    Path("link.jpg").symlink_to("photos/a.jpg")
    with pytest.raises(ConfigError, match=problem):
        plan(inputs, out)


def test_parse_setting(look_path: Path) -> None:
    table = file.read(look_path).table()
    typed = ["style.block3_conv1=0.8", "style.block3_conv1.mute=on", "optimizer=gd", "smooth=0"]
    settings = dict(parse_setting(table, text) for text in typed)
    assert settings == {
        "style.block3_conv1": 0.8,
        "style.block3_conv1.mute": 1.0,
        "optimizer": table["optimizer"].choice_positions["gd"],
        "smooth": 0.0,
    }
    assert [name for name in settings if not is_input(table[name])] == ["optimizer"]


def test_paint_picture(runner: LookRunner, tmp_path: Path) -> None:
    job = Job(samples.path("harbour"), tmp_path / "new" / "out.png")
    FilePainter(runner, {"style.block3_conv1": 0.9}, size_px=64).paint_picture(job)
    with Image.open(job.out) as picture:
        assert picture.size == (64, 48)
    png = job.out.read_bytes()
    assert read_metadata(png).controls["style.block3_conv1"] == 0.9
    session = read_session(png, str(job.out))  # `paint --session` and the page take it
    assert session.controls["style.block3_conv1"] == 0.9
    middle = Job(job.source, tmp_path / "middle.png")
    FilePainter(runner, {}, size_px=64).paint_picture(middle)
    moved, still = (np.asarray(Image.open(path)).astype(int) for path in (job.out, middle.out))
    assert np.abs(moved - still).mean() > 0.5


def test_paint_transparency(runner: LookRunner, tmp_path: Path) -> None:
    disc = Image.radial_gradient("L").resize((64, 48))
    Image.merge("RGBA", [disc, disc, disc, disc]).save(tmp_path / "disc.png")
    FilePainter(runner, {}).paint_picture(Job(tmp_path / "disc.png", tmp_path / "out.png"))
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.getchannel("A").tobytes() == disc.tobytes()


def test_paint_too_small(runner: LookRunner, tmp_path: Path) -> None:
    Image.new("RGB", (64, 16)).save(tmp_path / "flat.png")
    with pytest.raises(PictureError, match=r"flat.png: a look paints .* received 32 × 8"):
        FilePainter(runner, {}, size_px=32).paint_picture(
            Job(tmp_path / "flat.png", tmp_path / "out.png")
        )


def test_paint_cannot_write(runner: LookRunner, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(StorageError, match="cannot make"):
        FilePainter(runner, {}, size_px=32).paint_picture(
            Job(samples.path("harbour"), tmp_path / "out" / "x.png")
        )


def test_paint_film(runner: LookRunner, tmp_path: Path) -> None:
    source, out = write_small_film(tmp_path / "film.mp4"), tmp_path / "new" / "out.mp4"
    painter = FilePainter(runner, {})
    assert len(list(painter.paint_film(painter.open_film(source), out, lambda: False))) == 12
    film = FilmReader(out)
    assert (film.width, film.height) == (64, 48)
    frames = list(film)
    assert [round(float(frame.time), 3) for frame in frames] == [*map(float, TIMES)]
    assert sound_packets(out) == sound_packets(source)
    original = next(iter(FilmReader(source))).pixels()
    assert np.abs(frames[0].pixels().astype(int) - original).mean() > 5  # it did paint


def test_paint_film_stopped(runner: LookRunner, tmp_path: Path) -> None:
    source, out = write_small_film(tmp_path / "film.mov"), tmp_path / "out.mp4"
    painter = FilePainter(runner, {}, size_px=32)
    assert len(list(painter.paint_film(painter.open_film(source), out, lambda: True))) == 1
    film = FilmReader(out)
    assert (len(list(film)), film.width, film.height) == (1, 32, 24)
