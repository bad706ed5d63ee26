"""What people see of a painting: its last picture or the average, in the colours asked for.

Nothing here touches what is optimised. Knows nothing about Keras.
"""

import numpy as np

from styletune.engine.average import Average
from styletune.engine.color import Colors
from styletune.engine.state import Picture, Pixels


class Display:
    """Shows the paintings of one content picture.

    Args:
        content: lends its colours.
    """

    def __init__(self, content: Pixels) -> None:
        self._average = Average()
        self.take_colors(content)

    def take_colors(self, content: Pixels) -> None:
        """Show paintings of another content picture from now on."""
        self._colors = Colors(content)

    def add(self, pixels: Pixels, steps: int) -> None:
        """Take the picture after `steps` further steps into the average."""
        self._average.add(pixels, steps)

    def clear(self) -> None:
        """Begin the average anew: the picture has jumped."""
        self._average.clear()

    def follow(self, other: "Display", height: int, width: int) -> None:
        """Go on with the average of another size."""
        self._average = other._average.resized(height, width)

    def picture(self, last: Pixels, *, average: bool, color: str) -> Picture:
        """The painting as it is shown: the average's where it is asked for and there is one."""
        value = self._average.value() if average else None
        shown = last if value is None else value
        rounded = shown + np.float32(0.5)  # half the time of `rint`, once made a whole number
        painting = np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)
        return self._colors.shown(painting, color)
