"""Frames of one rate, as a film or as a folder of numbered PNGs; and when they are painted."""

import contextlib
import io
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import accumulate, count
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from styletune import files
from styletune.errors import FilmError, StorageError
from styletune.films import writer

Picture = npt.NDArray[np.uint8]


def geometric_steps(steps: int, frames: int) -> tuple[int, ...]:
    """The steps after which to show a painting: the early ones, which hold the change, densely.

    Each is at least one step and about the same factor after the one before.

    >>> geometric_steps(100, 8)
    (1, 2, 4, 10, 22, 46, 100)

    Args:
        steps: of the painting; the last of them.
        frames: how many to show, with the picture before the first step; fewer where there are
            not so many steps.
    """
    if frames > steps:
        return tuple(range(1, steps + 1))

    def spaced(factor: float) -> list[float]:
        grown = accumulate(range(frames - 1), lambda at, _: max(at + 1, at * factor), initial=0.0)
        return list(grown)[1:]

    low, high = 1.0, float(steps)
    for _ in range(60):  # halved until nothing is left of it
        factor = (low + high) / 2
        low, high = (low, factor) if spaced(factor)[-1] >= steps else (factor, high)
    return (*map(int, spaced(high)[:-1]), steps)


def is_film(out: str) -> bool:
    """Whether a name is that of a film; else that of a folder."""
    return not out.endswith("/") and Path(out).suffix != "" and not Path(out).is_dir()


def check_out(out: str) -> None:
    """Refuse a name that `write_frames` cannot write.

    Raises:
        FilmError: of another kind of file, in a folder that is not there, a folder that holds
            pictures, or nothing here encodes such a film.
        ConfigError: PyAV is not installed.
    """
    path = Path(out)
    if not is_film(out):
        check_folder(path)
        if any(path.glob("*.png")):
            raise FilmError(f"{path} holds pictures already; choose an empty folder, or a new one")
        return
    if path.suffix.lower() not in writer.SUFFIXES:
        raise FilmError(
            f"a film can be written as {', '.join(writer.SUFFIXES)}, or as PNGs into a folder, "
            f"whose name ends in /; received {out!r}"
        )
    writer.check_name(path)
    writer.find_encoder(path)


def check_folder(path: Path) -> None:
    """Refuse a folder that cannot be made.

    Raises:
        FilmError: it is a file, or its own folder is not there.
    """
    if path.exists() and not path.is_dir():
        raise FilmError(f"cannot write into {path}: it is a file; name a folder")
    if not path.parent.is_dir():
        raise FilmError(f"cannot make {path}: the folder {path.parent} does not exist")


@contextlib.contextmanager
def write_frames(out: str, rate: int) -> Iterator[Callable[[Picture], None]]:
    """What takes the frames, (h, w, 3) uint8 of one size, `rate` of them a second.

    A film is there once this is left, unless by an exception; PNGs are there one after the other.

    Raises:
        StorageError: it cannot be written; of a film, what was there is untouched.
        FilmError, ConfigError: see `check_out`.
    """
    if not is_film(out):
        make_folder(Path(out))
        numbers = count()
        yield lambda picture: _write_png(Path(out, f"{next(numbers):05}.png"), picture)
        return
    times = (Fraction(number, rate) for number in count())
    with contextlib.ExitStack() as stack:
        film: writer.FilmWriter | None = None

        def write(picture: Picture) -> None:
            nonlocal film
            if film is None:
                height, width, _ = picture.shape
                opened = writer.write_film(Path(out), width, height, rate=Fraction(rate))
                film = stack.enter_context(opened)
            film.write(picture, next(times), Fraction(1, rate))

        yield write


def make_folder(path: Path) -> None:
    """Make a folder, unless it is there.

    Raises:
        StorageError: it cannot be made.
    """
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot make {path}: {error.strerror}") from None


def _write_png(path: Path, picture: Picture) -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=3)
    try:
        files.write_bytes_atomically(path, buffer.getvalue())
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror or error}") from None
