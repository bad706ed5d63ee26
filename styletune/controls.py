"""The table of controls: a new one is a row here, and its use in the engine or the session.

MIDI, messages, memory layout, undo, scenes and its place on the page follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from styletune.control import Control, Curve, Kind, Panel, shorten
from styletune.errors import ControlError, LayerError
from styletune.terms import MAX_LAYERS, TERMS, layer_terms, picture_terms

__all__ = [
    "AMOUNT_HIGH", "AMOUNT_LOW", "LIVE_OPTIMIZERS", "MAX_LIVE_PX", "MAX_STYLES", "MIN_LIVE_PX",
    "Control", "ControlTable", "Curve", "Kind", "Panel",
]  # fmt: skip

MAX_STYLES = 4

# Weight of a term: two decades each way around 1, off at the bottom (original recipe: linear).
_TERM_LOW, _TERM_HIGH = 0.01, 100.0

# How much of the style a layer takes: 0 is the content's own texture, 1 the style's. To be seen
# at both ends on pictures of little contrast, too, it goes beyond both.
AMOUNT_LOW, AMOUNT_HIGH = -1.25, 5.0


def _layer_rows(layers: Sequence[str], faders: str) -> Iterator[Control]:
    # The last one, where none sees the picture at full size.
    deepest = [layer for layer in layers if "@" not in layer][-1:] or layers[-1:]
    weight = (
        {"curve": Curve.LINEAR, "low": 0.0, "high": 1.0, "unit": "weight"}
        if faders == "linear"
        else {"curve": Curve.LOG_OFF, "low": _TERM_LOW, "high": _TERM_HIGH, "unit": "weight"}
    )
    amount = {"curve": Curve.POWER, "low": AMOUNT_LOW, "high": AMOUNT_HIGH, "unit": "amount"}
    for term in layer_terms():
        for layer in layers:
            on = not TERMS[term].on_deepest or layer in deepest
            yield Control(
                f"{term}.{layer}",
                Kind.FADER,
                TERMS[term].help.format(layer=layer),
                default=TERMS[term].default if on else 0.0,
                term=term,
                layer=layer,
                **(amount if TERMS[term].blends and faders == "amount" else weight),  # type: ignore[arg-type]  # one dict of two kinds of value
            )
        for layer in layers:
            for switch, effect in (
                ("mute", "Silence"),
                ("solo", "Hear only the soloed terms, among them"),
            ):
                yield Control(
                    f"{term}.{layer}.{switch}",
                    Kind.SWITCH,
                    f"{effect} the {term} term of {layer}.",
                    term=term,
                    layer=layer,
                )


def _freeze_rows(layers: Sequence[str]) -> Iterator[Control]:
    for layer in layers:
        yield Control(
            f"freeze.{layer}",
            Kind.SWITCH,
            f"Keep the controls of {layer} where they are when a scene is recalled or morphed.",
            layer=layer,
            engine=False,
        )


def _weight(
    name: str, help: str, default: float, term: str | None = None, title: str = ""
) -> Control:
    return Control(
        name, Kind.FADER, help, default=default, curve=Curve.LOG_OFF, low=_TERM_LOW,
        high=_TERM_HIGH, unit="weight", term=term, panel=Panel.MASTERS, title=title,
    )  # fmt: skip


def _term_rows() -> Iterator[Control]:
    """Masters of the layers' terms, and the picture's terms."""
    for term in layer_terms():
        yield _weight(f"{term}.master", f"Multiplies all {term} weights.", 0.5, term, title=term)
    for term in picture_terms():
        yield _weight(term, TERMS[term].help, TERMS[term].default)


_GLOBAL_ROWS = (
    Control(
        "learning_rate", Kind.FADER, "How far a step moves the pixels.",
        default=0.55, curve=Curve.LOG, low=0.25, high=100.0, unit="pixel values a step",
        panel=Panel.MASTERS, title="step",
    ),
    Control(
        "style_mix", Kind.FADER, "From the first style picture (0) to the second (1).",
        default=0.0, unit="part", panel=Panel.MASTERS, title="mix",
    ),
    *(
        Control(
            f"style_gain.{number}", Kind.FADER,
            f"How much of style picture {number} is in the blend, beside the others.",
            # The first two are style_mix's to blend; the others come in when they are raised.
            default=1.0 if number <= 2 else 0.0, unit="part",
            style=number, panel=Panel.BLEND, title="gain",
        )
        for number in range(1, MAX_STYLES + 1)
    ),
    *(
        Control(
            f"style_scale.{number}", Kind.FADER,
            f"Size of the brush: style picture {number} is seen this much larger.",
            default=0.5, curve=Curve.LOG, low=0.25, high=4.0, unit="times",
            style=number, panel=Panel.STYLES, title="brush",
        )
        for number in range(1, MAX_STYLES + 1)
    ),
    Control(
        "color", Kind.CHOICE,
        "Colours as shown: the painting's, the content's own under the painting's light, or "
        "the painting's brought to the content's distribution.",
        choices=("full", "luminance", "histogram"), panel=Panel.CHOICES, title="colour",
    ),
    Control(
        "average", Kind.SWITCH, "Show the average of the last hundred steps: calmer, slower.",
        panel=Panel.TRANSPORT,
    ),
    Control(
        "look", Kind.SWITCH, "Paint live by the learned look; off: the painter goes on from there.",
        stored=False, panel=Panel.TRANSPORT, title="live",
    ),
    Control(
        "paused", Kind.SWITCH, "Stop painting; sliders still move.", stored=False,
        panel=Panel.TRANSPORT, title="pause",
    ),
    Control(
        "record", Kind.SWITCH, "Record a take: all that is played, to be painted again, larger.",
        stored=False, undoable=False, panel=Panel.TRANSPORT,
    ),
    Control(
        "blackout", Kind.SWITCH, "Make the wall black, the page /stage; here the painting goes on.",
        engine=False, stored=False, undoable=False, panel=Panel.TRANSPORT, title="black",
    ),
    Control(
        "hold", Kind.SWITCH, "Let the wall keep its picture while the painting goes on here.",
        engine=False, stored=False, undoable=False, panel=Panel.TRANSPORT,
    ),
    Control(
        "crossfade", Kind.FADER, "From scene A (0) to scene B (1).", unit="part", engine=False
    ),
    Control(
        "reset", Kind.TRIGGER, "Start again from the first picture.", panel=Panel.TRANSPORT
    ),
    Control(
        "kick", Kind.TRIGGER, "Shake the painting with noise, to leave a rut.",
        panel=Panel.TRANSPORT,
    ),
    Control(
        "surprise", Kind.TRIGGER, "Paint in another style, with other knobs, drawn at random.",
        engine=False, panel=Panel.TRANSPORT,
    ),
    Control("snapshot", Kind.TRIGGER, "Keep all values as a new scene.", engine=False),
    Control("undo", Kind.TRIGGER, "Take back the last move of a hand.", engine=False),
    Control("redo", Kind.TRIGGER, "Make the move again that was taken back.", engine=False),
    Control("next_scene", Kind.TRIGGER, "Recall the next scene.", engine=False),
    Control("previous_scene", Kind.TRIGGER, "Recall the scene before.", engine=False),
)  # fmt: skip

# Those that may be changed while painting, and what their steps are; see `engine.optimizers`.
LIVE_OPTIMIZERS = {
    "adam": "Adam on the normalised gradient",
    "gd": "plain gradient descent on it",
}
MIN_LIVE_PX, MAX_LIVE_PX = 64, 1024  # of the `size` control; a session may begin larger


def _session_rows(size_px: int, optimizer: str) -> Iterator[Control]:
    """The rows whose range or default depends on the session."""
    size = Control(
        "size", Kind.FADER, "Longer edge of the painting; the old size paints on meanwhile.",
        curve=Curve.LOG, low=min(MIN_LIVE_PX, size_px), high=max(MAX_LIVE_PX, size_px),
        unit="px", costly=True, panel=Panel.MASTERS, order=1,
    )  # fmt: skip
    yield replace(size, default=size.position(size_px))
    names = tuple(LIVE_OPTIMIZERS)
    yield Control(
        "optimizer", Kind.CHOICE,
        "; ".join(f"{name}: {step}" for name, step in LIVE_OPTIMIZERS.items()) + ".",
        default=float(names.index(optimizer)) if optimizer in names else 0.0,
        choices=names, panel=Panel.CHOICES, order=1,
    )  # fmt: skip


class ControlTable(Mapping[str, Control]):
    """The controls of one session, in the order of their slots in shared memory.

    Read it like a mapping from name to `Control`.

    Args:
        layers: the one to eight layers in the order in which the network computes them.
        faders: what those of layers mean: `log` or `linear` weights, or `amount` where the
            term's target is blended and logarithmic weights elsewhere.
        size_px: longer edge of the painting at the start.
        optimizer: the session's, at the start.

    Raises:
        LayerError: no layer, more than eight, or one named twice.
    """

    def __init__(
        self,
        layers: Sequence[str],
        *,
        faders: str = "amount",
        size_px: int = 256,
        optimizer: str = "adam",
    ) -> None:
        if not 1 <= len(layers) <= MAX_LAYERS:
            raise LayerError(f"a session has 1 to {MAX_LAYERS} layers; received {len(layers)}")
        if len(set(layers)) != len(layers):
            raise LayerError(f"each layer can be named once; received {', '.join(layers)}")
        self.layers = tuple(layers)
        rows = (
            *_layer_rows(layers, faders),
            *_freeze_rows(layers),
            *_session_rows(size_px, optimizer),
            *_term_rows(),
            *_GLOBAL_ROWS,
        )
        self._rows = MappingProxyType({row.name: row for row in rows})
        self.valued = tuple(row.name for row in rows if row.kind is not Kind.TRIGGER)
        self.triggers = tuple(row.name for row in rows if row.kind is Kind.TRIGGER)

    def __getitem__(self, name: str) -> Control:
        try:
            return self._rows[name]
        except KeyError:
            raise ControlError(
                f"unknown control `{shorten(name)}`; /api/controls lists the {len(self)} controls"
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows

    def defaults(self) -> dict[str, float]:
        """Positions of all faders and switches at the start, by name."""
        return {name: self[name].default for name in self.valued}

    def check(self, changes: Mapping[str, object]) -> dict[str, float]:
        """Return `changes` with every position checked: all of them or none.

        Raises:
            ControlError: for the first name or value that is not allowed.
        """
        return {name: self[name].check(position) for name, position in changes.items()}

    def to_json(self, positions: Mapping[str, float]) -> dict[str, float | bool | str]:
        """`positions` as messages show them: numbers, booleans (switches), names (choices)."""
        return {name: self[name].to_json(position) for name, position in positions.items()}

    def rows(self) -> list[dict[str, object]]:
        """The whole table in plain types, as `GET /api/controls` and the page read it."""
        return [
            {
                "name": row.name,
                "kind": row.kind.value,
                "default": row.to_json(row.default),
                "curve": row.curve.value,
                "low": row.low,
                "high": row.high,
                "unit": row.unit,
                "help": row.help,
                "term": row.term,
                "layer": row.layer,
                "choices": list(row.choices),
                "engine": row.engine,
                "costly": row.costly,
                "panel": row.panel.value,
                "title": row.title,
                "order": row.order,
                "style": row.style,
            }
            for row in self._rows.values()
        ]
