"""Who is here: clients with their roles and outboxes, and how many take pictures.

Knows nothing about what is said. Belongs to one event loop.
"""

import secrets
from logging import INFO, getLogger

from styletune.logs import log_event
from styletune.server.outbox import SendQueue
from styletune.session.messages import Outgoing
from styletune.session.roles import Role

MAX_CLIENTS = MAX_VIEWERS = 64

_log = getLogger(__name__)


class ClientRegistry:
    """All clients.

    Attributes:
        viewers: sockets that take pictures.
    """

    def __init__(self) -> None:
        self.viewers = 0
        self._outboxes: dict[str, SendQueue] = {}
        self._roles: dict[str, Role] = {}

    def __len__(self) -> int:
        """How many clients there are."""
        return len(self._outboxes)

    def join(self, role: Role, *, only_hardware: bool = False) -> tuple[str, SendQueue] | None:
        """Let a client in: its name and its outbox; None: it is full."""
        if len(self) >= MAX_CLIENTS:
            return None
        client = secrets.token_hex(4)
        self._roles[client] = role
        outbox = self._outboxes[client] = SendQueue(only_hardware=only_hardware)
        log_event(_log, INFO, "joined", client=client, role=role, clients=len(self))
        return client, outbox

    def leave(self, client: str) -> None:
        """A client has gone."""
        del self._outboxes[client], self._roles[client]
        log_event(_log, INFO, "left", client=client, clients=len(self))

    def put(self, client: str | None, message: Outgoing) -> None:
        """Let a message wait for one client, if it is still here."""
        if client in self._outboxes:
            self._outboxes[client].put(message)

    def put_all(self, message: Outgoing) -> None:
        """Let a message wait for everybody."""
        for outbox in self._outboxes.values():
            outbox.put(message)

    def role(self, client: str, otherwise: Role) -> Role:
        """The role of a client; `otherwise` where it is none of ours."""
        return self._roles.get(client, otherwise)

    def count(self, role: Role) -> int:
        """How many clients there are of a role."""
        return sum(other is role for other in self._roles.values())

    def add_viewer(self) -> bool:
        """Count one more viewer of pictures; False: it is full."""
        if self.viewers >= MAX_VIEWERS:
            return False
        self.viewers += 1
        return True
