"""The points of a sweep: every setting that is painted, in order, with its labels.

Pure: a plan and a table of controls come in, points go out; nothing random but by the plan's
seed. How many there are is known before any is made.
"""

import hashlib
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from styletune.controls import Control, Curve, Kind
from styletune.errors import ConfigError, ControlError
from styletune.sweeps.spec import Axis, SweepSpec, Value, is_place

# The table of controls as sweeps use it: read from a server, asked what may be swept. Pure.


def controls_from_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Control]:
    """The table of controls as a server shows it, for those that hold a value."""
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


def is_swept(table: Mapping[str, Control], name: str) -> bool:
    """Whether a sweep may name this control."""
    return name in table and table[name].engine


def layers_of(table: Mapping[str, Control]) -> list[str]:
    """The layers that are played."""
    return [row.layer for row in table.values() if row.layer and row.name == f"style.{row.layer}"]


def check(table: Mapping[str, Control], name: str, value: object) -> float:
    """The position that `value` stands for.

    Raises:
        ConfigError: there is no such control, or it does not take the value.
    """
    if not is_swept(table, name):
        near = ", ".join(layers_of(table))
        raise ConfigError(
            f"unknown control `{name}` in the sweep; the layers played here are {near}"
        )
    try:
        return table[name].check(value)
    except ControlError as error:
        raise ConfigError(f"the sweep: {error}") from None


# One value of an axis: what it sets, and how it is called. Pure.


@dataclass(frozen=True, slots=True)
class AxisValue:
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


def option_of(control: Control, value: Value, unit: str) -> AxisValue:
    """One value of a control; the label tells it as it was written."""
    if control.kind is not Kind.FADER or isinstance(value, bool | str):
        position = check({control.name: control}, control.name, value)
        return AxisValue(str(control.to_json(position)).lower(), {control.name: value})
    if unit == "position":
        check({control.name: control}, control.name, value)
        return AxisValue(f"{value:.4g}", {control.name: value}, at=value)
    low = 0.0 if control.curve is Curve.LOG_OFF else control.low
    if not low <= value <= control.high or (0 < value < control.low):
        raise ConfigError(
            f"the sweep: control `{control.name}` goes from {control.low:g} to {control.high:g} "
            f"{control.unit}; received {value:g}"
        )
    return AxisValue(f"{value:.3g}", {control.name: control.position(value)}, at=value)


def picture_option(place: str, name: str) -> AxisValue:
    """A picture, called as its file."""
    return AxisValue(Path(name).stem, pictures={place: name})


def seed_option(seed: int) -> AxisValue:
    """A seed."""
    return AxisValue(str(seed), seed=seed)


# Axes laid out: each as a line of options, those that are zipped as one. Pure.


@dataclass(frozen=True, slots=True)
class ExpandedAxis:
    """An axis laid out; `log`: its numbers belong on a logarithmic scale."""

    name: str
    options: tuple[AxisValue, ...]
    log: bool = False


def lines_of(axis: Axis, table: Mapping[str, Control]) -> list[ExpandedAxis]:
    """One line, or two for `each`."""
    if axis.picture is not None:
        name = axis.name or axis.picture
        return [
            ExpandedAxis(
                name, tuple(picture_option(axis.picture, str(v)) for v in axis.values or ())
            )
        ]
    if axis.alone is not None:
        return [ExpandedAxis(axis.name or f"{axis.alone} alone", tuple(_alone(axis, table)))]
    if axis.each is not None:
        return _each(axis, table)
    assert axis.control is not None
    if not is_swept(table, axis.control):
        check(table, axis.control, None)
    control = table[axis.control]
    options = tuple(option_of(control, value, axis.unit) for value in _values(axis))
    return [ExpandedAxis(axis.name or control.name, options, axis.scale == "log")]


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


def _alone(axis: Axis, table: Mapping[str, Control]) -> Iterator[AxisValue]:
    """Each layer alone as content or style: the other faders of the term are off."""
    for layer in _named_layers(axis, table):
        off = {f"{axis.alone}.{other}": 0.0 for other in layers_of(table)}
        yield AxisValue(layer, {**off, f"{axis.alone}.{layer}": axis.at})


def _each(axis: Axis, table: Mapping[str, Control]) -> list[ExpandedAxis]:
    """Two lines: which fader, and where it stands."""
    faders = [f"{axis.each}.{layer}" for layer in _named_layers(axis, table)]
    columns = []
    for value in _values(axis):
        moved = {name: option_of(table[name], value, axis.unit) for name in faders}
        first = moved[faders[0]]
        moves = {name: option.controls[name] for name, option in moved.items()}
        columns.append(AxisValue(first.label, moves=moves, at=first.at))
    rows = (AxisValue(name.partition(".")[2], fader=name) for name in faders)
    name = axis.name or ("position" if axis.unit == "position" else table[faders[0]].unit)
    return [
        ExpandedAxis(f"{axis.each} of", tuple(rows)),
        ExpandedAxis(name, tuple(columns), axis.scale == "log"),
    ]


def zipped(laid: Sequence[tuple[Axis, ExpandedAxis]]) -> list[ExpandedAxis]:
    """Lines of axes that share a `zip` become one, where the first of them stands."""
    lines: dict[str, ExpandedAxis] = {}
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
        lines[group] = ExpandedAxis(
            f"{before.name} · {line.name}",
            tuple(_together(one, other) for one, other in pairs),
            before.log,
        )
    return list(lines.values())


