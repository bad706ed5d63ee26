"""A look and files: which go where, and painting them."""

import difflib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from styletune.control import Control, Kind
from styletune.controls import ControlTable
from styletune.errors import ConfigError, ControlError, PictureError
from styletune.films import pyav, writer
from styletune.films.frames import make_folder
from styletune.films.reader import FilmReader
from styletune.films.writer import FilmWriter
from styletune.images import decode, encode, formats, samples
from styletune.images.png_metadata import describe_session
from styletune.images.transparency import continue_colours
from styletune.looks.desk import desk_values
from styletune.looks.runner import LookRunner, Picture
from styletune.terms import picture_terms

_SNIFFED_BYTES = 256  # that tell a picture


@dataclass(frozen=True, slots=True)
class Job:
    """One file to paint, and where the result goes.

    Attributes:
        film: whether it is a film; else a picture.
    """

    source: Path
    out: Path
    film: bool = False


def plan(inputs: Sequence[str], out: str) -> list[Job]:
    """Where the result of each input goes.

    Args:
        inputs: files, samples, and folders, whose pictures and films are taken by name.
        out: a file for one input; a folder for several, for a folder, and where it is one.

    Raises:
        ConfigError: nothing to paint, an input would be overwritten, two results would have
            one name, `out` is no folder where one is needed, or films cannot be read here.
        PictureError, FilmError: the result of a single input cannot be written so.
    """
    sources = [source for name in inputs for source in _sources(name)]
    target = Path(out)
    several = len(inputs) > 1 or Path(inputs[0]).is_dir()
    if several or target.is_dir() or out.endswith("/"):
        _check_folder(target)
        jobs = [_job_in(target, source) for source in sources]
    else:
        film = _is_film(sources[0])
        (writer.check_name if film else encode.check_name)(target)
        jobs = [Job(sources[0], target, film)]
    own = {source.resolve() for source in sources}
    taken: dict[Path, Path] = {}
    for job in jobs:
        if job.out.resolve() in own:
            raise ConfigError(f"{job.out} is an input, and stays; choose another place with -o")
        if job.out in taken:
            raise ConfigError(
                f"{taken[job.out]} and {job.source} would both become {job.out}; "
                "paint them one after the other"
            )
        taken[job.out] = job.source
    if any(job.film for job in jobs):
        pyav.load()  # before anything is painted
    return jobs


def _sources(name: str) -> list[Path]:
    path = samples.locate(name)
    if not path.is_dir():
        return [path]
    try:
        entries = [file for file in sorted(path.iterdir()) if file.is_file()]
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    found = [file for file in entries if _is_film(file) or _is_picture(file)]
    if not found:
        raise ConfigError(f"{path}: no picture and no film in this folder; {formats.ACCEPTED}")
    return found


def _is_film(path: Path) -> bool:
    """By its name, unless it is a picture: those are known by their first bytes."""
    return path.suffix.lower() in pyav.SUFFIXES and not _is_picture(path)


def _is_picture(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            formats.recognise(file.read(_SNIFFED_BYTES), str(path))
    except (OSError, PictureError):
        return False
    return True


def _check_folder(path: Path) -> None:
    if path.is_dir():
        return
    if path.exists() or path.suffix.lower() in encode.SUFFIXES + writer.SUFFIXES:
        raise ConfigError(f"several results need a folder; received -o {path}, a file")
    if not path.parent.is_dir():
        raise ConfigError(f"cannot make {path}: the folder {path.parent} does not exist")


def _job_in(folder: Path, source: Path) -> Job:
    """Its result has its name, with another suffix after it where that kind is not written."""
    film = _is_film(source)
    suffixes, default = (writer.SUFFIXES, ".mp4") if film else (encode.SUFFIXES, ".jpg")
    name = source.name if source.suffix.lower() in suffixes else source.name + default
    return Job(source, folder / name, film)


def parse_setting(table: ControlTable, text: str) -> tuple[str, float]:
    """The control and the position that `NAME=VALUE` sets, as typed in a shell.

    Raises:
        ConfigError: there is no `=`.
        ControlError: an unknown control, or a value that it does not take.
    """
    name, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"--set takes CONTROL=VALUE; received {text!r}")
    if name not in table:
        close = difflib.get_close_matches(name, table, cutoff=0.4) or list(table)[:3]
        raise ControlError(f"unknown control `{name}`; there are {', '.join(close)} …")
    return name, table[name].check(_typed(table[name], value))


