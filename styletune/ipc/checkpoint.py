"""Checkpoints: where a painting stands, kept so that no crash costs more than seconds of it.

The painter's arrays (the picture, the optimizer's moments) and the counters go into one file,
whole or not at all; the newest three files stay, and where the newest cannot be read, the one
before is taken. Written by the worker, in a thread of its own; read by the next worker, and by
the web process to say what there is to resume. Plain NumPy without pickle: a file decides
nothing but numbers. Knows nothing about painting and processes.
"""

import contextlib
import json
import re
import threading
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune import files
from styletune.errors import CheckpointError

VERSION = 1
GENERATIONS = 3
# Kept after so many seconds or steps, whichever comes first …
EVERY_S, EVERY_STEPS = 2.0, 50
# … but with fifty steps in a tenth of a second not that often, nor ever for more than a
# twentieth of the time: a picture of 4096 px with its moments is 600 MB.
_AT_LEAST_S, _TIMES_ITS_COST = 0.5, 20.0

_NAME = re.compile(r"checkpoint-([0-9]{9})\.npz")
_HEAD = "checkpoint.json"  # no name of a painter's array: those have no dot
_UNREADABLE = (
    OSError, EOFError, KeyError, TypeError, ValueError, NotImplementedError, RuntimeError,
    MemoryError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A painting at one moment.

    Attributes:
        state: what the painter needs to go on, arrays by name.
        epoch: of the next picture.
        step: steps taken so far.
        width, height: of the painting, px.
        time: when, seconds since 1970.
    """

    state: Mapping[str, npt.NDArray[Any]]
    epoch: int
    step: int
    width: int
    height: int
    time: float


def write(folder: Path, checkpoint: Checkpoint) -> Path:
    """Keep a checkpoint as the newest of `folder`; of the older ones two stay.

    Raises:
        OSError: the folder is missing, read-only or full; all others are untouched.
    """
    head = {"version": VERSION} | {
        name: getattr(checkpoint, name) for name in ("epoch", "step", "width", "height", "time")
    }
    arrays = {_HEAD: np.frombuffer(json.dumps(head).encode(), np.uint8), **checkpoint.state}
    older = list_checkpoints(folder)
    number = _number(older[0]) + 1 if older else 1
    path = folder / f"checkpoint-{number:09}.npz"
    # Uncompressed, with the CRC-32 of each array that a zip file carries.
    files.write_atomically(path, lambda file: np.savez(file, allow_pickle=False, **arrays))
    for file in older[GENERATIONS - 1 :]:
        with contextlib.suppress(OSError):
            file.unlink()
    return path


def list_checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of a folder, newest first; none where there is no folder."""
    try:
        found = [path for path in folder.iterdir() if _NAME.fullmatch(path.name)]
    except OSError:
        return []
    return sorted(found, key=_number, reverse=True)


def read(path: Path) -> Checkpoint:
    """Read one checkpoint.

    Raises:
        CheckpointError: missing, damaged, or of another version.
    """
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            head = json.loads(file[_HEAD].tobytes())
            if head.pop("version") != VERSION:
                raise ValueError("written by another version of styletune")
            state = {name: file[name] for name in file.files if name != _HEAD}
        return Checkpoint(state, **head)
    except _UNREADABLE as error:
        raise CheckpointError(f"{path}: the checkpoint cannot be read: {error}") from None


def load_latest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that can be read, or None; and why those after it cannot."""
    complaints: list[str] = []
    for path in list_checkpoints(folder):
        try:
            return read(path), complaints
        except CheckpointError as error:
            complaints.append(str(error))
    return None, complaints


class CheckpointWriter:
    """Writes checkpoints beside the painting: asked after each epoch, it mostly does nothing.

    After the last `keep` you must `close`. A folder that is full or read-only costs a warning
    and nothing else.

    Args:
        folder: where they go; made if it is missing.
        clock: seconds that only rise.
        warn: told once of a fault, and once with "" when it is over. Called by `due`.
    """

    def __init__(
        self,
        folder: Path,
        warn: Callable[[str], None],
        *,
        step: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._warn = warn
        self._clock = clock
        self._kept = (clock(), step)
        self._cost_s = 0.0
        self._fault = self._told = ""
        self._thread: threading.Thread | None = None

    def due(self, step: int) -> bool:
        """Whether it is time to `keep` what the painting is now."""
        if self._thread is not None:
            if self._thread.is_alive():
                return False
            self._thread = None
            if self._fault != self._told:
                self._told = self._fault
                self._warn(self._told)
        passed_s, steps = self._clock() - self._kept[0], step - self._kept[1]
        # Also after a fault: a full disk should not be hammered.
        if passed_s < max(_AT_LEAST_S, _TIMES_ITS_COST * self._cost_s):
            return False
        return steps > 0 and (passed_s >= EVERY_S or steps >= EVERY_STEPS)

    def keep(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in a thread, unless one is still being written."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._kept = (self._clock(), checkpoint.step)
        # No daemon: when the process ends in order, what is being written gets written.
        self._thread = threading.Thread(target=self._write, args=(checkpoint,), name="checkpoint")
        self._thread.start()

    def close(self, checkpoint: Checkpoint | None = None) -> None:
        """Write a last one here and now, unless it is None, and wait until all is written."""
        if self._thread is not None:
            self._thread.join()
        if checkpoint is not None:
            self._write(checkpoint)
        if self._fault != self._told:
            self._told = self._fault
            self._warn(self._told)

    def _write(self, checkpoint: Checkpoint) -> None:
        started = self._clock()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write(self._folder, checkpoint)
            self._fault = ""
        except OSError as error:
            self._fault = (
                f"what is painted cannot be kept for a restart: {error.strerror or error} in "
                f"{self._folder}; painting goes on, make room there"
            )
        self._cost_s = self._clock() - started


def _number(path: Path) -> int:
    match = _NAME.fullmatch(path.name)
    assert match is not None  # only such paths come here
    return int(match[1])
