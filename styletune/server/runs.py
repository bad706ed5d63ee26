"""Runs of a session: what the server keeps on disk, so that the next one can go on from there.

Each run has a folder of its own beside the session's memory: its pictures, its checkpoints, and
a note of values and pictures that is never older than a second. A lock that dies with its process
tells a run that is being played from one that was cut short. Knows nothing about sockets and the
worker.

    <session>/runs/<name of the run>/{run.json, lock, pictures/, checkpoints/}
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from styletune import files
from styletune.config import SessionConfig
from styletune.controls import ControlTable
from styletune.errors import CheckpointError, ControlError
from styletune.ipc import checkpoint, seqlock
from styletune.ipc.seqlock import is_alive

# The folder in which one run keeps its pictures, and what killed runs left of theirs.
#
# A name is `styletune-<world>-<pid>-<random>`, as of segments of shared memory: world and pid
# tell whose it is, so that a later start can sweep up after a run that was killed outright.
# Knows nothing about pictures.


_TEMP_NAME = re.compile(rf"{seqlock.PREFIX}-(?P<world>[0-9a-f]{{8}})-(?P<pid>[1-9][0-9]*)-\w+")


@contextlib.contextmanager
def temp_folder() -> Iterator[Path]:
    """A private folder, gone afterwards."""
    prefix = f"{seqlock.PREFIX}-{seqlock.namespace_id()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        yield Path(name)


def remove_stale_folders() -> int:
    """Remove the folders of dead processes and return how many there were.

    Leaves alone what live processes made, what belongs to other users, and what was made in
    another container (see `segments.world`).
    """
    world = seqlock.namespace_id()
    swept = 0
    for path in Path(tempfile.gettempdir()).glob(f"{seqlock.PREFIX}-{world}-*"):
        match = _TEMP_NAME.fullmatch(path.name)
        if match is None or is_alive(int(match["pid"])) or not _ours(path):
            continue
        shutil.rmtree(path, ignore_errors=True)
        swept += not path.exists()
    return swept


def _ours(path: Path) -> bool:
    """A folder of this user, and no link: anybody may put names into a shared folder."""
    try:
        return path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
    except OSError:  # swept by another process just now
        return False


KEPT = 3  # runs of a session, the present one among them
_NOTE_S = 0.5  # between looks at what has changed
_NAME_S = 1.0  # for a name that no other run has: a clock may go back, or stand

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{3}")  # sorted by name is sorted by time
_log = logging.getLogger(__name__)


class PictureRef(BaseModel):
    """A picture that hung in its place; the file lies in the run's `pictures`."""

    model_config = ConfigDict(extra="forbid")
    file: str
    name: str


class RunManifest(BaseModel):
    """What is noted of a run: `run.json`.

    Attributes:
        ended: whether in order.
        controls: values as messages show them.
        pictures: content first, then the styles; none before the first note.
    """

    model_config = ConfigDict(extra="forbid")
    ended: bool = False
    controls: dict[str, float | bool | str] = {}
    pictures: list[PictureRef] = []


@dataclass
class RunFolder:
    """One run, which this process plays.

    Attributes:
        folder: of its own.
        note: as it was last written; `write` another.
        resumed: whether it goes on from an earlier process.
    """

    folder: Path
    note: RunManifest = field(default_factory=RunManifest)
    resumed: bool = False

    @property
    def name(self) -> str:
        """As it is named for people."""
        return self.folder.name

    @property
    def pictures(self) -> Path:
        """Folder of its decoded pictures."""
        return self.folder / "pictures"

    @property
    def checkpoints(self) -> Path:
        """Folder of its checkpoints."""
        return self.folder / "checkpoints"

    def write(self, note: RunManifest) -> None:
        """Note where the run stands.

        Raises:
            OSError: the folder is full or read-only; the note before stays.
        """
        files.write_bytes_atomically(self.folder / "run.json", note.model_dump_json().encode())
        self.note = note

    def session(self, session: SessionConfig) -> SessionConfig:
        """`session` with the values and pictures of this run."""
        if not self.note.pictures:
            return session
        content, *styles = (str(self.pictures / hung.file) for hung in self.note.pictures)
        table = session.table()
        return session.with_overrides(
            pictures={"content": content, "styles": tuple(styles)},
            controls={
                name: at for name, at in self.note.controls.items() if _fits(table, name, at)
            },
        )


def _fits(table: ControlTable, name: str, position: object) -> bool:
    """Whether the session of today still has such a control that takes such a value."""
    try:
        table[name].check(position)
    except ControlError:
        return False
    return True