def _typed(row: Control, text: str) -> object:
    """What is no value comes back as it is, for `Control.check` to refuse."""
    if row.kind is Kind.SWITCH:
        return {"on": True, "true": True, "off": False, "false": False}.get(text.lower(), text)
    if row.kind is Kind.FADER:
        try:
            return float(text)
        except ValueError:
            return text
    return text


def is_input(row: Control) -> bool:
    """Whether looks have the control as an input; others have no effect on them."""
    of_a_term = row.term is not None or row.name in picture_terms()
    return of_a_term or row.name.startswith(("style_mix", "style_gain."))


class FilePainter:
    """Paints files by a look whose controls stand still.

    Args:
        moved: positions of controls, over those in the middle of what the look was taught.
        size_px: longer edge of what is painted; None: that of the input.
        quality: of what is no PNG, 1 to 100.
    """

    def __init__(
        self,
        runner: LookRunner,
        moved: Mapping[str, float],
        *,
        size_px: int | None = None,
        quality: int = encode.QUALITY,
        max_pixels: int = decode.MAX_PIXELS,
    ) -> None:
        self._runner, self._look = runner, runner.look
        self._size_px, self._quality, self._max_pixels = size_px, quality, max_pixels
        table, positions = self._look.table(), {**self._look.positions(), **moved}
        self._controls = table.to_json(positions)
        self._desk = desk_values(table, positions, len(self._look.info.styles))

    def paint_picture(self, job: Job) -> None:
        """Paint one picture, and keep what of it is transparent.

        The folder of the result is made if need be.

        Raises:
            PictureError: it cannot be read, or is too small.
            StorageError: the result cannot be written.
        """
        data = decode.read_bytes(job.source)
        image = decode.decode(
            data,
            source=str(job.source),
            max_pixels=self._max_pixels,
            max_edge_px=self._size_px or self._max_pixels,
            keep_alpha=True,
        )
        if self._size_px is not None:
            image = decode.fit(image, self._size_px)
        painted = self._paint(np.asarray(continue_colours(image)), job.source)
        if image.mode == "RGBA":
            painted = np.dstack((painted, np.asarray(image.getchannel("A"))))
        make_folder(job.out.parent)
        encode.write(job.out, painted, self._state(job.source), self._quality)

    def open_film(self, path: Path) -> FilmReader:
        """A film in the size that is painted.

        Raises:
            FilmError: it cannot be decoded, or has no pictures.
            ConfigError: PyAV is not installed.
        """
        return FilmReader(path, self._size_px)

    def paint_film(
        self, film: FilmReader, out: Path, stopped: Callable[[], bool]
    ) -> Generator[FilmWriter, None, None]:
        """Paint a film frame by frame, and keep its times and its sound.

        The folder of the result is made if need be.

        Args:
            stopped: whether to end after this frame; the result is whole up to there.

        Yields:
            What writes it, after each frame.

        Raises:
            PictureError: its pictures are too small.
            FilmError: it cannot be read, or not be written so.
            StorageError: the result cannot be written.
        """
        make_folder(out.parent)
        with writer.write_film(
            out,
            film.width,
            film.height,
            rate=film.rate,
            time_base=film.time_base,
            quality=self._quality,
            sound_of=film.path,
        ) as result:
            for frame in film:
                painted = self._paint(frame.pixels(), film.path)
                result.write(painted, frame.time, frame.duration)
                yield result
                if stopped():
                    return
            result.copy_sound()

    def _paint(self, picture: Picture, source: Path) -> Picture:
        try:
            return self._runner.paint(picture, self._desk)
        except PictureError as error:
            raise PictureError(f"{source}: {error}") from None

    def _state(self, source: Path) -> dict[str, Any]:
        """What a PNG keeps, as after `paint`: the optimizing painter goes on from there."""
        names = (source.name, *self._look.info.styles)
        return {
            "controls": self._controls,
            "session": describe_session(self._look.config, names),
            "look": self._look.name,
        }
