"""The axes of a sweep, expanded to their values with the table of controls that a backend has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from styletune.controls import Control, Curve, Kind
from styletune.errors import ConfigError, ControlError
from styletune.files import printable
from styletune.sweeps.spec import Axis, Value

# ------------------------------------------------------- the table of controls


def controls_from_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Control]:
    """The controls that hold a value, from a server's answer to `/api/controls`."""
    return {
        row["name"]: Control(
            row["name"],
            Kind(row["kind"]),
            row["help"],
            curve=Curve(row["curve"]),
            low=row["low"],
            high=row["high"],
            unit=row["unit"],
            term=row["term"],
            layer=row["layer"],
            choices=tuple(row["choices"]),
            engine=row["engine"],
        )
        for row in rows
        if row["kind"] in set(Kind) and row["kind"] != Kind.TRIGGER
    }


def can_be_swept(table: Mapping[str, Control], name: str) -> bool:
    """Whether a sweep may name this control."""
    return name in table and table[name].engine


def check_value(table: Mapping[str, Control], name: str, value: object) -> float:
    """The position that `value` stands for.

    Raises:
        ConfigError: there is no such control, or it does not take the value.
    """
    if not can_be_swept(table, name):
        layers = ", ".join(_played_layers(table))
        raise ConfigError(
            f"unknown control `{name}` in the sweep; the layers played here are {layers}"
        )
    try:
        return table[name].check(value)
    except ControlError as error:
        raise ConfigError(f"the sweep: {error}") from None


def _played_layers(table: Mapping[str, Control]) -> list[str]:
    return list(dict.fromkeys(row.layer for row in table.values() if row.layer))


# ------------------------------------------------------------- one value


@dataclass(frozen=True, slots=True)
class AxisValue:
    """One value of an axis: what it sets, and its label.

    `each` makes two axes: one chooses a `fader`, the other holds the `positions` of all faders
    that may be chosen.

    Attributes:
        pictures: file or sample by slot.
        at: number to plot against; None: it is not a number.
    """

    label: str
    controls: Mapping[str, Value] = field(default_factory=dict)
    pictures: Mapping[str, str] = field(default_factory=dict)
    seed: int | None = None
    at: float | None = None
    fader: str = ""
    positions: Mapping[str, Value] = field(default_factory=dict)


def control_value(control: Control, value: Value, unit: str) -> AxisValue:
    """A value of a control, labelled as it was written.

    Args:
        unit: `position` or `value`; see `Axis.unit`.

    Raises:
        ConfigError: the control does not take it.
    """
    if control.kind is not Kind.FADER or isinstance(value, bool | str):
        position = check_value({control.name: control}, control.name, value)
        return AxisValue(str(control.to_json(position)).lower(), {control.name: value})
    if unit == "position":
        check_value({control.name: control}, control.name, value)
        return AxisValue(f"{value:.4g}", {control.name: value}, at=value)
    low = 0.0 if control.curve is Curve.LOG_OFF else control.low
    if not low <= value <= control.high or (0 < value < control.low):
        raise ConfigError(
            f"the sweep: control `{control.name}` goes from {control.low:g} to {control.high:g} "
            f"{control.unit}; received {value:g}"
        )
    return AxisValue(f"{value:.3g}", {control.name: control.position(value)}, at=value)


def picture_value(slot: str, name: str) -> AxisValue:
    """A picture in a slot, labelled as its file."""
    return AxisValue(printable(Path(name).stem), pictures={slot: name})


def seed_value(seed: int) -> AxisValue:
    """A seed."""
    return AxisValue(str(seed), seed=seed)


def interpolate(start: float, end: float, part: float, scale: str) -> float:
    """The number at `part` of the way, 0..1, on a `linear` or `log` scale."""
    value = start * (end / start) ** part if scale == "log" else start + (end - start) * part
    return float(f"{value:.12g}")  # 0.3, not 0.30000000000000004


# --------------------------------------------------------------- all values


@dataclass(frozen=True, slots=True)
class ExpandedAxis:
    """An axis with all its values; `log`: its numbers belong on a logarithmic scale."""

    name: str
    values: tuple[AxisValue, ...]
    log: bool = False


