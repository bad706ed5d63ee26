"""Checkpoints of a painting, so that a crash costs no more than seconds of it.

One NumPy file each, without pickle; the newest three stay, in case the newest cannot be read.
Written by the worker, in a thread; read by the next worker and by the web process.
"""

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune import files
from styletune.config import MAX_SIZE_PX
from styletune.errors import CheckpointError, explain_validation_error

VERSION = 1
GENERATIONS = 3
# Saved after so many seconds or steps, whichever comes first …
EVERY_S, EVERY_STEPS = 2.0, 50
# … but with fifty steps in a tenth of a second not that often, nor ever for more than a
# twentieth of the time: a picture of 4096 px with its moments is 600 MB.
_AT_LEAST_S, _TIMES_ITS_COST = 0.5, 20.0

_NAME = re.compile(r"checkpoint-([0-9]{9,18})\.npz")
_HEAD = "checkpoint.json"  # no name of a painter's array: those have no dot
_YEAR_10000 = 253_402_300_800.0  # which nothing can show as a date
_MAX_COUNT = 2**53  # steps and epochs: what JavaScript counts exactly


class _Head(BaseModel):
    """What a file says of itself. Checked: it may be damaged, or somebody else's."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    version: int
    arrays: list[str] | None = None  # older files do not say
    epoch: Annotated[int, Field(ge=0, le=_MAX_COUNT)]
    step: Annotated[int, Field(ge=0, le=_MAX_COUNT)]
    width: Annotated[int, Field(ge=1, le=MAX_SIZE_PX)]
    height: Annotated[int, Field(ge=1, le=MAX_SIZE_PX)]
    time: Annotated[float, Field(ge=0, lt=_YEAR_10000)]


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
    """Save a checkpoint as the newest of `folder`, whole or not at all; two older ones stay.

    Raises:
        OSError: the folder is missing, read-only or full; all others are untouched.
    """
    # By name: a zip file's own list of its members has no checksum.
    head = {"version": VERSION, "arrays": sorted(checkpoint.state)} | {
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
            if sum(member.file_size for member in file.zip.infolist()) > path.stat().st_size:
                raise ValueError("it is compressed, and ours are not")
            head = _Head.model_validate_json(file[_HEAD].tobytes())
            if head.version != VERSION:
                raise ValueError("written by another version of styletune")
            state = {name: file[name] for name in file.files if name != _HEAD}
            if head.arrays is not None and head.arrays != sorted(state):
                raise ValueError("arrays are missing")
        return Checkpoint(state, **head.model_dump(exclude={"version", "arrays"}))
    except ValidationError as error:
        why = explain_validation_error(error)
    except Exception as error:  # a damaged file fails in every possible way
        why = str(error)
    raise CheckpointError(f"{path}: the checkpoint cannot be read: {why}")


def load_latest(folder: Path) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that can be read, or None; and the errors of newer ones."""
    errors: list[str] = []
    for path in list_checkpoints(folder):
        try:
            return read(path), errors
        except CheckpointError as error:
            errors.append(str(error))
    return None, errors


class CheckpointWriter:
    """Writes checkpoints in a thread while the painting goes on.

    Ask `should_save` after each epoch; after the last `save` you must `close`. A folder that is
    full or read-only costs a warning and nothing else.

    Args:
        folder: created if it is missing.
        warn: takes each new fault once, and "" when it is over; called by `should_save`.
        step: steps painted so far.
        clock: seconds that only rise.
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
        self._saved = (clock(), step)
        self._cost_s = 0.0
        self._fault = self._reported = ""
        self._thread: threading.Thread | None = None

    def should_save(self, step: int) -> bool:
        """Whether it is time to `save` the painting."""
        if self._thread is not None:
            if self._thread.is_alive():
                return False
            self._thread = None
            if self._fault != self._reported:
                self._reported = self._fault
                self._warn(self._reported)
        passed_s, steps = self._clock() - self._saved[0], step - self._saved[1]
        # Also after a fault: a full disk should not be hammered.
        if passed_s < max(_AT_LEAST_S, _TIMES_ITS_COST * self._cost_s):
            return False
        return steps > 0 and (passed_s >= EVERY_S or steps >= EVERY_STEPS)

    def save(self, checkpoint: Checkpoint) -> None:
        """Write a checkpoint in a thread, unless one is still being written."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._saved = (self._clock(), checkpoint.step)
        # No daemon: when the process exits normally, the file is completed.
        self._thread = threading.Thread(target=self._write, args=(checkpoint,), name="checkpoint")
        self._thread.start()

    def close(self, checkpoint: Checkpoint | None = None) -> None:
        """Wait for the thread; write a last checkpoint, unless it is None."""
        if self._thread is not None:
            self._thread.join()
        if checkpoint is not None:
            self._write(checkpoint)
        if self._fault != self._reported:
            self._reported = self._fault
            self._warn(self._reported)

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
    assert match is not None  # by `list_checkpoints`
    return int(match[1])