@contextlib.contextmanager
def open_run(
    folder: Path | None, *, resume: bool = False, name: str | None = None
) -> Iterator[RunFolder]:
    """Begin a run, or go on with an earlier one; it has ended in order when this is left in order.

    Where the folder cannot be used, the run lives in a temporary one, and a warning says
    so. A run in which nothing was painted leaves nothing behind.

    Args:
        folder: of all runs of the session; made if it is missing. None: nothing is kept.
        name: of the run to resume; None: the last one.

    Raises:
        CheckpointError: nothing to resume, or it is being played.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            run = _temporary(stack)
        elif resume:
            run = _resume(folder, name, stack)
        else:
            _warn_if_unclean(folder)
            run = _create(folder, stack)
        try:
            yield run
        finally:
            if not checkpoint.list_checkpoints(run.checkpoints):
                shutil.rmtree(run.folder, ignore_errors=True)
        # Only here: whatever was raised, the run was cut short.
        if run.folder.is_dir():
            _end(run)


def _end(run: RunFolder) -> None:
    """Note that it has ended in order, and keep of its pictures only those that hang."""
    with contextlib.suppress(OSError):
        run.write(run.note.model_copy(update={"ended": True}))
        hanging = {hung.file for hung in run.note.pictures}
        for path in run.pictures.iterdir():
            if path.name not in hanging:
                path.unlink()


def _create(folder: Path, stack: contextlib.ExitStack) -> RunFolder:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _prune(folder)
        run = RunFolder(_mkdir(folder))
        run.pictures.mkdir()
        stack.enter_context(_lock(run.folder))
        run.write(RunManifest())
    except OSError as error:
        _log.warning("this run cannot be resumed later: %s in %s", error.strerror or error, folder)
        return _temporary(stack)
    return run


def _mkdir(folder: Path) -> Path:
    """A new run's folder; where another has begun in this millisecond, in one of the next.

    Raises:
        OSError: it cannot be made.
    """
    until = time.monotonic() + _NAME_S
    while True:
        path = folder / _name(time.time())
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            if time.monotonic() > until:
                raise
            time.sleep(0.001)
        else:
            return path


def _temporary(stack: contextlib.ExitStack) -> RunFolder:
    """A run of which nothing is left."""
    run = RunFolder(stack.enter_context(temp_folder()))
    run.pictures.mkdir()
    return run


def _name(now: float) -> str:
    """By the time of day where the server stands, to the millisecond."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{int(now * 1000) % 1000:03}"


def _resume(folder: Path, name: str | None, stack: contextlib.ExitStack) -> RunFolder:
    found = [path for path in _runs(folder) if checkpoint.list_checkpoints(path / "checkpoints")]
    if name is not None:
        found = [path for path in found if path.name == name]
    if not found:
        which = "no run" if name is None else f"no run `{name}`"
        raise CheckpointError(
            f"nothing to resume: {which} of this session in {folder}; start without --resume"
        )
    path = found[0]
    try:
        stack.enter_context(_lock(path))
    except BlockingIOError:
        raise CheckpointError(
            f"the run {path.name} is being played by another process: end that one first"
        ) from None
    run = RunFolder(path, _read_manifest(path), resumed=True)
    run.write(run.note.model_copy(update={"ended": False}))
    return run


def _warn_if_unclean(folder: Path) -> None:
    """Say so when the last run was cut short, and how to go on with it."""
    for path in _runs(folder)[:1]:
        if _read_manifest(path).ended or _is_locked(path):
            continue
        stood, _ = checkpoint.load_latest(path / "checkpoints")
        if stood is not None:
            _log.warning(
                "the last run of this session was cut short at step %d, %s; to go on with it: "
                "end this one and start again with --resume --run %s",
                stood.step,
                time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(stood.time)),
                path.name,
            )


def _runs(folder: Path) -> list[Path]:
    """The runs of a session, newest first."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(found, reverse=True)


def _prune(folder: Path) -> None:
    """Leave room for one more; the pictures of strangers' evenings are not ours to hoard."""
    for path in _runs(folder)[KEPT - 1 :]:
        if not _is_locked(path):
            shutil.rmtree(path, ignore_errors=True)


def _read_manifest(path: Path) -> RunManifest:
    try:
        note = RunManifest.model_validate_json((path / "run.json").read_bytes())
    except (OSError, ValidationError):
        return RunManifest()
    # Names only: a note must not lead out of its folder.
    whole = all(
        hung.file == Path(hung.file).name and (path / "pictures" / hung.file).is_file()
        for hung in note.pictures
    )
    return note if whole else note.model_copy(update={"pictures": []})


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold a run's lock, which the kernel lets go when the process ends, however it ends.

    Raises:
        BlockingIOError: another process holds it.
    """
    handle = os.open(path / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def _is_locked(path: Path) -> bool:
    try:
        with _lock(path):
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


async def autosave(run: RunFolder, now: Callable[[], RunManifest]) -> None:
    """Note where the run stands, at most a second after a change, until cancelled.

    Args:
        now: how it stands; called on the event loop.
    """
    complaint = ""
    try:
        while True:
            await asyncio.sleep(_NOTE_S)
            if (note := now()) == run.note:
                continue
            try:
                await asyncio.shield(asyncio.to_thread(run.write, note))
                complaint = ""
            except OSError as error:
                if str(error) != complaint:  # once, not every second
                    complaint = str(error)
                    _log.warning("this run cannot be resumed as it is: %s", error)
    finally:
        with contextlib.suppress(OSError):
            run.write(now())
