"""One source, many readers."""

import asyncio

from styletune.supervisor.frames import Broadcast


async def collect(fan: Broadcast[int], first: int | None = None) -> list[int]:
    return [item async for item in fan.items(first)]


async def test_every_reader_gets_every_item_and_the_end() -> None:
    fan: Broadcast[int] = Broadcast(depth=10)
    readers = [asyncio.create_task(collect(fan)) for _ in range(3)]
    await asyncio.sleep(0)
    for item in range(5):
        fan.put(item)
    fan.end()
    assert await asyncio.gather(*readers) == [[0, 1, 2, 3, 4]] * 3


async def test_a_reader_that_lags_keeps_the_newest() -> None:
    fan: Broadcast[int] = Broadcast(depth=1)
    reader = fan.items(0)
    assert await anext(reader) == 0
    for item in (1, 2, 3):
        fan.put(item)
    assert await anext(reader) == 3
    await reader.aclose()


async def test_a_late_reader_gets_the_first_item_and_ends() -> None:
    fan: Broadcast[int] = Broadcast(depth=1)
    fan.put(1)
    fan.end()
    assert await collect(fan, 7) == [7]
    assert await collect(fan) == []


async def test_a_reader_that_leaves_takes_nobody_with_it() -> None:
    fan: Broadcast[int] = Broadcast(depth=5)
    leaving = asyncio.create_task(collect(fan))
    staying = asyncio.create_task(collect(fan))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    fan.put(1)
    fan.end()
    assert await staying == [1]
    assert fan._readers == []
