"""Schedules, by hand."""

import pytest

from styletune.engine.optimizers import LAST, SCHEDULES


@pytest.mark.parametrize(
    ("name", "half"),
    [("constant", 1.0), ("cosine", 0.55), ("exponential", 0.1**0.5)],
)
def test_halfway(name: str, half: float) -> None:
    assert SCHEDULES[name](0.5) == pytest.approx(half)


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_begins_at_one_and_never_rises(name: str) -> None:
    factors = [SCHEDULES[name](step / 20) for step in range(21)]
    assert factors[0] == 1
    assert factors == sorted(factors, reverse=True)
    assert factors[-1] == pytest.approx(1 if name == "constant" else LAST)
