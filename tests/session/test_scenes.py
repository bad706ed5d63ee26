import itertools
import math

import pytest
from pydantic import ValidationError

from styletune.config import DEFAULT_LAYERS
from styletune.controls import ControlTable
from styletune.errors import SceneError
from styletune.session.scenes import (
    MAX_SCENES,
    Morph,
    Scene,
    SceneList,
    checked,
    interpolate,
    is_held,
)

TABLE = ControlTable(DEFAULT_LAYERS["lite"])


def scene(name: str, **controls: float | bool | str) -> Scene:
    return Scene(name=name, saved=1.0, controls=controls)


def book(*names: str) -> SceneList:
    return SceneList([scene(name) for name in names])


def names(book: SceneList) -> list[str]:
    return [scene.name for scene in book.all]


def test_a_scene_holds_what_is_painted_with() -> None:
    held = {name for name in TABLE.valued if is_held(TABLE[name])}
    assert {"smooth", "optimizer", "size", "style.block1_conv1.solo"} <= held
    assert {"paused", "crossfade", "freeze.block1_conv1", "reset"} & held == set()


def test_positions_are_those_of_the_controls_that_this_session_has() -> None:
    other = scene("x", smooth=0.25, color="luminance", paused=True, unheard_of=0.5)
    assert other.positions(TABLE) == {"smooth": 0.25, "color": 1.0}
    assert checked(other, TABLE) == 1


def test_a_scene_with_a_bad_value_is_refused() -> None:
    with pytest.raises(SceneError, match=r"scene `x`: control `color` must be one of full, ") as e:
        checked(scene("x", color="blue"), TABLE)
    assert e.value.code == "bad_scene"
    for value in (1.5, math.nan, None, [0.5]):
        with pytest.raises(ValidationError):
            scene("x", smooth=value)  # type: ignore[arg-type]


def test_scenes_keep_their_order_when_stored_again_and_renamed() -> None:
    kept = book("one", "two", "three")
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


def test_the_crossfade_follows_its_scenes() -> None:
    kept = book("one", "two")
    kept.assign_crossfade("one", "two")
    kept.rename("one", "eins")
    assert (kept.a, kept.b) == ("eins", "two")
    kept.delete("two")
    assert (kept.a, kept.b) == ("eins", None)
    with pytest.raises(SceneError, match="there is no scene `two`"):
        kept.assign_crossfade(None, "two")
    assert (kept.a, kept.b) == ("eins", None)


def test_next_and_previous_go_round() -> None:
    kept = book("one", "two", "three")
    assert (kept.neighbour(+1), kept.neighbour(-1)) == ("one", "three")
    kept.current = "three"
    assert (kept.neighbour(+1), kept.neighbour(-1)) == ("one", "two")
    with pytest.raises(SceneError, match="there is no scene yet; store one first"):
        book().neighbour(+1)


def test_a_new_name_is_nobodys() -> None:
    kept = book("scene 2", "scene 3")
    assert kept.new_name() == "scene 4"
    assert book().new_name() == "scene 1"


def test_there_is_an_end_to_scenes_and_then_none_is_taken() -> None:
    kept = book(*(f"{n}" for n in range(MAX_SCENES - 1)))
    kept.add(scene("0"), scene("last"))
    with pytest.raises(SceneError, match="a session has at most 128 scenes; there are 128"):
        kept.add(scene("0", smooth=0.3), scene("more"))
    assert kept["0"].controls == {}


def test_faders_glide_in_the_logarithm_and_the_others_jump_in_the_middle() -> None:
    start = {"smooth": 0.25, "paused": 0.0, "color": 0.0, "size": 0.0}
    end = {"smooth": 0.75, "paused": 1.0, "color": 2.0, "size": 1.0, "learning_rate": 0.5}
    assert interpolate(TABLE, start, end, 0) == start
    assert interpolate(TABLE, start, end, 0.49)["color"] == 0.0
    middle = interpolate(TABLE, start, end, 0.5)
    assert middle == {"smooth": 0.5, "paused": 1.0, "color": 2.0, "size": 1.0}
    low, mid, high = (TABLE["smooth"].value(p) for p in (0.25, 0.5, 0.75))
    assert mid == pytest.approx(math.sqrt(low * high))  # the geometric mean
    assert interpolate(TABLE, start, end, 1) == {n: end[n] for n in start}


START = TABLE.defaults() | {"smooth": 0.1, "learning_rate": 0.2}


def morph(**target: float) -> Morph:
    return Morph(TABLE, "dawn", START, target, seconds=4.0, now=100.0)


def test_it_goes_evenly_and_ends_exactly_there() -> None:
    way = morph(smooth=0.7, average=1.0)
    values = [way.step(100.0 + n / 50)["smooth"] for n in range(201)]
    steps = [b - a for a, b in itertools.pairwise(values)]
    assert values[0] == 0.1
    assert values[-1] == 0.7
    assert max(steps) == pytest.approx(min(steps)) == pytest.approx(0.6 / 200)
    assert way.done


def test_switches_change_in_the_middle() -> None:
    way = morph(average=1.0)
    assert [way.step(100.0 + at)["average"] for at in (0, 1.99, 2, 3)] == [0, 0, 1, 1]


def test_a_late_step_is_the_end_and_a_clock_that_stumbles_never_goes_back() -> None:
    way = morph(smooth=0.7)
    there = way.step(102.0)
    assert way.step(101.0) == there
    assert way.step(1000.0) == {"smooth": 0.7}
    assert way.done


def test_what_stands_right_already_is_not_moved() -> None:
    assert morph(smooth=0.7, learning_rate=0.2).step(101.0).keys() == {"smooth"}


def test_a_control_that_is_let_go_is_left_alone_and_with_the_last_it_is_over() -> None:
    way = morph(smooth=0.7, learning_rate=0.5)
    way.release(["smooth", "color"])
    assert way.step(101.0).keys() == {"learning_rate"}
    assert not way.done
    way.release(["learning_rate"])
    assert way.done
    assert way.step(101.0) == {}


def test_progress_is_told_in_tenths_of_a_second() -> None:
    way = morph(smooth=0.7)
    told = set()
    for n in range(201):
        way.step(100.0 + n / 50)
        told.add(way.shown.done)
    assert len(told) <= 42
    assert max(told) == 1.0
