"""Steps made smooth, with an injected clock."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from styletune.midi.smoothing import MAX_HANDS, PERIOD_S, STEPS, Smoother

FROM, TO = 64 / 127, 65 / 127


class Box:
    """Positions that are moved as the smoother says."""

    def __init__(self, **positions: float) -> None:
        self.smoother = Smoother()
        self.positions = positions
        self.moves: list[tuple[float, str, float]] = []

    def move(self, name: str, target: float, now: float) -> None:
        self.run(now)
        place = self.smoother.move(name, target, self.positions, now, "box")
        if place is not None:
            self._set(now, name, place)

    def run(self, until: float) -> None:
        while (due := self.smoother.due) is not None and due <= until:
            for device, places in self.smoother.step(self.positions, due).items():
                assert device == "box"
                for name, place in places.items():
                    self._set(due, name, place)

    def _set(self, now: float, name: str, place: float) -> None:
        self.positions[name] = place
        self.moves.append((now, name, place))


def test_step_is_split_evenly() -> None:
    box = Box(smooth=FROM)
    box.move("smooth", TO, 1.0)
    box.run(2.0)
    times = [now for now, _, _ in box.moves]
    assert times == pytest.approx([1.0 + PERIOD_S * step for step in range(STEPS)])
    assert 0.020 <= times[-1] - times[0] <= 0.050
    places = [FROM, *(place for _, _, place in box.moves)]
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert gaps == pytest.approx([(TO - FROM) / STEPS] * STEPS)
    assert places[-1] == TO  # to the bit
    assert box.smoother.due is None


def test_step_may_come_a_little_early() -> None:
    box = Box(smooth=FROM)
    box.move("smooth", TO, 1.0)
    assert box.smoother.step(box.positions, 1.0 + 0.4 * PERIOD_S) == {}
    step = box.smoother.step(box.positions, 1.0 + 0.6 * PERIOD_S)
    assert step["box"].keys() == {"smooth"}
    assert box.smoother.due == pytest.approx(1.0 + 1.6 * PERIOD_S)  # no step is shorter


def test_further_moves_only_set_the_target() -> None:
    box = Box(smooth=0.0)
    for step in range(1, 11):
        box.move("smooth", step / 127, step * 0.016)
    assert box.smoother.targets_view(box.positions)["smooth"] == 10 / 127
    box.run(1.0)
    places = [place for _, _, place in box.moves]
    assert places == sorted(places)  # never back
    assert places[-1] == 10 / 127
    assert len(box.moves) <= 9 * 0.016 / PERIOD_S + STEPS + 1


def test_controls_step_together() -> None:
    box = Box(a=0.0, b=0.0)
    box.move("a", 0.5, 0.0)
    box.move("b", 0.5, 0.004)  # its first step is at once, the others are with a's
    box.run(1.0)
    a, b = ([now for now, name, _ in box.moves if name == wanted] for wanted in "ab")
    assert (a[0], b[0]) == (0.0, 0.004)
    assert a[1:] == b[1:]


def test_many_controls_take_longer_steps() -> None:
    names = [f"f{n}" for n in range(MAX_HANDS + 1)]
    box = Box(**dict.fromkeys(names, 0.0))
    for name in names:
        box.move(name, 0.5, 0.0)
    box.run(0.1)
    assert [now for now, name, _ in box.moves if name == "f0"] == [0.0, 2 * PERIOD_S]
    box.moves.clear()
    for turn in range(1, 5):  # as the agent sends, a little more often than steps are due
        now = 0.1 + turn * 0.032
        for name in names:
            box.move(name, 0.5 + turn / 10, now)
        for places in box.smoother.step(box.positions, now).values():
            for name, place in places.items():
                box._set(now, name, place)
    box.run(1.0)
    times, places = zip(*[(now, at) for now, name, at in box.moves if name == "f0"], strict=True)
    assert times == pytest.approx([0.132, 0.164, 0.196, 0.228, 0.228 + 2 * PERIOD_S])
    assert list(places) == sorted(places)
    assert set(box.positions.values()) == {0.9}


def test_overridden_controls_are_dropped() -> None:
    box = Box(smooth=0.2)
    box.move("smooth", 0.8, 0.0)
    box.positions["smooth"] = 0.1  # a scene
    assert box.smoother.targets_view(box.positions) == {"smooth": 0.1}
    box.run(1.0)
    assert box.positions == {"smooth": 0.1}
    assert box.smoother.due is None


@given(st.lists(st.tuples(st.floats(0, 0.05), st.floats(0, 1)), min_size=1, max_size=50))
def test_last_target_is_reached(
    moves: list[tuple[float, float]],
) -> None:
    box, now = Box(smooth=0.5), 0.0
    for wait_s, target in moves:
        now += wait_s
        box.move("smooth", target, now)
    box.run(now + 1.0)
    assert box.positions["smooth"] == moves[-1][1]
    for (before, _, _), (after, _, _) in zip(box.moves[:-1], box.moves[1:], strict=True):
        assert after >= before
