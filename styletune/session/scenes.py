"""Scenes: named sets of values in order, the ends of the crossfade, and morphs between them. Pure.

Scenes hold values as messages show them, also those of controls that this session lacks, so that
a scene made with another network survives being saved.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from styletune.controls import Control, ControlTable, Kind
from styletune.errors import ControlError, SceneError
from styletune.images.thumbnail import MAX_CHARS
from styletune.session import outgoing
from styletune.session.incoming import SceneName
from styletune.session.outgoing_message import is_none

MAX_SCENES = 128
# Of the file of all scenes, which must come in again as it went out: values, and as much again
# for a thumbnail of each.
MAX_BYTES = 2 * 1024 * 1024 + MAX_SCENES * MAX_CHARS

ControlName = Annotated[str, Field(min_length=1, max_length=100)]
Thumbnail = Annotated[str, Field(max_length=MAX_CHARS)]
Value = bool | Annotated[float, Field(ge=0, le=1)] | Annotated[str, Field(max_length=40)]


class Scene(BaseModel):
    """One scene, as it is saved, exported and imported.

    Attributes:
        saved: seconds since 1970.
        thumbnail: what the painting looked like then; see `images.thumbnail`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    name: SceneName
    saved: Annotated[float, Field(ge=0)]
    controls: Annotated[dict[ControlName, Value], Field(max_length=500)]
    thumbnail: Thumbnail | None = Field(default=None, exclude_if=is_none)

    @cached_property
    def file_bytes(self) -> int:
        """How much room it takes in the file of all scenes, at most."""
        # 512: a longer name by and by, and what stands between scenes.
        return len(self.model_dump_json(indent=3).encode()) + 512

    def positions(self, table: ControlTable) -> dict[str, float]:
        """Positions of those of its controls that this session has."""
        return {
            name: table[name].check(value)
            for name, value in self.controls.items()
            if name in table and is_stored(table[name])
        }


def is_stored(control: Control) -> bool:
    """Whether scenes store this control."""
    valued = control.kind is not Kind.TRIGGER
    return valued and control.engine and control.stored


def is_continuous(control: Control) -> bool:
    """Whether a control moves gradually from one scene to the next; others jump in the middle.

    Mute and solo do: a term fades out and in.
    """
    if control.kind is Kind.SWITCH:
        return control.engine and control.term is not None
    return control.kind is Kind.FADER and not control.costly


def interpolate(
    table: ControlTable, start: Mapping[str, float], end: Mapping[str, float], part: float
) -> dict[str, float]:
    """Positions at `part`, 0..1, of the way from `start` to `end`, of the controls in both.

    Positions of logarithmic faders are logarithms of their values: equal parts of the way
    multiply the value by equal factors.
    """
    if part >= 1:
        return {name: end[name] for name in end if name in start}
    return {
        name: start[name] + part * (position - start[name])
        if is_continuous(table[name])
        else (position if part >= 0.5 else start[name])
        for name, position in end.items()
        if name in start
    }


def glide(
    table: ControlTable,
    present: Mapping[str, float],
    ends: tuple[Mapping[str, float], Mapping[str, float]],
    at: float,
    part: float,
) -> dict[str, float]:
    """Positions at `part` of the way between `ends`, of the controls in both, without a jump.

    They go on from where they are now, at `at`, towards the end ahead and reach it exactly. Where
    they are on the way between the ends, it is what `interpolate` returns.
    """
    target = ends[part > at]
    way = abs(part - at) / (1 - at if part > at else at or 1)
    crossed = way >= 1 or (at < 0.5) != (part < 0.5)
    return {
        name: present[name] + way * (target[name] - present[name])
        if way < 1 and is_continuous(table[name])
        else (target[name] if crossed else present[name])
        for name in target
        if name in ends[0] and name in ends[1]
    }


