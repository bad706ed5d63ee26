"""Undo, without any clock."""

from hypothesis import given
from hypothesis import strategies as st

from styletune.session.undo import DEPTH, GESTURE_GAP_S, UndoStack

NAMES = ("a", "b", "c")


class Controls:
    """A few controls and their undo stack."""

    def __init__(self) -> None:
        self.at = dict.fromkeys(NAMES, 0.0)
        self.stack = UndoStack()
        self.now = 0.0

    def move(self, gesture: object, gap_s: float | None = None, **to: float) -> None:
        before = {name: self.at[name] for name in to}
        self.at |= to
        self.stack.record(gesture, before, to, self.now, gap_s=gap_s)

    def undo(self) -> bool:
        back = self.stack.undo()
        self.at |= back or {}
        return back is not None

    def redo(self) -> bool:
        again = self.stack.redo()
        self.at |= again or {}
        return again is not None


def test_gesture_is_undone_at_once() -> None:
    controls = Controls()
    for step in range(1, 50):
        controls.move("drag", a=step / 100)
    assert controls.stack.undo_depth == 1
    assert controls.undo()
    assert controls.at["a"] == 0.0
    assert controls.redo()
    assert controls.at["a"] == 0.49
    assert not controls.redo()


def test_pause_ends_a_gesture() -> None:
    controls = Controls()
    for at, depth in (
        (0.0, 1),
        (GESTURE_GAP_S, 1),
        (2 * GESTURE_GAP_S, 1),
        (3.1 * GESTURE_GAP_S, 2),
    ):
        controls.now = at
        controls.move("hand", GESTURE_GAP_S, a=0.1 + at / 10)
        assert controls.stack.undo_depth == depth


def test_two_controls_moved_in_turn_are_two_gestures() -> None:
    controls = Controls()
    for step in range(1, 5):
        controls.move("left", a=step / 10)
        controls.move("right", b=step / 10)
    assert controls.stack.undo_depth == 2
    controls.undo()
    assert (controls.at["a"], controls.at["b"]) == (0.4, 0.0)


def test_gesture_ends_when_another_moves_its_control() -> None:
    controls = Controls()
    controls.move("left", a=0.2)
    controls.move("right", a=0.5)
    controls.move("left", a=0.3)
    values = []
    while controls.undo():
        values.append(controls.at["a"])
    assert values == [0.5, 0.2, 0.0]


def test_undo_leaves_other_controls() -> None:
    controls = Controls()
    controls.move("one", a=0.5)
    controls.at["b"] = 0.7  # not a hand's
    controls.undo()
    assert controls.at == {"a": 0.0, "b": 0.7, "c": 0.0}


def test_move_to_the_same_position_is_not_recorded() -> None:
    controls = Controls()
    controls.move("one", a=0.5)
    controls.undo()
    controls.move("two", a=0.0)
    assert controls.stack.undo_depth == 0
    assert controls.redo()


def test_new_move_clears_redo() -> None:
    controls = Controls()
    controls.move("one", a=0.5)
    controls.undo()
    controls.move("two", b=0.5)
    assert not controls.redo()


def test_undo_ends_open_gestures() -> None:
    controls = Controls()
    controls.move("one", a=0.5)
    controls.move("two", b=0.5)
    controls.undo()
    controls.move("one", a=0.6)
    assert controls.stack.undo_depth == 2
    controls.undo()
    assert controls.at["a"] == 0.5


def test_depth_is_limited() -> None:
    controls = Controls()
    for step in range(150):
        controls.move(step, a=(step + 1) / 200)
    assert controls.stack.undo_depth == DEPTH
    while controls.undo():
        pass
    assert controls.at["a"] == 50 / 200
    assert controls.stack.redo_depth == DEPTH


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["left", "right", "knob"]),
        st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1), min_size=1),
        st.floats(0, 2),
    ),
    max_size=DEPTH,
)


@given(MOVES)
def test_undo_all_gives_the_start_and_redo_all_the_end(moves: list) -> None:
    controls = Controls()
    start = dict(controls.at)
    for gesture, to, pause in moves:
        controls.now += pause
        controls.move(gesture, GESTURE_GAP_S, **to)
    end, depth = dict(controls.at), controls.stack.undo_depth
    assert depth <= len(moves)
    for _ in range(depth):
        assert controls.undo()
    assert controls.at == start
    assert not controls.undo()
    for _ in range(depth):
        assert controls.redo()
    assert controls.at == end


@given(MOVES, st.lists(st.booleans(), max_size=30))
def test_undo_and_redo_retrace_the_same_way(moves: list, presses: list[bool]) -> None:
    controls = Controls()
    for gesture, to, pause in moves:
        controls.now += pause
        controls.move(gesture, GESTURE_GAP_S, **to)
    seen = {controls.stack.undo_depth: dict(controls.at)}
    for back in presses:
        if controls.undo() if back else controls.redo():
            assert seen.setdefault(controls.stack.undo_depth, dict(controls.at)) == controls.at
