"""Variants in turns, and their ratios."""

import pytest

from benchmarks.common.turns import Estimate, Turns, take_turns, take_turns_async


def test_variants_take_turns_and_every_second_round_begins_at_the_other_end() -> None:
    order: list[str] = []

    def variant(name: str) -> list[float]:
        order.append(name)
        return [1.0]

    turns = take_turns({name: lambda name=name: variant(name) for name in "abc"}, 2)
    assert "".join(order) == "abccba"
    assert turns.costs == {name: [[1.0], [1.0]] for name in "abc"}


async def test_variants_of_other_processes_take_turns() -> None:
    async def variant() -> list[float]:
        return [2.0, 4.0]

    turns = await take_turns_async({"a": variant}, 3)
    assert turns.costs == {"a": [[2.0, 4.0]] * 3}
    assert turns.median("a") == 3.0
    assert turns.percentile("a", 0) == 2.0


def test_ratio_is_taken_within_each_round() -> None:
    """A busy machine slows both turns of a round; the round's ratio stands."""
    turns = Turns({"a": [[0.9], [1.8], [0.9]], "b": [[1.0], [2.0], [1.0]]})
    assert turns.ratio("a", "b").value == pytest.approx(0.9)
    assert turns.ratio("a", "b").error == pytest.approx(0.0)


def test_estimate_leaves_out_the_outer_tenths() -> None:
    estimate = Estimate.of([*[1.0, 3.0] * 4, 100.0, -100.0])
    assert estimate.value == pytest.approx(2.0)
    assert estimate.error == pytest.approx((8 / 7) ** 0.5 / 8**0.5)
    assert estimate.percent == "+200.0% ± 37.8%"
    assert str(Estimate.of([1.5])) == "1.500 ± nan"