class SceneList:
    """All scenes of a session.

    Attributes:
        a, b: names of the scenes chosen as ends of the crossfade, or None; see `ends`.
        current: name of the scene recalled or stored last, or None.
        version: rises with each change.
    """

    def __init__(
        self, scenes: Sequence[Scene] = (), *, a: str | None = None, b: str | None = None
    ) -> None:
        self._scenes = {scene.name: scene for scene in scenes[:MAX_SCENES]}
        self.a = a if a in self._scenes else None
        self.b = b if b in self._scenes else None
        self.current: str | None = None
        self.version = 0

    def __len__(self) -> int:
        return len(self._scenes)

    def __getitem__(self, name: str) -> Scene:
        """The scene of that name.

        Raises:
            SceneError: there is none.
        """
        try:
            return self._scenes[name]
        except KeyError:
            known = ", ".join(list(self._scenes)[:9]) or "none yet"
            raise SceneError(
                f"there is no scene `{name}`; known are {known}", code="unknown_scene"
            ) from None

    @property
    def all(self) -> tuple[Scene, ...]:
        """All scenes in their order."""
        return tuple(self._scenes.values())

    def add(self, *scenes: Scene) -> None:
        """Add scenes, all or none; each replaces the one of its name at its place in the list.

        Raises:
            SceneError: there would be too many, or more than a file of them may hold.
        """
        new = {scene.name for scene in scenes} - self._scenes.keys()
        if len(self) + len(new) > MAX_SCENES:
            raise SceneError(
                f"a session has at most {MAX_SCENES} scenes; there are {len(self)}, received "
                f"{len(new)} more; delete some",
                code="too_many_scenes",
            )
        merged = self._scenes | {scene.name: scene for scene in scenes}
        size = sum(scene.file_bytes for scene in merged.values())
        if size > MAX_BYTES:
            raise SceneError(
                f"all scenes together have at most {MAX_BYTES / 1e6:.0f} MB; these would have "
                f"{size / 1e6:.1f} MB; delete some",
                code="too_many_scenes",
            )
        self._scenes = merged
        self.version += 1

    def rename(self, name: str, to: str) -> None:
        """Rename a scene, at its place in the list.

        Raises:
            SceneError: there is none of that name, or another has the new one.
        """
        renamed = self[name].model_copy(update={"name": to})
        if to != name and to in self._scenes:
            raise SceneError(
                f"there is already a scene `{to}`; delete it first, or choose another name",
                code="scene_exists",
            )
        self._scenes = {
            scene.name: scene
            for scene in (renamed if other.name == name else other for other in self.all)
        }
        self._update_references(name, to)

    def delete(self, name: str) -> None:
        """Delete a scene.

        Raises:
            SceneError: there is none of that name.
        """
        del self._scenes[self[name].name]
        self._update_references(name, None)

    def assign_crossfade(self, a: str | None, b: str | None) -> None:
        """Choose the ends of the crossfade; None: it follows the list.

        Raises:
            SceneError: there is none of that name; nothing has changed.
        """
        for name in (a, b):
            if name is not None:
                self[name]  # raises
        self.a, self.b = a, b
        self.version += 1

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Between which scenes the crossfade moves: the chosen ones, else the first of the list.

        None, where one scene must do: from or to where the controls stood before.
        """
        names = list(self._scenes)
        b = self.b or next((name for name in names[1:] + names[:1] if name != self.a), None)
        return self.a or next((name for name in names if name != b), None), b

    def move(self, name: str, to: int) -> None:
        """Move a scene to a place in the list, counted from 0; beyond its end is the last.

        Raises:
            SceneError: there is none of that name.
        """
        scene = self[name]
        others = [other for other in self.all if other is not scene]
        others.insert(to, scene)
        self._scenes = {other.name: other for other in others}
        self.version += 1

    def neighbour(self, step: int) -> str:
        """Name of the scene `step` places after the current one; after the last comes the first.

        Raises:
            SceneError: there is no scene.
        """
        names = list(self._scenes)
        if not names:
            raise SceneError("there is no scene yet; store one first", code="unknown_scene")
        if self.current not in self._scenes:
            return names[0 if step > 0 else -1]
        return names[(names.index(self.current) + step) % len(names)]

    def new_name(self) -> str:
        """A name that no scene has: `scene 1`, `scene 2` …"""
        number = len(self) + 1
        while f"scene {number}" in self._scenes:
            number += 1
        return f"scene {number}"

    def entries(self) -> tuple[outgoing.SceneEntry, ...]:
        """The list for clients."""
        return tuple(
            outgoing.SceneEntry(name=s.name, saved=s.saved, thumbnail=s.thumbnail is not None)
            for s in self.all
        )

    def _update_references(self, name: str, to: str | None) -> None:
        self.a = to if self.a == name else self.a
        self.b = to if self.b == name else self.b
        self.current = to if self.current == name else self.current
        self.version += 1


def validate(scene: Scene, table: ControlTable) -> int:
    """Check a scene from outside; return how many of its controls this session lacks.

    Raises:
        SceneError: a value that its control does not take.
    """
    try:
        scene.positions(table)
    except ControlError as error:
        raise SceneError(f"scene `{scene.name}`: {error}", code="bad_scene") from None
    return sum(name not in table for name in scene.controls)


# ------------------------------------------------------------------- morphs

MORPH_RATE_HZ = 50


class Morph:
    """A recall that takes time: from the present values to those of a scene.

    Attributes:
        scene: its name.
        start: positions at the beginning, of the controls that it moves.
        finished: whether it has arrived, or has no control left to move.
    """

    def __init__(
        self,
        table: ControlTable,
        scene: str,
        start: Mapping[str, float],
        target: Mapping[str, float],
        *,
        seconds: float,
        now: float,
    ) -> None:
        self.scene = scene
        self.finished = False
        self._table = table
        self.start = {name: start[name] for name in target if start[name] != target[name]}
        self._target = {name: target[name] for name in self.start}
        self._seconds = seconds
        self._started_at = now
        self._progress = 0.0

    def step(self, now: float) -> dict[str, float]:
        """The positions at `now`, in seconds; at the end exactly those of the scene."""
        self._progress = min(1.0, max(self._progress, (now - self._started_at) / self._seconds))
        self.finished = self._progress >= 1
        return interpolate(self._table, self.start, self._target, self._progress)

    def release(self, names: Iterable[str]) -> None:
        """Leave controls alone from now on: somebody else moves them."""
        for name in names:
            self._target.pop(name, None)
        self.finished = self.finished or not self._target

    def as_message(self) -> outgoing.MorphState:
        """The progress for clients, in steps of a tenth of a second."""
        tenths = int(self._progress * self._seconds * 10) / 10
        return outgoing.MorphState(
            scene=self.scene, seconds=self._seconds, done=round(tenths / self._seconds, 4)
        )
