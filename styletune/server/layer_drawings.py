"""What layers see of the painting now, drawn by the worker for all clients together."""

import asyncio
import time
from collections.abc import Awaitable, Callable

PERIOD_S = 1.0  # between two drawings, of whichever layers: painting must not feel it


class LayerDrawings:
    """Has each layer drawn when somebody asks, at most once a second.

    Args:
        draw: has the worker draw a layer; empty where it has not.
        clock: seconds that only rise.
    """

    def __init__(
        self, draw: Callable[[str], Awaitable[bytes]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._draw = draw
        self._clock = clock
        self._one_at_a_time = asyncio.Lock()
        self._last_s = float("-inf")
        self._newest: dict[str, tuple[float, bytes]] = {}

    async def get(self, layer: str) -> bytes:
        """The layer's drawing as a WebP, at most a second older than the call.

        Empty where there is none. Waits until it is drawn, and where another layer has just been,
        until its turn has come.
        """
        since = self._clock() - PERIOD_S
        async with self._one_at_a_time:
            drawn_s, drawing = self._newest.get(layer, (float("-inf"), b""))
            if drawn_s > since:  # also by who has waited for it before us
                return drawing
            await asyncio.sleep(max(0.0, self._last_s + PERIOD_S - self._clock()))
            self._last_s = self._clock()
            drawing = await self._draw(layer)
            self._newest[layer] = self._last_s, drawing
            return drawing
