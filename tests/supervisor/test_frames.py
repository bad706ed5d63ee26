"""One source, many readers."""

import asyncio

from styletune.supervisor.frames import Broadcast


async def collect(broadcast: Broadcast[int], first: int | None = None) -> list[int]:
    return [item async for item in broadcast.subscribe(first)]


async def test_every_reader_gets_every_item_and_the_end() -> None:
    broadcast: Broadcast[int] = Broadcast(depth=10)
    readers = [asyncio.create_task(collect(broadcast)) for _ in range(3)]
    await asyncio.sleep(0)
    for item in range(5):
        broadcast.publish(item)
    broadcast.close()
    assert await asyncio.gather(*readers) == [[0, 1, 2, 3, 4]] * 3


async def test_a_reader_that_lags_keeps_the_newest() -> None:
    broadcast: Broadcast[int] = Broadcast(depth=1)
    reader = broadcast.subscribe(0)
    assert await anext(reader) == 0
    for item in (1, 2, 3):
        broadcast.publish(item)
    assert await anext(reader) == 3
    await reader.aclose()


async def test_a_late_reader_gets_the_first_item_and_ends() -> None:
    broadcast: Broadcast[int] = Broadcast(depth=1)
    broadcast.publish(1)
    broadcast.close()
    assert await collect(broadcast, 7) == [7]
    assert await collect(broadcast) == []


async def test_a_reader_that_leaves_takes_nobody_with_it() -> None:
    broadcast: Broadcast[int] = Broadcast(depth=5)
    leaving = asyncio.create_task(collect(broadcast))
    staying = asyncio.create_task(collect(broadcast))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    broadcast.publish(1)
    broadcast.close()
    assert await staying == [1]
    assert broadcast._readers == []
