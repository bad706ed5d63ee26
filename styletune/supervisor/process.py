"""One worker process, from spawn to exit: pipe, output, signals, and how it is stopped.

Runs in the web process, on its event loop; only the functions that stop a worker wait.
"""

import asyncio
import atexit
import contextlib
import multiprocessing
import os
import re
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from multiprocessing import resource_tracker
from pathlib import Path

import psutil

from styletune.ipc import commands
from styletune.ipc.commands import (
    Command,
    CommandRejected,
    FrameReady,
    Report,
    StandbyReady,
    Stop,
    WorkerConfig,
)
from styletune.ipc.exit_codes import FatalCause, classify_exit
from styletune.memory import GROUPS, MOUNT, control_groups
from styletune.safe_path import safe_path
from styletune.supervisor.policy import SupervisorTimeouts
from styletune.worker.process import DUMP_SIGNAL, GROUP_SIGNALS, Target, WarmUp, main

_KILLS = re.compile(r"^oom_kill (\d+)$", re.M)
# The kernel counts a kill at once; a process that has much memory to give back is gone later.
_OOM_WINDOW_S = 10.0


def oom_kill_count(groups: Path = GROUPS, mount: Path = MOUNT) -> int:
    """How many processes of our own control group the kernel has killed for lack of memory.

    SIGKILL alone does not tell who sent it; a count that rose just before does. The machine's count
    would not: other people's programs are in it. 0 where the kernel keeps none for us.
    """
    for folder, version in control_groups(groups, mount):
        name = "memory.oom_control" if version == 1 else "memory.events"
        with contextlib.suppress(OSError):
            if found := _KILLS.search((folder / name).read_text(encoding="ascii")):
                return int(found[1])
    return 0


_STOPPED = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)

# Never fork: TensorFlow and CUDA do not survive it.
_SPAWN = multiprocessing.get_context("spawn")
_MAX_MESSAGES = 100  # in one poll, or a flood of them would hold up the event loop
_LINE_CHARS = 500  # of a line that is kept; progress bars may be endless
_LAST_LINES = 10  # among them the cause, where C++ aborts


class WorkerProcess:
    """A spawned worker, which waits for its job.

    Args:
        target: what it runs, by a name that can be imported without Keras.
        log: takes the lines that it writes.
        warm_up: what it does before it waits; None: nothing.
        standby: whether it gives way to all others until it has its job, and sends `StandbyReady`.

    Raises:
        OSError: no process can be started.
    """

    def __init__(
        self,
        target: Target,
        log: deque[str],
        warm_up: WarmUp | None = None,
        *,
        standby: bool = False,
    ) -> None:
        self._log = log
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        # The count at least `_OOM_WINDOW_S` ago, or at the start; and a newer one, and its time.
        self._oom_kills = self._newer_oom_kills = oom_kill_count()
        self._counted_at = time.monotonic()
        self._partial_line = ""
        self._pipe_closed = False  # by the worker
        self._pipe, far_pipe = _SPAWN.Pipe(duplex=True)
        self._output, far_output = _SPAWN.Pipe(duplex=False)
        self._process = _SPAWN.Process(
            target=main,
            args=(target, warm_up, standby, far_pipe, far_output),
            name="styletune-worker",
        )
        try:
            _spawn(self._process)
        except BaseException:
            self._pipe.close()
            self._output.close()
            raise
        finally:
            far_pipe.close()
            far_output.close()
        os.set_blocking(self._output.fileno(), False)
        # When Python exits, `multiprocessing` joins its children, and would wait for ever for a
        # worker that nobody has stopped.
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None  # it has been started
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        """As in `multiprocessing`: None while it lives, -N when ended by signal N."""
        return self._process.exitcode

    def assign_job(self, job: WorkerConfig) -> None:
        """Let it start to paint."""
        with contextlib.suppress(OSError):  # it has exited, which is noticed soon
            self._pipe.send(job)

    def send(self, command: Command) -> bool:
        """Send a command; False: there is no room for it yet.

        True also when the worker is gone: the next one starts with the newest state.
        """
        return commands.try_send(self._pipe, command)

    def read_messages(self) -> list[FrameReady | StandbyReady | Report | CommandRejected]:
        """The messages that have come since the last call."""
        if (now := time.monotonic()) - self._counted_at >= _OOM_WINDOW_S and self.exitcode is None:
            self._oom_kills, self._newer_oom_kills = self._newer_oom_kills, oom_kill_count()
            self._counted_at = now
        messages: list[FrameReady | StandbyReady | Report | CommandRejected] = []
        while len(messages) < _MAX_MESSAGES and commands.has_message(self._pipe):
            try:
                messages.append(self._pipe.recv())
            except (EOFError, OSError):
                self._pipe_closed = True
                break
        return messages

    @contextlib.contextmanager
    def wake_on_readable(self, wake: Callable[[], object]) -> Iterator[None]:
        """In this context the event loop calls `wake` while there is something to read."""
        loop = asyncio.get_running_loop()
        descriptors = [] if self._pipe_closed else [self._pipe.fileno(), self._output.fileno()]
        for descriptor in descriptors:
            loop.add_reader(descriptor, wake)
        try:
            yield
        finally:
            for descriptor in descriptors:
                loop.remove_reader(descriptor)

    def forward_output(self) -> None:
        """Copy what it has written to stderr, and its whole lines to the log."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._output.fileno(), 1 << 16):
                text = data.decode(errors="replace")
                with contextlib.suppress(OSError, ValueError):  # stderr closed
                    sys.stderr.write(text)
                    sys.stderr.flush()
                *lines, self._partial_line = (
                    (self._partial_line + text).replace("\r", "\n").split("\n")
                )
                self._partial_line = self._partial_line[-_LINE_CHARS:]
                kept = [line[:_LINE_CHARS] for line in lines if line.strip()]
                self._log.extend(kept)
                self._last_lines.extend(kept)

    @property
    def exit_cause(self) -> FatalCause | None:
        """Why it has exited: no memory, a failed device, or None: nothing special, or not yet."""
        code = self.exitcode
        if code == -signal.SIGKILL and oom_kill_count() > self._oom_kills:
            return FatalCause.OUT_OF_MEMORY
        return None if code is None else classify_exit(code, self._last_lines)

    def is_stopped(self) -> bool:
        """Whether it is stopped, as by SIGSTOP or a debugger."""
        with contextlib.suppress(psutil.Error, OSError):  # no descriptor to look with
            return psutil.Process(self.pid).status() in _STOPPED
        return False

    def dump_traceback(self) -> None:
        """Let it write where it is."""
        self._signal(DUMP_SIGNAL)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, which ends a stopped process, too."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Release the process, which has exited or was just killed."""
        self._process.join(timeout=1.0)
        self.forward_output()
        atexit.unregister(self.kill)
        self._pipe.close()
        self._output.close()
        if self.exitcode is not None:
            self._process.close()

    def _signal(self, number: int) -> None:
        # `exitcode` first: once the exit has been noticed, the pid may be another process's.
        if self.exitcode is None:
            os.kill(self.pid, number)


