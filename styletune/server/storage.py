"""What a session remembers on disk: its scenes and its values.

Scenes and values come in and go out; two JSON files of one folder lie between, written
whole or not at all. A file that cannot be read is set aside, never deleted and never
overwritten. Used by the web process; knows nothing about sockets and the worker.
"""

import asyncio
import fcntl
import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated, Literal, TypeVar

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune import files
from styletune.errors import explain_validation_error
from styletune.session.scenes import MAX_SCENES, ControlName, Scene, Value

# Values are kept within a second of a change; a drag writes the file once a second.
DELAY_S = 0.9

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What a session keeps from one start to the next.

    Attributes:
        controls: values as messages show them, by name; empty when nothing was kept.
        scenes: in their order.
        a, b: names of the scenes at the ends of the crossfade.
    """

    controls: Mapping[str, float | bool | str] = field(default_factory=dict)
    scenes: tuple[Scene, ...] = ()
    a: str | None = None
    b: str | None = None


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class _Values(_File):
    version: Literal[1] = 1
    controls: Annotated[dict[ControlName, Value], Field(max_length=500)] = {}


class _Scenes(_File):
    version: Literal[1] = 1
    scenes: Annotated[tuple[Scene, ...], Field(max_length=MAX_SCENES)] = ()
    a: str | None = None
    b: str | None = None


_T = TypeVar("_T", bound=_File)


class SessionStore:
    """The memory of one session, in a folder of its own.

    Only one process at a time remembers a session; for a second one `save` does nothing.

    Args:
        folder: is made when there is something to save.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: IO[str] | None = None
        self._others = False
        self._written: dict[str, bytes] = {}

    def load(self) -> SavedSession:
        """What was saved last. Never raises: what cannot be read is set aside, with a warning."""
        values = self._read("values.json", _Values)
        scenes = self._read("scenes.json", _Scenes)
        return SavedSession(values.controls, scenes.scenes, scenes.a, scenes.b)

    def save(self, remembered: SavedSession) -> None:
        """Write what differs from what was saved last.

        Raises:
            OSError: the folder cannot be written; what was saved before is still there.
        """
        if not self._own():
            return
        values = _Values(controls=dict(remembered.controls))
        scenes = _Scenes(scenes=remembered.scenes, a=remembered.a, b=remembered.b)
        for name, file in (("values.json", values), ("scenes.json", scenes)):
            data = file.model_dump_json(indent=1).encode()
            if self._written.get(name) != data:
                files.write_bytes_atomically(self.folder / name, data)
                self._written[name] = data

    def close(self) -> None:
        """Let another process remember the session."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _own(self) -> bool:
        """Whether this process is the one that remembers the session."""
        if self._lock is None and not self._others:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "lock").open("w")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                self._others = True
                _log.warning(
                    "another styletune plays this session: scenes and values of this one are "
                    "not kept; give it a folder of its own with --data"
                )
            else:
                self._lock = lock
        return self._lock is not None

    def _read(self, name: str, kind: type[_T]) -> _T:
        path = self.folder / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return kind()
        except OSError as error:
            _log.warning("%s cannot be read: %s", path, error)
            return kind()
        try:
            file = kind.model_validate_json(data)
        except ValidationError as error:
            self._set_aside(path, explain_validation_error(error))
            return kind()
        self._written[name] = data
        return file

    def _set_aside(self, path: Path, why: str) -> None:
        number = 1
        while (aside := path.with_name(f"{path.stem}.damaged-{number}.json")).exists():
            number += 1
        try:
            path.rename(aside)
        except OSError as error:
            self._others = True  # nothing that cannot be read is overwritten
            _log.warning("%s is damaged (%s) and cannot be set aside: %s", path, why, error)
        else:
            _log.warning("%s is damaged (%s) and was set aside as %s", path, why, aside.name)


class Autosaver:
    """Saves in the background, at most `DELAY_S` after a change.

    Args:
        what: what to remember now; called on the event loop.
    """

    def __init__(self, memory: SessionStore, what: Callable[[], SavedSession]) -> None:
        self._memory = memory
        self._what = what
        self._changed = asyncio.Event()
        self._saving: asyncio.Future[None] | None = None
        self._failed = ""

    def changed(self) -> None:
        """There is something to save."""
        self._changed.set()

    async def run(self) -> None:
        """Save whenever something has changed, until cancelled; then save once more."""
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(DELAY_S)
                self._changed.clear()
                loop = asyncio.get_running_loop()
                self._saving = loop.run_in_executor(None, self._save, self._what())
                await asyncio.shield(self._saving)
        finally:
            if self._saving is not None:
                await asyncio.wait([self._saving])  # or the older one could end last
            if self._changed.is_set():
                self._save(self._what())
            self._memory.close()

    def _save(self, remembered: SavedSession) -> None:
        try:
            self._memory.save(remembered)
        except OSError as error:
            if str(error) != self._failed:  # once, not at each turn of a knob
                self._failed = str(error)
                _log.warning("scenes and values cannot be kept: %s", error)
        else:
            self._failed = ""


def session_dir(session_file: str | None, data: str | Path | None = None) -> Path:
    """Folder of a session's memory: by the path of its file; without one, the same for all.

    Args:
        data: the folder of all memories; None: `STYLETUNE_DATA`, else the user's data folder.
    """
    root = data or os.environ.get("STYLETUNE_DATA") or platformdirs.user_data_path("styletune")
    if session_file is None:
        return Path(root) / "sessions" / "default"
    path = Path(session_file).resolve()
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return Path(root) / "sessions" / f"{path.stem}-{digest}"
