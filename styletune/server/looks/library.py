"""The looks to choose from: those that ship, and those in a folder of the user's."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from styletune.errors import LookError
from styletune.files import printable
from styletune.looks import file as look_file
from styletune.looks.file import SUFFIX, LookInfo
from styletune.server.http_errors import ApiError
from styletune.session.outgoing_looks import LookEntry

MAX_LOOKS = 100  # of the user's, the newest


@dataclass(frozen=True, slots=True)
class LookFile:
    """A look that can be chosen.

    Attributes:
        version: changes with the file.
        info: None where it is damaged.
        sample: JPEG; empty where it is damaged.
        error: why it cannot be used; empty: it can.
    """

    name: str
    path: Path
    shipped: bool
    version: str
    info: LookInfo | None = None
    sample: bytes = b""
    error: str = ""

    def entry(self) -> LookEntry:
        """As clients see it."""
        return LookEntry(
            name=self.name,
            styles=self.info.styles if self.info else (),
            steps=self.info.steps if self.info else 0,
            style_left=self.info.style_left if self.info else None,
            shipped=self.shipped,
            version=self.version,
            error=self.error,
        )


class LookLibrary:
    """Lists the looks, and finds one by its name.

    Args:
        folder: of the user's; None: those that ship only.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self._files: dict[str, LookFile] = {}

    async def list(self) -> tuple[LookFile, ...]:
        """Read what has changed, and return all: those that ship, then the user's newest first."""
        known = {file.path: file for file in self._files.values()}
        files = await asyncio.to_thread(_read_all, self.folder, known)
        self._files = {file.name: file for file in files}
        return tuple(files)

    def path(self, name: str) -> Path | None:
        """The file of the look of that name, usable or not; None: there is none."""
        own = dict(_own(self.folder))
        return (own | look_file.shipped()).get(name)

    async def find(self, name: str) -> LookFile:
        """The look of that name.

        Raises:
            ApiError: there is none (404).
            LookError: it cannot be used.
        """
        await self.list()
        if name not in self._files:
            raise ApiError(
                HTTPStatus.NOT_FOUND,
                "no_such_look",
                f"there is no look `{name[:40]}`; those that there are: "
                + (", ".join(list(self._files)[:12]) or "none"),
            )
        found = self._files[name]
        if found.error:
            raise LookError(found.error)
        return found


def _read_all(folder: Path | None, known: dict[Path, LookFile]) -> list[LookFile]:
    files: list[LookFile] = []
    ships = look_file.shipped()
    for name, path in (*ships.items(), *_own(folder)):
        shipped = ships.get(name) == path
        try:
            status = path.stat()
        except OSError:  # gone meanwhile
            continue
        version = f"{status.st_mtime_ns:x}-{status.st_size:x}"
        before = known.get(path)
        if before is not None and before.version == version:
            files.append(before)
        elif not shipped and name in ships:
            error = f"{path.name} has the name of a look that ships: rename the file"
            files.append(LookFile(path.name, path, False, version, error=error))
        else:
            files.append(_read(name, path, shipped, version))
    return files


def _own(folder: Path | None) -> Iterator[tuple[str, Path]]:
    """The newest looks of the user's folder, by name."""
    found: list[tuple[int, Path]] = []
    try:
        if folder is not None:
            with os.scandir(folder) as entries:
                for entry in entries:
                    hidden = entry.name.startswith(".")
                    if entry.name.endswith(SUFFIX) and not hidden and entry.is_file():
                        found.append((entry.stat().st_mtime_ns, Path(entry.path)))
    except OSError:  # there is none yet, or it cannot be read
        pass
    for _, path in sorted(found, reverse=True)[:MAX_LOOKS]:
        yield printable(path.stem), path


def _read(name: str, path: Path, shipped: bool, version: str) -> LookFile:
    try:
        look = look_file.read(path)
    except LookError as error:
        # For a page: its name is beside it, and folders are nobody's business.
        why = str(error).replace(f"{path}: ", "")
        return LookFile(name, path, shipped, version, error=printable(f"{name}: {why}"))
    return LookFile(name, path, shipped, version, look.info, look.sample)
