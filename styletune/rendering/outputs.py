"""Where rendered pictures go: a film, a folder of pictures, or the last one alone."""

import contextlib
import os
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from styletune.errors import ConfigError, StorageError
from styletune.films import join, pyav, writer
from styletune.images import encode

Picture = npt.NDArray[np.uint8]  # (h, w, 3)


class Output:
    """Takes the pictures of one process; what `keep` has been called for stays.

    Args:
        out: what is to be made.
        work: folder for what is unfinished; there before anything is added.
        fps: pictures a second.

    Attributes:
        every_picture: whether it wants more than the last one.
    """

    every_picture = True

    def __init__(self, out: Path, work: Path, fps: int) -> None:
        self.out, self.work, self.fps = out, work, fps

    def add(self, picture: Picture, slot: int) -> None:
        """Take the picture of a time.

        Args:
            picture: of the size of the one before.
            slot: its time in pictures since the start; later than the one before. What lies
                between shows the picture before.

        Raises:
            StorageError: it cannot be written.
        """

    def keep(self, part: int) -> None:
        """Write all that was added, as that part of the whole, so that a later process goes on.

        Raises:
            StorageError: it cannot be written.
        """

    def finish(self, picture: Picture, state: Mapping[str, object], parts: int) -> None:
        """Make the whole of its parts.

        Args:
            picture: the last one.
            state: how it was painted.

        Raises:
            StorageError: it cannot be written.
        """


class FilmOutput(Output):
    """A film; its parts are films, joined without encoding anything anew."""

    def __init__(self, out: Path, work: Path, fps: int) -> None:
        super().__init__(out, work, fps)
        writer.check_name(out)
        pyav.load()
        self._open = contextlib.ExitStack()
        self._writer: writer.FilmWriter | None = None

    def add(self, picture: Picture, slot: int) -> None:
        """See `Output`."""
        if self._writer is None:
            height, width = picture.shape[:2]
            self._writer = self._open.enter_context(
                writer.write_film(self._part, width, height, rate=Fraction(self.fps))
            )
        self._writer.write(picture, Fraction(slot, self.fps))

    def keep(self, part: int) -> None:
        """See `Output`."""
        if self._writer is None:
            return
        self._open.close()
        self._writer = None
        self._part.replace(self._name(part))

    def finish(self, picture: Picture, state: Mapping[str, object], parts: int) -> None:
        """See `Output`."""
        names = [self._name(part) for part in range(parts)]
        join.join_films([name for name in names if name.exists()], self.out)

    @property
    def _part(self) -> Path:
        return self.work / f"part{self.out.suffix.lower()}"

    def _name(self, part: int) -> Path:
        return self.work / f"{part:06}{self.out.suffix.lower()}"


class FolderOutput(Output):
    """PNGs in a folder, numbered from 1, as many a second."""

    def add(self, picture: Picture, slot: int) -> None:
        """See `Output`."""
        number = slot + 1
        encode.write(self._name(number), picture, {})
        for held in range(max(1, number - 1), 0, -1):
            if self._name(held).exists():
                for missing in range(held + 1, number):
                    self._link(self._name(held), self._name(missing))
                break

    def _link(self, source: Path, target: Path) -> None:
        try:
            os.link(source, target)
        except OSError as error:
            raise StorageError(f"cannot write {target}: {error.strerror or error}") from None

    def _name(self, number: int) -> Path:
        return self.out / f"{number:06}.png"


class PictureOutput(Output):
    """The last picture alone."""

    every_picture = False

    def __init__(self, out: Path, work: Path, fps: int) -> None:
        super().__init__(out, work, fps)
        encode.check_name(out)

    def finish(self, picture: Picture, state: Mapping[str, object], parts: int) -> None:
        """See `Output`."""
        encode.write(self.out, picture, state)


def kind_of(out: Path) -> type[Output]:
    """What a name asks for.

    Raises:
        ConfigError: nothing that can be made.
    """
    suffix = out.suffix.lower()
    if suffix in writer.SUFFIXES:
        return FilmOutput
    if suffix in encode.SUFFIXES:
        return PictureOutput
    if not suffix or out.is_dir():
        return FolderOutput
    raise ConfigError(
        f"-o names a film ({', '.join(writer.SUFFIXES)}), a picture "
        f"({', '.join(encode.SUFFIXES)}) or a folder; received {str(out)!r}"
    )


def fit(picture: Picture, width: int, height: int) -> Picture:
    """A picture at the size of the others; one of another shape stands before black."""
    have_height, have_width = picture.shape[:2]
    if (have_width, have_height) == (width, height):
        return picture
    part = min(width / have_width, height / have_height)
    size = max(1, round(have_width * part)), max(1, round(have_height * part))
    wall = Image.new("RGB", (width, height))
    scaled = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    wall.paste(scaled, ((width - size[0]) // 2, (height - size[1]) // 2))
    return np.asarray(wall)
