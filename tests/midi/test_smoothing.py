"""Steps made smooth, with an injected clock."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.midi.smoothing import MAX_HANDS, PERIOD_S, STEPS, Smoother

FROM, TO = 64 / 127, 65 / 127


class Gliding:
    """Positions that are moved as they are told."""

    def __init__(self, **positions: float) -> None:
        self.glides = Smoother()
        self.positions = positions
        self.told: list[tuple[float, str, float]] = []

    def move(self, name: str, goal: float, now: float) -> None:
        self.run(now)
        place = self.glides.move(name, goal, self.positions, now, "box")
        if place is not None:
            self._tell(now, name, place)

    def run(self, until: float) -> None:
        while (due := self.glides.due) is not None and due <= until:
            for mover, places in self.glides.step(self.positions, due).items():
                assert mover == "box"
                for name, place in places.items():
                    self._tell(due, name, place)

    def _tell(self, now: float, name: str, place: float) -> None:
        self.positions[name] = place
        self.told.append((now, name, place))


def test_a_step_is_gone_in_even_parts_the_first_at_once_within_20_to_50_ms() -> None:
    box = Gliding(smooth=FROM)
    box.move("smooth", TO, 1.0)
    box.run(2.0)
    times = [now for now, _, _ in box.told]
    assert times == pytest.approx([1.0 + PERIOD_S * step for step in range(STEPS)])
    assert 0.020 <= times[-1] - times[0] <= 0.050
    places = [FROM, *(place for _, _, place in box.told)]
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert gaps == pytest.approx([(TO - FROM) / STEPS] * STEPS)
    assert places[-1] == TO  # to the bit
    assert box.glides.due is None


def test_a_step_is_taken_along_when_it_is_nearly_due_and_not_long_before() -> None:
    box = Gliding(smooth=FROM)
    box.move("smooth", TO, 1.0)
    assert box.glides.step(box.positions, 1.0 + 0.4 * PERIOD_S) == {}
    step = box.glides.step(box.positions, 1.0 + 0.6 * PERIOD_S)
    assert step["box"].keys() == {"smooth"}
    assert box.glides.due == pytest.approx(1.0 + 1.6 * PERIOD_S)  # no step is shorter


def test_a_hand_that_turns_on_moves_the_goal_and_the_last_one_is_reached() -> None:
    box = Gliding(smooth=0.0)
    for step in range(1, 11):
        box.move("smooth", step / 127, step * 0.016)
    assert box.glides.meant(box.positions)["smooth"] == 10 / 127
    box.run(1.0)
    places = [place for _, _, place in box.told]
    assert places == sorted(places)  # never back
    assert places[-1] == 10 / 127
    assert len(box.told) <= 9 * 0.016 / PERIOD_S + STEPS + 1


def test_controls_under_way_step_together() -> None:
    box = Gliding(a=0.0, b=0.0)
    box.move("a", 0.5, 0.0)
    box.move("b", 0.5, 0.004)  # its first step is at once, the others are with a's
    box.run(1.0)
    a, b = ([now for now, name, _ in box.told if name == wanted] for wanted in "ab")
    assert (a[0], b[0]) == (0.0, 0.004)
    assert a[1:] == b[1:]


def test_more_than_two_hands_move_is_smoothed_as_long_in_longer_steps() -> None:
    names = [f"f{n}" for n in range(MAX_HANDS + 1)]
    box = Gliding(**dict.fromkeys(names, 0.0))
    for name in names:
        box.move(name, 0.5, 0.0)
    box.run(0.1)
    assert [now for now, name, _ in box.told if name == "f0"] == [0.0, 2 * PERIOD_S]
    box.told.clear()
    for turn in range(1, 5):  # as the agent sends, a little more often than steps are due
        now = 0.1 + turn * 0.032
        for name in names:
            box.move(name, 0.5 + turn / 10, now)
        for places in box.glides.step(box.positions, now).values():
            for name, place in places.items():
                box._tell(now, name, place)
    box.run(1.0)
    times, places = zip(*[(now, at) for now, name, at in box.told if name == "f0"], strict=True)
    assert times == pytest.approx([0.132, 0.164, 0.196, 0.228, 0.228 + 2 * PERIOD_S])
    assert list(places) == sorted(places)
    assert set(box.positions.values()) == {0.9}


def test_what_somebody_else_has_moved_is_theirs() -> None:
    box = Gliding(smooth=0.2)
    box.move("smooth", 0.8, 0.0)
    box.positions["smooth"] = 0.1  # a scene
    assert box.glides.meant(box.positions) == {"smooth": 0.1}
    box.run(1.0)
    assert box.positions == {"smooth": 0.1}
    assert box.glides.due is None


@given(st.lists(st.tuples(st.floats(0, 0.05), st.floats(0, 1)), min_size=1, max_size=50))
def test_whatever_a_hand_does_its_last_place_is_where_the_control_ends(
    moves: list[tuple[float, float]],
) -> None:
    box, now = Gliding(smooth=0.5), 0.0
    for wait_s, goal in moves:
        now += wait_s
        box.move("smooth", goal, now)
    box.run(now + 1.0)
    assert box.positions["smooth"] == moves[-1][1]
    for (before, _, _), (after, _, _) in zip(box.told[:-1], box.told[1:], strict=True):
        assert after >= before
