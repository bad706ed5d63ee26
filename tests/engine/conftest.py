"""Fixtures of the engine's tests."""

import pytest

from styletune.engine.painter import Painter
from tests.support.small_painter import small_painter


@pytest.fixture(scope="module")
def painter() -> Painter:
    """A painter that the tests of one module share; calibrated."""
    painter = small_painter(styles=2)
    painter.calibrate()
    return painter