def _together(one: AxisValue, other: AxisValue) -> AxisValue:
    return AxisValue(
        f"{one.label} · {other.label}",
        {**one.controls, **other.controls},
        {**one.pictures, **other.pictures},
        at=one.at,
    )


MAX_POINTS = 100_000  # beyond it nobody looks at the sheet


@dataclass(frozen=True, slots=True)
class Point:
    """One picture to paint.

    Attributes:
        index: counted from 0.
        place: index of its option on each line; empty where there are no lines.
        labels: what sets it apart, by the name of the line or control.
        controls: all that the engine obeys, as messages show them.
        pictures: file or sample, by place: `content`, `style 1` ….
        at: numbers to plot against, by name.
    """

    index: int
    place: tuple[int, ...]
    labels: Mapping[str, str]
    controls: Mapping[str, Value]
    pictures: Mapping[str, str]
    seed: int | None
    at: Mapping[str, float]

    @property
    def key(self) -> str:
        """The same for the same setting, whenever and wherever it is painted."""
        setting = [dict(self.controls), dict(self.pictures), self.seed, self.index]
        return hashlib.sha256(json.dumps(setting, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Layout:
    """All points of a sweep, before they are made.

    Attributes:
        lines: of a grid; empty for a list and random samples.
        count: how many points there are.
    """

    sweep: SweepSpec
    table: Mapping[str, Control]
    base: Mapping[str, Value]
    lines: tuple[ExpandedAxis, ...]
    count: int

    def points(self) -> Iterator[Point]:
        """Each point, in the order in which they are painted."""
        rows = product(*(range(len(line.options)) for line in self.lines))
        if self.sweep.method == "grid":
            for index, place in enumerate(rows):
                options = [line.options[i] for line, i in zip(self.lines, place, strict=True)]
                names = [line.name for line in self.lines]
                yield self._point(index, place, list(zip(names, options, strict=True)))
            return
        seeds: Sequence[int | None] = self.sweep.seeds or (None,)
        settings = list(self._listed() if self.sweep.method == "list" else self._random())
        for index, (setting, seed) in enumerate(product(settings, seeds)):
            named = list(setting)
            if seed is not None:
                named.append(("seed", seed_option(seed)))
            yield self._point(index, (), named)

    def _point(
        self, index: int, place: tuple[int, ...], named: Sequence[tuple[str, AxisValue]]
    ) -> Point:
        controls = {**self.base, **self.sweep.controls}
        pictures: dict[str, str] = {}
        seed = None
        fader = next((option.fader for _, option in named if option.fader), "")
        for _, option in named:
            controls |= option.controls
            controls |= {name: at for name, at in option.moves.items() if name == fader}
            pictures |= option.pictures
            seed = option.seed if option.seed is not None else seed
        return Point(
            index=index,
            place=place,
            labels={name: option.label for name, option in named},
            controls=controls,
            pictures=pictures,
            seed=seed,
            at={name: option.at for name, option in named if option.at is not None},
        )

    def _listed(self) -> Iterator[list[tuple[str, AxisValue]]]:
        for point in self.sweep.points:
            label = str(point.get("label", ""))
            named = [("", AxisValue(label))] if label else []
            for name, value in point.items():
                if is_place(name):
                    named.append((name, picture_option(name, str(value))))
                elif name != "label":
                    named.append((name, option_of(self.table[name], value, "position")))
            yield named

    def _random(self) -> Iterator[list[tuple[str, AxisValue]]]:
        rng = random.Random(self.sweep.seed)
        for _ in range(self.sweep.samples):
            named = []
            for axis in self.sweep.axes:
                (line,) = lines_of(axis, self.table)
                if axis.start is None or axis.to is None or axis.control is None:
                    named.append((line.name, rng.choice(line.options)))
                    continue
                value = between(axis.start, axis.to, rng.random(), axis.scale)
                named.append((line.name, option_of(self.table[axis.control], value, axis.unit)))
            yield named


def layout(sweep: SweepSpec, table: Mapping[str, Control], base: Mapping[str, Value]) -> Layout:
    """Lay a sweep out on the controls that there are.

    Args:
        table: of the running session; its layers are those of `alone` and `each`.
        base: values of all controls that the sweep does not name.

    Raises:
        ConfigError: an unknown control or layer, a value out of range, an empty axis, or more
            than `MAX_POINTS` points.
    """
    for name, value in sweep.controls.items():
        check(table, name, value)
    for point in sweep.points:
        for name, value in point.items():
            if name != "label" and not is_place(name):
                check(table, name, value)
    lines = zipped([(axis, line) for axis in sweep.axes for line in lines_of(axis, table)])
    if sweep.seeds is not None:
        lines.append(ExpandedAxis("seed", tuple(seed_option(seed) for seed in sweep.seeds)))
    if sweep.method == "grid":
        count = math.prod(len(line.options) for line in lines)
    else:
        count = len(sweep.points) if sweep.method == "list" else sweep.samples
        count *= len(sweep.seeds or (None,))
        lines = []
    if count > MAX_POINTS:
        raise ConfigError(
            f"a sweep has at most {MAX_POINTS:,} points; received {count:,}: take fewer values, "
            'or method = "random"'
        )
    played = {name: value for name, value in base.items() if is_swept(table, name)}
    # A sweep is painted, whoever has paused; an average depends on how the epochs fall.
    return Layout(sweep, table, {**played, "paused": False, "average": False}, tuple(lines), count)
