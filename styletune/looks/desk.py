"""What a look takes of the desk: the same effective values that steer the optimizing painter."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from styletune.control_values import style_shares, term_amounts, term_weights
from styletune.controls import ControlTable

SHARED_STATISTICS = "shared_statistics"  # a look's input that is not the desk's

# By the names of `desk_sizes`: (size,) float32 each.
Desk = dict[str, npt.NDArray[np.float32]]


def desk_sizes(layer_count: int, styles: int) -> dict[str, int]:
    """The inputs of a look beside the picture, and how many values each has.

    They are named as those of the optimizing painter's model, and mean the same.
    """
    return {
        "style_amounts": layer_count,
        "style_weights": layer_count,
        "content_weights": layer_count,
        "smooth_weights": 1,
        "style_shares": styles,
    }


def desk_values(table: ControlTable, positions: Mapping[str, float], styles: int) -> Desk:
    """The inputs of a look for positions of the controls.

    Args:
        table: of the session that the look was taught with.
        styles: that the look was taught, 1 to 4.
    """
    values = {
        "style_amounts": term_amounts(table, positions, "style"),
        "style_weights": term_weights(table, positions, "style"),
        "content_weights": term_weights(table, positions, "content"),
        "smooth_weights": term_weights(table, positions, "smooth"),
        "style_shares": style_shares(table, positions, styles),
    }
    return {name: np.array(value, np.float32) for name, value in values.items()}
