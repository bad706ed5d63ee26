"""The pictures to choose from: the samples, and those of a folder of the user's."""

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Literal, TypeVar

from styletune.errors import ConfigError, PictureError
from styletune.files import printable
from styletune.films.pyav import SUFFIXES as FILM_SUFFIXES
from styletune.images import samples
from styletune.images.formats import SUFFIXES
from styletune.server.decoding import (
    DecodedPicture,
    decode_in_subprocess,
    small_jpeg_in_subprocess,
)
from styletune.server.http_errors import ApiError
from styletune.server.uploads import MAX_BYTES
from styletune.session.outgoing import Film, FilmsMessage, LibraryMessage, LibraryPicture

MAX_OF_FOLDER = 200  # the newest
MAX_THUMBNAILS = 2 * MAX_OF_FOLDER  # of some 10 kB each

Kind = Literal["content", "style"]
_SUBFOLDERS: dict[str, Kind] = {
    "content": "content",
    "contents": "content",
    "style": "style",
    "styles": "style",
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _PictureFile:
    """A picture that can be chosen; `version` changes with the file."""

    id: str
    path: Path
    kind: Kind | None
    origin: Literal["sample", "folder"]
    version: str

    @property
    def name(self) -> str:
        return printable(self.path.stem)


class PictureLibrary:
    """Lists the pictures to choose from, makes their thumbnails, and decodes the chosen one."""

    def __init__(
        self, folder: str | None, *, private: Path, executor: Executor, max_pixels: int
    ) -> None:
        """Nothing is read yet.

        Args:
            folder: of the user's; None: samples only.
            private: folder for decoded pictures.
            executor: for decoding.
            max_pixels: of a picture.
        """
        self._folder = None if folder is None else Path(folder)
        self._private = private
        self._executor = executor
        self._max_pixels = max_pixels
        self._files: dict[str, _PictureFile] = {}
        self._films: dict[str, _PictureFile] = {}
        self._thumbnails: OrderedDict[tuple[str, str], bytes | PictureError] = OrderedDict()
        # One at a time: an upload waits in the executor for one of them at most.
        self._thumbnail_lock = asyncio.Lock()

    async def list(self) -> LibraryMessage:
        """Read the folder anew and return all pictures: the samples, then the folder's by name."""
        files = [*_sample_files(), *await asyncio.to_thread(_folder_files, self._folder)]
        self._files = {file.id: file for file in files}
        return LibraryMessage(
            pictures=tuple(
                LibraryPicture(
                    id=file.id,
                    name=file.name,
                    kind=file.kind,
                    origin=file.origin,
                    version=file.version,
                )
                for file in files
            )
        )

    async def films(self) -> FilmsMessage:
        """Read the folder anew and return its films, which looks can paint, by name."""
        files = await asyncio.to_thread(_folder_files, self._folder, frozenset(FILM_SUFFIXES))
        self._films = {file.id: file for file in files}
        return FilmsMessage(films=tuple(Film(id=file.id, name=file.name) for file in files))

    async def find_film(self, film_id: str) -> Path:
        """The file of a film.

        Raises:
            ApiError: there is none of this id (404).
        """
        await self.films()
        if film_id not in self._films:
            raise ApiError(
                HTTPStatus.NOT_FOUND,
                "no_such_film",
                f"`{film_id[:40]}` is none of the films in the folder of pictures",
            )
        return self._films[film_id].path

    async def decode(self, picture_id: str) -> DecodedPicture:
        """Decode a picture to be painted from, as a file of its own.

        Raises:
            ApiError: there is none of this id (404).
            PictureError: it has gone meanwhile, or cannot be used.
            StorageError: it cannot be saved.
        """
        file = await self._find(picture_id)
        path = self._private / f"library-{secrets.token_hex(8)}.png"

        def decode(data: bytes) -> DecodedPicture:
            return decode_in_subprocess(
                data, file.name, path, source=file.name, max_pixels=self._max_pixels
            )

        return await self._in_executor(file, decode)

    async def use(self, picture_id: str, make: Callable[[bytes], _T]) -> _T:
        """Return what `make` makes of the picture's file, beside the event loop.

        Raises:
            ApiError: there is none of this id (404).
            PictureError: it has gone meanwhile, or cannot be used.
        """
        return await self._in_executor(await self._find(picture_id), make)

    async def thumbnail(self, picture_id: str) -> bytes:
        """Return a small JPEG of a picture.

        Raises:
            ApiError: there is none of this id (404).
            PictureError: it has gone meanwhile, or cannot be used.
        """
        file = await self._find(picture_id)
        key = file.id, file.version
        async with self._thumbnail_lock:
            if key not in self._thumbnails:
                self._thumbnails[key] = await self._make_thumbnail(file)
                if len(self._thumbnails) > MAX_THUMBNAILS:
                    self._thumbnails.popitem(last=False)
            thumbnail = self._thumbnails[key]
        if isinstance(thumbnail, PictureError):
            raise thumbnail
        return thumbnail

    async def _make_thumbnail(self, file: _PictureFile) -> bytes | PictureError:
        make = partial(small_jpeg_in_subprocess, source=file.name, max_pixels=self._max_pixels)
        try:
            return await self._in_executor(file, make)
        except PictureError as error:
            return error  # it would be refused again

    async def _find(self, picture_id: str) -> _PictureFile:
        if picture_id not in self._files:
            await self.list()
        if picture_id not in self._files:
            raise ApiError(
                HTTPStatus.NOT_FOUND,
                "no_such_picture",
                f"`{picture_id[:40]}` is none of the pictures to choose from; load them again",
            )
        return self._files[picture_id]

    async def _in_executor(self, file: _PictureFile, use: Callable[[bytes], _T]) -> _T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: use(_read(file)))


