"""The spare: a second worker that waits, all imported, until the one that paints has ended.

Starting a worker takes seconds, most of them to import TensorFlow. One that has done so and
waits for its job lets the show go on at once. It is made when the painting is calm, at the
lowest priority, and only one for each worker that paints; it holds no shared memory and no
device. Lives on the event loop; knows nothing about what is painted.
"""

import logging
from logging import INFO, WARNING
from typing import Protocol

from styletune.ipc.commands import StandbyReady
from styletune.logs import log_event
from styletune.supervisor.process import WorkerProcess, describe_exit

_log = logging.getLogger(__name__)


class Start(Protocol):
    """Starts a worker that warms up."""

    def __call__(self, *, spare: bool) -> WorkerProcess: ...  # noqa: D102


class StandbyWorker:
    """At most one waiting worker.

    Args:
        start: starts a worker that warms up; None: there never is a spare.
        calm_s: how long a painting has to be calm before one is made; infinite: for ever.

    Attributes:
        ready: whether one waits that has warmed up.
    """

    def __init__(self, start: "Start | None", calm_s: float) -> None:
        self.ready = False
        self._start = start
        self._calm_s = calm_s
        self._child: WorkerProcess | None = None
        self._wanted = start is not None
        self._calm_since = 0.0

    def make_first(self) -> None:
        """Start the first worker itself, before there is a job for it: it warms up meanwhile.

        Raises:
            OSError: no process can be started.
        """
        if self._start is not None:
            self._child = self._start(spare=False)

    def take(self, now: float) -> WorkerProcess | None:
        """The waiting worker, which is the caller's from now on; None: there is none that works.

        The next one is made for the worker that begins now.
        """
        child, self._child = self._child, None
        self.ready, self._wanted, self._calm_since = False, self._start is not None, now
        if child is not None and (child.exitcode is not None or child.is_stopped()):
            _discard(child)
            return None
        return child

    def disturb(self, now: float) -> None:
        """Something has changed in the painting: from now on it has to be calm again."""
        self._calm_since = now

    def look(self, now: float) -> None:
        """Make one when it is calm; hear the one that waits. A dead one is not made again."""
        if self._child is not None:
            self._hear(self._child)
        elif self._start is not None and self._wanted and now - self._calm_since >= self._calm_s:
            self._wanted = False
            try:
                self._child = self._start(spare=True)
            except OSError as error:
                log_event(_log, WARNING, "spare", state="missing", message=str(error))

    def end(self) -> None:
        """End it at once, for it holds nothing; there is no other one."""
        self._wanted = self.ready = False
        if self._child is not None:
            _discard(self._child)
            self._child = None

    def _hear(self, child: WorkerProcess) -> None:
        child.listen()
        if any(isinstance(message, StandbyReady) for message in child.receive()):
            self.ready = True
            log_event(_log, INFO, "spare", state="ready", pid=child.pid)
        code = child.exitcode
        if code is not None:
            log_event(_log, WARNING, "spare", state="ended", message=describe_exit(code, child.end))
            self.end()


def _discard(child: WorkerProcess) -> None:
    child.kill()
    child.close()
