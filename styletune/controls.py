"""The table of controls: a new one is a row here, and its use in the engine or the session.

MIDI, messages, memory layout, undo, scenes and its place on the page follow.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from styletune.errors import ControlError, LayerError
from styletune.terms import MAX_LAYERS, TERMS, layer_terms, picture_terms

MAX_STYLES = 4


class Kind(StrEnum):
    """What a control holds, and what becomes of several changes at once."""

    FADER = "fader"  # position 0..1, absolute: the newest value wins
    SWITCH = "switch"  # off or on
    CHOICE = "choice"  # one of a few names; its position is the name's index
    TRIGGER = "trigger"  # happens once each time it is sent; never merged


class Curve(StrEnum):
    """How a fader's position becomes a value between `low` and `high`."""

    LINEAR = "linear"
    LOG = "log"  # equal moves multiply by equal factors
    LOG_OFF = "log_off"  # the same, but position 0 is exactly 0: off
    POWER = "power"  # low + (high − low)·positionᵉ with 1 in the middle


class Panel(StrEnum):
    """Where the page shows a control without knowing its name."""

    NONE = ""  # nowhere, or in a place of its own: a strip, the scenes
    MASTERS = "masters"  # faders at the right of the mixer
    CHOICES = "choices"  # lists below them
    TRANSPORT = "transport"  # buttons above them
    STYLES = "styles"  # a slider beside its style picture
    BLEND = "blend"  # the same, where several styles are blended


@dataclass(frozen=True, slots=True)
class Control:
    """One row of the table.

    A *position* is what is moved (a fader: 0..1, a switch: 0 or 1, a choice: the index of a
    name). A *value* is what the engine uses, in `unit`; `value` maps one to the other.

    Attributes:
        name: stable public name, such as `style.block1_conv1`.
        default: position (fader) or state (switch) at the start.
        low, high: value at position 0 and 1, in `unit` (`LOG_OFF` gives exactly 0 at 0).
        term: the loss term of a control of a layer or a master, else None.
        layer: the layer it belongs to, else None.
        style: number of the style picture it belongs to, from 1, else None.
        choices: the names of a `CHOICE`, else empty.
        engine: whether the worker uses it; the others are the web process's own.
        stored: whether scenes hold it, where it has a value that the worker uses.
        undoable: whether undo takes its moves back.
        costly: whether each new value makes a new canvas, so that it is never interpolated, and
            the page sends it when it is let go.
        panel: where the page shows it.
        title: what is written there; empty: its name.
        order: within its panel; where it is equal, that of the table holds.
    """

    name: str
    kind: Kind
    help: str
    default: float = 0.0
    curve: Curve = Curve.LINEAR
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    term: str | None = None
    layer: str | None = None
    style: int | None = None
    choices: tuple[str, ...] = ()
    engine: bool = True
    stored: bool = True
    undoable: bool = True
    costly: bool = False
    panel: Panel = Panel.NONE
    title: str = ""
    order: int = 0

    def value(self, position: float) -> float:
        """Map a position in 0..1 to the value in this control's unit.

        >>> Control("x", Kind.FADER, "", curve=Curve.LOG_OFF, low=0.01, high=100).value(0.5)
        1.0
        """
        if self.curve is Curve.LINEAR:
            return self.low + position * (self.high - self.low)
        if self.curve is Curve.POWER:
            span = self.high - self.low
            return float(self.low + span * position**self._exponent)
        if self.curve is Curve.LOG_OFF and position <= 0.0:
            return 0.0
        # 10 ** (a + (b − a)·p) rather than low · ratio ** p: position 0.5 between 0.01 and
        # 100 must be exactly 1.
        low, high = math.log10(self.low), math.log10(self.high)
        return float(10.0 ** (low + position * (high - low)))

    def position(self, value: float) -> float:
        """The position of a fader that gives `value`, within 0..1: the inverse of `value`."""
        if self.curve is Curve.LINEAR:
            position = (value - self.low) / (self.high - self.low)
        elif self.curve is Curve.POWER:
            part = max(0.0, (value - self.low) / (self.high - self.low))
            position = part ** (1.0 / self._exponent)
        elif value <= 0.0:
            position = 0.0
        else:
            position = math.log(value / self.low) / math.log(self.high / self.low)
        return min(1.0, max(0.0, position))

    @property
    def _exponent(self) -> float:
        """Of `POWER`: what makes the value 1 in the middle."""
        return -math.log2((1.0 - self.low) / (self.high - self.low))

    def position_from_hardware(self, part: float) -> float:
        """The position that hardware sets when it stands at `part` of its way, 0..1.

        A fader follows; a switch is on from the middle; a choice has equal parts of the way.
        """
        if self.kind is Kind.SWITCH:
            return float(part >= 0.5)
        if self.kind is Kind.CHOICE:
            return float(min(int(part * len(self.choices)), len(self.choices) - 1))
        return part

    def to_json(self, position: float) -> float | bool | str:
        """`position` as messages show it: a number, a boolean (switch) or a name (choice)."""
        if self.kind is Kind.SWITCH:
            return position >= 0.5  # on its way from one scene to another it is between
        return self.choices[int(position)] if self.kind is Kind.CHOICE else position

    @property
    def choice_positions(self) -> Mapping[str, float]:
        """Position of each of the `choices`, by name."""
        return {name: float(index) for index, name in enumerate(self.choices)}

    def check(self, position: object) -> float:
        """Return `position` as a float that this control takes.

        Raises:
            ControlError: not a number (a fader), not a boolean (a switch), not one of the
                names (a choice), not finite, outside 0..1, or the control is a trigger.
        """
        if self.kind is Kind.TRIGGER:
            raise ControlError(
                f"control `{self.name}` is a trigger and holds no value; "
                f'send {{"type": "trigger", "name": "{self.name}"}}'
            )
        if self.kind is Kind.SWITCH:
            if isinstance(position, bool) or (
                isinstance(position, int | float) and position in (0, 1)
            ):
                return float(position)
            raise ControlError(
                f"control `{self.name}` must be true or false; received value={_short(position)}"
            )
        if self.kind is Kind.CHOICE:
            if isinstance(position, str) and position in self.choices:
                return self.choice_positions[position]
            raise ControlError(
                f"control `{self.name}` must be one of {', '.join(self.choices)}; "
                f"received value={_short(position)}"
            )
        if isinstance(position, bool) or not isinstance(position, int | float):
            raise ControlError(
                f"control `{self.name}` must be a number in 0..1; "
                f"received value={_short(position)} of type {type(position).__name__}"
            )
        if not 0.0 <= position <= 1.0:  # also refuses NaN
            raise ControlError(
                f"control `{self.name}` must be in 0..1; received value={_short(position)}"
            )
        return float(position)


def _short(value: object, limit: int = 60) -> str:
    """`repr` cut to `limit` characters: a hostile value must not flood a message."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number of too many digits"
    return text if len(text) <= limit else text[:limit] + "…"


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
        "paused", Kind.SWITCH, "Stop painting; sliders still move.", stored=False,
        panel=Panel.TRANSPORT, title="pause",
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
                f"unknown control `{_short(name)}`; /api/controls lists the {len(self)} controls"
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
