"""One worker process, from its spawn to its end: pipe, output, signals.

Runs in the web process. Nothing here waits: the supervisor looks in again and again.
Knows nothing about when a worker is to be started or ended, nor what it paints.
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
from pathlib import Path

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
from styletune.supervisor.policy import SupervisorTimeouts
from styletune.worker.process import DUMP_SIGNAL, Target, WarmUp, main

# Whether the kernel has killed processes for want of memory: it tells nobody else.
#
# SIGKILL alone does not say who sent it. A count that rose while the worker lived does.


# This container's own count where there is one, and the whole machine's.
_COUNTS = (
    Path("/sys/fs/cgroup/memory.events"),
    Path("/sys/fs/cgroup/memory/memory.oom_control"),
    Path("/proc/vmstat"),
)
_LINE = re.compile(r"^oom_kill (\d+)$", re.M)


def oom_kill_count(counts: tuple[Path, ...] = _COUNTS) -> int:
    """How often it has happened so far, as far as this process can see; only rises."""
    total = 0
    for path in counts:
        try:
            found = _LINE.search(path.read_text(encoding="ascii", errors="replace"))
        except OSError:
            continue
        total += int(found[1]) if found else 0
    return total


# Never fork: TensorFlow and CUDA do not survive it.
_SPAWN = multiprocessing.get_context("spawn")
_MESSAGES = 100  # at most so many a look, or a babbling worker would hold up the event loop
_LINE_CHARS = 500  # of a line that is kept; progress bars know no end
_LAST_LINES = 10  # among which C++ names the cause when it aborts


class WorkerProcess:
    """A spawned worker, which waits until it is given its job.

    Args:
        target: what it runs, by a name that can be imported without Keras.
        log: takes the lines that it writes.
        warm_up: what it does before it waits; None: nothing.
        spare: whether it gives way to all others until it has its job, and says `StandbyReady`.

    Raises:
        OSError: no process can be started.
    """

    def __init__(
        self,
        target: Target,
        log: deque[str],
        warm_up: WarmUp | None = None,
        *,
        spare: bool = False,
    ) -> None:
        self._log = log
        self._last: deque[str] = deque(maxlen=_LAST_LINES)
        self._kills = oom_kill_count()
        self._rest = ""
        self._mute = False  # it has closed its end of the pipe
        self._pipe, far_pipe = _SPAWN.Pipe(duplex=True)
        self._output, far_output = _SPAWN.Pipe(duplex=False)
        self._process = _SPAWN.Process(
            target=main,
            args=(target, warm_up, spare, far_pipe, far_output),
            name="styletune-worker",
        )
        try:
            _start_deaf(self._process)
        except BaseException:
            self._pipe.close()
            self._output.close()
            raise
        finally:
            far_pipe.close()
            far_output.close()
        os.set_blocking(self._output.fileno(), False)
        # `multiprocessing` joins its children when Python ends, and would wait for a worker
        # that nobody stopped for ever.
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

    def give(self, job: WorkerConfig) -> None:
        """Let it begin."""
        self._kills = oom_kill_count()
        with contextlib.suppress(OSError):  # it has ended, which is noticed in a moment
            self._pipe.send(job)

    def send(self, order: Command) -> bool:
        """Send an order if there is room for it; say whether it is done with.

        True also when the worker is gone: the next one is told otherwise.
        """
        return commands.try_send(self._pipe, order)

    def receive(self) -> list[FrameReady | StandbyReady | Report | CommandRejected]:
        """What it has said since the last look."""
        messages: list[FrameReady | StandbyReady | Report | CommandRejected] = []
        while len(messages) < _MESSAGES and commands.has_message(self._pipe):
            try:
                messages.append(self._pipe.recv())
            except (EOFError, OSError):
                self._mute = True
                break
        return messages

    @contextlib.contextmanager
    def waking(self, wake: Callable[[], object]) -> Iterator[None]:
        """Meanwhile the running event loop calls `wake` when there is something to hear.

        Again and again until it has been heard; an end is heard once, by `receive`.
        """
        loop = asyncio.get_running_loop()
        heard = [] if self._mute else [self._pipe.fileno(), self._output.fileno()]
        for descriptor in heard:
            loop.add_reader(descriptor, wake)
        try:
            yield
        finally:
            for descriptor in heard:
                loop.remove_reader(descriptor)

    def listen(self) -> None:
        """Pass what it has written on to stderr, and its whole lines to the log."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._output.fileno(), 1 << 16):
                text = data.decode(errors="replace")
                with contextlib.suppress(OSError, ValueError):  # stderr closed
                    sys.stderr.write(text)
                    sys.stderr.flush()
                *lines, self._rest = (self._rest + text).replace("\r", "\n").split("\n")
                self._rest = self._rest[-_LINE_CHARS:]
                kept = [line[:_LINE_CHARS] for line in lines if line.strip()]
                self._log.extend(kept)
                self._last.extend(kept)

    @property
    def end(self) -> FatalCause | None:
        """What its end means, once it has ended: no memory, a failed device, or nothing special."""
        code = self.exitcode
        if code == -signal.SIGKILL and oom_kill_count() > self._kills:
            return FatalCause.OUT_OF_MEMORY
        return None if code is None else classify_exit(code, self._last)

    def is_stopped(self) -> bool:
        """Whether it was stopped, as by SIGSTOP or a debugger; False where nothing can tell."""
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text()
        except OSError:
            return False
        return stat.rpartition(")")[2].split()[0] in "tT"

    def dump(self) -> None:
        """Ask it to write where it hangs."""
        self._signal(DUMP_SIGNAL)

    def terminate(self) -> None:
        """Ask the kernel to end it, unless it objects."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it; a stopped process, too."""
        self._signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of the process, which has ended or was killed this moment."""
        self._process.join(timeout=1.0)
        self.listen()
        atexit.unregister(self.kill)
        self._pipe.close()
        self._output.close()
        if self.exitcode is not None:
            self._process.close()

    def _signal(self, number: int) -> None:
        # `exitcode` first: a pid is another process's once its end has been noticed.
        if self.exitcode is None:
            os.kill(self.pid, number)


def _start_deaf(process: multiprocessing.context.SpawnProcess) -> None:
    """Start a process that Ctrl-C does not reach before it has said how to take it.

    A blocked signal stays blocked in the child; `entry.begin` ignores it, then unblocks it.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_ENDS = {
    FatalCause.OUT_OF_MEMORY: "the painting ran out of memory",
    FatalCause.DEVICE_FAILED: "the device that paints has failed",
}


