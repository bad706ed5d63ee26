"""What is being learnt: a target waits for a hand to move the hardware that shall play it.

Pure: events and the time come in; what was learnt, and the messages that tell of it, go out.
"""

from dataclasses import replace

from styletune.controls import ControlTable, Kind
from styletune.midi.binding import Binding, Feedback, FeedbackKind
from styletune.midi.device import resolve, with_layer_index
from styletune.midi.learn import Learner, LearnResult
from styletune.midi.message import Encoding, Event
from styletune.server.messages import Error, Learning


class Lesson:
    """At most one target at a time, for everybody.

    Attributes:
        target: that waits; None: nothing is learnt.
    """

    def __init__(self, table: ControlTable) -> None:
        self._table = table
        self._learner = Learner()
        self.target: str | None = None

    def begin(self, target: str | None) -> Learning | Error:
        """Let a target wait; None: nothing any more."""
        if target is not None and resolve(target, self._table) is None:
            return Error(
                code="unknown_control",
                message=f"`{target[:60]}` cannot be learnt: it is no control and no scene",
            )
        self.target, self._learner = target, Learner()
        return self.told

    @property
    def told(self) -> Learning:
        """What is being learnt, as a message."""
        return Learning(target=self.target)

    def feed(self, device: str, event: Event, now: float) -> LearnResult | Learning | None:
        """Take an event: what was learnt by it, or which hardware is being moved now."""
        before = self._learner.moving
        learnt = self._learner.feed(device, event, now)
        if learnt is not None:
            return learnt
        if (moving := self._learner.moving) and moving != before:
            return Learning(target=self.target, device=moving[0], source=str(moving[1]))
        return None

    def tick(self, now: float) -> LearnResult | None:
        """What a silence has told; see `due`."""
        return None if self.target is None else self._learner.tick(now)

    @property
    def due(self) -> float | None:
        """When `tick` has something to give, or None."""
        return None if self.target is None else self._learner.due

    def end(self, learnt: LearnResult, before: Binding | None) -> tuple[Learning, Binding]:
        """Nothing waits any more; what is told of it, and what plays the target from now on.

        Args:
            before: what the hardware played so far.
        """
        assert self.target is not None
        bound = self._bound(learnt, with_layer_index(self.target, self._table), before)
        self.target, self._learner = None, Learner()
        told = Learning(
            target=None,
            device=learnt.device,
            source=str(learnt.source),
            encoding=learnt.encoding,
        )
        return told, bound

    def _bound(self, learnt: LearnResult, target: str, before: Binding | None) -> Binding:
        """What is as good as before stays: how it is shown, how it takes over."""
        if before is not None and before.encoding is learnt.encoding:
            return replace(before, target=target, sets=None, learned=True)
        resolved = resolve(target, self._table)
        light = FeedbackKind.LED if learnt.encoding is Encoding.BUTTON else FeedbackKind.VALUE
        if resolved is None or resolved.kind is Kind.TRIGGER:
            light = FeedbackKind.NONE
        return Binding(
            learnt.source, target, learnt.encoding, feedback=Feedback(light), learned=True
        )
