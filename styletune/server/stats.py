"""What has happened since the start, as numbers that only rise.

Events of the web process come in; `metrics` shows the numbers. Knows nothing about how.
"""

from collections import Counter

from styletune.ipc.commands import State


class ServerStats:
    """Counts of one web process.

    Attributes:
        epochs: painted, whether their pictures came here or not.
        missed: pictures that were newer ones' before this process read them.
        sent: pictures to viewers, each counted.
        dropped: pictures that a viewer did not get, since it had not drawn the last ones.
        messages: on /ws, good and bad.
        bad: messages that were not obeyed, by `error.code`.
        refusals: requests that did not get in, by code; the guard counts them here.
        uploads: by outcome: `taken`, or the code of the refusal.
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

    def frame(self, epoch: int) -> None:
        """A picture of this epoch came from the worker."""
        new = 1 if self._epoch is None else max(0, epoch - self._epoch)
        self.epochs += new
        self.missed += max(0, new - 1)
        self._epoch = epoch

    def picture(self, epoch: int, before: int) -> None:
        """A viewer is sent this epoch; the last one that it was sent is `before`, or -1."""
        self.sent += 1
        if before >= 0:
            self.dropped += max(0, epoch - before - 1)

    def report(self, state: State) -> None:
        """The painting has said what it does, perhaps not for the first time."""
        if state is not self._state:
            self.restarts += state is State.RESTARTING
            self.rollbacks += state is State.ROLLING_BACK
        self._state = state
