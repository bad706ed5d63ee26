"""Runs of a session: what the server saves on disk, so that the next one can go on from there.

A lock that dies with its process tells a run that is being painted from one that was cut short.

    <session>/runs/<name of the run>/{run.json, lock, pictures/, checkpoints/}
"""

import contextlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from filelock import Timeout
from PIL import Image
from pydantic import BaseModel, ConfigDict, ValidationError

from styletune import files
from styletune.config import SessionConfig
from styletune.controls import ControlTable
from styletune.errors import CheckpointError, ControlError, explain_validation_error
from styletune.ipc import checkpoint, segments
from styletune.ipc.commands import CONTENT_SOURCE
from styletune.ipc.segments import is_alive
from styletune.server.storage import process_lock

MAX_RUNS = 3  # of a session, the present one among them
_NAME_TIMEOUT_S = 1.0  # for a name that no other run has: a clock may go back, or stand

_NAME = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{3}")  # sorted by name is sorted by time
# A temporary folder is named like segments of shared memory: namespace and pid show whose it is.
_TEMP_NAME = re.compile(rf"{segments.PREFIX}-(?P<namespace>[0-9a-f]{{8}})-(?P<pid>[1-9][0-9]*)-\w+")
_log = logging.getLogger(__name__)


class PictureRef(BaseModel):
    """A source picture of a run; the file lies in the run's `pictures`."""

    model_config = ConfigDict(extra="forbid")
    file: str
    name: str


class RunManifest(BaseModel):
    """What is saved of a run, at most a second after a change: `run.json`.

    Attributes:
        ended: whether in order.
        controls: values as messages show them.
        pictures: content first, then the styles; none before they are first saved.
        look: file of the learned look; empty: none.
        source: what it paints, see `ipc.commands.SetSource`; a camera has to be opened again.
    """

    model_config = ConfigDict(extra="forbid")
    ended: bool = False
    controls: dict[str, float | bool | str] = {}
    pictures: list[PictureRef] = []
    look: str = ""
    source: str = CONTENT_SOURCE


