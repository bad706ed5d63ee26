"""The clients of /ws and what waits to be sent to each: newest wins, so a queue stays small.

Belongs to the event loop of the web process.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Hashable, Mapping
from logging import INFO, getLogger

from styletune.logs import log_event
from styletune.session.outgoing import ChangedMessage, Outgoing
from styletune.session.roles import Role

# A client with this many unread answers is not read from until it has read some of them.
BACKPRESSURE_AT = 64
# A client that leaves this many unread, such as triggers of others, is disconnected.
MAX_PENDING = 1024
# For each role: an audience never takes a player's place.
MAX_CLIENTS = MAX_VIEWERS = 64

_log = getLogger(__name__)


class SendQueue:
    """Messages for one client, oldest first.

    Of an epoch, a state and the pictures only the newest waits. Changes are merged so that each
    control waits at most once. Triggers and answers are all kept.
    """

    def __init__(self, *, only_hardware: bool = False) -> None:
        """Start empty.

        Args:
            only_hardware: take only what a client needs that connects hardware and shows nothing:
                most of the others would wake it for nothing, often through a slow tunnel.
        """
        self.only_hardware = only_hardware
        self._messages: dict[Hashable, Outgoing] = {}  # in the order of sending
        self._serial = 0
        self._pending = 0  # those that nothing newer replaces
        self._not_empty = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    def __len__(self) -> int:
        """How many messages wait."""
        return len(self._messages)

    @property
    def full(self) -> bool:
        """Whether the client must read answers before more is read from it."""
        return not self._has_room.is_set()

    @property
    def overflowed(self) -> bool:
        """Whether so much has piled up that the client should be disconnected."""
        return self._pending > MAX_PENDING

    def put(self, message: Outgoing) -> None:
        """Add a message in place of those that it supersedes."""
        if self.only_hardware and not message.for_hardware:
            return
        if isinstance(message, ChangedMessage):
            self._put_change(message)
        elif message.coalesce:
            # To the end, so that an epoch never overtakes the change that it shows.
            self._messages.pop(message.coalesce_key, None)
            self._messages[message.coalesce_key] = message
        else:
            self._serial += 1
            self._messages[self._serial] = message
            self._pending += 1
            if self._pending >= BACKPRESSURE_AT:
                self._has_room.clear()
        self._not_empty.set()

    def _put_change(self, change: ChangedMessage) -> None:
        others = {k: m for k, m in self._messages.items() if isinstance(m, ChangedMessage)}
        # All that waits follows on what has been sent: who got that has missed nothing.
        base = min(message.follows for message in (change, *others.values()))
        key = (ChangedMessage, change.source)
        older = others.pop(key, None)
        for other_key, other in others.items():
            left = {n: v for n, v in other.controls.items() if n not in change.controls}
            if left or other.seq is not None:  # a `seq` is an answer that somebody awaits
                self._messages[other_key] = _following(base, other, left, other.seq)
            else:
                del self._messages[other_key]
        if older is None:
            self._messages[key] = _following(base, change, change.controls, change.seq)
            return
        # To the end: its newest values are newer than the others.
        del self._messages[key]
        both = {**older.controls, **change.controls}
        seq = older.seq if change.seq is None else change.seq
        self._messages[key] = _following(base, change, both, seq)

    def pop(self) -> Outgoing | None:
        """Remove and return the next message; None where there is none."""
        if not self._messages:
            return None
        key = next(iter(self._messages))
        message = self._messages.pop(key)
        if isinstance(key, int):
            self._pending -= 1
            if self._pending < BACKPRESSURE_AT:
                self._has_room.set()
        return message

    async def get(self) -> Outgoing:
        """Wait for the next message, and remove it."""
        while (message := self.pop()) is None:
            self._not_empty.clear()
            await self._not_empty.wait()
        return message

    async def wait_for_room(self) -> None:
        """Wait until the client has read enough of its answers."""
        await self._has_room.wait()


def _following(
    base: int, change: ChangedMessage, controls: Mapping[str, float | bool | str], seq: int | None
) -> ChangedMessage:
    """`change` with these controls and `seq`, as one that follows on the revision `base`."""
    if (change.follows, len(change.controls), change.seq) == (base, len(controls), seq):
        return change
    # Not `model_copy`: it would copy the text that another queue has made of it.
    return ChangedMessage(
        rev=change.rev,
        since=None if base == change.rev - 1 else base,
        controls=dict(controls),
        source=change.source,
        seq=seq,
    )


class ClientRegistry:
    """All clients of /ws with their roles and queues, and the number of sockets on /frames."""

    def __init__(self) -> None:
        self._viewers = Counter[Role]()
        self._queues: dict[str, SendQueue] = {}
        self._roles: dict[str, Role] = {}

    def __len__(self) -> int:
        """How many clients there are."""
        return len(self._queues)

    def add(
        self, role: Role, *, only_hardware: bool = False, watches: bool = False
    ) -> tuple[str, SendQueue] | None:
        """Add a client; return its id and its queue, or None: there are too many of its role.

        One that only `watches` counts as a viewer, but an audience never takes a player's place.
        """
        if self.count(role) >= MAX_CLIENTS:
            return None
        client = secrets.token_hex(4)
        self._roles[client] = Role.VIEWER if watches else role
        queue = self._queues[client] = SendQueue(only_hardware=only_hardware)
        log_event(_log, INFO, "joined", client=client, role=role, clients=len(self))
        return client, queue

    def remove(self, client: str) -> None:
        """Remove a client that has disconnected."""
        del self._queues[client], self._roles[client]
        log_event(_log, INFO, "left", client=client, clients=len(self))

    def send(self, client: str | None, message: Outgoing) -> None:
        """Queue a message for one client, if it is still connected."""
        if client in self._queues:
            self._queues[client].put(message)

    def broadcast(self, message: Outgoing) -> None:
        """Queue a message for every client."""
        for queue in self._queues.values():
            queue.put(message)

    def role(self, client: str, default: Role) -> Role:
        """The role of a client; `default` where it is not connected."""
        return self._roles.get(client, default)

    def count(self, role: Role) -> int:
        """How many clients there are of a role."""
        return sum(other is role for other in self._roles.values())

    @property
    def people(self) -> int:
        """How many players there are, without those that only bring hardware."""
        players = (client for client, role in self._roles.items() if role is Role.PLAYER)
        return sum(not self._queues[client].only_hardware for client in players)

    @property
    def viewers(self) -> int:
        """How many sockets receive pictures."""
        return self._viewers.total()

    def add_viewer(self, role: Role) -> bool:
        """Count one more viewer of pictures; False: there are too many of its role."""
        if self._viewers[role] >= MAX_VIEWERS:
            return False
        self._viewers[role] += 1
        return True

    def remove_viewer(self, role: Role) -> None:
        """Count one viewer less."""
        self._viewers[role] -= 1
