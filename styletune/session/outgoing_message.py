"""What all messages to clients have: how each is queued, and how it becomes JSON."""

import json
from collections.abc import Hashable
from functools import cached_property
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticSerializationError


def is_none(value: object) -> bool:
    """Whether to leave a field out of the JSON."""
    return value is None


class OutgoingMessage(BaseModel):
    """A message to clients.

    Attributes:
        broadcast: whether every client gets it, or only the one that it is for.
        for_hardware: whether a client that only drives MIDI devices gets it.
        coalesce: whether a newer one replaces one that still waits in a `SendQueue`.
    """

    model_config = ConfigDict(frozen=True)
    broadcast: ClassVar[bool] = True
    for_hardware: ClassVar[bool] = False
    coalesce: ClassVar[bool] = False

    @property
    def coalesce_key(self) -> Hashable:
        """Waiting messages with the same key are replaced, where `coalesce` is set."""
        return type(self)

    @cached_property
    def text(self) -> str:
        """The message as JSON; made once, however many clients get it."""
        try:
            return self.model_dump_json()
        except PydanticSerializationError:  # a path that is no UTF-8 must not end every client
            return json.dumps(self.model_dump(mode="json"))
