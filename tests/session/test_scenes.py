import itertools
import math

import pytest
from pydantic import ValidationError

from styletune.controls import ControlTable
from styletune.errors import SceneError
from styletune.networks import NETWORKS
from styletune.session.scenes import (
    MAX_SCENES,
    Morph,
    Scene,
    SceneList,
    interpolate,
    is_stored,
    validate,
)

TABLE = ControlTable(NETWORKS["lite"].default_layers)


def scene(name: str, **controls: float | bool | str) -> Scene:
    return Scene(name=name, saved=1.0, controls=controls)


def scene_list(*names: str) -> SceneList:
    return SceneList([scene(name) for name in names])


def names(scenes: SceneList) -> list[str]:
    return [scene.name for scene in scenes.all]


def test_scene_stores_what_is_painted_with() -> None:
    held = {name for name in TABLE.valued if is_stored(TABLE[name])}
    assert {"smooth", "optimizer", "size", "style.block1_conv1.solo"} <= held
    assert {"paused", "crossfade", "freeze.block1_conv1", "reset"} & held == set()


def test_scene_positions_skip_unknown_controls() -> None:
    other = scene("x", smooth=0.25, color="luminance", paused=True, unheard_of=0.5)
    assert other.positions(TABLE) == {"smooth": 0.25, "color": 1.0}
    assert validate(other, TABLE) == 1


def test_scene_holds_layers_of_a_smaller_picture() -> None:
    table = ControlTable(["block1_conv1", "block3_conv1@2"])
    held = Scene(name="x", saved=0.0, controls={"style.block3_conv1@2": 0.75})
    assert validate(held, table) == 0
    assert held.positions(table) == {"style.block3_conv1@2": 0.75}


def test_validate_refuses_a_bad_value() -> None:
    with pytest.raises(SceneError, match=r"scene `x`: control `color` must be one of full, ") as e:
        validate(scene("x", color="blue"), TABLE)
    assert e.value.code == "bad_scene"
    for value in (1.5, math.nan, None, [0.5]):
        with pytest.raises(ValidationError):
            scene("x", smooth=value)  # type: ignore[arg-type]


def test_list_keeps_its_order() -> None:
    kept = scene_list("one", "two", "three")
    kept.add(scene("two", smooth=0.1))
    assert names(kept) == ["one", "two", "three"]
    kept.rename("two", "zwei")
    assert names(kept) == ["one", "zwei", "three"]
    assert kept["zwei"].controls == {"smooth": 0.1}
    kept.rename("zwei", "zwei")
    with pytest.raises(SceneError, match="there is already a scene `one`; delete it first"):
        kept.rename("zwei", "one")
    kept.delete("one")
    assert names(kept) == ["zwei", "three"]
    with pytest.raises(SceneError, match="there is no scene `one`; known are zwei, three"):
        kept.delete("one")


def test_crossfade_follows_rename_and_delete() -> None:
    kept = scene_list("one", "two")
    kept.assign_crossfade("one", "two")
    kept.rename("one", "eins")
    assert (kept.a, kept.b) == ("eins", "two")
    kept.delete("two")
    assert (kept.a, kept.b) == ("eins", None)
    with pytest.raises(SceneError, match="there is no scene `two`"):
        kept.assign_crossfade(None, "two")
    assert (kept.a, kept.b) == ("eins", None)


@pytest.mark.parametrize(
    ("listed", "chosen", "ends"),
    [
        ("", (None, None), (None, None)),
        ("1", (None, None), (None, "1")),
        ("1", ("1", None), ("1", None)),
        ("1", (None, "1"), (None, "1")),
        ("12", (None, None), ("1", "2")),
        ("12", ("2", None), ("2", "1")),
        ("123", ("2", None), ("2", "3")),
        ("123", ("3", None), ("3", "2")),
        ("123", (None, "1"), ("2", "1")),
        ("123", (None, "3"), ("1", "3")),
        ("123", ("3", "3"), ("3", "3")),
    ],
)
def test_ends_of_the_crossfade(
    listed: str, chosen: tuple[str | None, str | None], ends: tuple[str | None, str | None]
) -> None:
    scenes = scene_list(*listed)
    scenes.assign_crossfade(*chosen)
    assert scenes.ends == ends


