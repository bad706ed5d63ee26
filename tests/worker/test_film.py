"""A film as a live source: its pace and its loop; what is no film, `tests/films` shows."""

from pathlib import Path

import av
import numpy as np

from styletune.worker.film import LoopingFilm


def write_film(path: Path, shades: list[int], fps: int = 10, size: tuple[int, int] = (64, 32)):
    """A lossless film, a grey of its own for each picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, "bgr0"
        for shade in shades:
            pixels = np.full((size[1], size[0], 3), shade, np.uint8)
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def shade(film: LoopingFilm, now: float) -> int | None:
    picture = film.poll(now)
    if picture is None:
        return None
    assert (picture.shape, picture.dtype) == ((24, 48, 3), np.uint8)
    return int(picture.mean())


def test_a_film_keeps_its_pace_leaves_out_what_comes_late_and_loops(tmp_path: Path) -> None:
    shades = [10, 50, 90, 130, 170]
    film = LoopingFilm(write_film(tmp_path / "film.mkv", shades), 24, 24)
    times = (100.0, 100.05, 100.101, 100.15, 100.31)  # 10 pictures a second
    assert [shade(film, now) for now in times] == [10, None, 50, None, 130]
    assert shade(film, 100.401) == 170
    assert shade(film, 100.501) == 10  # again from its beginning
    assert shade(film, 100.601) == 50
    assert shade(film, 200.0) == 90  # after a pause it goes on, and races after nothing
    assert shade(film, 200.01) is None


def test_a_film_of_one_picture_stands(tmp_path: Path) -> None:
    film = LoopingFilm(write_film(tmp_path / "film.mkv", [60]), 24, 24)
    assert [shade(film, now) for now in (5.0, 5.05, 5.101)] == [60, None, 60]
