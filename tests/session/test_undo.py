"""Undo, without any clock."""

from hypothesis import given
from hypothesis import strategies as st

from styletune.session.undo import DEPTH, GESTURE_GAP_S, UndoStack

NAMES = ("a", "b", "c")


class Desk:
    """A few handles and their history."""

    def __init__(self) -> None:
        self.at = dict.fromkeys(NAMES, 0.0)
        self.history = UndoStack()
        self.now = 0.0

    def move(self, group: object, pause_s: float | None = None, **to: float) -> None:
        before = {name: self.at[name] for name in to}
        self.at |= to
        self.history.record(group, before, to, self.now, pause_s=pause_s)

    def undo(self) -> bool:
        back = self.history.undo()
        self.at |= back or {}
        return back is not None

    def redo(self) -> bool:
        again = self.history.redo()
        self.at |= again or {}
        return again is not None


def test_a_gesture_of_many_moves_is_taken_back_at_once() -> None:
    desk = Desk()
    for step in range(1, 50):
        desk.move("drag", a=step / 100)
    assert desk.history.undo_depth == 1
    assert desk.undo()
    assert desk.at["a"] == 0.0
    assert desk.redo()
    assert desk.at["a"] == 0.49
    assert not desk.redo()


def test_moves_that_name_no_gesture_are_one_until_the_hand_rests() -> None:
    desk = Desk()
    for at, depth in (
        (0.0, 1),
        (GESTURE_GAP_S, 1),
        (2 * GESTURE_GAP_S, 1),
        (3.1 * GESTURE_GAP_S, 2),
    ):
        desk.now = at
        desk.move("hand", GESTURE_GAP_S, a=0.1 + at / 10)
        assert desk.history.undo_depth == depth


def test_two_hands_on_two_handles_are_two_gestures() -> None:
    desk = Desk()
    for step in range(1, 5):
        desk.move("left", a=step / 10)
        desk.move("right", b=step / 10)
    assert desk.history.undo_depth == 2
    desk.undo()
    assert (desk.at["a"], desk.at["b"]) == (0.4, 0.0)


def test_a_gesture_does_not_go_on_over_anothers_move_of_the_same_handle() -> None:
    desk = Desk()
    desk.move("left", a=0.2)
    desk.move("right", a=0.5)
    desk.move("left", a=0.3)
    values = []
    while desk.undo():
        values.append(desk.at["a"])
    assert values == [0.5, 0.2, 0.0]


def test_only_what_a_gesture_moved_is_put_back() -> None:
    desk = Desk()
    desk.move("one", a=0.5)
    desk.at["b"] = 0.7  # not a hand's
    desk.undo()
    assert desk.at == {"a": 0.0, "b": 0.7, "c": 0.0}


def test_a_move_to_where_it_stands_is_no_gesture() -> None:
    desk = Desk()
    desk.move("one", a=0.5)
    desk.undo()
    desk.move("two", a=0.0)
    assert desk.history.undo_depth == 0
    assert desk.redo()


def test_a_new_move_forgets_what_was_taken_back() -> None:
    desk = Desk()
    desk.move("one", a=0.5)
    desk.undo()
    desk.move("two", b=0.5)
    assert not desk.redo()


def test_after_an_undo_a_hand_that_still_moves_begins_a_new_gesture() -> None:
    desk = Desk()
    desk.move("one", a=0.5)
    desk.move("two", b=0.5)
    desk.undo()
    desk.move("one", a=0.6)
    assert desk.history.undo_depth == 2
    desk.undo()
    assert desk.at["a"] == 0.5


def test_the_last_hundred_are_kept() -> None:
    desk = Desk()
    for step in range(150):
        desk.move(step, a=(step + 1) / 200)
    assert desk.history.undo_depth == DEPTH
    while desk.undo():
        pass
    assert desk.at["a"] == 50 / 200
    assert desk.history.redo_depth == DEPTH


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["left", "right", "knob"]),
        st.dictionaries(st.sampled_from(NAMES), st.floats(0, 1), min_size=1),
        st.floats(0, 2),
    ),
    max_size=DEPTH,
)


@given(MOVES)
def test_as_many_undos_as_gestures_give_the_start_and_as_many_redos_the_end(moves: list) -> None:
    desk = Desk()
    start = dict(desk.at)
    for group, to, pause in moves:
        desk.now += pause
        desk.move(group, GESTURE_GAP_S, **to)
    end, depth = dict(desk.at), desk.history.undo_depth
    assert depth <= len(moves)
    for _ in range(depth):
        assert desk.undo()
    assert desk.at == start
    assert not desk.undo()
    for _ in range(depth):
        assert desk.redo()
    assert desk.at == end


@given(MOVES, st.lists(st.booleans(), max_size=30))
def test_undo_and_redo_retrace_the_same_way(moves: list, presses: list[bool]) -> None:
    desk = Desk()
    for group, to, pause in moves:
        desk.now += pause
        desk.move(group, GESTURE_GAP_S, **to)
    seen = {desk.history.undo_depth: dict(desk.at)}
    for back in presses:
        if desk.undo() if back else desk.redo():
            assert seen.setdefault(desk.history.undo_depth, dict(desk.at)) == desk.at
