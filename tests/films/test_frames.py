"""Frames as films and as folders of PNGs, and after which steps they are painted."""

import os
import resource
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.errors import ConfigError, FilmError, StorageError
from styletune.films import writer
from styletune.films.frames import Picture, check_folder, check_out, geometric_steps, write_frames
from styletune.films.reader import FilmReader


@pytest.mark.parametrize(("steps", "frames"), [(2000, 250), (2000, 3), (60, 61), (60, 60), (1, 2)])
def test_geometric_steps(steps: int, frames: int) -> None:
    found = geometric_steps(steps, frames)
    assert len(found) == frames - 1
    assert found[-1] == steps
    gaps = [after - before for before, after in pairwise((0, *found))]
    assert min(gaps) == 1 or frames == 3
    assert all(after >= before - 1 for before, after in pairwise(gaps[:-1]))  # rounding


def test_geometric_steps_grow_by_one_factor() -> None:
    found = geometric_steps(2000, 250)
    assert found[:60] == tuple(range(1, 61))  # one by one, while the factor would be less
    factors = [after / before for before, after in pairwise(found) if before > 1000]
    assert max(factors) - min(factors) < 0.002


def test_geometric_steps_show_none_twice() -> None:
    assert geometric_steps(5, 250) == (1, 2, 3, 4, 5)


def picture(number: int) -> Picture:
    return np.full((49, 64, 3), 20 * number, np.uint8)


@pytest.mark.parametrize("name", ["out.mp4", "out.webm"])
def test_write_film(tmp_path: Path, name: str) -> None:
    out = str(tmp_path / name)
    check_out(out)
    with write_frames(out, 10) as write:
        for number in range(5):
            write(picture(number))
    film = FilmReader(Path(out))
    assert (film.width, film.height) == (64, 48)
    found = list(film)
    assert [round(float(frame.time), 3) for frame in found] == [0, 0.1, 0.2, 0.3, 0.4]
    assert found[-1].duration in (Fraction(1, 10), 0)  # Matroska holds none
    for number, frame in enumerate(found):
        assert abs(frame.pixels().mean() - 20 * number) < 3


def test_write_folder(tmp_path: Path) -> None:
    out = f"{tmp_path}/frames.of.mine/"
    check_out(out)
    with write_frames(out, 25) as write:
        for number in range(3):
            write(picture(number))
    files = sorted(Path(out).iterdir())
    assert [file.name for file in files] == ["00000.png", "00001.png", "00002.png"]
    with Image.open(files[2]) as last:
        assert np.array_equal(np.asarray(last), picture(2))
    with pytest.raises(FilmError, match="holds pictures already; choose an empty folder"):
        check_out(out)


@pytest.mark.parametrize("name", ["out.mp4", "frames/"])
def test_full_disk(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))

    def write_noise() -> None:
        with write_frames(f"{tmp_path}/{name}", 25) as write:
            for _ in range(30):
                write(rng.integers(0, 256, (48, 64, 3), np.uint8))

    try:
        with pytest.raises(StorageError, match=r"cannot write .*: File too large"):
            write_noise()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("out.gif", r"written as \.mp4, \.mov, \.mkv, \.webm, or as PNGs into a folder"),
        ("no/out.mp4", "the folder .*no does not exist"),
        ("no/frames", "cannot make .*: the folder .*no does not exist"),
        ("file/", "cannot write into .*file: it is a file; name a folder"),
    ],
)
def test_check_out(tmp_path: Path, name: str, message: str) -> None:
    Path(tmp_path, "file").touch()
    with pytest.raises(FilmError, match=message):
        check_out(f"{tmp_path}{os.sep}{name}")


def test_check_out_without_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(writer._CONTAINERS, ".mp4", writer._Container("mp4", ("libnothing",)))
    with pytest.raises(FilmError, match=r"this PyAV has no encoder for \.mp4"):
        check_out(f"{tmp_path}/out.mp4")


def test_check_out_without_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    check_folder(tmp_path)
    check_out(f"{tmp_path}/frames")  # needs none
    with pytest.raises(ConfigError, match=r"films need PyAV: pip install 'styletune\[film\]'"):
        check_out(f"{tmp_path}/out.mp4")
