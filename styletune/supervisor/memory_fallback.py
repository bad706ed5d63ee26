"""One size down: where the memory did not suffice, a smaller painting may fit. Pure."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from styletune.controls import ControlTable

CONTROL = "size"
_DOWN = math.sqrt(2)  # half the pixels


@dataclass(frozen=True, slots=True)
class SizeReduction:
    """Where the control `size` must go, and why, in a sentence for people."""

    position: float
    message: str


def reduce_size(
    table: ControlTable, positions: Mapping[str, float], why: str
) -> SizeReduction | None:
    """One size down from `positions`; None: it is the smallest already."""
    size = table[CONTROL]
    before_px = size.value(positions[CONTROL])
    if round(before_px) <= size.low:
        return None
    after_px = max(size.low, before_px / _DOWN)
    message = f"{why} at {before_px:.0f} px; going on at {after_px:.0f} px"
    return SizeReduction(size.position(after_px), message)
