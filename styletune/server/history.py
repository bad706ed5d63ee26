"""The history of losses: the last 10,000 epochs, as a CSV table.

Frames come in; lines of text go out. Kept as numbers in one array, 6 MB at most. Knows
nothing about pictures and sockets.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

import numpy as np

from styletune.ipc.frame_block import Frame, Term

MAX_EPOCHS = 10_000
_FIXED = ("epoch", "step", "rev", "time", "steps_per_s", "smooth", "total")
_WHOLE = 3  # of these, so many are whole numbers
_LINES = 200  # of the table, made at a time


class LossHistory:
    """One row an epoch, in a ring."""

    def __init__(self, layers: Sequence[str], max_epochs: int = MAX_EPOCHS) -> None:
        terms = [field.name for field in fields(Term)]
        self.columns = (
            *_FIXED,
            *(
                f"{kind}.{layer}.{term}"
                for kind in ("content", "style")
                for layer in layers
                for term in terms
            ),
        )
        # Float64, since `time` needs it. Filled, not `zeros`: that takes its memory row by row,
        # which for the first eight minutes looks like a leak.
        self._rows = np.full((max_epochs, len(self.columns)), 0.0)
        self._count = 0

    def __len__(self) -> int:
        """How many epochs there are."""
        return min(self._count, len(self._rows))

    def add(self, frame: Frame) -> None:
        """Append a frame's losses; the oldest row goes when there are too many."""
        values = [float(getattr(frame, name)) for name in _FIXED]
        for term in (*frame.content, *frame.style):
            values += (term.raw, term.weight, term.weighted, term.share)
        self._rows[self._count % len(self._rows)] = values
        self._count += 1

    def csv(self, last: int = MAX_EPOCHS) -> Iterator[str]:
        """The table in pieces of some lines, oldest epoch first; a copy of this moment.

        Args:
            last: at most so many epochs, the newest.
        """
        start = self._count % len(self._rows) if self._count > len(self._rows) else 0
        rows = np.roll(self._rows[: len(self)], -start, axis=0)
        return self._lines(rows[max(0, len(rows) - last) :])

    def _lines(self, rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Iterator[str]:
        yield ",".join(self.columns) + "\n"
        for first in range(0, len(rows), _LINES):
            yield "".join(
                ",".join([*(str(int(v)) for v in row[:_WHOLE]), *map(repr, row[_WHOLE:])]) + "\n"
                for row in rows[first : first + _LINES].tolist()
            )


# Past values: what the controls were at the revision that a picture was painted with.
#
# Changes and the revisions of painted pictures come in; the values of a revision go out. A
# picture lags behind the hand, and a saved one must carry what it was painted with. Pure.
# Lives in the web process.


Values = Mapping[str, float | bool | str]

# Between two pictures at a thousand changes a second, with a painter that takes four seconds.
KEPT = 4096


class ControlHistory:
    """The values at the newest painted revision, and every change since."""

    def __init__(self, rev: int, values: Values) -> None:
        self._rev = rev
        self._values = dict(values)
        self._changes: deque[tuple[int, Values]] = deque()

    def changed(self, rev: int, values: Values) -> None:
        """Controls have moved; beyond `KEPT` changes the oldest values are forgotten."""
        self._changes.append((rev, values))
        if len(self._changes) > KEPT:
            self._fold()

    def painted(self, rev: int) -> None:
        """A picture of this revision has come: nobody asks for older ones any more."""
        while self._changes and self._changes[0][0] <= rev:
            self._fold()

    def at(self, rev: int) -> tuple[int, dict[str, float | bool | str]]:
        """The values of the revision, and the one they are of: a later one if it is gone."""
        found, values = self._rev, dict(self._values)
        for later, changes in self._changes:
            if later > rev:
                break
            found = later
            values.update(changes)
        return found, values

    def _fold(self) -> None:
        self._rev, changes = self._changes.popleft()
        self._values.update(changes)
