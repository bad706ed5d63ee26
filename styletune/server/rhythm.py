"""When to look for the next picture: seldom while none can be there yet. Pure; time comes in.

Pictures come at an even pace, and each needless look takes time from the painting on a machine
with few cores. A hand breaks the pace: then every look counts.
"""

from collections import deque

# Epochs differ by a tenth or so; the shortest of the last few is what the next may be.
_REMEMBERED = 4
_EARLY = 0.8


class Rhythm:
    """Learns the pace of the pictures.

    Args:
        poll_s: between two looks when a picture may come at any time.
        longest_s: what else wants to be looked at can wait so long.
    """

    def __init__(self, poll_s: float, longest_s: float) -> None:
        self._poll_s = poll_s
        self._longest_s = longest_s
        self._gaps_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._last = float("-inf")
        self._stirred = False

    def painted(self, now: float) -> None:
        """A picture has come."""
        if self._last > float("-inf"):
            self._gaps_s.append(now - self._last)
        self._last, self._stirred = now, False

    def stir(self) -> None:
        """A hand has moved something: the epoch under way ends early."""
        self._stirred = True

    def wait_s(self, now: float) -> float:
        """How long to wait until the next look."""
        if self._stirred or len(self._gaps_s) < _REMEMBERED:
            return self._poll_s
        until_due = self._last + _EARLY * min(self._gaps_s) - now
        return min(max(until_due, self._poll_s), self._longest_s)
