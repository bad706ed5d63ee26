"""What a session saves on disk: its scenes and its values, in two JSON files of one folder.

A file is written whole or not at all. One that cannot be read is set aside, never deleted and
never overwritten.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Generic, Literal, TypeVar

import platformdirs
from filelock import FileLock, Timeout
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune import files
from styletune.errors import StorageError, explain_validation_error
from styletune.session.scenes import MAX_SCENES, ControlName, Scene, Value

# Changes are saved within a second; a drag writes the file about once a second.
SAVE_INTERVAL_S = 0.8
_LAST_TRIES = 3  # at the end, within the 5 s that it may take

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What a session saves from one start to the next.

    Attributes:
        controls: values as messages show them, by name; empty when nothing was saved.
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
_S = TypeVar("_S")


class SessionStore:
    """The saved values and scenes of one session, in a folder of its own.

    Only one process at a time saves a session; a second one can once the first has ended.

    Args:
        folder: is made when there is something to save.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = process_lock(folder)
        self._read_only = ""
        self._written: dict[str, bytes] = {}
        self._loaded: tuple[Scene, ...] | None = None
        self._others: tuple[Scene, ...] = ()  # that another process has stored meanwhile

    def load(self) -> SavedSession:
        """Return what was saved last. What cannot be read is set aside, with a warning."""
        values = self._read("values.json", _Values)
        scenes = self._read("scenes.json", _Scenes)
        self._loaded = scenes.scenes
        return SavedSession(values.controls, scenes.scenes, scenes.a, scenes.b)

    def save(self, session: SavedSession) -> None:
        """Write what differs from what was saved last.

        Raises:
            OSError: the folder cannot be written; what was saved before is still there.
            StorageError: another process saves this session, or nothing may be overwritten.
        """
        self._acquire_lock()
        names = {scene.name for scene in session.scenes}
        others = (scene for scene in self._others if scene.name not in names)
        kept = (*session.scenes, *others)[:MAX_SCENES]
        values = _Values(controls=dict(session.controls))
        scenes = _Scenes(scenes=kept, a=session.a, b=session.b)
        for name, file in (("scenes.json", scenes), ("values.json", values)):
            data = file.model_dump_json(indent=1).encode()
            if self._written.get(name) != data:
                files.write_bytes_atomically(self.folder / name, data)
                self._written[name] = data

    def close(self) -> None:
        """Let another process save the session."""
        self._lock.release()

    def _acquire_lock(self) -> None:
        """Be the process that saves the session, from now on."""
        if self._read_only:
            raise StorageError(self._read_only)
        if self._lock.is_locked:
            return
        files.make_private_folder(self.folder)
        try:
            self._lock.acquire()
        except Timeout:
            raise StorageError(
                "another styletune plays this session; they are kept once it has ended, or give "
                "this one a folder of its own with --data"
            ) from None
        if self._loaded is not None:
            saved = self._read("scenes.json", _Scenes).scenes
            self._others = tuple(scene for scene in saved if scene not in self._loaded)

    def _read(self, name: str, kind: type[_T]) -> _T:
        path = self.folder / name
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return kind()
        except OSError as error:
            _log.warning("%s cannot be read: %s", path, error)
            if path.is_file():  # nor is it overwritten
                self._read_only = f"{path} cannot be read: {error.strerror}"
            return kind()
        try:
            file = kind.model_validate_json(data)
        except ValidationError as error:
            if not files.set_aside(path, explain_validation_error(error)):
                # Nothing that cannot be read is overwritten.
                self._read_only = f"{path} is damaged and cannot be set aside"
            return kind()
        self._written[name] = data
        return file


class Autosaver(Generic[_S]):
    """Saves a state in the background whenever it differs from what was saved last.

    What cannot be saved is tried again until it can, and at the end.
    """

    def __init__(
        self,
        current: Callable[[], _S],
        save: Callable[[_S], None],
        *,
        saved: _S,
        failure: str,
        report: Callable[[str, str], None] = lambda failure, why: None,
        interval_s: float = SAVE_INTERVAL_S,
    ) -> None:
        """Prepare; `run` does the work.

        Args:
            current: returns the state; called on the event loop.
            save: writes it, in a thread; may raise.
            saved: the state that needs no saving.
            failure: what to log where it cannot be written.
            report: takes `failure` and why it cannot be written, after each look; "": it is.
            interval_s: between two looks at what has changed.
        """
        self._current = current
        self._save = save
        self._saved = saved
        self._failure = failure
        self._report = report
        self._interval_s = interval_s
        self._why = ""

    async def run(self) -> None:
        """Save what changes until cancelled, and once more then."""
        saving: asyncio.Future[None] | None = None
        try:
            while True:
                await asyncio.sleep(self._interval_s)
                if (state := self._current()) != self._saved:
                    saving = asyncio.ensure_future(asyncio.to_thread(self._try_to_save, state))
                    await asyncio.shield(saving)
                else:
                    self._why = ""
                self._report(self._failure, self._why)
        finally:
            if saving is not None:
                await asyncio.wait([saving])  # or the older state could be written last
            for tries_left in reversed(range(_LAST_TRIES)):
                if (state := self._current()) != self._saved:
                    self._try_to_save(state)
                if self._saved == state:
                    break
                if tries_left:  # another server of this session may be ending as well
                    await asyncio.sleep(self._interval_s)
                else:
                    _log.error("lost with the end of this server: %s: %s", self._failure, self._why)

    def _try_to_save(self, state: _S) -> None:
        try:
            self._save(state)
        except Exception as error:  # whatever it is, the next try may succeed
            before, self._why = self._why, getattr(error, "strerror", None) or str(error)
            if self._why != before:  # once, not every second
                _log.warning("%s: %s", self._failure, self._why)
        else:
            self._saved, self._why = state, ""


def process_lock(folder: Path) -> FileLock:
    """Return the lock of a folder, free again when its process ends, however it ends.

    Acquiring it raises `filelock.Timeout` at once where another process holds it.
    """
    return FileLock(folder / "lock", timeout=0, mode=0o600, thread_local=False)


def session_dir(session_file: str | None, data: str | Path | None = None) -> Path:
    """Folder of a session's memory: by the path of its file; without one, the same for all.

    Args:
        data: the folder of all memories; None: `STYLETUNE_DATA`, else the user's data folder.
    """
    root = _data_dir(data)
    if session_file is None:
        return root / "sessions" / "default"
    path = Path(session_file).resolve()
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    return root / "sessions" / f"{path.stem}-{digest}"


def looks_dir(data: str | Path | None = None) -> Path:
    """Folder of the user's looks, the same for all sessions; `data`: see `session_dir`."""
    return _data_dir(data) / "looks"


def takes_dir(data: str | Path | None = None) -> Path:
    """Folder of the user's takes, the same for all sessions; `data`: see `session_dir`."""
    return _data_dir(data) / "takes"


def renders_dir(data: str | Path | None = None) -> Path:
    """Folder of the user's large pictures, the same for all sessions; `data`: see `session_dir`."""
    return _data_dir(data) / "renders"


def _data_dir(data: str | Path | None) -> Path:
    chosen = data or os.environ.get("STYLETUNE_DATA")
    return Path(chosen or platformdirs.user_data_path("styletune"))
