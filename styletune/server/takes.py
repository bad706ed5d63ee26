"""The takes of a person: listed, renamed, deleted, read; and what was played last, kept as one."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import IO

from styletune.errors import StorageError, TakeError
from styletune.files import FILE_NAME, MAX_FILE_NAME, open_atomically, printable
from styletune.server.http_errors import ApiError
from styletune.session.outgoing_takes import TakeEntry
from styletune.takes import sources
from styletune.takes.summary import (
    Summary,
    picture_hashes,
    read_chunks,
    summarize,
    whole_size,
)
from styletune.takes.writer import SUFFIX, current_take, recent_pieces

NOT_RECORDED = "nothing is recorded here: this server has no folder for takes"


@dataclass(frozen=True, slots=True)
class _File:
    """What is known of a take as long as its file does not change."""

    version: tuple[int, int]
    entry: TakeEntry
    hashes: frozenset[str] | None = None  # of its pictures, once they were needed


class TakeLibrary:
    """The takes of a folder.

    Args:
        folder: None: nothing is recorded.
        recent: folder of what is recorded unasked.
    """

    def __init__(self, folder: Path | None, recent: Path | None) -> None:
        self._folder, self._recent = folder, recent
        self._files: dict[Path, _File] = {}
        self._lock = asyncio.Lock()  # one change at a time

    @property
    def reason(self) -> str:
        """Why nothing is recorded; empty: it is."""
        return "" if self._folder and self._recent else NOT_RECORDED

    async def list(self) -> tuple[TakeEntry, ...]:
        """All, newest first."""
        async with self._lock:
            return await asyncio.to_thread(self._list)

    async def recent_s(self) -> float:
        """Seconds of what was played last that can be kept."""
        return await asyncio.to_thread(self._recent_s)

    async def rename(self, name: str, to: str) -> TakeEntry:
        """Rename a take.

        Raises:
            ApiError: there is none (404), it is being recorded, another one has that name (409),
                or it cannot be a name (422).
        """
        async with self._lock:
            return await asyncio.to_thread(self._rename, name, to)

    async def delete(self, name: str) -> None:
        """Delete a take, and the pictures that no other one needs.

        Raises:
            ApiError: there is none (404), or it is being recorded (409).
        """
        async with self._lock:
            await asyncio.to_thread(self._delete, name)

    async def keep_recent(self, name: str) -> TakeEntry:
        """Keep what was played in the last hour as a take.

        Args:
            name: empty: the time at which it begins.

        Raises:
            ApiError: there is nothing, one of that name is there (409), or it cannot be a name
                (422).
            StorageError: it cannot be written.
        """
        async with self._lock:
            return await asyncio.to_thread(self._keep_recent, name)

    async def open(self, name: str) -> tuple[int, Iterator[bytes]]:
        """The bytes of a take as it stands: how many, and in pieces.

        Raises:
            ApiError: there is none (404).
        """

        def chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
            with file:
                yield from read_chunks(file, size)

        def opened() -> tuple[int, Iterator[bytes]]:
            file = self._find(name).open("rb")
            size = whole_size(file)
            return size, chunks(file, size)

        return await asyncio.to_thread(opened)

    def _paths(self) -> dict[str, Path]:
        """The files of all takes, by name."""
        if self._folder is None:
            return {}
        paths = self._folder.glob(f"[!.]*{SUFFIX}")
        return {printable(path.stem): path for path in paths if path.is_file()}

    def _find(self, name: str) -> Path:
        path = self._paths().get(name)
        if path is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "no_such_take", f"there is no take `{name[:60]}`")
        return path

    def _find_finished(self, name: str) -> Path:
        path = self._find(name)
        if self._is_recording(path):
            raise ApiError(
                HTTPStatus.CONFLICT,
                "recording",
                f"the take `{name}` is being recorded: end the recording first",
            )
        return path

    def _is_recording(self, path: Path) -> bool:
        return self._recent is not None and current_take(self._recent) == path.name

    def _list(self) -> tuple[TakeEntry, ...]:
        self._files = dict(filter(None, map(self._read, self._paths().values())))
        entries = [
            file.entry.model_copy(update={"recording": self._is_recording(path)})
            for path, file in self._files.items()
        ]
        return tuple(sorted(entries, key=lambda entry: (-entry.time, entry.name)))

    def _read(self, path: Path) -> tuple[Path, _File] | None:
        known = self._files.get(path)
        try:
            status = path.stat()
            version = status.st_mtime_ns, status.st_size
            if known is not None and known.version == version:
                return path, known
            summary, error = Summary(status.st_mtime, 0.0, 0, ()), ""
            if not status.st_size:
                error = "is empty"
            else:
                summary = summarize(path)
        except TakeError as damage:
            error = str(damage)
        except OSError:  # gone meanwhile
            return None
        entry = TakeEntry(
            name=printable(path.stem),
            time=summary.time,
            length_s=round(summary.length_s, 1),
            bytes=status.st_size,
            size=summary.size,
            pictures=summary.pictures,
            recording=False,
            error=error,
        )
        return path, _File(version, entry)

    def _recent_s(self) -> float:
        pieces = [] if self._recent is None else recent_pieces(self._recent)
        found: list[Summary] = []
        for path in (*pieces[:1], *pieces[-1:]):
            try:
                found.append(summarize(path))
            except (OSError, TakeError):  # removed meanwhile, or just begun
                continue
        if not found:
            return 0.0
        return max(0.0, round(found[-1].time + found[-1].length_s - found[0].time, 1))

    def _rename(self, name: str, to: str) -> TakeEntry:
        path = self._find_finished(name)
        target = self._new_path(to) if to.strip() != name else path
        path.rename(target)
        return self._entry(target)

    def _delete(self, name: str) -> None:
        self._find_finished(name).unlink(missing_ok=True)
        assert self._folder is not None
        paths = self._paths().values()
        # Of a take that is being recorded the next line may need any of them.
        if not any(map(self._is_recording, paths)):
            sources.remove_unused(self._used_hashes(), self._folder)

    def _used_hashes(self) -> set[str]:
        self._list()
        found = set[str]()
        for path, file in self._files.items():
            hashes = picture_hashes(path) if file.hashes is None else file.hashes
            self._files[path] = replace(file, hashes=hashes)
            found |= hashes
        return found

    def _keep_recent(self, name: str) -> TakeEntry:
        pieces = [] if self._recent is None else recent_pieces(self._recent)
        if self._folder is None or self._recent is None or not self._recent_s():
            raise ApiError(
                HTTPStatus.CONFLICT,
                "nothing_recorded",
                self.reason or "nothing has been played yet that could be kept",
            )
        target = self._new_path(name) if name.strip() else self._free_path()
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.ExitStack() as stack, open_atomically(target) as take:
                files = []
                for path in pieces:
                    with contextlib.suppress(FileNotFoundError):  # the oldest makes room
                        files.append(stack.enter_context(path.open("rb")))
                for file in files:
                    for chunk in read_chunks(file, whole_size(file)):
                        take.write(chunk)
                take.flush()
                sources.keep_all(picture_hashes(Path(take.name)), self._recent, self._folder)
        except OSError as error:
            why = error.strerror or error
            raise StorageError(f"the last hour cannot be kept: {why}") from None
        return self._entry(target)

    def _new_path(self, name: str) -> Path:
        """The file of a new take.

        Raises:
            ApiError: see `rename`.
        """
        assert self._folder is not None
        name = name.strip(" .")
        if len(name) > MAX_FILE_NAME or not FILE_NAME.fullmatch(name):
            raise ApiError(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "bad_take",
                f"a take's name is 1 to {MAX_FILE_NAME} letters, digits, spaces and "
                f"+ - _ . & , '; received {name[:60]!r}",
            )
        if name in self._paths():
            raise ApiError(
                HTTPStatus.CONFLICT,
                "name_taken",
                f"there is a take `{name}` already: choose another name",
            )
        return self._folder / f"{name}{SUFFIX}"

    def _free_path(self) -> Path:
        assert self._folder is not None
        first = name = time.strftime("last hour, %Y-%m-%d %H.%M.%S")
        number, taken = 2, self._paths()
        while name in taken:
            name, number = f"{first} {number}", number + 1
        return self._folder / f"{name}{SUFFIX}"

    def _entry(self, path: Path) -> TakeEntry:
        found = self._read(path)
        if found is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "no_such_take", "the take was deleted just now")
        return found[1].entry
