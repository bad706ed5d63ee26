"""The start of a worker process: signals, output, the watch over its parent, and its job.

Imports nothing heavy, so that the parent can name these functions without importing Keras. A
standby worker imports it all, and then waits for its job.
"""

import contextlib
import faulthandler
import io
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait
from pathlib import Path

from styletune.errors import ConfigError, StyletuneError
from styletune.ipc.commands import Report, StandbyReady, State, WorkerConfig
from styletune.ipc.exit_codes import classify_exception

Target = Callable[[WorkerConfig, Connection], None]
WarmUp = Callable[[], None]

# The parent sends it to a hung worker, to learn where it hangs.
DUMP_SIGNAL = signal.SIGUSR1
# Ctrl-C, and the end of the terminal.
GROUP_SIGNALS = frozenset({signal.SIGINT, signal.SIGHUP})


_LOWEST_PRIORITY = 19
_OOM_SCORE = Path("/proc/self/oom_score_adj")
_KILL_FIRST = "1000"


def preload() -> None:
    """Import what painting needs: most of a start. No tensor is made, no device looked for."""
    from styletune.engine.imports import fast_import

    # What cannot be imported now cannot be imported by `run_worker`, which reports it.
    with contextlib.suppress(ConfigError), fast_import():
        from styletune.worker import loop  # noqa: F401


def run_worker(job: WorkerConfig, pipe: Connection) -> None:
    """Paint as `job` says until the parent sends Stop."""
    from styletune.engine.imports import fast_import

    try:
        with fast_import():
            from styletune.engine import backend
            from styletune.worker import loop  # here, since they import Keras

            backend.configure(job.session.engine.device, job.session.engine.precision)
    except StyletuneError as error:  # starting again would not mend it
        pipe.send(Report(State.FAILED, str(error), network=job.session.network.name))
        return
    loop.main(job, pipe)
    # A thread may still be compiling for a size that nobody needs any more.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def main(
    target: Target, warm_up: WarmUp | None, standby: bool, pipe: Connection, output: Connection
) -> None:
    """Prepare this process, warm it up, wait for its job, then run `target(job, pipe)` in it.

    A standby worker gives way to all others until it has its job, and sends `StandbyReady`.
    From here on Ctrl-C and SIGHUP are left to the parent; all output goes to `output`, C libraries'
    included; and the process ends at once when the parent does. Where memory or the device
    failed, the exit code says so; see `ipc.exit_codes`.
    """
    # The terminal sends these to the whole group. The parent decides; it has also blocked them
    # in this process from its very start.
    for number in GROUP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, GROUP_SIGNALS)
    # Programs read the parent's stdout: what a library prints there must not get into it.
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    output.close()
    # New objects: the old ones still believe to write to the parent's file or terminal.
    sys.stdout, sys.stderr = _line_buffered(1), _line_buffered(2)
    faulthandler.enable()
    faulthandler.register(DUMP_SIGNAL)
    threading.Thread(target=_exit_with_parent, name="follow-parent", daemon=True).start()
    try:
        target(_wait_for_job(warm_up, standby, pipe), pipe)
    except Exception as error:
        end = classify_exception(error)
        if end is None:
            raise
        traceback.print_exc()
        # Not `sys.exit`: clearing up a device that has failed may hang or crash.
        os._exit(end)


def _wait_for_job(warm_up: WarmUp | None, standby: bool, pipe: Connection) -> WorkerConfig:
    """Warm up and return the job."""
    if warm_up is not None and standby:
        return _preload_as_standby(warm_up, pipe)
    if warm_up is not None:
        warm_up()
    return _receive_job(pipe)


def _preload_as_standby(warm_up: WarmUp, pipe: Connection) -> WorkerConfig:
    """The same, behind all others."""
    import numpy  # noqa: F401  # here: its threads keep the priority that they are born with

    with _prefer_as_oom_victim():
        _at_lowest_priority(warm_up)
        pipe.send(StandbyReady())
        return _receive_job(pipe)


def _receive_job(pipe: Connection) -> WorkerConfig:
    try:
        job: WorkerConfig = pipe.recv()
    except EOFError:  # the parent is gone
        os._exit(1)
    return job


def _at_lowest_priority(work: Callable[[], None]) -> None:
    """Run `work` at the lowest priority; afterwards this process is as before.

    In a thread of its own: without privileges no priority can be raised again, but on Linux
    every thread has its own.
    """

    def run() -> None:
        if sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST_PRIORITY)
        work()

    with ThreadPoolExecutor(1, "warm-up") as executor:
        executor.submit(run).result()


@contextlib.contextmanager
def _prefer_as_oom_victim() -> Iterator[None]:
    """Where memory runs out, let the kernel end this process first: nothing is lost with it."""
    try:
        before = _OOM_SCORE.read_text(encoding="ascii")
        _OOM_SCORE.write_text(_KILL_FIRST, encoding="ascii")
    except OSError:  # no such thing here
        yield
        return
    yield
    _OOM_SCORE.write_text(before, encoding="ascii")


def _line_buffered(descriptor: int) -> io.TextIOWrapper:
    return open(
        descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )


def _exit_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:  # run by hand, not spawned
        return
    wait([parent.sentinel])
    # Not `sys.exit`: the main thread may be deep inside a step, or hung.
    os._exit(1)