def _spawn(process: multiprocessing.context.SpawnProcess) -> None:
    """Start a process that the terminal's signals do not reach before it has set up its own.

    A blocked signal stays blocked in the child; `worker.process.main` ignores, then unblocks it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, GROUP_SIGNALS)
    try:
        with safe_path():
            # First: it unblocks SIGINT here, and SIGHUP is to stay blocked in the tracker.
            resource_tracker.ensure_running()
            signal.pthread_sigmask(signal.SIG_BLOCK, GROUP_SIGNALS)
            process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_CAUSES = {
    FatalCause.OUT_OF_MEMORY: "the painting ran out of memory",
    FatalCause.DEVICE_FAILED: "the device that paints has failed",
    FatalCause.PROCESSOR_UNSUPPORTED: (
        "this processor lacks instructions, such as AVX, that Keras' backend is built for; install "
        "a build without them, or paint on another machine"
    ),
}


def describe_exit(code: int, cause: FatalCause | None = None) -> str:
    """Why a process exited, in words.

    >>> describe_exit(-11)
    'the painting process was ended by SIGSEGV'
    """
    if cause is not None:
        return _CAUSES[cause]
    if code >= 0:
        return f"the painting process ended with exit code {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        perhaps = ", perhaps for lack of memory" if -code == signal.SIGKILL else ""
        return f"the painting process was ended by {name}{perhaps}"
    return f"the painting process was ended by signal {-code}"


# ------------------------------------------------------------------ stopping


async def stop_process(worker: WorkerProcess, timeouts: SupervisorTimeouts) -> None:
    """Send `Stop`; terminate a worker that is stopped or does not exit in time."""
    if (
        not worker.is_stopped()
        and worker.send(Stop())
        and await _wait_for_exit(worker, timeouts.stop_s)
    ):
        return
    await _terminate_then_kill(worker, timeouts)


async def stop_hung_process(worker: WorkerProcess, timeouts: SupervisorTimeouts) -> None:
    """Let it write where it hangs, if it can, and terminate it."""
    if not worker.is_stopped():
        worker.dump_traceback()
        await _wait_for_exit(worker, timeouts.dump_s)
    await _terminate_then_kill(worker, timeouts)


async def _terminate_then_kill(worker: WorkerProcess, timeouts: SupervisorTimeouts) -> None:
    if not worker.is_stopped():
        worker.terminate()
        if await _wait_for_exit(worker, timeouts.term_s):
            return
    worker.kill()
    await _wait_for_exit(worker, timeouts.kill_s)


async def _wait_for_exit(worker: WorkerProcess, within_s: float) -> bool:
    # Real time: a test's clock does not advance by itself while this waits.
    until = time.monotonic() + within_s
    while worker.exitcode is None:
        worker.forward_output()  # a worker that cannot write does not exit
        worker.read_messages()
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True
