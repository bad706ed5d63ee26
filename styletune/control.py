"""What one control is: its kind, range and curve, what it accepts, and how it is shown."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from styletune.errors import ControlError


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
                f"control `{self.name}` must be true or false; received value={shorten(position)}"
            )
        if self.kind is Kind.CHOICE:
            if isinstance(position, str) and position in self.choices:
                return self.choice_positions[position]
            raise ControlError(
                f"control `{self.name}` must be one of {', '.join(self.choices)}; "
                f"received value={shorten(position)}"
            )
        if isinstance(position, bool) or not isinstance(position, int | float):
            raise ControlError(
                f"control `{self.name}` must be a number in 0..1; "
                f"received value={shorten(position)} of type {type(position).__name__}"
            )
        if not 0.0 <= position <= 1.0:  # also refuses NaN
            raise ControlError(
                f"control `{self.name}` must be in 0..1; received value={shorten(position)}"
            )
        return float(position)


def shorten(value: object, limit: int = 60) -> str:
    """`repr` cut to `limit` characters: a hostile value must not flood a message."""
    try:
        text = repr(value)
    except ValueError:  # an integer of more digits than Python prints
        return "a number of too many digits"
    return text if len(text) <= limit else text[:limit] + "…"
