"""Undo and redo: what each gesture of a hand changed, newest last. Pure; the time comes in.

A gesture comes in as the positions before and after; what to put back comes out. Only the
controls that a gesture changed are put back, so that others keep what happened since. Knows
nothing about messages and scenes.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass

DEPTH = 100
# Sets that do not name their gesture: a hand that stood still for longer began another one.
GESTURE_GAP_S = 0.8

Positions = Mapping[str, float]


@dataclass(slots=True)
class _Entry:
    gesture: Hashable
    before: dict[str, float]
    after: dict[str, float]
    at: float


class UndoStack:
    """The last hundred gestures.

    All that is done and then undone as often ends where it began: a gesture is never
    continued over another one that touched the same controls.
    """

    def __init__(self) -> None:
        self._done: list[_Entry] = []  # newest last
        self._undone: list[_Entry] = []  # the one to be done again first, last
        self._open: dict[Hashable, _Entry] = {}

    @property
    def undo_depth(self) -> int:
        """How many gestures can be taken back."""
        return len(self._done)

    @property
    def redo_depth(self) -> int:
        """How many can be made again."""
        return len(self._undone)

    def record(
        self,
        group: Hashable,
        before: Positions,
        after: Positions,
        now: float,
        *,
        pause_s: float | None = None,
    ) -> None:
        """Note a move; it continues the gesture of the same `group`, if there is one.

        Args:
            group: who moves, and in which gesture.
            before, after: positions of the controls that moved.
            now: seconds that only rise.
            pause_s: a gesture that has rested for longer is over; None: it never is.
        """
        moved = [name for name, position in after.items() if before[name] != position]
        if not moved:
            return
        self._undone.clear()
        entry = self._open.get(group)
        if entry is None or self._has_ended(entry, now, pause_s) or self._overwritten(entry, moved):
            entry = self._push(_Entry(group, {}, {}, now))
        for name in moved:
            entry.before.setdefault(name, before[name])
            entry.after[name] = after[name]
        entry.at = now

    def begin(self, group: Hashable, before: Positions, now: float) -> None:
        """Note that a gesture begins that will move these controls by and by."""
        if before:
            self._undone.clear()
            self._push(_Entry(group, dict(before), dict(before), now))

    def undo(self) -> Positions | None:
        """Take the newest gesture back: the positions to put back, None when there is none."""
        if not self._done:
            return None
        entry = self._done.pop()
        self._undone.append(entry)
        self._open.clear()  # a hand that still moves begins a new gesture
        return entry.before

    def redo(self) -> Positions | None:
        """Make the gesture taken back last again: its positions, None when there is none."""
        if not self._undone:
            return None
        entry = self._undone.pop()
        self._done.append(entry)
        return entry.after

    def _push(self, entry: _Entry) -> _Entry:
        self._open[entry.gesture] = entry
        self._done.append(entry)
        if len(self._done) > DEPTH:
            self._close(self._done.pop(0))
        return entry

    @staticmethod
    def _has_ended(entry: _Entry, now: float, pause_s: float | None) -> bool:
        return pause_s is not None and now - entry.at > pause_s

    def _overwritten(self, entry: _Entry, names: Iterable[str]) -> bool:
        """Whether a later gesture has moved one of `names`."""
        for later in reversed(self._done):
            if later is entry:
                return False
            if not later.after.keys().isdisjoint(names):
                return True
        return False

    def _close(self, entry: _Entry) -> None:
        if self._open.get(entry.gesture) is entry:
            del self._open[entry.gesture]
