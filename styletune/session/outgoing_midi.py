"""Messages to clients about hardware: what is bound to what, and what it is to show."""

from collections.abc import Hashable
from typing import ClassVar, Literal

from pydantic import Field

from styletune.session.outgoing_message import OutgoingMessage, is_none


class Binding(OutgoingMessage):
    """A control or scene and the hardware that moves it."""

    target: str
    source: str
    encoding: str
    takeover: str
    invert: bool = False
    learned: bool = False
    conflict: str | None = Field(default=None, exclude_if=is_none)


class BindingsMessage(OutgoingMessage):
    """What the knobs of a device are bound to."""

    for_hardware: ClassVar[bool] = True
    coalesce: ClassVar[bool] = True
    type: Literal["bindings"] = "bindings"
    device: str
    profile: str
    bindings: tuple[Binding, ...]

    @property
    def coalesce_key(self) -> Hashable:
        """The device."""
        return BindingsMessage, self.device


class LearningMessage(OutgoingMessage):
    """Which target waits for hardware to be moved; null: none."""

    for_hardware: ClassVar[bool] = True
    coalesce: ClassVar[bool] = True
    type: Literal["learning"] = "learning"
    target: str | None
    device: str | None = Field(default=None, exclude_if=is_none)
    source: str | None = Field(default=None, exclude_if=is_none)
    encoding: str | None = Field(default=None, exclude_if=is_none)


class HardwareMessage(OutgoingMessage):
    """Where a fader of hardware stands while it does not move its control; `waiting`: until met."""

    coalesce: ClassVar[bool] = True
    type: Literal["hardware"] = "hardware"
    control: str
    position: float
    waiting: bool
    direction: Literal["up", "down"] | None
    device: str

    @property
    def coalesce_key(self) -> Hashable:
        """The control and the device."""
        return HardwareMessage, self.control, self.device


class UnboundMessage(OutgoingMessage):
    """A device has sent events that nothing is bound to: so many, and the last one's source.

    `hint`: what may be the matter, such as another mode of the device, and the remedy.
    """

    for_hardware: ClassVar[bool] = True
    coalesce: ClassVar[bool] = True
    type: Literal["unbound"] = "unbound"
    device: str
    source: str
    count: int
    hint: str | None = Field(default=None, exclude_if=is_none)

    @property
    def coalesce_key(self) -> Hashable:
        """The device."""
        return UnboundMessage, self.device


class FeedbackMessage(OutgoingMessage):
    """Raw MIDI messages for the device, to the clients that listen for it."""

    broadcast: ClassVar[bool] = False
    for_hardware: ClassVar[bool] = True
    type: Literal["feedback"] = "feedback"
    device: str
    data: tuple[tuple[int, ...], ...]
