"""When to start a failed worker again, and when no more. Pure: time comes in as an argument."""

from collections import deque

from styletune.server.limits import Limits


class Backoff:
    """Waits that grow with each failure, until there were too many in too short a time.

    >>> backoff = Backoff(Limits(waits_s=(0, 1, 2), failures=3))
    >>> backoff.failed(10.0), backoff.failed(11.0), backoff.failed(12.0)
    (0, 1, None)
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._failures: deque[float] = deque(maxlen=limits.failures)
        self._waits = 0
        self._painting_since: float | None = None

    @property
    def count(self) -> int:
        """Failures that count at present."""
        return len(self._failures)

    def failed(self, now: float) -> float | None:
        """Count a failure; return how long to wait, seconds, or None: try no more."""
        self._painting_since = None
        self._failures.append(now)
        while now - self._failures[0] > self._limits.window_s:
            self._failures.popleft()
        if len(self._failures) == self._limits.failures:
            return None
        wait_s = self._limits.waits_s[min(self._waits, len(self._limits.waits_s) - 1)]
        self._waits += 1
        return wait_s

    def painted(self, now: float) -> None:
        """Say that a picture came: after `calm_s` of them all is as at the start."""
        if self._painting_since is None:
            self._painting_since = now
        elif self._failures and now - self._painting_since >= self._limits.calm_s:
            self.reset()

    def reset(self) -> None:
        """Forget all failures."""
        self._failures.clear()
        self._waits = 0
