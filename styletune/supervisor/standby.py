"""The standby: a second worker that has imported everything and waits until the first exits.

Starting a worker takes seconds, most of them to import TensorFlow. The standby is started while the
painting is idle, at the lowest priority; it holds no shared memory and no device.
"""

import logging
from logging import INFO, WARNING
from typing import Protocol

from styletune.ipc.commands import StandbyReady
from styletune.logs import log_event
from styletune.supervisor.process import WorkerProcess, describe_exit

_log = logging.getLogger(__name__)


class StartWorker(Protocol):
    """Starts a worker that warms up."""

    def __call__(self, *, standby: bool) -> WorkerProcess: ...  # noqa: D102


class StandbyWorker:
    """At most one waiting worker.

    Args:
        start: starts a worker that warms up; None: there never is a standby.
        idle_s: how long a painting has to be idle before one is started; infinite: for ever.

    Attributes:
        ready: whether one waits, warmed up.
    """

    def __init__(self, start: StartWorker | None, idle_s: float) -> None:
        self.ready = False
        self._start = start
        self._idle_s = idle_s
        self._worker: WorkerProcess | None = None
        self._wanted = start is not None
        self._idle_since = 0.0

    def prestart(self) -> None:
        """Start the first worker before there is a job for it, so that it warms up meanwhile.

        Raises:
            OSError: no process can be started.
        """
        if self._start is not None:
            self._worker = self._start(standby=False)

    def claim(self, now: float) -> WorkerProcess | None:
        """Hand over the waiting worker; None: there is none that works.

        One more may be started for the worker that begins to paint now.
        """
        worker, self._worker = self._worker, None
        self.ready, self._wanted, self._idle_since = False, self._start is not None, now
        if worker is not None and (worker.exitcode is not None or worker.is_stopped()):
            _discard(worker)
            return None
        return worker

    def restart_idle_timer(self, now: float) -> None:
        """The painting is not idle: something has changed."""
        self._idle_since = now

    def poll(self, now: float) -> None:
        """Start one when the painting is idle, or poll the one that waits."""
        if self._worker is not None:
            self._poll_worker(self._worker)
        elif self._start is not None and self._wanted and now - self._idle_since >= self._idle_s:
            self._wanted = False
            try:
                self._worker = self._start(standby=True)
            except OSError as error:
                log_event(_log, WARNING, "spare", state="missing", message=str(error))

    def close(self) -> None:
        """Kill it, for it holds nothing; no other one is started."""
        self._wanted = self.ready = False
        if self._worker is not None:
            _discard(self._worker)
            self._worker = None

    def _poll_worker(self, worker: WorkerProcess) -> None:
        worker.forward_output()
        if any(isinstance(message, StandbyReady) for message in worker.read_messages()):
            self.ready = True
            log_event(_log, INFO, "spare", state="ready", pid=worker.pid)
        if (code := worker.exitcode) is not None:
            message = describe_exit(code, worker.exit_cause)
            log_event(_log, WARNING, "spare", state="ended", message=message)
            self.close()  # not started again for the same painting worker


def _discard(worker: WorkerProcess) -> None:
    worker.kill()
    worker.close()
