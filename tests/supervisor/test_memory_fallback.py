import pytest

from styletune.config import SessionConfig
from styletune.supervisor.memory_fallback import reduce_size

TABLE = SessionConfig().table()


def at(px: float) -> dict[str, float]:
    return {"size": TABLE["size"].position(px)}


def test_one_size_down_is_half_the_pixels() -> None:
    found = reduce_size(TABLE, at(512), "out of memory")
    assert found.message == "out of memory at 512 px; going on at 362 px"
    assert TABLE["size"].value(found.position) == pytest.approx(512 / 2**0.5)


def test_not_below_the_smallest() -> None:
    low = TABLE["size"].low
    found = reduce_size(TABLE, at(low * 1.1), "out of memory")
    assert TABLE["size"].value(found.position) == pytest.approx(low)
    assert reduce_size(TABLE, at(low), "out of memory") is None
