"""When to rest between messages, in or out: a storm is taken in handfuls. Pure; time comes in.

Waking for each message costs several times as much as the message. While a reader rests,
messages gather in the network's buffers, and are then read at once. Hands and scripts that
wait for their answers stay below the rate and never notice. Knows nothing about sockets.
"""

# Faster than a page, which sends 60 sets a second, and than a hand on two faders of hardware.
_RATE_HZ = 250.0
_BURST = 50.0
# One picture at twenty a second, and half of what the last value of a storm may take.
REST_S = 0.05


class Breath:
    """The pace of one client's messages."""

    def __init__(self) -> None:
        self._credit = _BURST
        self._at = 0.0

    def after(self, now: float, messages: int = 1) -> float:
        """Messages have come or gone: how long to rest before the next, in seconds.

        Args:
            now: seconds that only rise.
            messages: how many since the last time.
        """
        self._credit = min(_BURST, self._credit + (now - self._at) * _RATE_HZ) - messages
        self._at = now
        if self._credit >= 0:
            return 0.0
        self._credit = -1.0  # calm after the storm is calm at once
        return REST_S
