"""The table of loss terms: what pulls at a painting.

A new term is one row here and one class in `engine.losses`. Its controls, weights, calibration,
rows of the frame block, history, metrics and places on the page follow.
"""

from dataclasses import dataclass
from enum import StrEnum

MAX_LAYERS = 8


class Widget(StrEnum):
    """What a term of each layer is moved with, on the strip of its layer."""

    KNOB = "knob"
    FADER = "fader"  # below all knobs


@dataclass(frozen=True, slots=True)
class LossTerm:
    """One row of the table.

    Attributes:
        help: of its fader; with `{layer}` where there is one for each layer.
        default: position of its faders.
        on_deepest: whether only one layer's fader is not off: that of the deepest layer that
            sees the picture at full size.
        per_layer: whether each layer has such a term, with fader, mute and solo, and a master
            over all of them; else the picture has one, with a single fader.
        widget: of a term of each layer.
        raised: what a layer's one does when it is raised; with `{effect}` for the word of the
            layer, see `networks.layer_effect`.
        blends: whether its target is blended: (1 − a)·content's + a·style's, with a an input of
            the model for each layer.
    """

    help: str
    default: float
    on_deepest: bool = False
    per_layer: bool = True
    widget: Widget = Widget.KNOB
    raised: str = "more of it in the {effect}"
    blends: bool = False


# In the order in which their values travel.
TERMS = {
    # Content sits on one layer, deep enough to keep the scene but not the pixels; style on all.
    "content": LossTerm(
        "How strongly the painting keeps the content picture's features of {layer}.",
        0.3,
        on_deepest=True,
        widget=Widget.FADER,
        raised="the content picture's {effect} stay where they are",
    ),
    "style": LossTerm(
        "How strongly the painting takes on the style picture's features of {layer}.",
        0.5,
        raised="more of the style picture's {effect}",
        blends=True,
    ),
    "smooth": LossTerm("Total variation: takes grain out of the painting.", 0.35, per_layer=False),
}


def layer_terms() -> tuple[str, ...]:
    """Names of the terms that each layer has."""
    return tuple(name for name, term in TERMS.items() if term.per_layer)


def picture_terms() -> tuple[str, ...]:
    """Names of the terms that the picture has."""
    return tuple(name for name, term in TERMS.items() if not term.per_layer)


def rows() -> list[dict[str, object]]:
    """The table in plain types, as `GET /api/controls` and the page read it."""
    return [
        {
            "name": name,
            "per_layer": term.per_layer,
            "widget": term.widget.value,
            "raised": term.raised,
        }
        for name, term in TERMS.items()
    ]


def blended_terms() -> tuple[str, ...]:
    """Names of the terms whose target is blended."""
    return tuple(name for name, term in TERMS.items() if term.blends)