def describe_exit(code: int, end: FatalCause | None = None) -> str:
    """Why a process ended, in words.

    >>> describe_exit(-11)
    'the painting process was ended by SIGSEGV'
    """
    if end is not None:
        return _ENDS[end]
    if code >= 0:
        return f"the painting process ended with exit code {code}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-code).name
        perhaps = ", perhaps for lack of memory" if -code == signal.SIGKILL else ""
        return f"the painting process was ended by {name}{perhaps}"
    return f"the painting process was ended by signal {-code}"


# How a worker is ended: by asking, then by force. Runs on the event loop of the web process.


async def stop_process(child: WorkerProcess, limits: SupervisorTimeouts) -> None:
    """Ask it to stop if it may still listen; else, or if it does not, by force."""
    # A stopped one would hear neither.
    if not child.is_stopped() and child.send(Stop()) and await _ended(child, limits.stop_s):
        return
    await _force(child, limits)


async def stop_hung_process(child: WorkerProcess, limits: SupervisorTimeouts) -> None:
    """Let it write where it hangs, if it can, and end it by force."""
    if not child.is_stopped():
        child.dump()
        await _ended(child, limits.dump_s)
    await _force(child, limits)


async def _force(child: WorkerProcess, limits: SupervisorTimeouts) -> None:
    if not child.is_stopped():
        child.terminate()
        if await _ended(child, limits.term_s):
            return
    child.kill()
    await _ended(child, limits.kill_s)


async def _ended(child: WorkerProcess, within_s: float) -> bool:
    # Real time: no clock but the real one goes on by itself while this waits.
    until = time.monotonic() + within_s
    while child.exitcode is None:
        child.listen()  # a worker that cannot write does not end
        child.receive()
        if time.monotonic() > until:
            return False
        await asyncio.sleep(0.01)
    return True