def test_move_changes_the_order() -> None:
    kept = scene_list("one", "two", "three")
    for name, to, order in (
        ("three", 0, ["three", "one", "two"]),
        ("three", 1, ["one", "three", "two"]),
        ("one", 99, ["three", "two", "one"]),
    ):
        kept.move(name, to)
        assert names(kept) == order
    with pytest.raises(SceneError, match="there is no scene `four`"):
        kept.move("four", 0)


def test_neighbour_wraps_around() -> None:
    kept = scene_list("one", "two", "three")
    assert (kept.neighbour(+1), kept.neighbour(-1)) == ("one", "three")
    kept.current = "three"
    assert (kept.neighbour(+1), kept.neighbour(-1)) == ("one", "two")
    with pytest.raises(SceneError, match="there is no scene yet; store one first"):
        scene_list().neighbour(+1)


def test_new_name_is_unique() -> None:
    kept = scene_list("scene 2", "scene 3")
    assert kept.new_name() == "scene 4"
    assert scene_list().new_name() == "scene 1"


def test_list_is_limited() -> None:
    kept = scene_list(*(f"{n}" for n in range(MAX_SCENES - 1)))
    kept.add(scene("0"), scene("last"))
    with pytest.raises(SceneError, match="a session has at most 128 scenes; there are 128"):
        kept.add(scene("0", smooth=0.3), scene("more"))
    assert kept["0"].controls == {}


def test_interpolate_is_continuous_for_faders_mute_and_solo() -> None:
    solo = "style.block1_conv1.solo"
    start = {"smooth": 0.25, "paused": 0.0, "color": 0.0, "size": 0.0, solo: 1.0}
    end = {"smooth": 0.75, "paused": 1.0, "color": 2.0, "size": 1.0, solo: 0.0}
    end |= {"learning_rate": 0.5}
    assert interpolate(TABLE, start, end, 0) == start
    assert interpolate(TABLE, start, end, 0.49)["color"] == 0.0
    middle = interpolate(TABLE, start, end, 0.5)
    assert middle == {"smooth": 0.5, "paused": 1.0, "color": 2.0, "size": 1.0, solo: 0.5}
    low, mid, high = (TABLE["smooth"].value(p) for p in (0.25, 0.5, 0.75))
    assert mid == pytest.approx(math.sqrt(low * high))  # the geometric mean
    assert interpolate(TABLE, start, end, 1) == {n: end[n] for n in start}


START = TABLE.defaults() | {"smooth": 0.1, "learning_rate": 0.2}


def morph(**target: float) -> Morph:
    return Morph(TABLE, "dawn", START, target, seconds=4.0, now=100.0)


def test_morph_is_even_and_ends_exactly() -> None:
    morphing = morph(smooth=0.7, average=1.0)
    values = [morphing.step(100.0 + n / 50)["smooth"] for n in range(201)]
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert values[0] == 0.1
    assert values[-1] == 0.7
    assert max(steps) == pytest.approx(min(steps)) == pytest.approx(0.6 / 200)
    assert morphing.finished


def test_morph_switches_in_the_middle() -> None:
    morphing = morph(average=1.0)
    assert [morphing.step(100.0 + at)["average"] for at in (0, 1.99, 2, 3)] == [0, 0, 1, 1]


def test_morph_never_goes_back() -> None:
    morphing = morph(smooth=0.7)
    there = morphing.step(102.0)
    assert morphing.step(101.0) == there
    assert morphing.step(1000.0) == {"smooth": 0.7}
    assert morphing.finished


def test_morph_leaves_what_is_there_already() -> None:
    assert morph(smooth=0.7, learning_rate=0.2).step(101.0).keys() == {"smooth"}


def test_morph_releases_controls() -> None:
    morphing = morph(smooth=0.7, learning_rate=0.5)
    morphing.release(["smooth", "color"])
    assert morphing.step(101.0).keys() == {"learning_rate"}
    assert not morphing.finished
    morphing.release(["learning_rate"])
    assert morphing.finished
    assert morphing.step(101.0) == {}


def test_morph_progress_is_in_tenths_of_a_second() -> None:
    morphing = morph(smooth=0.7)
    reported = set()
    for n in range(201):
        morphing.step(100.0 + n / 50)
        reported.add(morphing.as_message().done)
    assert len(reported) <= 42
    assert max(reported) == 1.0
