"""The style pictures: their Gram matrices, and the blend that is aimed at.

Blending the targets costs nothing per step, and any number of pictures needs no further trace.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.engine.losses import StyleLoss

Grams = list[npt.NDArray[np.float32]]  # (c, c) of each played layer


class StyleTargets:
    """Holds the Gram matrices of 1 to 4 pictures and assigns Σ share·G to the losses.

    Args:
        losses: of the played layers, in network order.
        extract: from pixels (h, w, 3) float32 to the features of those layers.
    """

    def __init__(
        self,
        losses: Sequence[StyleLoss],
        extract: Callable[[npt.NDArray[np.float32]], Iterable[Any]],
    ) -> None:
        self._losses = losses
        self._extract = extract
        self._grams: list[Grams] = []
        self._shares: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self._grams)

    def set(self, index: int, pixels: npt.NDArray[np.float32]) -> None:
        """Take a picture as style `index`; the next free index adds one. `blend` comes after.

        Raises:
            IndexError: there is no such style, nor is it the next.
        """
        if not 0 <= index <= len(self._grams):
            raise IndexError(f"styles 0 to {len(self._grams)} can be put; received {index}")
        self._grams[index : index + 1] = [
            [
                np.asarray(ops.convert_to_numpy(loss.gram(feature)))
                for loss, feature in zip(self._losses, self._extract(pixels), strict=True)
            ]
        ]
        self._shares = ()

    def remove(self, index: int) -> None:
        """Forget style `index`; those after it move up. `blend` comes after.

        Raises:
            IndexError: there is no such style, or it is the last one.
        """
        if not 0 <= index < len(self._grams) or len(self._grams) == 1:
            raise IndexError(f"style {index} of {len(self._grams)} cannot be removed")
        del self._grams[index]
        self._shares = ()

    def blend(self, shares: tuple[float, ...]) -> None:
        """Aim at Σ share·G; does nothing where that is the aim already.

        Args:
            shares: of each picture; they sum to 1.
        """
        if shares == self._shares:
            return
        self._shares = shares
        for row, loss in enumerate(self._losses):
            grams = (grams[row] for grams in self._grams)
            target = sum(s * gram for s, gram in zip(shares, grams, strict=True) if s)
            loss.target.assign(target)
