"""Targets of the terms that compare with the style pictures, blended from all of them.

Blending costs nothing per step, and any number of pictures needs no further trace.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from keras import ops

from styletune.engine.losses import LayerLoss

# Of one picture: for each loss what it compares, (c, c) where that is a Gram matrix.
Statistics = list[npt.NDArray[np.float32]]

_SMALL = 0.75  # of the painting's longer edge


def repeat_to_size(
    pixels: npt.NDArray[np.float32], height: int, width: int
) -> npt.NDArray[np.float32]:
    """Repeat a picture that is smaller than a painting until it is as large.

    What the network sees along borders would be a larger part of a small style's statistics than
    of the painting's, which then grows a dotted rim. Not mirrored: strokes keep their directions.

    Args:
        pixels: (h, w, 3); returned as they are where their longer edge is about as long.
    """
    if max(pixels.shape[:2]) > _SMALL * max(height, width):
        return pixels
    more = (max(0, height - pixels.shape[0]), max(0, width - pixels.shape[1]))
    return np.pad(pixels, [*((n // 2, n - n // 2) for n in more), (0, 0)], mode="wrap")


class StyleTargets:
    """Holds the statistics of 1 to 4 pictures and assigns Σ share·statistic to the losses.

    Args:
        height, width: of the painting, px.
        losses: by layer, those whose target the style pictures make.
        extract: from pixels (h, w, 3) float32 to the features of those layers, handed on by name.
    """

    def __init__(
        self,
        height: int,
        width: int,
        losses: Mapping[str, Sequence[LayerLoss]],
        extract: Callable[[npt.NDArray[np.float32], Callable[[str, Any], None]], None],
    ) -> None:
        self._height, self._width = height, width
        self._losses = losses
        self._extract = extract
        self._pixels: list[npt.NDArray[np.float32]] = []
        self._pictures: list[Statistics] = []
        self._shares: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self._pictures)

    def set(self, index: int, pixels: npt.NDArray[np.float32]) -> None:
        """Take a picture as style `index`; the next free index adds one. `blend` comes after.

        Raises:
            IndexError: there is no such style, nor is it the next.
        """
        if not 0 <= index <= len(self._pictures):
            raise IndexError(f"styles 0 to {len(self._pictures)} can be put; received {index}")
        statistics: Statistics = []

        def on_layer(name: str, features: Any) -> None:
            for loss in self._losses[name]:
                statistics.append(np.asarray(ops.convert_to_numpy(loss.statistic(features))))

        self._extract(repeat_to_size(pixels, self._height, self._width), on_layer)
        self._pixels[index : index + 1] = [pixels]
        self._pictures[index : index + 1] = [statistics]
        self._shares = ()

    def remove(self, index: int) -> None:
        """Forget style `index`; those after it move up. `blend` comes after.

        Raises:
            IndexError: there is no such style, or it is the last one.
        """
        if not 0 <= index < len(self._pictures) or len(self._pictures) == 1:
            raise IndexError(f"style {index} of {len(self._pictures)} cannot be removed")
        del self._pixels[index], self._pictures[index]
        self._shares = ()

    @property
    def main_picture(self) -> npt.NDArray[np.float32]:
        """The picture with the largest share, (h, w, 3); read only."""
        return self._pixels[int(np.argmax(self._shares))]

    def blend(self, shares: tuple[float, ...]) -> None:
        """Set the targets to Σ share·statistic; does nothing where they are that already.

        Args:
            shares: of each picture; they sum to 1.
        """
        if shares == self._shares:
            return
        self._shares = shares
        flat = [loss for losses in self._losses.values() for loss in losses]
        for index, loss in enumerate(flat):
            pairs = zip(shares, self._pictures, strict=True)
            loss.target.assign(sum(share * picture[index] for share, picture in pairs if share))
