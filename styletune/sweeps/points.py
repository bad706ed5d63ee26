"""The points of a sweep: every setting that is painted, in order, with its labels.

How many there are is known before any is made; nothing is random but by the sweep's seed.
"""

import hashlib
import json
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from styletune.controls import Control
from styletune.errors import ConfigError
from styletune.sweeps.axes import (
    AxisValue,
    ExpandedAxis,
    can_be_swept,
    check_value,
    control_value,
    expand,
    expand_all,
    interpolate,
    picture_value,
    seed_value,
)
from styletune.sweeps.spec import SweepSpec, Value, is_slot

MAX_POINTS = 100_000  # beyond it nobody looks at the sheet


@dataclass(frozen=True, slots=True)
class Point:
    """One picture to paint.

    Attributes:
        index: counted from 0.
        place: index of its value on each axis; empty where there are no axes.
        labels: what distinguishes it, by the name of the axis or control.
        controls: all that the engine obeys, in the form of messages.
        pictures: file or sample by slot: `content`, `style 1` ….
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
        axes: of a grid; empty for a list and random samples.
        count: how many points there are.
    """

    spec: SweepSpec
    table: Mapping[str, Control]
    base: Mapping[str, Value]
    axes: tuple[ExpandedAxis, ...]
    count: int

    def points(self) -> Iterator[Point]:
        """Each point, in the order in which they are painted."""
        if self.spec.method == "grid":
            places = product(*(range(len(axis.values)) for axis in self.axes))
            for index, place in enumerate(places):
                values = [
                    (axis.name, axis.values[i]) for axis, i in zip(self.axes, place, strict=True)
                ]
                yield self._point(index, place, values)
            return
        seeds: Sequence[int | None] = self.spec.seeds or (None,)
        settings = list(self._listed() if self.spec.method == "list" else self._random())
        for index, (setting, seed) in enumerate(product(settings, seeds)):
            values = list(setting)
            if seed is not None:
                values.append(("seed", seed_value(seed)))
            yield self._point(index, (), values)

    def _point(
        self, index: int, place: tuple[int, ...], values: Sequence[tuple[str, AxisValue]]
    ) -> Point:
        controls = {**self.base, **self.spec.controls}
        pictures: dict[str, str] = {}
        seed = None
        fader = next((value.fader for _, value in values if value.fader), "")
        for _, value in values:
            controls |= value.controls
            if fader in value.positions:
                controls[fader] = value.positions[fader]
            pictures |= value.pictures
            seed = value.seed if value.seed is not None else seed
        return Point(
            index=index,
            place=place,
            labels={name: value.label for name, value in values},
            controls=controls,
            pictures=pictures,
            seed=seed,
            at={name: value.at for name, value in values if value.at is not None},
        )

    def _listed(self) -> Iterator[list[tuple[str, AxisValue]]]:
        for point in self.spec.points:
            label = str(point.get("label", ""))
            values = [("", AxisValue(label))] if label else []
            for name, value in point.items():
                if is_slot(name):
                    values.append((name, picture_value(name, str(value))))
                elif name != "label":
                    values.append((name, control_value(self.table[name], value, "position")))
            yield values

    def _random(self) -> Iterator[list[tuple[str, AxisValue]]]:
        rng = random.Random(self.spec.seed)
        for _ in range(self.spec.samples):
            values = []
            for axis in self.spec.axes:
                (expanded,) = expand(axis, self.table)
                if axis.start is None or axis.to is None or axis.control is None:
                    values.append((expanded.name, rng.choice(expanded.values)))
                    continue
                number = interpolate(axis.start, axis.to, rng.random(), axis.scale)
                value = control_value(self.table[axis.control], number, axis.unit)
                values.append((expanded.name, value))
            yield values


def lay_out(spec: SweepSpec, table: Mapping[str, Control], base: Mapping[str, Value]) -> Layout:
    """Lay a sweep out on the controls that there are.

    Args:
        table: of the running session; its layers are those of `alone` and `each`.
        base: values of all controls that the sweep does not name.

    Raises:
        ConfigError: an unknown control or layer, a value out of range, or more than `MAX_POINTS`
            points.
    """
    for name, value in spec.controls.items():
        check_value(table, name, value)
    for point in spec.points:
        for name, value in point.items():
            if name != "label" and not is_slot(name):
                check_value(table, name, value)
    axes = expand_all(spec.axes, table)
    if spec.seeds is not None:
        axes.append(ExpandedAxis("seed", tuple(seed_value(seed) for seed in spec.seeds)))
    if spec.method == "grid":
        count = math.prod(len(axis.values) for axis in axes)
    else:
        count = len(spec.points) if spec.method == "list" else spec.samples
        count *= len(spec.seeds or (None,))
        axes = []
    if count > MAX_POINTS:
        raise ConfigError(
            f"a sweep has at most {MAX_POINTS:,} points; received {count:,}: take fewer values, "
            'or method = "random"'
        )
    engine_base = {name: value for name, value in base.items() if can_be_swept(table, name)}
    # A sweep is painted, whoever has paused; an average depends on how the epochs fall.
    engine_base |= {"paused": False, "average": False}
    return Layout(spec, table, engine_base, tuple(axes), count)