@dataclass
class RunFolder:
    """The run of this process.

    Attributes:
        folder: of its own.
        manifest: as it was last written; `write` another.
        resumed: whether it goes on from an earlier process.
        not_kept: why nothing of it is left afterwards; empty: it can be resumed.
    """

    folder: Path
    manifest: RunManifest = field(default_factory=RunManifest)
    resumed: bool = False
    not_kept: str = ""

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

    @property
    def recent(self) -> Path:
        """Folder of what is recorded unasked."""
        return self.folder / "recent"

    def write(self, manifest: RunManifest) -> None:
        """Replace the manifest.

        Raises:
            OSError: the folder is full or read-only; the former manifest stays.
        """
        files.write_bytes_atomically(self.folder / "run.json", manifest.model_dump_json().encode())
        self.manifest = manifest

    def configure(self, session: SessionConfig) -> SessionConfig:
        """Return `session` with the values and pictures of this run."""
        if not self.manifest.pictures:
            return session
        content, *styles = (str(self.pictures / ref.file) for ref in self.manifest.pictures)
        table = session.table()
        unfit = [name for name, at in self.manifest.controls.items() if not _fits(table, name, at)]
        if unfit:
            _log.warning("left out of the resumed run, as this session lacks them: %s", unfit)
        return session.with_overrides(
            pictures={"content": content, "styles": tuple(styles)},
            controls={name: at for name, at in self.manifest.controls.items() if name not in unfit},
            look={"file": self.manifest.look or None, "source": self.manifest.source},
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
    """Start a run, or resume one; it has ended in order when this context ends in order.

    Where there is nothing to resume a run starts afresh, and a warning says so: a show's start
    script must not fail.

    Where the folder cannot be used, the run lives in a temporary one, and a warning says
    so. A run in which nothing was painted leaves nothing behind.

    Args:
        folder: of all runs of the session; made if it is missing. None: nothing is kept.
        name: of the run to resume; None: the last one.

    Raises:
        CheckpointError: there is no run of that name, or another process is painting it.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            run = _temporary(stack)
        elif resume:
            run = _resume(folder, name, stack) or _create(folder, stack)
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
    """Save that it has ended in order, and delete the pictures that were replaced."""
    with contextlib.suppress(OSError):
        run.write(run.manifest.model_copy(update={"ended": True}))
        current = {ref.file for ref in run.manifest.pictures}
        for path in run.pictures.iterdir():
            if path.name not in current:
                path.unlink()


def _create(folder: Path, stack: contextlib.ExitStack) -> RunFolder:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _prune(folder)
        run = RunFolder(_mkdir(folder))
        run.pictures.mkdir()
        stack.enter_context(process_lock(run.folder))
        run.write(RunManifest())
    except OSError as error:
        why = f"{error.strerror or error} in {folder}"
        _log.warning("this run cannot be resumed later: %s", why)
        return _temporary(stack, why)
    return run


def _mkdir(folder: Path) -> Path:
    """A new run's folder; where another has begun in this millisecond, in one of the next.

    Raises:
        OSError: it cannot be made.
    """
    until = time.monotonic() + _NAME_TIMEOUT_S
    while True:
        # After all others, whatever the clock shows: the last run is found by its name.
        earlier = max(map(_time, _runs(folder)), default=0.0)
        path = folder / _name(max(time.time(), earlier + 0.0015))
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            if time.monotonic() > until:
                raise
            time.sleep(0.001)
        else:
            return path


def _temporary(stack: contextlib.ExitStack, why: str = "") -> RunFolder:
    """A run of which nothing is left."""
    run = RunFolder(stack.enter_context(temp_folder()), not_kept=why)
    run.pictures.mkdir()
    return run


def _name(now: float) -> str:
    """By the time in UTC, which no change of the clocks repeats, to the millisecond."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{int(now * 1000) % 1000:03}"


def _time(run: Path) -> float:
    """The time in a run's name, seconds since 1970; 0: it is none."""
    with contextlib.suppress(ValueError, OverflowError):
        return datetime.strptime(f"{run.name}+0000", "%Y%m%d-%H%M%S-%f%z").timestamp()
    return 0.0


def _resume(folder: Path, name: str | None, stack: contextlib.ExitStack) -> RunFolder | None:
    found = [path for path in _runs(folder) if checkpoint.list_checkpoints(path / "checkpoints")]
    if name is not None:
        found = [path for path in found if path.name == name]
    if not found and name is not None:
        raise CheckpointError(
            f"nothing to resume: no run `{name}` of this session in {folder}; start without --run"
        )
    if not found:
        _log.warning("nothing to resume: no run of this session in %s; it starts afresh", folder)
        return None
    path = found[0]
    try:
        stack.enter_context(process_lock(path))
    except Timeout:
        raise CheckpointError(
            f"the run {path.name} is being played by another process: end that one first"
        ) from None
    except OSError as error:
        _log.warning("%s cannot be resumed: %s; the session starts afresh", path, error.strerror)
        return None
    run = RunFolder(path, _read_manifest(path, warn=True), resumed=True)
    with contextlib.suppress(OSError):  # a full disk: written once there is room
        run.write(run.manifest.model_copy(update={"ended": False}))
    return run


def _warn_if_unclean(folder: Path) -> None:
    """Warn when the last run was cut short, and tell how to resume it."""
    for path in _runs(folder)[:1]:
        if _read_manifest(path).ended or _is_locked(path):
            continue
        latest, _ = checkpoint.load_latest(path / "checkpoints")
        if latest is not None:
            _log.warning(
                "the last run of this session was cut short at step %d, %s; to go on with it: "
                "end this one and start again with --resume --run %s",
                latest.step,
                time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(latest.time)),
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
    """Make room for one more; pictures of a public evening should not pile up."""
    for path in _runs(folder)[MAX_RUNS - 1 :]:
        if not _is_locked(path):
            shutil.rmtree(path, ignore_errors=True)


def _read_manifest(path: Path, *, warn: bool = False) -> RunManifest:
    """What is noted of a run; of what is damaged nothing, and with a warning where that counts."""
    note = path / "run.json"
    try:
        manifest = RunManifest.model_validate_json(note.read_bytes())
    except OSError:
        return RunManifest()
    except ValidationError as error:
        if warn:
            files.set_aside(note, explain_validation_error(error))
        return RunManifest()
    damaged = [ref.file for ref in manifest.pictures if not _is_whole(path / "pictures", ref.file)]
    if damaged and warn:
        _log.warning(
            "pictures of the run %s are damaged or missing (%s); it goes on with the session's",
            path.name, ", ".join(damaged),
        )  # fmt: skip
    return manifest.model_copy(update={"pictures": []}) if damaged else manifest


def _is_whole(folder: Path, name: str) -> bool:
    """Whether a picture lies in the folder itself, and no bit of its file has changed."""
    if name != Path(name).name:
        return False
    try:
        with Image.open(folder / name, formats=["PNG"]) as image:
            image.verify()
    except Exception:  # decoders fail in every possible way on damaged bytes
        return False
    return True


def _is_locked(path: Path) -> bool:
    try:
        with process_lock(path):
            return False
    except Timeout:
        return True
    except OSError:
        return False


@contextlib.contextmanager
def temp_folder() -> Iterator[Path]:
    """A private folder, gone afterwards."""
    prefix = segments.temp_prefix()
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        yield Path(name)


def remove_stale_folders() -> int:
    """Remove the folders of dead processes and return how many there were.

    Leaves alone what live processes made, what belongs to other users, and what was made in
    another container (see `segments.namespace_id`).
    """
    namespace = segments.namespace_id()
    removed = 0
    for path in Path(tempfile.gettempdir()).glob(f"{segments.PREFIX}-{namespace}-*"):
        match = _TEMP_NAME.fullmatch(path.name)
        if match is None or is_alive(int(match["pid"])) or not _ours(path):
            continue
        shutil.rmtree(path, ignore_errors=True)
        removed += not path.exists()
    return removed


def _ours(path: Path) -> bool:
    """A folder of this user, and no link: anybody may put names into a shared folder."""
    try:
        return path.is_dir() and not path.is_symlink() and path.stat().st_uid == os.getuid()
    except OSError:  # removed by another process just now
        return False
