"""What clients see of the gallery: the looks there are, and the one that is being learned."""

from typing import Literal

from styletune.session.outgoing_message import OutgoingMessage


class LookEntry(OutgoingMessage):
    """A look to choose.

    `style_left`: the part of the style loss that it leaves; None: unknown. `version`: changes when
    the file does. `error`: why it cannot be used; empty: it can.
    """

    name: str
    styles: tuple[str, ...]
    steps: int
    style_left: float | None
    shipped: bool
    version: str
    error: str


class LearningStatus(OutgoingMessage):
    """The look that is being learned.

    `waiting`: another styletune teaches it, or its process has not begun. `progress`: 0..1.
    `samples`: changes with the sheet of samples; empty: there is none yet. `error`: why it has
    failed.
    """

    name: str
    styles: tuple[str, ...]
    minutes: int
    state: Literal["waiting", "starting", "training", "exporting", "failed"]
    progress: float
    style_left: float | None
    seconds_left: float | None
    samples: str
    error: str


class LooksMessage(OutgoingMessage):
    """The gallery: the looks that ship, then the user's, newest first.

    `player`: whether this client may paint and teach; `reason`: why nobody can here; empty: it
    can be done.
    """

    looks: tuple[LookEntry, ...]
    learning: LearningStatus | None
    player: bool
    reason: str
