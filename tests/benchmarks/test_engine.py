"""Overhead from turns of the loop and of bare steps, and the floors of a step, by hand."""

from pathlib import Path

import pytest

from benchmarks.engine.bare_step import BareSteps, multiply_adds
from benchmarks.engine.overhead import Turn, overheads
from benchmarks.engine.pytorch import floor_bytes
from styletune.config import load


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


def test_multiply_adds_of_convolutions_with_a_pooling_between_them_at_two_scales() -> None:
    once = 48 * 9 * 3 * 16 + 48 * 9 * 16 * 16 + 12 * 9 * 16 * 32
    assert multiply_adds("lite", ["block2_conv1"], 8, 6) == once
    both = once + 12 * 9 * 3 * 16
    assert multiply_adds("lite", ["block2_conv1", "block1_conv1@2"], 8, 6) == both


def test_the_bare_step_describes_itself_and_steps(tmp_path: Path) -> None:
    file = tmp_path / "session.toml"
    layers = ["block1_conv1", "block1_conv1@2"]
    file.write_text(f"[pictures]\nsize = 64\n[network]\nlayers = {layers}\n")
    steps = BareSteps(load(file))
    assert steps.description()["multiply_adds"] == multiply_adds("lite", layers, 48, 64)
    steps.take(3)


def test_floor_of_memory_is_filters_activations_and_targets() -> None:
    first = (9 * 3 + 1) * 64 + 2 * 8 * 8 * 64  # played: its activations twice
    second = (9 * 64 + 1) * 64 + 8 * 8 * 64
    third = (9 * 64 + 1) * 128 + 2 * 4 * 4 * 128
    layers = ["block1_conv1", "block2_conv1"]
    assert floor_bytes("vgg16", layers, 8) == 4 * (first + second + third)
