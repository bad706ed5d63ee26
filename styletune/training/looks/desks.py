"""Where the controls stand while a look is taught: drawn anew for each picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from styletune.controls import ControlTable

# How many pictures have anything moved, and of these, how many have everything moved.
_MOVED, _ALL_MOVE = 0.7, 0.35


@dataclass(frozen=True, slots=True)
class DeskRange:
    """Draws positions so that every place of the desk is met, and its middle most often.

    A network learns strokes several times sooner where the desk stands still, and hands move a
    few controls at a time: so the middle comes first, then few moves, then any.

    Args:
        table: of the session.
        centre: positions of all controls that stay, and around which those move.
        styles: that are taught.
        spread: 1 for the whole way of each fader; less narrows it around `centre`.
    """

    table: ControlTable
    centre: Mapping[str, float]
    styles: int
    spread: float = 1.0

    def draw(self, rng: np.random.Generator, variety: float = 1.0) -> dict[str, float]:
        """Positions of all controls.

        Args:
            variety: 0 for the middle alone, 1 for all there is.
        """
        positions = dict(self.centre)
        if rng.random() >= _MOVED * variety:
            return positions | self._draw_shares(rng)
        layers = list(self.table.layers)
        all_move = rng.random() < _ALL_MOVE
        if not all_move:
            # One alone most often: its part of the loss is small among eight, and easily missed.
            count = min(len(layers), int(rng.choice((1, 1, 2, 3))))
            layers = list(rng.choice(layers, count, False))
        for layer in layers:
            if not all_move or rng.random() < 0.6:
                # The ends themselves, too: hands go there first.
                at = float(np.clip(rng.uniform(-0.5, 1.5), 0.0, 1.0))
                self._move(positions, f"style.{layer}", at)
            self._move_weight(positions, f"content.{layer}", rng)
            # Rarely: a knob at its bottom is what hands use.
            if self.spread == 1.0 and rng.random() < 0.04:
                positions[f"style.{layer}.mute"] = 1.0
        for master in ("content.master", "style.master", "smooth"):
            if rng.random() < 0.2:
                around = self.centre[master] + rng.uniform(-0.3, 0.3)
                self._move(positions, master, float(np.clip(around, 0.0, 1.0)))
        return positions | self._draw_shares(rng)

    def _move(self, positions: dict[str, float], name: str, at: float) -> None:
        centre = self.centre[name]
        positions[name] = centre + self.spread * (at - centre)

    def _move_weight(
        self, positions: dict[str, float], name: str, rng: np.random.Generator
    ) -> None:
        """A content fader: off or on where it is on, rarely on where it is off."""
        usually_on = self.centre[name] > 0
        if rng.random() < (0.5 if usually_on else 0.08):
            at = 0.0 if usually_on and rng.random() < 0.15 else rng.uniform(0.05, 0.8)
            self._move(positions, name, float(at))

    def _draw_shares(self, rng: np.random.Generator) -> dict[str, float]:
        """Of several styles: one alone, two of them, or all."""
        if self.styles == 1:
            return {}
        gains = np.zeros(self.styles)
        count = rng.choice([1, 1, 2, self.styles])
        chosen = rng.choice(self.styles, count, replace=False)
        gains[chosen] = rng.dirichlet(np.ones(count)) if count > 1 else 1.0
        # In the middle of `style_mix` the first two weigh half of their gains.
        gains[2:] *= 0.5
        gains /= gains.max()
        return {"style_mix": 0.5} | {
            f"style_gain.{number}": float(gain) for number, gain in enumerate(gains, 1)
        }
