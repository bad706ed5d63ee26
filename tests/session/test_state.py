"""Scenes, morphs, crossfade and undo as a session plays them; the test holds the clock."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from styletune.controls import ControlTable
from styletune.networks import NETWORKS
from styletune.session.outgoing import ChangedMessage, ErrorMessage, TriggeredMessage
from styletune.session.scenes import Scene
from styletune.session.session import CheckedSet, Session

TABLE = ControlTable(NETWORKS["lite"].default_layers)
LAYER = TABLE.layers[0]


class Play:
    """A session, its clock and what it answered."""

    def __init__(self) -> None:
        self.now = 50.0
        self.session = Session(
            TABLE, TABLE.defaults(), clock=lambda: self.now, wall_clock=lambda: 1_000.0 + self.now
        )

    def tell(
        self, source: str = "me", **message: Any
    ) -> list[ChangedMessage | TriggeredMessage | ErrorMessage]:
        return self.session.handle(self.session.parse(json.dumps(message)), source)

    def set(
        self, source: str = "me", gesture: str | None = None, **controls: Any
    ) -> ChangedMessage:
        message = {"type": "set", "controls": controls}
        (answer,) = self.tell(source, **message, **({"gesture": gesture} if gesture else {}))
        assert isinstance(answer, ChangedMessage), answer
        return answer

    def press(self, name: str) -> list[ChangedMessage | TriggeredMessage | ErrorMessage]:
        return self.tell(type="trigger", name=name)

    def store(self, name: str) -> None:
        assert self.tell(type="store", scene=name) == []

    def pass_time(self, seconds: float) -> list[ChangedMessage]:
        """Step as the server does, fifty times a second."""
        changes = []
        for _ in range(round(seconds * 50)):
            self.now += 0.02
            if change := self.session.state.step_morph():
                changes.append(change)
        return changes

    def __getitem__(self, name: str) -> float:
        return self.session.state.positions[name]


def refusal(answers: list[ChangedMessage | TriggeredMessage | ErrorMessage]) -> ErrorMessage:
    (answer,) = answers
    assert isinstance(answer, ErrorMessage)
    return answer


def test_recall_is_one_revision() -> None:
    play = Play()
    play.set(smooth=0.1, color="luminance")
    play.store("dawn")
    assert play.session.state.scenes_message().scenes[0].name == "dawn"
    assert play.session.state.scenes_message().scenes[0].saved == 1_050.0
    play.set(smooth=0.9, color="full", average=True)
    rev = play.session.state.rev
    (changed,) = play.tell(type="recall", scene="dawn", seq=4)
    assert changed == ChangedMessage(
        rev=rev + 1,
        controls={"smooth": 0.1, "color": "luminance", "average": False},
        source="scene:dawn",
        seq=4,
    )


def test_unknown_scene_is_refused() -> None:
    play = Play()
    play.store("dawn")
    for message in (
        {"type": "recall", "scene": "dusk", "seq": 3},
        {"type": "delete", "scene": "dusk", "seq": 3},
        {"type": "rename", "scene": "dusk", "to": "x", "seq": 3},
        {"type": "crossfade", "a": "dusk", "seq": 3},
    ):
        error = refusal(play.tell(**message))
        assert (error.code, error.seq) == ("unknown_scene", 3)
        assert error.message == "there is no scene `dusk`; known are dawn"


def test_recall_leaves_frozen_layers() -> None:
    play = Play()
    style, content = f"style.{LAYER}", f"content.{LAYER}"
    play.store("dawn")
    moved = {
        "style.block2_conv1": 0.9, style: 0.9, content: 0.8,
        f"{style}.mute": True, f"{content}.solo": True, f"freeze.{LAYER}": True,
    }  # fmt: skip
    play.set(**moved)
    play.tell(type="recall", scene="dawn")
    assert play["style.block2_conv1"] == 0.5
    assert [play[name] for name in moved][1:] == [0.9, 0.8, 1.0, 1.0, 1.0]


def test_recall_is_one_gesture() -> None:
    play = Play()
    play.store("dawn")
    play.set(smooth=0.9, learning_rate=0.8)
    play.tell(type="recall", scene="dawn")
    triggered, changed = play.press("undo")
    assert isinstance(triggered, TriggeredMessage)
    assert isinstance(changed, ChangedMessage)
    assert (changed.controls, changed.source) == ({"smooth": 0.9, "learning_rate": 0.8}, "undo")
    play.press("redo")
    assert (play["smooth"], play["learning_rate"]) == (0.35, TABLE["learning_rate"].default)


def test_undo_without_history_is_refused() -> None:
    play = Play()
    for name, what in (("undo", "nothing to take back"), ("redo", "nothing to make again")):
        error = refusal(play.press(name))
        assert (error.code, error.message) == (f"nothing_to_{name}", what)
        assert play.session.triggers[name] == 0
    assert play.session.state.rev == 0


def test_drag_is_one_gesture() -> None:
    play = Play()
    for n in range(10):
        play.now += 5.0
        play.set(gesture="g1", smooth=n / 20)
    for n in range(10):
        play.now += 0.1
        play.set(learning_rate=n / 20)
    for n in range(10):
        play.set("another", smooth=0.5 + n / 20)
    assert play.session.state.scenes_message().undo == 3
    start = TABLE["learning_rate"].default
    for smooth, learning_rate in ((0.45, 0.45), (0.45, start), (0.35, start)):
        play.press("undo")
        assert (play["smooth"], play["learning_rate"]) == (smooth, learning_rate)
    assert (play.session.state.scenes_message().undo, play.session.state.scenes_message().redo) == (
        0,
        3,
    )


def test_morph_is_smooth_and_ends_on_the_scene() -> None:
    play = Play()
    play.set(smooth=0.81, color="histogram")
    play.store("dusk")
    play.set(smooth=0.11, color="full")
    assert play.tell(type="recall", scene="dusk", seconds=2) == []
    assert play.session.state.is_morphing
    changes = play.pass_time(2.5)
    path = [change.controls["smooth"] for change in changes if "smooth" in change.controls]
    steps = [b - a for a, b in zip([0.11, *path], path, strict=False)]
    assert len(path) == 100
    assert max(steps) == pytest.approx(0.007, abs=1e-9)
    assert min(steps) == pytest.approx(0.007, abs=1e-9)
    assert path[-1] == 0.81
    assert [change.source for change in changes] == ["scene:dusk"] * len(changes)
    assert play["color"] == 2.0
    assert not play.session.state.is_morphing
    play.press("undo")
    assert (play["smooth"], play["color"]) == (0.11, 0.0)


def test_morph_shows_its_progress() -> None:
    play = Play()
    play.set(smooth=0.9)
    play.store("dusk")
    play.set(smooth=0.1)
    play.tell(type="recall", scene="dusk", seconds=4)
    play.pass_time(1)
    shown = play.session.state.scenes_message().morph
    assert shown is not None
    assert (shown.scene, shown.seconds) == ("dusk", 4)
    assert shown.done == pytest.approx(0.25, abs=0.03)
    play.pass_time(4)
    assert play.session.state.scenes_message().morph is None


def test_set_takes_its_control_out_of_the_morph() -> None:
    play = Play()
    play.set(smooth=0.9, learning_rate=0.9)
    play.store("dusk")
    play.set(smooth=0.1, learning_rate=0.1)
    play.tell(type="recall", scene="dusk", seconds=2)
    play.pass_time(1)
    play.set(smooth=0.33)
    play.pass_time(2)
    assert (play["smooth"], play["learning_rate"]) == (0.33, 0.9)
    play.press("undo")
    assert play["smooth"] == pytest.approx(0.5)
    play.press("undo")
    assert (play["smooth"], play["learning_rate"]) == (0.1, 0.1)


def test_undo_cancels_a_morph() -> None:
    play = Play()
    play.set(smooth=0.9)
    play.store("dusk")
    play.set(smooth=0.1)
    play.tell(type="recall", scene="dusk", seconds=2)
    play.pass_time(1)
    play.press("undo")
    assert not play.session.state.is_morphing
    assert play.pass_time(2) == []
    assert play["smooth"] == 0.1


def test_second_recall_replaces_the_first() -> None:
    play = Play()
    for name, at in (("low", 0.2), ("high", 0.8), ("now", 0.5)):
        play.set(smooth=at)
        play.store(name)
    play.tell(type="recall", scene="high", seconds=2)
    play.pass_time(1)
    middle = play["smooth"]
    play.tell(type="recall", scene="low", seconds=1)
    assert play["smooth"] == middle == pytest.approx(0.65)
    changes = play.pass_time(3)
    assert {change.source for change in changes} == {"scene:low"}
    assert play["smooth"] == 0.2
    play.tell(type="recall", scene="high", seconds=2)
    play.tell(type="recall", scene="now")
    assert not play.session.state.is_morphing
    assert play["smooth"] == 0.5


def test_freeze_during_a_morph() -> None:
    play = Play()
    name = f"style.{LAYER}"
    play.set(**{name: 0.9})
    play.store("dusk")
    play.set(**{name: 0.1})
    play.tell(type="recall", scene="dusk", seconds=2)
    play.pass_time(1)
    play.set(**{f"freeze.{LAYER}": True})
    play.pass_time(2)
    assert play[name] == pytest.approx(0.5)


def test_crossfade_is_one_revision() -> None:
    play = Play()
    play.set(smooth=0.2, color="full", learning_rate=0.3)
    play.store("dawn")
    play.set(smooth=0.8, color="luminance")
    play.store("dusk")
    assert play.tell(type="crossfade", a="dawn", b="dusk") == []
    rev = play.session.state.rev
    assert play["smooth"] == 0.8  # assigning moves nothing
    play.set(crossfade=0.25, learning_rate=0.9)
    assert play.session.state.rev == rev + 1
    assert play["smooth"] == pytest.approx(0.35)
    assert (play["color"], play["learning_rate"]) == (0.0, 0.9)  # a hand wins
    play.set(crossfade=1)
    assert (play["smooth"], play["color"], play["learning_rate"]) == (0.8, 1.0, 0.3)
    play.set(crossfade=0)
    assert (play["smooth"], play["color"]) == (0.2, 0.0)


def test_crossfade_is_one_gesture() -> None:
    play = Play()
    play.set(smooth=0.2)
    play.store("dawn")
    play.set(smooth=0.8)
    play.store("dusk")
    play.tell(type="crossfade", a="dawn", b="dusk")
    depth = play.session.state.scenes_message().undo
    for n in range(11):
        play.set(gesture="fade", crossfade=n / 10)
    assert play.session.state.scenes_message().undo == depth + 1
    play.press("undo")
    assert (play["smooth"], play["crossfade"]) == (0.8, 0.0)


def test_crossfade_leads_from_where_the_desk_stood_to_the_only_scene() -> None:
    play = Play()
    assert play.set(crossfade=0.5).controls == {"crossfade": 0.5}  # there is no scene yet
    play.set(crossfade=0, smooth=0.8)
    play.store("dawn")
    play.set(smooth=0.2)
    for fader, smooth in ((0.5, 0.5), (1, 0.8), (0.25, 0.35), (0, 0.2)):
        play.set(gesture="fade", crossfade=fader)
        assert play["smooth"] == pytest.approx(smooth)
    play.press("undo")
    assert (play["smooth"], play["crossfade"]) == (0.2, 0.0)
    play.set(smooth=0.4)  # it leaves its end anew
    play.set(crossfade=0.5)
    assert play["smooth"] == pytest.approx(0.6)
    play.tell(type="crossfade", a="dawn")  # now the scene is at the other end
    play.set(gesture="other", crossfade=0.25)  # halfway from where it stands
    assert play["smooth"] == pytest.approx(0.7)
    play.set(crossfade=0)
    assert play["smooth"] == 0.8


def test_crossfade_begins_without_a_jump_where_the_fader_stands() -> None:
    play = Play()
    play.set(smooth=0.8)
    play.store("dawn")
    play.set(smooth=0.2)
    play.session.state.scenes.delete("dawn")
    play.set(crossfade=0.5)
    play.session.state.scenes.add(Scene(name="dusk", saved=0, controls={"smooth": 0.8}))
    for fader, smooth in ((0.6, 0.32), (0.4, 0.28), (1, 0.8)):
        play.set(gesture="fade", crossfade=fader)
        assert play["smooth"] == pytest.approx(smooth)


def test_crossfade_by_hand_goes_on_from_where_the_desk_stands() -> None:
    play = Play()
    play.set(smooth=0.2, color="luminance")
    play.store("dawn")
    play.set(smooth=0.8, color="full")
    play.store("dusk")  # the desk stands there, the fader at the other end
    for fader, smooth in ((0.1, 0.8), (0.9, 0.8), (0.6, 0.6), (0.45, 0.5), (0, 0.2)):
        play.set(gesture="fade", crossfade=fader)
        assert play["smooth"] == pytest.approx(smooth)
    assert play["color"] == TABLE["color"].check("luminance")
    play.set(smooth=0.9)
    play.session.apply_set(CheckedSet({"crossfade": 0.5}), "midi:nano")
    assert play["smooth"] == pytest.approx(0.85)
    play.set(crossfade=0.25)  # a program gets what it asks for
    assert play["smooth"] == pytest.approx(0.35)


def test_undo_leaves_the_wall_alone() -> None:
    play = Play()
    play.set(blackout=True)
    assert refusal(play.press("undo")).code == "nothing_to_undo"
    play.set(hold=True, smooth=0.9)
    play.press("undo")
    assert (play["smooth"], play["hold"], play["blackout"]) == (TABLE["smooth"].default, 1.0, 1.0)
    play.store("dawn")
    assert "blackout" not in play.session.state.scenes["dawn"].controls


def test_mute_and_solo_glide() -> None:
    play = Play()
    mute, solo = f"style.{LAYER}.mute", f"content.{LAYER}.solo"
    play.store("dawn")
    play.set(**{mute: True, solo: True})
    play.store("dusk")
    changed = play.set(crossfade=0.25)
    assert (play[mute], play[solo], changed.controls[mute]) == (0.25, 0.25, False)
    assert play.set(crossfade=0.5).controls[mute] is True
    play.store("between")
    assert play.session.state.scenes["between"].controls[solo] is True
    play.set(crossfade=1)
    assert play[mute] == 1.0
    play.tell(type="recall", scene="dawn", seconds=2)
    steps = [change.controls[mute] for change in play.pass_time(2)]
    assert steps == [True] * steps.index(False) + [False] * steps.count(False)
    assert (play[mute], play[solo]) == (0.0, 0.0)


def test_crossfade_ends_can_be_kept_or_cleared() -> None:
    play = Play()
    play.store("dawn")
    play.store("dusk")
    for message, ends in (
        ({"a": "dawn", "b": "dusk"}, ("dawn", "dusk")),
        ({"a": "dusk"}, ("dusk", "dusk")),
        ({"b": None}, ("dusk", "dawn")),
        ({"a": None}, ("dawn", "dusk")),
    ):
        play.tell(type="crossfade", **message)
        scenes = play.session.state.scenes_message()
        assert (scenes.a, scenes.b) == ends
    assert scenes.chosen == ()


def test_scene_triggers() -> None:
    play = Play()
    assert refusal(play.press("next_scene")).code == "unknown_scene"
    for at in (0.1, 0.2, 0.3):
        play.set(smooth=at)
        (answer,) = play.press("snapshot")
        assert isinstance(answer, TriggeredMessage)
    names = [entry.name for entry in play.session.state.scenes_message().scenes]
    assert names == ["scene 1", "scene 2", "scene 3"]
    for trigger, at in (
        ("next_scene", 0.1), ("next_scene", 0.2), ("previous_scene", 0.1), ("previous_scene", 0.3),
    ):  # fmt: skip
        play.press(trigger)
        assert play["smooth"] == at


def test_scenes_message_is_cached() -> None:
    play = Play()
    play.set(smooth=0.5)
    told = play.session.state.scenes_message()
    play.set(smooth=0.6)
    assert play.session.state.scenes_message() is told
    play.set(learning_rate=0.6)
    assert play.session.state.scenes_message() is not told


def test_restore_can_be_undone() -> None:
    play = Play()
    changed, skipped = play.session.state.restore(
        {"smooth": 0.7, "paused": True, "crossfade": 1.0, "style.block9_conv9": 0.5}, "picture"
    )
    assert (changed.controls, skipped) == ({"smooth": 0.7}, 1)
    play.press("undo")
    assert play.session.state.positions == TABLE.defaults()


FADERS = ["smooth", "learning_rate", f"style.{LAYER}", "crossfade"]
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from(FADERS), st.floats(0, 1)),
        st.tuples(
            st.just("switch"), st.sampled_from(["average", f"freeze.{LAYER}"]), st.booleans()
        ),
        st.tuples(st.just("recall"), st.sampled_from(["dawn", "dusk"]), st.sampled_from([0, 0.1])),
        st.tuples(st.just("wait"), st.just(""), st.floats(0, 1)),
    ),
    max_size=25,
)


@settings(max_examples=100, deadline=None)
@given(ACTS)
def test_any_sequence_is_undone_to_its_start(acts: list[tuple[str, str, Any]]) -> None:
    play = Play()
    play.set(smooth=0.9, average=True)
    play.store("dawn")
    play.set(smooth=0.1, average=False)
    play.store("dusk")
    play.tell(type="crossfade", a="dawn", b="dusk")
    start = dict(play.session.state.positions)
    depth = play.session.state.scenes_message().undo
    for act, name, value in acts:
        if act in ("set", "switch"):
            play.set(**{name: value})
        elif act == "recall":
            play.tell(type="recall", scene=name, seconds=value)
        else:
            play.pass_time(value)
    end = dict(play.session.state.positions)
    steps = play.session.state.scenes_message().undo - depth
    for _ in range(steps):
        play.press("undo")
    assert play.session.state.positions == start
    play.pass_time(1)  # nothing goes on by itself
    assert play.session.state.positions == start
    for _ in range(steps):
        play.press("redo")
    assert play.session.state.positions == end
