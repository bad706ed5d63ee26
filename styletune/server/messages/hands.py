"""What concerns hardware: what it is bound to, where it stands, what it is told."""

from collections.abc import Hashable
from typing import ClassVar, Literal

from pydantic import Field

from styletune.server.messages.sent import Sent, absent


class Binding(Sent):
    """A control or scene and the hardware that moves it."""

    target: str
    source: str
    encoding: str
    takeover: str
    invert: bool = False
    learned: bool = False
    conflict: str | None = Field(default=None, exclude_if=absent)


class Bindings(Sent):
    """What the knobs of a device are bound to."""

    for_hardware: ClassVar[bool] = True
    newest_only: ClassVar[bool] = True
    type: Literal["bindings"] = "bindings"
    device: str
    profile: str
    bindings: tuple[Binding, ...]

    @property
    def about(self) -> Hashable:
        """The device."""
        return Bindings, self.device


class Learning(Sent):
    """Which target waits for hardware to be moved; null: none."""

    for_hardware: ClassVar[bool] = True
    newest_only: ClassVar[bool] = True
    type: Literal["learning"] = "learning"
    target: str | None
    device: str | None = Field(default=None, exclude_if=absent)
    source: str | None = Field(default=None, exclude_if=absent)
    encoding: str | None = Field(default=None, exclude_if=absent)


class Hardware(Sent):
    """Where a fader of hardware stands while it does not move its control; `waiting`: until met."""

    newest_only: ClassVar[bool] = True
    type: Literal["hardware"] = "hardware"
    control: str
    position: float
    waiting: bool
    direction: Literal["up", "down"] | None
    device: str

    @property
    def about(self) -> Hashable:
        """The control and the device."""
        return Hardware, self.control, self.device


class Feedback(Sent):
    """Raw MIDI messages for the device, to the clients that listen for it."""

    for_all: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["feedback"] = "feedback"
    device: str
    data: tuple[tuple[int, ...], ...]
