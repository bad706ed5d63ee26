"""Undo and redo: what each gesture changed, newest last. Pure; the time comes in.

Only the controls that a gesture changed are put back: others keep what happened since.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

DEPTH = 100
# Moves that do not name their gesture: after a longer pause another one begins.
GESTURE_GAP_S = 0.8

# Of controls, and of whatever else is taken back with them; compared only.
Positions = Mapping[str, Any]


@dataclass(slots=True)
class _Entry:
    gesture: Hashable
    before: dict[str, Any]
    after: dict[str, Any]
    at: float


class UndoStack:
    """The last hundred gestures.

    All that is done and then undone as often ends where it began: a gesture is never
    continued over another one that touched the same controls.
    """

    def __init__(self) -> None:
        self._done: list[_Entry] = []  # newest last
        self._undone: list[_Entry] = []  # the one to redo next is last
        self._open: dict[Hashable, _Entry] = {}

    @property
    def undo_depth(self) -> int:
        """How many gestures can be undone."""
        return len(self._done)

    @property
    def redo_depth(self) -> int:
        """How many gestures can be redone."""
        return len(self._undone)

    def record(
        self,
        gesture: Hashable,
        before: Positions,
        after: Positions,
        now: float,
        *,
        gap_s: float | None = None,
    ) -> None:
        """Record a move; it continues the gesture of the same key, if that is still open.

        Args:
            gesture: key of the gesture: who moves what.
            before, after: positions of the controls that moved.
            now: seconds that only rise.
            gap_s: after a longer pause a new gesture begins; None: however long.
        """
        moved = [name for name, position in after.items() if before[name] != position]
        if not moved:
            return
        self._undone.clear()
        entry = self._open.get(gesture)
        if entry is None or self._has_ended(entry, now, gap_s) or self._overwritten(entry, moved):
            entry = self._push(_Entry(gesture, {}, {}, now))
        for name in moved:
            entry.before.setdefault(name, before[name])
            entry.after[name] = after[name]
        entry.at = now

    def begin(self, gesture: Hashable, before: Positions, now: float) -> None:
        """Open a gesture that will move these controls little by little."""
        if before:
            self._undone.clear()
            self._push(_Entry(gesture, dict(before), dict(before), now))

    def undo(self) -> Positions | None:
        """Undo the newest gesture: the positions to put back, None when there is none."""
        if not self._done:
            return None
        entry = self._done.pop()
        self._undone.append(entry)
        self._open.clear()  # who still moves begins a new gesture
        return entry.before

    def redo(self) -> Positions | None:
        """Redo the gesture undone last: its positions, None when there is none."""
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
    def _has_ended(entry: _Entry, now: float, gap_s: float | None) -> bool:
        return gap_s is not None and now - entry.at > gap_s

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
