"""Surprise me: a look drawn at random, as positions of the controls. Pure."""

from collections.abc import Iterator, Mapping
from random import Random

from styletune.controls import Control, ControlTable, Kind
from styletune.terms import blended_terms

# A knob stays in the middle, or leans to either side, but not to the very end: what is far out
# with all knobs at a time is noise.
_LOW, _HIGH = (0.1, 0.35), (0.62, 0.85)
_COLORS = {"full": 8, "luminance": 2, "histogram": 1}  # how often, by parts


def surprise_positions(
    table: ControlTable, positions: Mapping[str, float], styles: int, random: Random
) -> dict[str, float]:
    """Draw a look: the layers' knobs and faders, the mix and the brushes of the styles, the colour.

    Args:
        positions: of all controls; those of frozen layers stay.
        styles: how many style pictures there are.

    Returns:
        Positions of what a look consists of. Size, learning rate, masters and the like stay.
    """
    drawn = {row.name: _draw_of_layer(row, random) for row in _layer_rows(table, positions)}
    drawn["smooth"] = _near(table["smooth"].default, 0.1, random)
    for number in range(1, styles + 1):
        drawn[f"style_scale.{number}"] = _near(0.5, 0.2, random)
    if styles > 1:
        drawn["style_mix"] = random.random()
        loudest = random.randint(1, styles)
        for number in range(1, styles + 1):
            drawn[f"style_gain.{number}"] = 1.0 if number == loudest else random.uniform(0.1, 1)
    names = table["color"].choice_positions
    (color,) = random.choices([*_COLORS], [*_COLORS.values()])
    drawn["color"] = names[color]
    return drawn


def _layer_rows(table: ControlTable, positions: Mapping[str, float]) -> Iterator[Control]:
    """The controls of terms of the layers that are not frozen."""
    for row in table.values():
        if row.layer and row.term and not positions[f"freeze.{row.layer}"]:
            yield row


def _draw_of_layer(row: Control, random: Random) -> float:
    """A position of a fader of a layer; off for its mute and solo."""
    if row.kind is Kind.SWITCH:
        return 0.0
    if row.term in blended_terms():
        low, high = random.choice([(0.5, 0.5), (0.5, 0.5), _LOW, _HIGH])
        return random.uniform(low, high)
    return _near(row.default, 0.2, random) if row.default else 0.0


def _near(middle: float, span: float, random: Random) -> float:
    return min(1.0, max(0.0, middle + random.uniform(-span, span)))
