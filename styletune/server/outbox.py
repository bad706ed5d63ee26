"""What waits to be sent to one client of /ws: newest wins, so it stays small.

Messages come in as they happen; one at a time goes out, oldest first. Of an epoch, a state
and the pictures only the newest waits; changes are merged so that each control waits at
most once; triggers and answers are all kept. Holds nothing back while the client reads.
Knows nothing about sockets.
"""

import asyncio
from collections.abc import Hashable, Mapping

from styletune.session.messages import ChangedMessage, Outgoing

# A client that does not read its own answers is not read either.
PAUSE_AT_KEPT = 64
# A client that does not read what others trigger is let go.
MAX_KEPT = 1024


class SendQueue:
    """Messages for one client. All methods belong to one event loop's thread."""

    def __init__(self, *, only_hardware: bool = False) -> None:
        """An empty outbox.

        Args:
            only_hardware: take only what a client needs that plays hardware and shows nothing:
                most of the others would wake it for nothing, often through a slow tunnel.
        """
        self._only_hardware = only_hardware
        # In the order of sending.
        self._waiting: dict[Hashable, Outgoing] = {}
        self._serial = 0
        self._kept = 0
        self._something = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._waiting)

    @property
    def full(self) -> bool:
        """Whether the client is to read its answers before it is read, see `room`."""
        return not self._room.is_set()

    @property
    def overflown(self) -> bool:
        """Whether the client has let so much pile up that it should be disconnected."""
        return self._kept > MAX_KEPT

    def put(self, message: Outgoing) -> None:
        """Let a message wait for its turn, in place of those that it supersedes."""
        if self._only_hardware and not message.for_hardware:
            return
        if isinstance(message, ChangedMessage):
            self._put_change(message)
        elif message.newest_only:
            # To the end, so that an epoch never overtakes the change that it shows.
            self._waiting.pop(message.about, None)
            self._waiting[message.about] = message
        else:
            self._serial += 1
            self._waiting[self._serial] = message
            self._kept += 1
            if self._kept >= PAUSE_AT_KEPT:
                self._room.clear()
        self._something.set()

    def _put_change(self, change: ChangedMessage) -> None:
        others = {k: m for k, m in self._waiting.items() if isinstance(m, ChangedMessage)}
        # All that waits follows on what has been sent: nobody has missed anything who got that.
        base = min(message.follows for message in (change, *others.values()))
        key = (ChangedMessage, change.source)
        older = others.pop(key, None)
        for place, other in others.items():
            left = {n: v for n, v in other.controls.items() if n not in change.controls}
            if left or other.seq is not None:  # a `seq` is an answer that somebody awaits
                self._waiting[place] = _following(base, other, left, other.seq)
            else:
                del self._waiting[place]
        if older is None:
            self._waiting[key] = _following(base, change, change.controls, change.seq)
            return
        # To the end: what it says last is newer than the others.
        del self._waiting[key]
        both = {**older.controls, **change.controls}
        seq = older.seq if change.seq is None else change.seq
        self._waiting[key] = _following(base, change, both, seq)

    def take(self) -> Outgoing | None:
        """The next message, or None."""
        if not self._waiting:
            return None
        key = next(iter(self._waiting))
        message = self._waiting.pop(key)
        if isinstance(key, int):
            self._kept -= 1
            if self._kept < PAUSE_AT_KEPT:
                self._room.set()
        return message

    async def get(self) -> Outgoing:
        """The next message, when there is one."""
        while (message := self.take()) is None:
            self._something.clear()
            await self._something.wait()
        return message

    async def room(self) -> None:
        """Wait until the client has read enough of its answers."""
        await self._room.wait()


def _following(
    base: int, change: ChangedMessage, controls: Mapping[str, float | bool | str], seq: int | None
) -> ChangedMessage:
    """`change` with these controls and `seq`, as one that follows on the revision `base`."""
    if (change.follows, len(change.controls), change.seq) == (base, len(controls), seq):
        return change
    # Not `model_copy`: it would copy the text that another outbox has made of it.
    return ChangedMessage(
        rev=change.rev,
        since=None if base == change.rev - 1 else base,
        controls=dict(controls),
        source=change.source,
        seq=seq,
    )
