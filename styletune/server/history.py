"""What has happened in this web process: losses, past control values, and counts for metrics."""

from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields

import numpy as np

from styletune.ipc.commands import State
from styletune.ipc.frame_block import Frame, Term
from styletune.terms import layer_terms

MAX_EPOCHS = 10_000
_FIXED = ("epoch", "step", "rev", "time", "steps_per_s", "smooth", "total")
_INTS = 3  # the first of these columns
_LINES = 200  # of the table, made at a time

Values = Mapping[str, float | bool | str]
# Between two pictures at a thousand changes a second, with a painter that takes four seconds.
MAX_CHANGES = 4096


class LossHistory:
    """The losses of the last 10,000 epochs, a row each, in a ring of at most 6 MB."""

    def __init__(self, layers: Sequence[str], max_epochs: int = MAX_EPOCHS) -> None:
        numbers = [field.name for field in fields(Term)]
        self.columns = (
            *_FIXED,
            *(
                f"{kind}.{layer}.{number}"
                for kind in layer_terms()
                for layer in layers
                for number in numbers
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
        for kind in layer_terms():
            for term in frame.terms[kind]:
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
                ",".join([*(str(int(v)) for v in row[:_INTS]), *map(repr, row[_INTS:])]) + "\n"
                for row in rows[first : first + _LINES].tolist()
            )


class ControlHistory:
    """The values at the revision of the newest picture, and every change since.

    A picture lags behind the hand, and a saved one must carry what it was painted with.
    """

    def __init__(self, rev: int, values: Values) -> None:
        self._rev = rev
        self._values = dict(values)
        self._changes: deque[tuple[int, Values]] = deque()

    def add(self, rev: int, values: Values) -> None:
        """Append a change; beyond `MAX_CHANGES` the oldest values are lost."""
        self._changes.append((rev, values))
        if len(self._changes) > MAX_CHANGES:
            self._apply_oldest()

    def discard_before(self, rev: int) -> None:
        """Forget the values before `rev`, once a picture of that revision is there."""
        while self._changes and self._changes[0][0] <= rev:
            self._apply_oldest()

    def values_at(self, rev: int) -> tuple[int, dict[str, float | bool | str]]:
        """The values at `rev` and the revision that they are of: a later one if `rev` is gone."""
        found, values = self._rev, dict(self._values)
        for later, changes in self._changes:
            if later > rev:
                break
            found = later
            values.update(changes)
        return found, values

    def _apply_oldest(self) -> None:
        self._rev, changes = self._changes.popleft()
        self._values.update(changes)


class ServerStats:
    """Counts since the start, which only rise; `metrics` shows them.

    Attributes:
        epochs: painted, whether their pictures came here or not.
        missed: pictures that newer ones replaced before this process read them.
        sent: pictures to viewers, each counted.
        dropped: pictures that a viewer did not get, since it had not drawn the last ones.
        messages: on /ws, good and bad.
        bad: messages that were refused, by `error.code`.
        refusals: requests that were denied access, by code; the middleware counts them here.
        uploads: by outcome: `taken`, or the code of the error.
        restarts, rollbacks: of the painting.
    """

    def __init__(self) -> None:
        self.epochs = self.missed = self.sent = self.dropped = self.messages = 0
        self.restarts = self.rollbacks = 0
        self.bad: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self.uploads: Counter[str] = Counter()
        self._epoch: int | None = None
        self._state = State.STARTING

    def record_frame(self, epoch: int) -> None:
        """Count a picture of this epoch that came from the worker."""
        new = 1 if self._epoch is None else max(0, epoch - self._epoch)
        self.epochs += new
        self.missed += max(0, new - 1)
        self._epoch = epoch

    def record_sent(self, epoch: int, before: int) -> None:
        """Count a picture sent to a viewer; the last one that it was sent is `before`, or -1."""
        self.sent += 1
        if before >= 0:
            self.dropped += max(0, epoch - before - 1)

    def record_state(self, state: State) -> None:
        """Count restarts and rollbacks; the same state may be reported again and again."""
        if state is not self._state:
            self.restarts += state is State.RESTARTING
            self.rollbacks += state is State.ROLLING_BACK
        self._state = state
