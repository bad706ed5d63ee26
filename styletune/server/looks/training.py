"""The look that is being learned: started from the page, taught in a process of its own.

Beside what every job has, its folder holds {session.toml, styles/, NAME.*}.
"""

import importlib.util
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from logging import INFO, getLogger
from pathlib import Path
from typing import Literal

import psutil
import tomli_w

from styletune import files
from styletune.config import SessionConfig
from styletune.errors import StorageError
from styletune.files import FILE_NAME, MAX_FILE_NAME
from styletune.logs import log_event
from styletune.looks.file import SUFFIX, shipped
from styletune.server.http_errors import ApiError
from styletune.server.jobs.background import PROCESS, BackgroundJob, close_stdin
from styletune.server.looks.job import TrainingJob, TrainingProgress, taught_session
from styletune.session.outgoing_looks import LearningStatus

MINUTES = (10, 20, 40)
# Counted in steps: how good a look is depends on them, not on what else the machine does.
STEPS_A_MINUTE = 120  # on two quiet cores
MIN_FREE_BYTES = 1_500_000_000
_NEAR_SPREAD = 0.35  # of the desk, around where it stands

_log = getLogger(__name__)


class LookTraining(BackgroundJob[TrainingJob, TrainingProgress]):
    """Teaches one look at a time.

    Args:
        folder: of the user's looks; None: nothing can be kept, nothing is taught.
        command: that teaches.
    """

    name = "learning"

    def __init__(self, folder: Path | None, command: Sequence[str] = PROCESS) -> None:
        super().__init__(
            (folder or Path(os.devnull)) / "training", command, TrainingJob, TrainingProgress
        )
        self._looks = folder
        self._kept = False  # what has been learned so far is enough

    # ------------------------------------------------------------- what is seen

    def status(self) -> LearningStatus | None:
        """The look that is being learned, or has failed to be; None: there is none."""
        job = self._job()
        if job is None:
            return None
        progress = self._status()
        state: Literal["waiting", "starting", "training", "exporting", "failed"] = "waiting"
        if job.failed:
            state = "failed"
        elif self._is_running():
            state = "starting"
            if progress is not None:
                state = "training" if progress.state == "training" else "exporting"
        return LearningStatus(
            name=job.name,
            styles=tuple(Path(style).stem for style in job.styles),
            minutes=job.minutes,
            state=state,
            progress=progress.progress if progress else 0.0,
            style_left=progress.style_left if progress else None,
            seconds_left=progress.seconds_left if progress and state == "training" else None,
            samples=self._samples_version(job),
            error=job.failed,
        )

    def samples(self) -> bytes:
        """The newest sheet of samples, PNG.

        Raises:
            ApiError: there is none (404).
        """
        job = self._job()
        try:
            if job is not None:
                return self._samples_path(job).read_bytes()
        except OSError:
            pass
        raise ApiError(HTTPStatus.NOT_FOUND, "no_samples", "there are no samples yet")

    # ------------------------------------------------------------ what is done

    def start(
        self,
        name: str,
        styles: Sequence[tuple[str, Path]],
        minutes: int,
        session: SessionConfig,
        *,
        near: bool = False,
    ) -> None:
        """Begin to teach a look.

        Args:
            name: of the look; empty: made of the styles' names.
            styles: names and files of the pictures.
            minutes: one of `MINUTES`, on two quiet cores.
            session: its network and its law of the faders; its controls are the middle.
            near: learn only what is near those, which is quicker learned well.

        Raises:
            ApiError: one is being learned (409), the name or the minutes cannot be (422), tf2onnx
                is missing (501), or too little memory is free (503).
            StorageError: the folder cannot be written.
        """
        if self._looks is None:
            raise ApiError(
                HTTPStatus.CONFLICT,
                "no_folder",
                "a look cannot be kept: this server has no folder for looks",
            )
        if minutes not in MINUTES:
            raise _unfit(
                f"minutes must be one of {', '.join(map(str, MINUTES))}; received {minutes}"
            )
        if importlib.util.find_spec("tf2onnx") is None:  # not after all the time that it takes
            raise ApiError(
                HTTPStatus.NOT_IMPLEMENTED,
                "no_tf2onnx",
                "learning a look needs tf2onnx, which is not installed: pip install "
                "'styletune[train]', and start again",
            )
        name = self._fresh_name(name, [style for style, _ in styles])
        free = psutil.virtual_memory().available
        if free < MIN_FREE_BYTES:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "little_memory",
                f"learning a look takes {MIN_FREE_BYTES / 1e9:.1f} GB of memory; "
                f"{free / 1e9:.1f} GB are free: end other programs, and try again",
            )
        if (current := self._job()) is not None and not current.failed:
            raise ApiError(
                HTTPStatus.CONFLICT,
                "learning",
                f"`{current.name}` is being learned, and only one look at a time is: wait for it, "
                "or cancel it",
            )
        try:
            shutil.rmtree(self._folder, ignore_errors=True)
            files.make_private_folder(self._folder)
            kept = []
            for number, (style, path) in enumerate(styles, 1):
                copy = self._folder / "styles" / str(number) / f"{_clean(style) or 'style'}.png"
                copy.parent.mkdir(parents=True)
                shutil.copyfile(path, copy)
                kept.append(str(copy.relative_to(self._folder)))
            text = tomli_w.dumps(taught_session(session))
            files.write_bytes_atomically(self._folder / "session.toml", text.encode())
            now, self._kept = time.time(), False
            self._begin(
                TrainingJob(name=name, styles=tuple(kept), minutes=minutes, near=near, started=now)
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise StorageError(
                f"a look cannot be learned: {self._folder}: {error.strerror}"
            ) from None
        log_event(_log, INFO, "learning", look=name, minutes=minutes)

    async def stop(self, *, keep: bool) -> None:
        """End the training; keep what has been learned as a look, or forget it.

        Raises:
            ApiError: nothing is being learned (404), or another styletune teaches it (409).
        """
        job = self._job()
        if job is None:
            raise ApiError(HTTPStatus.NOT_FOUND, "not_learning", "no look is being learned")
        process = self._process
        if process is None and self._is_running():
            raise ApiError(
                HTTPStatus.CONFLICT,
                "taught_elsewhere",
                "another styletune teaches it: stop it there",
            )
        if keep and process is not None:
            self._kept = True
            close_stdin(process)
        elif not keep:
            await self._cancel()

    def go_on(self) -> None:
        """Try again what has failed, from its last checkpoint.

        Raises:
            ApiError: nothing has failed (409).
        """
        if not self._try_again():
            raise ApiError(HTTPStatus.CONFLICT, "not_failed", "no learning has failed")

    def _finish(self, job: TrainingJob, fault: str) -> None:
        progress = self._status()
        if self._out(job).exists() and (self._kept or (progress and progress.progress >= 1)):
            self._keep(job)
        elif fault or self._kept:
            self._fail(job, fault or "nothing had been learned yet")
        self._kept = False

    def _keep(self, job: TrainingJob) -> None:
        """Into the gallery; what was needed to learn it goes."""
        assert self._looks is not None
        try:
            self._out(job).replace(self._looks / f"{job.name}{SUFFIX}")
        except OSError as error:
            self._fail(job, f"the look cannot be moved to the gallery: {error.strerror}")
            return
        log_event(_log, INFO, "learned", look=job.name)
        shutil.rmtree(self._folder, ignore_errors=True)

    # ------------------------------------------------------------------- files

    def _words(self, job: TrainingJob) -> list[str]:
        """`styletune train` with its arguments."""
        words = ["styletune", "train", *(str(self._folder / style) for style in job.styles)]
        words += ["-o", str(self._out(job)), "--steps", str(job.minutes * STEPS_A_MINUTE)]
        words += ["--scene", str(self._folder / "session.toml")]
        words += ["--spread", str(_NEAR_SPREAD if job.near else 1)]
        words += ["--status", str(self._folder / "status.json")]
        if self._out(job).with_suffix(".checkpoint.npz").exists():
            words.append("--resume")
        return words

    def _out(self, job: TrainingJob) -> Path:
        return self._folder / f"{job.name}{SUFFIX}"

    def _samples_path(self, job: TrainingJob) -> Path:
        return self._out(job).with_suffix(".samples.png")

    def _samples_version(self, job: TrainingJob) -> str:
        try:
            return f"{self._samples_path(job).stat().st_mtime_ns:x}"
        except OSError:
            return ""

    def _environment(self) -> Mapping[str, str]:
        return {**super()._environment(), "KERAS_BACKEND": "tensorflow"}

    def _fresh_name(self, wanted: str, styles: Sequence[str]) -> str:
        """The name, if a file and a person can have it; or one made of the styles' names.

        Raises:
            ApiError: it cannot be a name, or is taken (422).
        """
        assert self._looks is not None
        name = wanted.strip()
        if name and (len(name) > MAX_FILE_NAME or not FILE_NAME.fullmatch(name)):
            raise _unfit(
                f"a look's name is 1 to {MAX_FILE_NAME} letters, digits, spaces and + - _ . & , '; "
                f"received {name[:60]!r}"
            )
        taken = {path.stem for path in self._looks.glob(f"*{SUFFIX}")} | shipped().keys()
        if name in taken:
            raise _unfit(f"there is a look `{name}` already: choose another name")
        if name:
            return name
        first = name = _clean(" + ".join(styles)) or "look"
        number = 2
        while name in taken:
            name, number = f"{first} {number}", number + 1
        return name


def _unfit(why: str) -> ApiError:
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_look", why)


def _clean(name: str) -> str:
    """A name of a picture as one of a file."""
    kept = "".join(letter for letter in name if FILE_NAME.fullmatch(f"a{letter}"))
    return re.sub(r"^\W+", "", kept)[:MAX_FILE_NAME].strip(" .")
