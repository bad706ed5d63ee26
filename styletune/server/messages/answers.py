"""What becomes of what a client sends: changes, triggers, runs, refusals."""

from typing import ClassVar, Literal

from pydantic import Field

from styletune.ipc.commands import Run
from styletune.server.messages.sent import Sent, absent


class Changed(Sent):
    """Controls have moved; `rev` is the revision that a picture must have to show it.

    Sent to everybody, the sender included. Several changes of one source that come at once,
    or to a client that reads slowly, are one, with the newest `rev` and `seq`. `since`, where
    it is not `rev` - 1: the revision that it follows on; a client that is not there yet has
    missed something.
    """

    type: Literal["changed"] = "changed"
    rev: int
    since: int | None = Field(default=None, exclude_if=absent)
    controls: dict[str, float | bool | str]
    source: str
    seq: int | None = Field(default=None, exclude_if=absent)

    @property
    def follows(self) -> int:
        """The revision that it follows on."""
        return self.rev - 1 if self.since is None else self.since


class Triggered(Sent):
    """A trigger has happened."""

    type: Literal["triggered"] = "triggered"
    name: str
    source: str
    seq: int | None = Field(default=None, exclude_if=absent)


class Painting(Sent):
    """A `paint` has begun; epochs that belong to it carry `run`, and its controls have `rev`."""

    type: Literal["painting"] = "painting"
    run: int
    rev: int
    steps: int
    start: str
    seed: int | None
    settle: float | None
    source: str
    seq: int | None = Field(default=None, exclude_if=absent)

    @property
    def order(self) -> Run:
        """What the worker is told."""
        return Run(self.run, self.steps, self.start == "reset", self.seed, self.settle)


class Error(Sent):
    """A message was not obeyed, and nothing has changed; `message` is for people."""

    for_all: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["error"] = "error"
    code: str
    message: str
    seq: int | None = Field(default=None, exclude_if=absent)
