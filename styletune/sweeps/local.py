"""A server of one's own for one sweep: on any free port, behind a random token, ended afterwards.

The same code paints as on a server that others watch; only the process is private.
"""

import asyncio
import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from styletune.client import Client, connect
from styletune.errors import WorkerError

_END_S = 10.0  # the server ends its worker within 5
_LOG_LINES = 15
_PR_SET_PDEATHSIG = 1
_PRIVATE = ("--no-browser", "--no-spare", "--host", "127.0.0.1", "--port", "0")


@asynccontextmanager
async def private_server(arguments: Sequence[str]) -> AsyncIterator[Client]:
    """Start `styletune serve` with these arguments, and join it.

    Raises:
        WorkerError: it did not start; its last lines say why.
    """
    token = secrets.token_urlsafe(32)
    with tempfile.TemporaryDirectory(prefix="styletune-sweep-") as name:
        folder = Path(name)
        log = folder / "log"
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "styletune", "serve", *arguments, *_PRIVATE],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                # Scenes and values of its own: the person's must not be read, nor written.
                env={**os.environ, "STYLETUNE_TOKEN": token, "STYLETUNE_DATA": name},
                start_new_session=True,  # Ctrl-C is for the sweep alone
                preexec_fn=_die_with_us if sys.platform == "linux" else None,
            )
        try:
            assert process.stdout is not None
            url = (await asyncio.to_thread(process.stdout.readline)).decode().strip()
            if not url:
                raise WorkerError(f"the sweep's own server did not start: {_last_words(log)}")
            async with connect(url, token=token) as client:
                yield client
        finally:
            await asyncio.shield(asyncio.to_thread(_end, process))


def _die_with_us() -> None:
    """Let the kernel end the server where the sweep is killed: it would paint for ever."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    process.kill()  # its worker ends when it is gone
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _last_words(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()
    own = [line.removeprefix("styletune: ") for line in lines if line.startswith("styletune: ")]
    return own[-1] if own else " / ".join(lines[-_LOG_LINES:]) or "it said nothing"
