"""When a worker is restarted, hung, or given a smaller size. Pure; time comes in."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median

from styletune.controls import ControlTable
from styletune.ipc.commands import State


@dataclass(frozen=True, slots=True)
class SupervisorTimeouts:
    """All times in seconds; tests use shorter ones."""

    poll_interval_s: float = 0.2  # of a worker that sends nothing: is it still alive?
    running_s: float = 5.0  # without a step, then it is hung, if the process is stopped …
    # … or if it has been silent for longer than TensorFlow's allocator, which waits 10 s for
    # memory to come free before it says that there is none …
    waiting_s: float = 12.0
    running_steps: float = 20.0  # … or after so many median steps, if that is longer
    compiling_s: float = 180.0  # starting or compiling without a report
    dump_s: float = 0.3  # for a hung worker to write where it hangs
    stop_s: float = 2.0  # from Stop to SIGTERM
    term_s: float = 1.0  # from SIGTERM to SIGKILL; with the kill itself, stop stays under 5 s
    kill_s: float = 1.0  # from SIGKILL to giving up on it
    # Before each further restart.
    restart_delays_s: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
    failures: int = 5  # so many …
    window_s: float = 300.0  # … within this time: failed
    stable_after_s: float = 60.0  # of pictures, then earlier failures are forgotten
    # Without a report of the worker, whose first sizes are traced by then; infinite: never.
    standby_after_s: float = 20.0


class RestartPolicy:
    """Delays that grow with each failure, until there are too many in too short a time.

    >>> policy = RestartPolicy(SupervisorTimeouts(restart_delays_s=(0, 1, 2), failures=3))
    >>> policy.record_failure(10.0), policy.record_failure(11.0), policy.record_failure(12.0)
    (0, 1, None)
    """

    def __init__(self, timeouts: SupervisorTimeouts) -> None:
        self._timeouts = timeouts
        self._failures: deque[float] = deque(maxlen=timeouts.failures)
        self._restarts = 0
        self._painting_since: float | None = None

    @property
    def failure_count(self) -> int:
        """Failures that count at present."""
        return len(self._failures)

    def record_failure(self, now: float) -> float | None:
        """Count a failure; return the delay of the restart, seconds, or None: give up."""
        self._painting_since = None
        self._failures.append(now)
        while now - self._failures[0] > self._timeouts.window_s:
            self._failures.popleft()
        if len(self._failures) == self._timeouts.failures:
            return None
        delays_s = self._timeouts.restart_delays_s
        delay_s = delays_s[min(self._restarts, len(delays_s) - 1)]
        self._restarts += 1
        return delay_s

    def record_success(self, now: float) -> None:
        """Count a picture; after `stable_after_s` of them all failures are forgotten."""
        if self._painting_since is None:
            self._painting_since = now
        elif self._failures and now - self._painting_since >= self._timeouts.stable_after_s:
            self.reset()

    def reset(self) -> None:
        """Forget all failures."""
        self._failures.clear()
        self._restarts = 0


# Most silence that one check counts: when this process itself was stopped or overslept (Ctrl-Z
# stops the whole group), the worker must not be blamed for it.
_MAX_SILENCE_S = 0.5
_STEPS = 31  # that the median is taken of: a second or so


class Watchdog:
    """Tells a hung worker from a slow one, from its start to its end."""

    def __init__(self, timeouts: SupervisorTimeouts, now: float) -> None:
        self._timeouts = timeouts
        self._state = State.STARTING
        self._checked_at = now
        self._silent_s = 0.0
        self._heartbeat = (0.0, 0)
        self._beats_in_state = False  # whether there were any since it entered the state
        self._steps_s: deque[float] = deque(maxlen=_STEPS)

    def note_state(self, state: State) -> None:
        """Take note of a report, which is a sign of life."""
        if state is not self._state:
            self._state = state
            self._beats_in_state = False
        self._silent_s = 0.0

    def check(
        self, heartbeat: tuple[float, int], now: float, is_stopped: Callable[[], bool]
    ) -> str | None:
        """Compare the heartbeat with the last one; return why the worker is hung, or None.

        Args:
            heartbeat: seconds and step, see `FrameBlock.read_heartbeat`.
            now: seconds, by any clock.
            is_stopped: whether the process is stopped, as by SIGSTOP; called when it is silent.
        """
        self._silent_s += min(now - self._checked_at, _MAX_SILENCE_S)
        self._checked_at = now
        if heartbeat != self._heartbeat:
            self._note_heartbeat(heartbeat)
        limit_s = self._limit_s(self._timeouts.running_s)
        if limit_s is None or self._silent_s <= limit_s:
            return None
        if not is_stopped():
            limit_s = self._limit_s(max(self._timeouts.running_s, self._timeouts.waiting_s))
            if limit_s is None or self._silent_s <= limit_s:
                return None
        return f"hung while {self._state}: no sign of life for {limit_s:.3g} s"

    def _note_heartbeat(self, heartbeat: tuple[float, int]) -> None:
        (before_s, before), (at_s, step) = self._heartbeat, heartbeat
        if before and step > before:
            self._steps_s.append((at_s - before_s) / (step - before))
        self._heartbeat = heartbeat
        self._beats_in_state = True
        self._silent_s = 0.0

    def _limit_s(self, running_s: float) -> float | None:
        if self._state in (State.STARTING, State.COMPILING):
            return self._timeouts.compiling_s
        if self._state is State.PAUSED and not self._beats_in_state:
            return None  # a worker need not send heartbeats in a pause
        slow = self._timeouts.running_steps * median(self._steps_s) if self._steps_s else 0.0
        return max(running_s, slow)


# ------------------------------------------------------------ out of memory

SIZE_CONTROL = "size"
_REDUCTION = math.sqrt(2)  # half the pixels


@dataclass(frozen=True, slots=True)
class SizeReduction:
    """The new position of the control `size`, and the reason for people."""

    position: float
    message: str


def reduce_size(
    table: ControlTable, positions: Mapping[str, float], why: str
) -> SizeReduction | None:
    """One size down from `positions`, or None: it is the smallest already."""
    size = table[SIZE_CONTROL]
    before_px = size.value(positions[SIZE_CONTROL])
    if round(before_px) <= size.low:
        return None
    after_px = max(size.low, before_px / _REDUCTION)
    message = f"{why} at {before_px:.0f} px; going on at {after_px:.0f} px"
    return SizeReduction(size.position(after_px), message)
