"""Drawings for all clients together: how often, and how old they may be."""

import asyncio
from itertools import pairwise

import pytest

from styletune.server import layer_drawings
from styletune.server.layer_drawings import LayerDrawings

PERIOD_S = 0.1


class Worker:
    """Draws at once; each drawing has its number."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, float]] = []

    async def draw(self, layer: str) -> bytes:
        self.drawn.append((layer, asyncio.get_running_loop().time()))
        return f"{layer} {len(self.drawn)}".encode()


async def test_drawing_is_shared_and_none_comes_sooner_than_the_period(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layer_drawings, "PERIOD_S", PERIOD_S)
    worker = Worker()
    drawings = LayerDrawings(worker.draw)
    # Ten watch one layer, two another: each layer is drawn once for all of them.
    answers = await asyncio.gather(*map(drawings.get, ["a"] * 5 + ["b", "b"] + ["a"] * 5))
    assert answers == [b"a 1"] * 5 + [b"b 2"] * 2 + [b"a 1"] * 5
    assert await drawings.get("b") == b"b 2"  # still new
    await asyncio.sleep(PERIOD_S)
    assert await drawings.get("a") == b"a 3"
    times = [drawn_s for _, drawn_s in worker.drawn]
    assert all(later - drawn_s >= 0.9 * PERIOD_S for drawn_s, later in pairwise(times))
