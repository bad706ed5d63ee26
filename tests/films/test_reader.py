"""Reading films: times, colours, what is turned, and what is no film or a damaged one."""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from styletune.errors import ConfigError, FilmError
from styletune.films.reader import FilmReader
from tests.support.small_film import TIMES, write_small_film

RED = np.array((200, 60, 30))


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.ts"])
def test_read(tmp_path: Path, name: str) -> None:
    film = FilmReader(write_small_film(tmp_path / name))
    assert (film.width, film.height) == (64, 48)
    frames = list(film)
    begin = frames[0].time  # the sound may begin a little earlier
    assert [round(float(frame.time - begin), 3) for frame in frames] == [*map(float, TIMES)]
    assert film.problem is None
    middle = frames[5].pixels()
    assert (middle.shape, middle.dtype) == ((48, 64, 3), np.uint8)
    assert np.abs(middle[24, 4] - RED).max() < 8  # left half
    assert np.abs(middle[24, 60].astype(int) - 100).max() < 20


def test_read_again(tmp_path: Path) -> None:
    film = FilmReader(write_small_film(tmp_path / "film.gif", video="gif", sound=""))
    assert film.frame_count == len(TIMES)
    next(iter(film))  # a reader that stops early
    assert [frame.time for frame in film] == [frame.time for frame in film] == list(TIMES)


def test_read_turned(tmp_path: Path) -> None:
    path = write_small_film(tmp_path / "film.mp4", rotation=90, size=(64, 32))
    film = FilmReader(path, longer_edge_px=48)
    assert (film.width, film.height) == (24, 48)
    pixels = [frame.pixels() for frame in film][5]
    assert pixels.shape == (48, 24, 3)
    assert np.abs(pixels[44, 12] - RED).max() < 8  # what was left is below


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("film.mp4", b"hello" * 100, "film.mp4: not a film that can be decoded: Invalid data"),
        ("film.mp4", b"", "not a film that can be decoded"),
        ("film.mp4", b"#EXTM3U\n#EXTINF:1,\nother.ts\n#EXT-X-ENDLIST\n", "not a film"),
        ("film.mkv", None, "not a film that can be decoded: No such file"),
    ],
)
def test_refuse(tmp_path: Path, name: str, data: bytes | None, problem: str) -> None:
    write_small_film(tmp_path / "other.ts")
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(FilmError, match=problem):
        FilmReader(tmp_path / name)


def test_refuse_sound_alone(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match="a film without pictures"):
        FilmReader(write_small_film(tmp_path / "film.mp4", times=()))


def test_cut_film(tmp_path: Path) -> None:
    times = [Fraction(number, 25) for number in range(50)]
    data = write_small_film(tmp_path / "film.mkv", times, size=(128, 96), sound="").read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[: len(data) // 2])
    film = FilmReader(cut)
    assert 5 < len(list(film)) < 45
    assert film.problem
    assert film.problem.startswith("ends in the middle, at ")
    assert film.problem.endswith(" of 2.0 s")


def test_without_pyav(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ConfigError, match=r"pip install 'styletune\[film\]'"):
        FilmReader(tmp_path / "film.mp4")
