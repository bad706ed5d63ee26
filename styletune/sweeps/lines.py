"""Axes laid out: each as a line of options, those that are zipped as one. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from styletune.controls import Control
from styletune.errors import ConfigError
from styletune.sweeps.options import Option, option_of, picture_option
from styletune.sweeps.plan import Axis, Value
from styletune.sweeps.table import check, is_swept, layers_of


@dataclass(frozen=True, slots=True)
class Line:
    """An axis laid out; `log`: its numbers belong on a logarithmic scale."""

    name: str
    options: tuple[Option, ...]
    log: bool = False


def lines_of(axis: Axis, table: Mapping[str, Control]) -> list[Line]:
    """One line, or two for `each`."""
    if axis.picture is not None:
        name = axis.name or axis.picture
        return [Line(name, tuple(picture_option(axis.picture, str(v)) for v in axis.values or ()))]
    if axis.alone is not None:
        return [Line(axis.name or f"{axis.alone} alone", tuple(_alone(axis, table)))]
    if axis.each is not None:
        return _each(axis, table)
    assert axis.control is not None
    if not is_swept(table, axis.control):
        check(table, axis.control, None)
    control = table[axis.control]
    options = tuple(option_of(control, value, axis.unit) for value in _values(axis))
    return [Line(axis.name or control.name, options, axis.scale == "log")]


def _values(axis: Axis) -> Sequence[Value]:
    if axis.values is not None:
        return axis.values
    assert axis.start is not None
    assert axis.to is not None
    if axis.count == 1:
        return (axis.start,)
    parts = [index / (axis.count - 1) for index in range(axis.count)]
    return [between(axis.start, axis.to, part, axis.scale) for part in parts]


def between(start: float, to: float, part: float, scale: str) -> float:
    """What lies at `part` of the way, 0..1."""
    between = start * (to / start) ** part if scale == "log" else start + (to - start) * part
    return float(f"{between:.12g}")  # 0.3, not 0.30000000000000004


def _named_layers(axis: Axis, table: Mapping[str, Control]) -> Sequence[str]:
    played = layers_of(table)
    for layer in axis.layers or ():
        if layer not in played:
            raise ConfigError(
                f"unknown layer `{layer}` in the sweep; played here are {', '.join(played)}"
            )
    return axis.layers or played


def _alone(axis: Axis, table: Mapping[str, Control]) -> Iterator[Option]:
    """Each layer alone as content or style: the other faders of the term are off."""
    for layer in _named_layers(axis, table):
        off = {f"{axis.alone}.{other}": 0.0 for other in layers_of(table)}
        yield Option(layer, {**off, f"{axis.alone}.{layer}": axis.at})


def _each(axis: Axis, table: Mapping[str, Control]) -> list[Line]:
    """Two lines: which fader, and where it stands."""
    faders = [f"{axis.each}.{layer}" for layer in _named_layers(axis, table)]
    columns = []
    for value in _values(axis):
        moved = {name: option_of(table[name], value, axis.unit) for name in faders}
        first = moved[faders[0]]
        moves = {name: option.controls[name] for name, option in moved.items()}
        columns.append(Option(first.label, moves=moves, at=first.at))
    rows = (Option(name.partition(".")[2], fader=name) for name in faders)
    name = axis.name or ("position" if axis.unit == "position" else table[faders[0]].unit)
    return [Line(f"{axis.each} of", tuple(rows)), Line(name, tuple(columns), axis.scale == "log")]


def zipped(laid: Sequence[tuple[Axis, Line]]) -> list[Line]:
    """Lines of axes that share a `zip` become one, where the first of them stands."""
    lines: dict[str, Line] = {}
    for index, (axis, line) in enumerate(laid):
        group = axis.zip or f"\0{index}"
        before = lines.get(group)
        if before is None:
            lines[group] = line
            continue
        if len(before.options) != len(line.options):
            raise ConfigError(
                f"axes zipped as {axis.zip!r} must have as many values each; received "
                f"{len(before.options)} of {before.name} and {len(line.options)} of {line.name}"
            )
        pairs = zip(before.options, line.options, strict=True)
        lines[group] = Line(
            f"{before.name} · {line.name}",
            tuple(_together(one, other) for one, other in pairs),
            before.log,
        )
    return list(lines.values())


def _together(one: Option, other: Option) -> Option:
    return Option(
        f"{one.label} · {other.label}",
        {**one.controls, **other.controls},
        {**one.pictures, **other.pictures},
        at=one.at,
    )
