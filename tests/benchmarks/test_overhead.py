"""Overhead from turns of the loop and of bare steps."""

import pytest

from benchmarks.engine.overhead import Turn, overheads


def test_each_turn_of_the_loop_is_compared_with_the_bare_ones_beside_it() -> None:
    loop, fast, slow = Turn(False, 1.0, 8), Turn(True, 0.9, 10), Turn(True, 1.1, 10)
    # 8 steps of 0.1 s in 1 s; where it has bare turns on one side only, nothing is said.
    assert overheads([fast, loop, slow, fast, loop]) == pytest.approx([0.2])
    assert overheads([fast, slow]) == []
    assert overheads([]) == []


def test_pairs_that_begin_with_either_kind_weigh_the_same() -> None:
    loop, bare = Turn(False, 1.0, 9), Turn(True, 1.0, 10)
    # Bare, loop; bare, bare, loop … as the worker takes them: drift meets both alike.
    assert overheads([bare, loop, bare, bare, loop, bare]) == pytest.approx([0.1, 0.1])
