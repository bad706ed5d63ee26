"""The points of a sweep: every setting that is painted, in order, with its labels.

Pure: a plan and a table of controls come in, points go out; nothing random but by the plan's
seed. How many there are is known before any is made.
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
from styletune.sweeps.lines import Line, between, lines_of, zipped
from styletune.sweeps.options import Option, option_of, picture_option, seed_option
from styletune.sweeps.plan import Sweep, Value, is_place
from styletune.sweeps.table import check, is_swept

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

    sweep: Sweep
    table: Mapping[str, Control]
    base: Mapping[str, Value]
    lines: tuple[Line, ...]
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
        self, index: int, place: tuple[int, ...], named: Sequence[tuple[str, Option]]
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

    def _listed(self) -> Iterator[list[tuple[str, Option]]]:
        for point in self.sweep.points:
            label = str(point.get("label", ""))
            named = [("", Option(label))] if label else []
            for name, value in point.items():
                if is_place(name):
                    named.append((name, picture_option(name, str(value))))
                elif name != "label":
                    named.append((name, option_of(self.table[name], value, "position")))
            yield named

    def _random(self) -> Iterator[list[tuple[str, Option]]]:
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


def layout(sweep: Sweep, table: Mapping[str, Control], base: Mapping[str, Value]) -> Layout:
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
        lines.append(Line("seed", tuple(seed_option(seed) for seed in sweep.seeds)))
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
