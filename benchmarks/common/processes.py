"""The processes that are measured; each is ended by its own id, however the benchmark ends."""

import asyncio
import contextlib
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from benchmarks.common import machine
from styletune.errors import StyletuneError
from styletune.ipc.segments import FOLDER, PREFIX

_STOP_TIMEOUT_S = 8.0  # the server stops its worker within 5
_LOG_LINES = 15


class ProcessError(StyletuneError):
    """A measured process ended, or did not print what it should; shows its last lines."""


class ModuleProcess:
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
                # Ctrl-C is for the benchmark alone, which then stops this process in order.
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
        """Stop it: by SIGTERM first, then by force."""
        with contextlib.suppress(OSError):
            self._stdin.close()
        self._process.terminate()
        try:
            with contextlib.suppress(subprocess.TimeoutExpired):
                await asyncio.to_thread(self._process.wait, _STOP_TIMEOUT_S)
        finally:
            # Also where a second Ctrl-C came meanwhile. Its children end when it is gone.
            self._process.kill()
            self._process.wait()
            self._stdout.close()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def read_line(self) -> str:
        """The next line of its output.

        Raises:
            ProcessError: it has ended.
        """
        line = await asyncio.to_thread(self._stdout.readline)
        if not line:
            raise ProcessError(f"{self._module} ended; its last lines:\n{self._last_lines()}")
        return line.strip()

    def write_line(self, line: str) -> None:
        """Write a line to its stdin."""
        with contextlib.suppress(BrokenPipeError):  # `read_line` will tell why
            self._stdin.write(line + "\n")
            self._stdin.flush()

    def _last_lines(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def worker_pid(server: int) -> int | None:
    """The painting process of a server: it has our shared memory open; a standby has not."""
    memory = str(FOLDER / PREFIX)
    return next(
        (
            pid
            for pid in machine.children(server)
            if any(path.startswith(memory) for path in machine.open_files(pid))
        ),
        None,
    )


class ServerProcess(ModuleProcess):
    """A server on any free port, which keeps its data in `folder`.

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

    async def login_url(self) -> str:
        """The URL with the token, once the server listens."""
        return await self.read_line()

    async def websocket_url(self) -> str:
        """`ws://host:port/`, likewise."""
        return "ws" + (await self.login_url()).partition("?")[0].removeprefix("http")

    async def port(self) -> int:
        """The port alone, likewise."""
        return int((await self.websocket_url()).rstrip("/").rpartition(":")[2])

    @property
    def worker_pid(self) -> int | None:
        """The painting process, where it can be found."""
        return worker_pid(self.pid)

    @property
    def standby_pid(self) -> int | None:
        """The standby worker, once it waits for a job."""
        ready = re.findall(r"event=spare state=ready pid=(\d+)", self._log.read_text())
        waiting = machine.children(self.pid).keys() - {self.worker_pid}
        return next((pid for pid in map(int, ready) if pid in waiting), None)


class StandInServer(ServerProcess):
    """A server with a stand-in worker; see `benchmarks.common.stand_in`."""

    def __init__(self, folder: Path, *flags: str, token: str | None = None, **env: str) -> None:
        command = ("benchmarks.common.stand_in",)
        super().__init__(folder, *flags, token=token, command=command, **env)
