"""What positions of controls mean together: weights after masters, mutes and solos, and shares.

Pure arithmetic, for all that paints: the optimizing painter and learned looks.
"""

from collections.abc import Mapping

from styletune.controls import Control, ControlTable
from styletune.terms import TERMS, layer_terms


def term_weights(
    table: ControlTable, positions: Mapping[str, float], term: str
) -> tuple[float, ...]:
    """Effective weights of a term: one for each layer, or the picture's.

    A layer's weight is fader × master; 0 where muted, and 0 where any layer term is soloed and
    this one is not. Between two scenes a mute or solo is a part of one.
    """
    if not TERMS[term].per_layer:
        return (table[term].value(positions[term]),)
    any_solo = max(
        positions[f"{other}.{layer}.solo"] for other in layer_terms() for layer in table.layers
    )
    master = table[f"{term}.master"].value(positions[f"{term}.master"])
    return tuple(
        master
        * _weight(table[f"{term}.{layer}"], positions[f"{term}.{layer}"])
        * (1 - positions[f"{term}.{layer}.mute"])
        * (1 - (any_solo - positions[f"{term}.{layer}.solo"]))
        for layer in table.layers
    )


def _weight(row: Control, position: float) -> float:
    """Of a fader: its value, or 1 where it sets an amount instead."""
    return 1.0 if row.unit == "amount" else row.value(position)


def term_amounts(
    table: ControlTable, positions: Mapping[str, float], term: str
) -> tuple[float, ...]:
    """Of a blended term: where the target of each layer lies, 0 the content's, 1 the style's."""
    rows = [table[f"{term}.{layer}"] for layer in table.layers]
    return tuple(row.value(positions[row.name]) if row.unit == "amount" else 1.0 for row in rows)


def style_shares(
    table: ControlTable, positions: Mapping[str, float], styles: int
) -> tuple[float, ...]:
    """Part of each of the `styles` pictures (1 to 4) in the blend; they sum to 1.

    `style_mix` weighs the first against the second, the gains weigh all. Where that leaves
    nothing, it is the first picture alone.
    """
    mix = table["style_mix"].value(positions["style_mix"])
    mixed = (1 - mix, mix, 1.0, 1.0)
    gains = [
        mixed[index] * table[f"style_gain.{index + 1}"].value(positions[f"style_gain.{index + 1}"])
        for index in range(styles)
    ]
    total = sum(gains)
    if not total:
        return (1.0, *(0.0,) * (styles - 1))
    return tuple(gain / total for gain in gains)