def expand(axis: Axis, table: Mapping[str, Control]) -> list[ExpandedAxis]:
    """One axis, or two for `each`.

    Raises:
        ConfigError: an unknown control or layer, or a value out of range.
    """
    if axis.picture is not None:
        pictures = tuple(picture_value(axis.picture, str(v)) for v in axis.values or ())
        return [ExpandedAxis(axis.name or axis.picture, pictures)]
    if axis.alone is not None:
        return [ExpandedAxis(axis.name or f"{axis.alone} alone", tuple(_expand_alone(axis, table)))]
    if axis.each is not None:
        return _expand_each(axis, table)
    assert axis.control is not None
    if not can_be_swept(table, axis.control):
        check_value(table, axis.control, None)
    control = table[axis.control]
    values = tuple(control_value(control, value, axis.unit) for value in _listed_values(axis))
    return [ExpandedAxis(axis.name or control.name, values, axis.scale == "log")]


def expand_all(axes: Sequence[Axis], table: Mapping[str, Control]) -> list[ExpandedAxis]:
    """All axes, those that share a `zip` as one, where the first of them stands.

    Raises:
        ConfigError: see `expand`; or zipped axes differ in their count of values.
    """
    expanded: dict[str, ExpandedAxis] = {}
    for index, axis in enumerate(axes):
        for part, new in enumerate(expand(axis, table)):
            group = axis.zip or f"\0{index}.{part}"
            first = expanded.get(group)
            expanded[group] = new if first is None else _zip(first, new, group)
    return list(expanded.values())


def _zip(first: ExpandedAxis, second: ExpandedAxis, group: str) -> ExpandedAxis:
    if len(first.values) != len(second.values):
        raise ConfigError(
            f"axes zipped as {group!r} must have as many values each; received "
            f"{len(first.values)} of {first.name} and {len(second.values)} of {second.name}"
        )
    values = (
        AxisValue(
            f"{one.label} · {other.label}",
            {**one.controls, **other.controls},
            {**one.pictures, **other.pictures},
            at=one.at,
        )
        for one, other in zip(first.values, second.values, strict=True)
    )
    return ExpandedAxis(f"{first.name} · {second.name}", tuple(values), first.log)


def _listed_values(axis: Axis) -> Sequence[Value]:
    if axis.values is not None:
        return axis.values
    assert axis.start is not None
    assert axis.to is not None
    if axis.count == 1:
        return (axis.start,)
    parts = [index / (axis.count - 1) for index in range(axis.count)]
    return [interpolate(axis.start, axis.to, part, axis.scale) for part in parts]


def _layers(axis: Axis, table: Mapping[str, Control]) -> Sequence[str]:
    played = _played_layers(table)
    for layer in axis.layers or ():
        if layer not in played:
            raise ConfigError(
                f"unknown layer `{layer}` in the sweep; played here are {', '.join(played)}"
            )
    return axis.layers or played


def _expand_alone(axis: Axis, table: Mapping[str, Control]) -> Iterator[AxisValue]:
    """Each layer alone in one term: the others are off, or muted where a fader has no off."""
    for layer in _layers(axis, table):
        controls: dict[str, Value] = {}
        for other in _played_layers(table):
            row = table[f"{axis.alone}.{other}"]
            if row.value(0.0) != 0.0:
                controls[f"{row.name}.mute"] = other != layer
            elif other != layer:
                controls[row.name] = 0.0
        yield AxisValue(layer, {**controls, f"{axis.alone}.{layer}": axis.at})


def _expand_each(axis: Axis, table: Mapping[str, Control]) -> list[ExpandedAxis]:
    """Two axes: which fader, and its position."""
    faders = [f"{axis.each}.{layer}" for layer in _layers(axis, table)]
    columns = []
    for value in _listed_values(axis):
        moved = {name: control_value(table[name], value, axis.unit) for name in faders}
        first = moved[faders[0]]
        positions = {name: one.controls[name] for name, one in moved.items()}
        columns.append(AxisValue(first.label, positions=positions, at=first.at))
    rows = (AxisValue(name.partition(".")[2], fader=name) for name in faders)
    name = axis.name or ("position" if axis.unit == "position" else table[faders[0]].unit)
    return [
        ExpandedAxis(f"{axis.each} of", tuple(rows)),
        ExpandedAxis(name, tuple(columns), axis.scale == "log"),
    ]
