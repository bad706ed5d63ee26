"""The table of loss terms: what pulls at a painting.

A new term is one row here and one class in `engine.losses`. Its controls, weights, calibration,
rows of the frame block, history and metrics follow.
"""

from dataclasses import dataclass

MAX_LAYERS = 8


@dataclass(frozen=True, slots=True)
class LossTerm:
    """One row of the table.

    Attributes:
        help: of its fader; with `{layer}` where there is one for each layer.
        defaults: positions of its faders: of the eight layers in network order, or one.
        per_layer: whether each layer has such a term, with fader, mute and solo, and a master
            over all of them; else the picture has one, with a single fader.
    """

    help: str
    defaults: tuple[float, ...]
    per_layer: bool = True


# In the order in which their values travel.
TERMS = {
    # Content sits on one deep layer, where it keeps the scene but not the pixels; style on all.
    "content": LossTerm(
        "How strongly the painting keeps the content picture's features of {layer}.",
        (0.0, 0.0, 0.0, 0.0, 0.0, 0.15, 0.0, 0.0),
    ),
    "style": LossTerm(
        "How strongly the painting takes on the style picture's features of {layer}.",
        (0.5,) * MAX_LAYERS,
    ),
    "smooth": LossTerm(
        "Total variation: takes grain out of the painting.", (0.35,), per_layer=False
    ),
}


def layer_terms() -> tuple[str, ...]:
    """Names of the terms that each layer has."""
    return tuple(name for name, term in TERMS.items() if term.per_layer)


def picture_terms() -> tuple[str, ...]:
    """Names of the terms that the picture has."""
    return tuple(name for name, term in TERMS.items() if not term.per_layer)
