"""Overhead from turns of the loop and of bare steps, and the floors of a step, by hand."""

import pytest

from benchmarks.engine.bare_step import multiply_adds
from benchmarks.engine.overhead import Turn, overheads
from benchmarks.engine.pytorch import floor_bytes


def test_each_turn_of_the_loop_is_compared_with_the_bare_ones_beside_it() -> None:
    loop, fast, slow = Turn(False, 1.0, 8), Turn(True, 0.9, 10), Turn(True, 1.1, 10)
    # 8 steps of 0.1 s in 1 s; a turn with bare turns on one side only is left out.
    assert overheads([fast, loop, slow, fast, loop]) == pytest.approx([0.2])
    assert overheads([fast, slow]) == []
    assert overheads([]) == []


def test_pairs_that_begin_with_either_kind_weigh_the_same() -> None:
    loop, bare = Turn(False, 1.0, 9), Turn(True, 1.0, 10)
    # Bare, loop; bare, bare, loop … as the worker takes them: drift meets both alike.
    assert overheads([bare, loop, bare, bare, loop, bare]) == pytest.approx([0.1, 0.1])


def test_multiply_adds_of_two_convolutions_with_a_pooling_between_them() -> None:
    layers = [((3, 3, 3, 16), False), ((3, 3, 16, 32), True)]
    assert multiply_adds(layers, 8, 6) == 48 * 9 * 3 * 16 + 12 * 9 * 16 * 32


def test_floor_of_memory_is_filters_activations_and_targets() -> None:
    first = (9 * 3 + 1) * 64 + 2 * 8 * 8 * 64  # played: its activations twice
    second = (9 * 64 + 1) * 64 + 8 * 8 * 64
    third = (9 * 64 + 1) * 128 + 2 * 4 * 4 * 128
    layers = ["block1_conv1", "block2_conv1"]
    assert floor_bytes("vgg16", layers, 8) == 4 * (first + second + third)
