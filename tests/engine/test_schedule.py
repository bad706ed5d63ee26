"""Keras' schedules against their formulas."""

import math

import pytest

from styletune.engine.optimizers import LAST, SCHEDULES

FORMULAS = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: LAST + (1 - LAST) * (1 + math.cos(math.pi * done)) / 2,
    "exponential": lambda done: LAST**done,
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_each_factor_is_that_of_the_formula(name: str) -> None:
    factors = [float(SCHEDULES[name](20)(step)) for step in range(21)]
    assert factors == pytest.approx([FORMULAS[name](step / 20) for step in range(21)], rel=1e-14)
    assert factors[0] == 1
