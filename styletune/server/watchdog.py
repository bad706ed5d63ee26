"""Tells a hung worker from a slow one. Pure: heartbeats and time come in as arguments."""

from collections import deque
from collections.abc import Callable
from statistics import median

from styletune.ipc.commands import State
from styletune.server.limits import Limits

# Silence is counted in looks of at most this length. When this process itself was stopped
# or overslept (Ctrl-Z stops the whole group), the worker must not be blamed for it.
_LOOK_S = 0.5
_STEPS = 31  # that the median is taken of: a second or so


class Watchdog:
    """Watches one worker from its start to its end."""

    def __init__(self, limits: Limits, now: float) -> None:
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
