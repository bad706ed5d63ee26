"""Past values: what the controls were at the revision that a picture was painted with.

Changes and the revisions of painted pictures come in; the values of a revision go out. A
picture lags behind the hand, and a saved one must carry what it was painted with. Pure.
Lives in the web process.
"""

from collections import deque
from collections.abc import Mapping

Values = Mapping[str, float | bool | str]

# Between two pictures at a thousand changes a second, with a painter that takes four seconds.
KEPT = 4096


class Past:
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
