"""What the controls say, as numbers for the next steps: weights of all terms, learning rate.

In: positions and units. Out: the model's inputs, on the device. Knows nothing about pictures.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from styletune.controls import ControlTable, style_shares, term_weights
from styletune.engine import model
from styletune.engine.calibration import Units

Weights = npt.NDArray[np.float64]  # (n,), one per played layer


class Mix:
    """The positions of all controls, heard.

    Args:
        table: of the session.
        positions: at the start.
        layers: how many are played.

    Attributes:
        content, style: (n,): the faders' weights times the units.
        smooth: likewise.
        data: the model's inputs; its steps leave out terms that count nothing.
        listening: the same, and its steps hear those terms too, for the table.
        units: what raw losses are multiplied by before their faders; `feed` comes after.
    """

    def __init__(self, table: ControlTable, positions: Mapping[str, float], layers: int) -> None:
        self.table = table
        self.positions = dict(positions)
        self.units = Units.plain(layers)
        # What no hand has moved is not laid there again: each tensor takes up to 0.1 ms.
        none = np.zeros(layers)
        self._still = [model.inputs(none, none, 0.0, listen=listen) for listen in (False, True)]
        self._laid: dict[str, Any] = {}
        self._weights: dict[str, Any] = {}
        self.feed()

    def feed(self) -> None:
        """Lay what the next steps use on the device."""
        self.content = self.heard("content") * self.units.content
        self.style = self.heard("style") * self.units.style
        self.smooth = self.value("smooth") * self.units.smooth
        for name, values in (
            ("content_weights", self.content),
            ("style_weights", self.style),
            ("smooth_weight", self.smooth),
        ):
            if not np.array_equal(values, self._laid.get(name, ())):
                self._laid[name], self._weights[name] = values, model.row(values)
        self.data, self.listening = (({**x, **self._weights}, zeros) for x, zeros in self._still)

    def heard(self, term: str) -> Weights:
        """Weights of the `term` (content or style) as heard, without the units: (n,)."""
        return np.array(term_weights(self.table, self.positions, term))

    def shares(self, styles: int) -> tuple[float, ...]:
        """The part of each of so many style pictures in the blend."""
        return style_shares(self.table, self.positions, styles)

    def value(self, control: str) -> float:
        """A fader's value in its own unit."""
        return self.table[control].value(self.positions[control])

    def chosen(self, control: str) -> str:
        """What a choice stands at."""
        return self.table[control].choices[int(self.positions[control])]
