"""Writing films: what comes back, what happens to the sound, and a disk that is full."""

import resource
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from styletune.errors import FilmError, StorageError
from styletune.films import writer
from styletune.films.reader import FilmReader
from styletune.films.writer import check_name, write_film
from tests.support.small_film import TIMES, sound_packets, write_small_film


def copy(source: Path, out: Path, frames: int = 1000) -> str:
    """Write the first frames of a film; returns what became of its sound."""
    film = FilmReader(source)
    with write_film(
        out,
        film.width,
        film.height,
        rate=film.rate,
        time_base=film.time_base,
        sound_of=source,
    ) as result:
        for frame, _ in zip(film, range(frames), strict=False):
            result.write(frame.pixels(), frame.time, frame.duration)
        if frames == 1000:
            result.copy_sound()
    return result.sound


@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.mkv"])
def test_write(tmp_path: Path, name: str) -> None:
    source, out = write_small_film(tmp_path / "film.mp4"), tmp_path / name
    assert copy(source, out) == "aac sound copied"
    before, after = FilmReader(source), FilmReader(out)
    assert (after.width, after.height) == (before.width, before.height)
    frames = list(after)
    begin = frames[0].time
    assert [round(float(frame.time - begin), 3) for frame in frames] == [*map(float, TIMES)]
    if name != "out.mkv":  # which holds no durations
        assert float(sum(frame.duration for frame in frames)) == pytest.approx(0.74, abs=0.002)
    for old, new in zip(before, frames, strict=True):
        assert np.abs(old.pixels().astype(int) - new.pixels()).mean() < 4
    assert sound_packets(out) == sound_packets(source)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["film.mp4", name])


def test_write_sound_that_only_the_header_refuses(tmp_path: Path) -> None:
    source = write_small_film(tmp_path / "film.mkv", sound="flac")
    assert copy(source, tmp_path / "out.mp4") == "flac sound copied"
    assert copy(source, tmp_path / "out.mov") == "flac sound becomes aac"


def test_write_other_sound(tmp_path: Path) -> None:
    source = write_small_film(tmp_path / "film.mov", sound="pcm_mulaw")
    assert copy(source, tmp_path / "out.mp4") == "pcm_mulaw sound becomes aac"
    assert copy(source, tmp_path / "out.webm") == "pcm_mulaw sound becomes libopus"
    for name, packet_ms in (("out.mp4", 1024 / 48), ("out.webm", 20)):
        assert len(list(FilmReader(tmp_path / name))) == len(TIMES)
        assert len(sound_packets(tmp_path / name)) == pytest.approx(740 / packet_ms, abs=2)


def test_write_part(tmp_path: Path) -> None:
    source, out = write_small_film(tmp_path / "film.mp4"), tmp_path / "out.mp4"
    copy(source, out, frames=6)
    film = FilmReader(out)
    assert len(list(film)) == 6
    assert film.problem is None
    assert len(sound_packets(out)) == pytest.approx(0.2 * 44_100 / 1024, abs=2)


def test_write_odd_size_by_another_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = writer._Container("mp4", ("libnothing", "mpeg4"))
    monkeypatch.setitem(writer._CONTAINERS, ".mp4", other)
    with write_film(
        tmp_path / "out.mp4", 65, 49, rate=Fraction(25), time_base=Fraction(1, 90_000)
    ) as film:
        for number in range(3):
            film.write(np.full((49, 65, 3), 100, np.uint8), Fraction(number, 25))
    assert (film.encoder, film.sound) == ("mpeg4", "")
    result = FilmReader(tmp_path / "out.mp4")
    assert (result.width, result.height) == (64, 48)
    assert [frame.time for frame in result] == [0, Fraction(1, 25), Fraction(2, 25)]


def write_noise(out: Path, frames: int, fail_at: int | None = None) -> None:
    rng = np.random.default_rng(0)
    with write_film(out, 64, 48, rate=Fraction(25)) as film:
        for number in range(frames):
            film.write(rng.integers(0, 256, (48, 64, 3), np.uint8), Fraction(number, 25))
            if number == fail_at:
                raise KeyError


def test_exception_leaves_the_old_film(tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    out.write_text("old")
    with pytest.raises(KeyError):
        write_noise(out, 2, fail_at=1)
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


@pytest.mark.parametrize("name", ["out.mkv", "out.mp4"])
def test_full_disk(tmp_path: Path, name: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, hard))
    try:
        with pytest.raises(StorageError, match=rf"cannot write .*{name}: File too large"):
            write_noise(tmp_path / name, 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_check_name(tmp_path: Path) -> None:
    with pytest.raises(FilmError, match=r"written as \.mp4, \.mov, \.mkv, \.webm; received"):
        check_name(tmp_path / "out.gif")
    with pytest.raises(FilmError, match="does not exist"):
        check_name(tmp_path / "no" / "out.mp4")
