"""The rows of the loss table, from the arrays of a painter."""

import numpy as np
import numpy.typing as npt

from styletune.engine.painter import Losses
from styletune.ipc.frame_block import Term

Array = npt.NDArray[np.float64]


def terms(raw: Array, weight: Array, weighted: Array, losses: Losses) -> tuple[Term, ...]:
    """Rows of the loss table from arrays of shape (n,)."""
    total = losses.total or 1.0  # all silent: shares of 0, not of nothing
    return tuple(
        Term(float(r), float(w), float(x), float(x) / total)
        for r, w, x in zip(raw, weight, weighted, strict=True)
    )
