"""Where a spawned worker begins: signals, output and the watch over its parent.

Runs in the worker, before anything heavy is imported; the parent can name these functions
without importing Keras. Knows nothing about painting.
"""

import faulthandler
import io
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection, wait

from styletune.errors import StyletuneError
from styletune.shared.ends import end_of
from styletune.shared.orders import Job, Report, State

Target = Callable[[Job, Connection], None]

# The parent sends it to a hung worker, to learn where it hangs.
DUMP_SIGNAL = signal.SIGUSR1


def run_worker(job: Job, pipe: Connection) -> None:
    """Paint as `job` says until the parent says Stop."""
    from styletune.engine.chatter import filtered

    with filtered():
        from styletune.engine import device, worker  # here, since they import Keras

        engine = job.session.engine
        try:
            device.prepare(engine.device, engine.precision)
        except StyletuneError as error:  # starting again would not mend it
            pipe.send(Report(State.FAILED, str(error), network=job.session.network.name))
            return
    worker.main(job, pipe)
    # A thread may still be compiling for a size that nobody needs any more.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def begin(target: Target, job: Job, pipe: Connection, output: Connection) -> None:
    """Prepare this process, then run `target(job, pipe)` in it.

    After this Ctrl-C is left to the parent; all output goes to `output`, C libraries'
    included; and the process ends at once when the parent does. Where memory or the device
    failed, the exit code says so (see `shared.ends`).
    """
    # The terminal sends Ctrl-C to the whole group. The parent decides; it has also blocked
    # the signal in this process from its very start (see `supervisor`).
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    # Programs read the parent's stdout: what a library prints there must not get into it.
    os.dup2(output.fileno(), 1)
    os.dup2(output.fileno(), 2)
    output.close()
    # New objects: the old ones still believe to write to the parent's file or terminal.
    sys.stdout, sys.stderr = _lines_to(1), _lines_to(2)
    faulthandler.enable()
    faulthandler.register(DUMP_SIGNAL)
    threading.Thread(target=_follow_parent, name="follow-parent", daemon=True).start()
    try:
        target(job, pipe)
    except Exception as error:
        end = end_of(error)
        if end is None:
            raise
        traceback.print_exc()
        # Not `sys.exit`: clearing up a device that has failed may hang or crash.
        os._exit(end)


def _lines_to(descriptor: int) -> io.TextIOWrapper:
    return open(
        descriptor, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
    )


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is None:  # run by hand, not spawned
        return
    wait([parent.sentinel])
    # Not `sys.exit`: the main thread may be deep inside a step, or hung.
    os._exit(1)