def check_folder(folder: str | None) -> None:
    """Check that the folder of pictures can be read.

    Raises:
        ConfigError: it is missing, not a folder, or closed to this user.
    """
    if folder is None:
        return
    try:
        os.scandir(folder).close()
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"--pictures {printable(folder)}: {reason}; name a folder of pictures that can be "
            "read, or leave it out"
        ) from None


def _sample_files() -> Iterator[_PictureFile]:
    kinds: tuple[tuple[Kind, tuple[str, ...]], ...] = (
        ("content", samples.CONTENTS),
        ("style", samples.STYLES),
    )
    for kind, names in kinds:
        for name in names:
            path = samples.path(name).resolve()
            yield _picture_file(path, path.stat(), f"sample/{name}", kind, "sample")


def _folder_files(folder: Path | None, suffixes: frozenset[str] = SUFFIXES) -> list[_PictureFile]:
    """The newest pictures, or films, of the folder and of its subfolders for one kind, by name."""
    if folder is None:
        return []
    folder = folder.resolve()
    found: list[tuple[int, _PictureFile]] = []
    for kind, entry in _entries(folder):
        if Path(entry.name).suffix.lower() not in suffixes or entry.name.startswith("."):
            continue
        with contextlib.suppress(OSError):  # gone meanwhile
            # A link may lead out of the folder: it is none of its pictures.
            if entry.is_file(follow_symlinks=False):
                status, path = entry.stat(follow_symlinks=False), Path(entry.path)
                name = f"folder/{path.relative_to(folder)}"
                file = _picture_file(path, status, name, kind, "folder")
                found.append((status.st_mtime_ns, file))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return sorted((file for _, file in found[:MAX_OF_FOLDER]), key=_natural)


def _entries(folder: Path) -> Iterator[tuple[Kind | None, os.DirEntry[str]]]:
    """What lies in the folder and in its subfolders for one kind, with that kind."""
    for entry in _scan(folder):
        yield None, entry
        kind = _SUBFOLDERS.get(entry.name.lower())
        if kind and entry.is_dir(follow_symlinks=False):
            for inner in _scan(Path(entry.path)):
                yield kind, inner


def _scan(folder: Path) -> list[os.DirEntry[str]]:
    """What a folder has; nothing where it cannot be read any more."""
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _natural(file: _PictureFile) -> list[tuple[int, str]]:
    """Sort key: `2` before `10`, whatever the case."""
    parts = re.split(r"(\d+)", file.path.name.casefold())
    return [(int(part) if part.isdecimal() else -1, part) for part in parts]


def _picture_file(
    path: Path,
    status: os.stat_result,
    name: str,
    kind: Kind | None,
    origin: Literal["sample", "folder"],
) -> _PictureFile:
    return _PictureFile(
        id=hashlib.sha256(os.fsencode(name)).hexdigest()[:16],
        path=path,
        kind=kind,
        origin=origin,
        version=f"{status.st_mtime_ns:x}-{status.st_size:x}",
    )


def _read(file: _PictureFile) -> bytes:
    """Read the file.

    Raises:
        PictureError: it has gone, is now something else, or too large.
    """
    try:
        # Not a link, in whatever part of the path.
        if file.path.is_file() and file.path.resolve() == file.path:
            size = file.path.stat().st_size
            if size > MAX_BYTES:
                raise PictureError(
                    f"{file.name}: a picture to choose from has at most {MAX_BYTES / 1e6:.0f} MB; "
                    f"received {size / 1e6:.0f} MB"
                )
            return file.path.read_bytes()
        reason = "no such picture file"
    except OSError as error:
        reason = error.strerror or str(error)
    raise PictureError(f"{file.name}: cannot be read any more: {reason}")
