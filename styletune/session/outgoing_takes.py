"""What clients see of the takes: those there are, and how much of the last hour can be kept."""

from styletune.session.outgoing_message import OutgoingMessage


class TakeEntry(OutgoingMessage):
    """A take.

    `time`: when it begins, seconds since 1970. `length_s`: seconds. `bytes`: of its file. `size`:
    longer edge of the painting, px. `pictures`: names of the content, then of the styles.
    `recording`: whether it is being recorded. `error`: why it cannot be painted again; empty: it
    can.
    """

    name: str
    time: float
    length_s: float
    bytes: int
    size: int
    pictures: tuple[str, ...]
    recording: bool
    error: str


class TakesMessage(OutgoingMessage):
    """The takes, newest first.

    `recent_s`: seconds of what was played last that can be kept. `player`: whether this client may
    change them; `reason`: why nothing is recorded here; empty: it is.
    """

    takes: tuple[TakeEntry, ...]
    recent_s: float
    player: bool
    reason: str
