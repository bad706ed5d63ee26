"""A job of hours beside the playing: one at a time, in a process of its own at low priority.

All of it lies in one folder, which a later start of the server finds and goes on with:

    <folder>/{job.json, status.json, log, lock, …}
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from logging import WARNING, getLogger
from pathlib import Path
from typing import ClassVar, Generic, Literal, TypeVar

from filelock import Timeout
from pydantic import BaseModel, ConfigDict, ValidationError

from styletune import files
from styletune.logs import log_event
from styletune.server.jobs.process import BUSY, job_lock
from styletune.server.options import TOKEN_VARIABLE, VIEW_TOKEN_VARIABLE

PROCESS = (sys.executable, "-P", "-m", "styletune.server.jobs.process")
_POLL_S = 0.2
LOOK_AGAIN_S = 5.0  # whether another server's job has ended
_LAST_LINES = 12

_log = getLogger(__name__)


class Job(BaseModel):
    """`job.json`: what is to be done, and why that has failed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    started: float  # seconds since 1970
    failed: str = ""


J = TypeVar("J", bound=Job)
S = TypeVar("S", bound=BaseModel)


class BackgroundJob(ABC, Generic[J, S]):
    """Does one job at a time. Belongs to one event loop.

    Args:
        folder: of the job.
        command: of the process; before the folder and the words of the job.
        job, status: what its files hold.
    """

    name: ClassVar[str]  # in the log

    def __init__(self, folder: Path, command: Sequence[str], job: type[J], status: type[S]) -> None:
        self._folder = folder
        self._command = command
        self._kinds = job, status
        self._process: subprocess.Popen[bytes] | None = None
        self._failed: J | None = None  # where the disk has no room for that
        self._changed = asyncio.Event()

    @abstractmethod
    def _words(self, job: J) -> list[str]:
        """The module that does it, and its arguments."""

    @abstractmethod
    def _finish(self, job: J, fault: str) -> None:
        """Take what the process has made, or `_fail`, or leave it to be gone on with.

        Args:
            fault: why it has ended; empty: it was done, or stopped.
        """

    # ------------------------------------------------------------- what is seen

    def _job(self) -> J | None:
        """What is being done, or has failed; None: nothing."""
        path = self._folder / "job.json"
        try:
            job = self._kinds[0].model_validate_json(path.read_bytes())
        except OSError:
            return None
        except ValidationError as error:
            files.set_aside(path, str(error.errors()[0]["msg"]))
            return None
        failed = self._failed
        return failed if failed and failed.started == job.started else job

    def _status(self) -> S | None:
        """What the process has written of how far it is."""
        try:
            return self._kinds[1].model_validate_json((self._folder / "status.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def _is_running(self) -> bool:
        """Whether a process works in the folder, this server's or another one's."""
        if self._process is not None:
            return True
        lock = job_lock(self._folder)
        try:
            lock.acquire()
        except Timeout:
            return True
        except OSError:
            return False
        lock.release()
        return False

    # ------------------------------------------------------------ what is done

    def _begin(self, job: J) -> None:
        """Let `run` do it; what else it needs lies in the folder.

        Raises:
            OSError: it cannot be written.
        """
        self._write(job)
        self._changed.set()

    async def _cancel(self) -> None:
        """End the process, and forget all of the job."""
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.wait)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _try_again(self) -> bool:
        """Go on with what has failed, from where it was; False: nothing has failed."""
        job = self._job()
        if job is None or not job.failed:
            return False
        self._failed = None
        self._write(job.model_copy(update={"failed": ""}))
        self._changed.set()
        return True

    async def run(self) -> None:
        """Do what is started, and what an earlier server has left, until cancelled.

        What is being done then is kept, and goes on with the next start.
        """
        try:
            while True:
                self._changed.clear()
                job = self._job()
                if job is not None and not job.failed and not self._is_running():
                    try:
                        await self._do(job)
                    except Exception:  # whatever it is, the server saves the show beside it
                        _log.exception(self.name)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_AGAIN_S):  # `wait_for` may lose a cancel
                        await self._changed.wait()
        finally:
            if self._process is not None:
                close_stdin(self._process)

    async def _do(self, job: J) -> None:
        try:
            with (self._folder / "log").open("wb") as log:
                # Not asyncio's, which kills a process that is left when its loop closes.
                self._process = process = subprocess.Popen(
                    [*self._command, str(self._folder), *self._words(job)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    env=self._environment(),
                    # Ctrl-C is for this process. No session of its own: Linux would give that a
                    # share of the processors as large as the painter's.
                    process_group=0,
                )
        except OSError as error:
            self._fail(job, f"it cannot be started: {error.strerror}")
            return
        while (code := process.poll()) is None:
            await asyncio.sleep(_POLL_S)
        self._process = None
        close_stdin(process)
        if self._job() != job:  # cancelled
            return
        stopped = code in (0, BUSY, -signal.SIGTERM, -signal.SIGINT)
        self._finish(job, "" if stopped else self._last_lines(code))

    def _environment(self) -> Mapping[str, str]:
        """Without the tokens, and on the processor: a GPU is the painter's."""
        secret = (TOKEN_VARIABLE, VIEW_TOKEN_VARIABLE)
        kept = {name: at for name, at in os.environ.items() if name not in secret}
        return kept | {"CUDA_VISIBLE_DEVICES": "-1"}

    def _fail(self, job: J, why: str) -> None:
        log_event(_log, WARNING, f"{self.name}_failed", why=why)
        self._failed = job.model_copy(update={"failed": why})
        with contextlib.suppress(OSError):
            self._write(self._failed)

    def _write(self, job: J) -> None:
        files.write_bytes_atomically(self._folder / "job.json", job.model_dump_json().encode())

    def _last_lines(self, code: int) -> str:
        try:
            text = (self._folder / "log").read_text(errors="replace")
        except OSError:
            text = ""
        lines = [line.strip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if code == -signal.SIGKILL:
            how += ", as where memory runs out"
        return "\n".join([*lines, f"({how})"])


def close_stdin(process: "subprocess.Popen[bytes]") -> None:
    """Let it end as with Ctrl-C."""
    if process.stdin is not None:
        process.stdin.close()
