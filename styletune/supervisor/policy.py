"""How long the supervisor waits for what, and how often it tries."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from styletune.ipc.commands import State


@dataclass(frozen=True, slots=True)
class SupervisorTimeouts:
    """All times in seconds. Tests give shorter ones."""

    look_s: float = 0.2  # between looks at a worker that says nothing: does it still live?
    running_s: float = 5.0  # without a step, then it hangs, if the process is stopped …
    # … or if it has been silent for longer than TensorFlow's allocator, which waits 10 s for
    # memory to come free before it says that there is none …
    waiting_s: float = 12.0
    running_steps: float = 20.0  # … or after so many median steps, if that is longer
    compiling_s: float = 180.0  # starting or compiling without a word
    dump_s: float = 0.3  # for a hung worker to write where it hangs
    stop_s: float = 2.0  # from Stop to SIGTERM
    term_s: float = 1.0  # from SIGTERM to SIGKILL; with the kill itself, stop stays under 5 s
    kill_s: float = 1.0  # from SIGKILL to giving up on it
    waits_s: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)  # before each next try
    failures: int = 5  # so many …
    window_s: float = 300.0  # … within this time: failed
    calm_s: float = 60.0  # of pictures, then earlier failures are forgotten
    # Without news of the worker, then a spare is made: its first sizes are traced by then.
    spare_s: float = 20.0  # infinite: never


# When to start a failed worker again, and when no more. Pure: time comes in as an argument.


class RestartPolicy:
    """Waits that grow with each failure, until there were too many in too short a time.

    >>> backoff = Backoff(Limits(waits_s=(0, 1, 2), failures=3))
    >>> backoff.failed(10.0), backoff.failed(11.0), backoff.failed(12.0)
    (0, 1, None)
    """

    def __init__(self, limits: SupervisorTimeouts) -> None:
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


# Tells a hung worker from a slow one. Pure: heartbeats and time come in as arguments.


# Silence is counted in looks of at most this length. When this process itself was stopped
# or overslept (Ctrl-Z stops the whole group), the worker must not be blamed for it.
_LOOK_S = 0.5
_STEPS = 31  # that the median is taken of: a second or so


class Watchdog:
    """Watches one worker from its start to its end."""

    def __init__(self, limits: SupervisorTimeouts, now: float) -> None:
        self._limits = limits
        self._state = State.STARTING
        self._looked = now
        self._silent_s = 0.0
        self._beat = (0.0, 0)
        self._beats_here = False  # since the state was entered
        self._steps_s: deque[float] = deque(maxlen=_STEPS)

    def report(self, state: State) -> None:
        """Take note of a report: a sign of life in itself."""
        if state is not self._state:
            self._state = state
            self._beats_here = False
        self._silent_s = 0.0

    def look(self, beat: tuple[float, int], now: float, stopped: Callable[[], bool]) -> str | None:
        """Compare the heartbeat with the last one; say why the worker hangs, or None.

        Args:
            beat: seconds and step, as `FrameBlock.heartbeat` gives them.
            now: seconds, by any clock.
            stopped: whether the process is stopped, as by SIGSTOP; asked when it is silent.
        """
        self._silent_s += min(now - self._looked, _LOOK_S)
        self._looked = now
        if beat != self._beat:
            self._note(beat)
        limit_s = self._limit_s(self._limits.running_s)
        if limit_s is None or self._silent_s <= limit_s:
            return None
        if not stopped():
            limit_s = self._limit_s(max(self._limits.running_s, self._limits.waiting_s))
            if limit_s is None or self._silent_s <= limit_s:
                return None
        return f"hung while {self._state}: no sign of life for {limit_s:.3g} s"

    def _note(self, beat: tuple[float, int]) -> None:
        (before_s, before), (at_s, step) = self._beat, beat
        if before and step > before:
            self._steps_s.append((at_s - before_s) / (step - before))
        self._beat = beat
        self._beats_here = True
        self._silent_s = 0.0

    def _limit_s(self, running_s: float) -> float | None:
        if self._state in (State.STARTING, State.COMPILING):
            return self._limits.compiling_s
        if self._state is State.PAUSED and not self._beats_here:
            return None  # a worker that does not beat in a pause is not to be blamed for it
        slow = self._limits.running_steps * median(self._steps_s) if self._steps_s else 0.0
        return max(running_s, slow)
