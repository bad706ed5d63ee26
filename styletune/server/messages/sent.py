"""What all messages to clients have in common."""

from collections.abc import Hashable
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


def absent(value: object) -> bool:
    """Whether a field is left out of the text."""
    return value is None


class Sent(BaseModel):
    """A message to clients.

    Attributes:
        for_all: whether every client gets it, or only those that it is meant for.
        for_hardware: whether a client that only plays hardware gets it, see `Outbox`.
        newest_only: whether one that still waits to be sent is superseded by a newer one.
    """

    model_config = ConfigDict(frozen=True)
    for_all: ClassVar[bool] = True
    for_hardware: ClassVar[bool] = False
    newest_only: ClassVar[bool] = False

    @property
    def about(self) -> Hashable:
        """Of `newest_only` messages: those with the same `about` supersede each other."""
        return type(self)

    @cached_property
    def text(self) -> str:
        """The message as JSON; made once, however many clients get it."""
        return self.model_dump_json()
