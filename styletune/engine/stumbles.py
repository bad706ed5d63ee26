"""Divergences in a row: smaller steps mend one; several at the same values need a hand.

Pure: times come in as arguments.
"""

from collections import deque

# So many divergences within so many seconds, at the same values, and it waits for a hand.
_MOST, _WITHIN_S = 3, 60.0


class Stumbles:
    """Counts divergences.

    Attributes:
        stuck: whether to wait until somebody moves something.
    """

    def __init__(self) -> None:
        self.stuck = False
        self._times: deque[float] = deque(maxlen=_MOST)

    def add(self, now: float) -> None:
        """The painting has diverged, at `now` s."""
        self._times.append(now)
        self.stuck = len(self._times) == _MOST and now - self._times[0] < _WITHIN_S

    def clear(self) -> None:
        """A hand has moved something: what was before counts no more."""
        self._times.clear()
        self.stuck = False

    @staticmethod
    def plea(why: str, moved: str) -> str:
        """What people are told when it is stuck; `moved`: the control moved last, or empty."""
        remedy = f"`{moved}` was moved last: move it back" if moved else "reset"
        return f"{why}; {_MOST} times in a minute, so it waits: {remedy}"
