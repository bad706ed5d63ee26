"""The processes that are measured: servers, and the bare step beside them.

Each is ended by its own process id, however the benchmark ends. Knows nothing about what is
measured.
"""

import asyncio
import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Self

from benchmarks.common import machine
from styletune.errors import StyletuneError
from styletune.ipc.seqlock import FOLDER, PREFIX

_END_S = 8.0  # the server ends its worker within 5
_LOG_LINES = 15


class ProcessError(StyletuneError):
    """A measured process ended, or did not say what it should; its last lines are told."""


class Process:
    """A Python module in a process of its own, which is read line by line.

    Attributes:
        started: `time.perf_counter()` just before it was started.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str],
        log: Path,
        python: str = sys.executable,
        **env: str,
    ) -> None:
        self._module = module
        self._log = log
        self.started = time.perf_counter()
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [python, "-m", module, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **env},
                text=True,
                # Ctrl-C is for the benchmark alone, which then ends this process in order.
                start_new_session=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin: IO[str] = self._process.stdin
        self._stdout: IO[str] = self._process.stdout

    async def __aenter__(self) -> Self:
        """Return itself; the process has been started."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """End it: asked first, then by force."""
        self._ask_to_end()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, _END_S)
        finally:
            # Also where a second Ctrl-C came meanwhile. Its children end when it is gone.
            self._process.kill()
            self._process.wait()
            self._stdout.close()
            with contextlib.suppress(OSError):
                self._stdin.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def _ask_to_end(self) -> None:
        self._process.terminate()

    async def line(self) -> str:
        """The next line of its output.

        Raises:
            ProcessError: it has ended.
        """
        line = await asyncio.to_thread(self._stdout.readline)
        if not line:
            raise ProcessError(f"{self._module} ended; its last lines:\n{self._last_lines()}")
        return line.strip()

    def write(self, line: str) -> None:
        """Give it a line to read."""
        with contextlib.suppress(BrokenPipeError):  # the answer will be missing, and tell why
            self._stdin.write(line + "\n")
            self._stdin.flush()

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def painter_of(server: int) -> int | None:
    """The painting process of a server: it has our shared memory open; a spare one has not."""
    memory = str(FOLDER / PREFIX)
    found = machine.children(server)
    return next((p for p in found if any(f.startswith(memory) for f in machine.files(p))), None)


class Served(Process):
    """A server on any free port, which keeps what it keeps in `folder`.

    Args:
        flags: of `styletune serve`, a session file among them, or of the other `command`.
        token: None: a new one.
    """

    def __init__(
        self,
        folder: Path,
        *flags: str,
        token: str | None = None,
        command: Sequence[str] = ("styletune", "serve", "--no-browser", "--port", "0"),
        **env: str,
    ) -> None:
        self.token = token or secrets.token_urlsafe(16)
        module, *first = command
        super().__init__(
            module,
            (*first, *flags),
            folder / "serve.log",
            STYLETUNE_TOKEN=self.token,
            STYLETUNE_DATA=str(folder / "data"),
            **env,
        )

    async def url(self) -> str:
        """With the token, once it listens."""
        return await self.line()

    async def address(self) -> str:
        """`ws://host:port/`, likewise."""
        return "ws" + (await self.url()).partition("?")[0].removeprefix("http")

    async def port(self) -> int:
        """The port alone, likewise."""
        return int((await self.address()).rstrip("/").rpartition(":")[2])

    @property
    def worker_pid(self) -> int | None:
        """The painting process, where it can be found."""
        return painter_of(self.pid)

    @property
    def spare_pid(self) -> int | None:
        """The spare one, once it waits for a job."""
        ready = re.findall(r"event=spare state=ready pid=(\d+)", self._log.read_text())
        waiting = machine.children(self.pid).keys() - {self.worker_pid}
        return next((pid for pid in map(int, ready) if pid in waiting), None)


class StandIn(Served):
    """The same with a worker that only pretends; see `benchmarks.common.stand_in`."""

    def __init__(self, folder: Path, *flags: str, token: str | None = None) -> None:
        super().__init__(folder, *flags, token=token, command=("benchmarks.common.stand_in",))


class Bare(Process):
    """Steps without a loop around them: `engine.bare_step`, or a module with its protocol."""

    def __init__(
        self,
        session_file: Path,
        folder: Path,
        module: str = "benchmarks.engine.bare_step",
        python: str = sys.executable,
    ) -> None:
        super().__init__(module, (str(session_file),), folder / f"{module}.log", python)

    def _ask_to_end(self) -> None:
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._process.terminate()

    async def answer(self, question: str = "") -> dict[str, Any]:
        """Ask and wait for the answer; without a question, for what it says first."""
        if question:
            self.write(question)
        answer: dict[str, Any] = json.loads(await self.line())
        return answer
