"""One value of an axis: what it sets, and how it is called. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from styletune.controls import Control, Curve, Kind
from styletune.errors import ConfigError
from styletune.sweeps.plan import Value
from styletune.sweeps.table import check


@dataclass(frozen=True, slots=True)
class Option:
    """One value of an axis: what it sets, and how it is called.

    Attributes:
        at: where it lies along the axis, for plots; None: it is no number.
        fader: the one whose value another line's `moves` sets.
        moves: values by fader.
    """

    label: str
    controls: Mapping[str, Value] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    at: float | None = None
    fader: str = ""
    moves: Mapping[str, Value] = field(default_factory=dict)


def option_of(control: Control, value: Value, unit: str) -> Option:
    """One value of a control; the label tells it as it was written."""
    if control.kind is not Kind.FADER or isinstance(value, bool | str):
        position = check({control.name: control}, control.name, value)
        return Option(str(control.public(position)).lower(), {control.name: value})
    if unit == "position":
        check({control.name: control}, control.name, value)
        return Option(f"{value:.4g}", {control.name: value}, at=value)
    low = 0.0 if control.curve is Curve.LOG_OFF else control.low
    if not low <= value <= control.high or (0 < value < control.low):
        raise ConfigError(
            f"the sweep: control `{control.name}` goes from {control.low:g} to {control.high:g} "
            f"{control.unit}; received {value:g}"
        )
    return Option(f"{value:.3g}", {control.name: control.position(value)}, at=value)


def picture_option(place: str, name: str) -> Option:
    """A picture, called as its file."""
    return Option(Path(name).stem, pictures={place: name})


def seed_option(seed: int) -> Option:
    """A seed."""
    return Option(str(seed), seed=seed)
