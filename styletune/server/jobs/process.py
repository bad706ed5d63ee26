"""The process of a job: `python -m styletune.server.jobs.process FOLDER MODULE …`.

At the lowest priority, one at a time for a folder, and no longer than stdin is open.
"""

import contextlib
import os
import runpy
import signal
import sys
import threading
from pathlib import Path

from filelock import FileLock, Timeout

BUSY = 75  # EX_TEMPFAIL: another process works in this folder


def main(folder: str, module: str, *words: str) -> int:
    """Run `module` with `words` as its arguments; return the exit code."""
    os.nice(19)
    with contextlib.suppress(OSError):  # Linux: where memory runs out, this and not the painter
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    lock = job_lock(Path(folder))
    try:
        lock.acquire()
    except (OSError, Timeout):
        return BUSY
    threading.Thread(target=_end_with_parent, daemon=True).start()
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__")  # ends with SystemExit
    return 0


def job_lock(folder: Path) -> FileLock:
    """Return the lock of a folder that one process at a time works in."""
    return FileLock(folder / "lock", timeout=0, mode=0o600, thread_local=False)


def _end_with_parent() -> None:
    """End as with Ctrl-C, which keeps a checkpoint, when the server closes stdin or has died."""
    # Not `sys.stdin`, whose lock a thread that is ended while it reads would keep.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
