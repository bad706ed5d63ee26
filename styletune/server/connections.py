"""Connections of the web process: how many at a time, for whom, and how long without a request.

One is in use while a request that was let through runs in it; else it waits. Only waiting ones are
ever closed for others, so that strangers cannot use up the descriptors, with TLS or without.
"""

import asyncio
import contextlib
import resource
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from http import HTTPStatus
from logging import INFO, getLogger
from typing import Any

from starlette.types import Scope

from styletune.logs import log_event
from styletune.server.auth.responses import AccessDenied
from styletune.session.roles import SAFE_METHODS, Role, role_of

FIRST_REQUEST_S = 10.0  # from its start, or its last request, to a whole one that is let through
# A viewer that reads no answer would keep the answer in memory. Uploads have a limit of their own.
ANSWER_S = 120.0
MAX_PLACES = 256  # waiting, and in use for each role
_RESERVE = 256  # descriptors for the painter, files and uploads
_MAX_REQUESTS = 32  # of one role at a time; the others wait for their turn

STATE_KEY = "connections"  # in the `state` of an ASGI scope, where the server puts them

_log = getLogger(__name__)


def places(descriptors: int | None = None) -> int:
    """How many connections may wait, and be in use for each role, with so many descriptors.

    >>> places(1024), places(256), places(10**6)
    (256, 42, 256)
    """
    if descriptors is None:
        descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if descriptors == resource.RLIM_INFINITY:
        return MAX_PLACES
    free = max(descriptors - _RESERVE, descriptors // 2)
    return min(MAX_PLACES, free // (1 + len(Role)))


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    peer: tuple[str, int]
    since: float  # waiting, or in use
    limit_s: float | None
    requests: int = 0  # several where one is sent before the other is answered


class Connections:
    """All connections that a `Listener` has accepted. Belongs to one event loop."""

    def __init__(
        self, max_places: int | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start without any.

        Args:
            max_places: see `places`; None: as many as this process has descriptors for.
            clock: seconds that only rise.
        """
        self._places = places() if max_places is None else max_places
        self._clock = clock
        self._open: dict[tuple[str, int], _Connection] = {}  # by address and port, oldest first
        self._requests: Counter[Role] = Counter()
        self._turns = {role: asyncio.Semaphore(_MAX_REQUESTS) for role in Role}

    def __len__(self) -> int:
        """How many are open."""
        self._forget_closed()
        return len(self._open)

    def add(self, connection: socket.socket, peer: tuple[str, int]) -> None:
        """Add one that was accepted; where too many wait, the one that waits longest is closed."""
        self._open[peer] = _Connection(connection, peer, self._clock(), FIRST_REQUEST_S)
        if len(self._open) <= self._places:
            return
        self._forget_closed()
        waiting = [other for other in self._open.values() if not other.requests]
        if len(waiting) > self._places:
            # Of the address that has most: a flood from one does not reach another.
            ((flooding, _),) = Counter(other.peer[0] for other in waiting).most_common(1)
            from_there = (other for other in waiting if other.peer[0] == flooding)
            self._close(min(from_there, key=lambda other: other.since), "too many")

    @contextlib.asynccontextmanager
    async def use(self, scope: Scope) -> AsyncIterator[None]:
        """In this context a request that was let through runs in its connection.

        Raises:
            AccessDenied: its role has all its places in use.
        """
        role = role_of(scope)
        if self._requests[role] >= self._places:
            raise AccessDenied(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "full",
                f"{self._places} connections are in use by others; try again in a moment",
            )
        connection = self._open.get(tuple(scope.get("client") or ()))
        reads = scope["type"] == "http" and scope["method"] in SAFE_METHODS
        self._requests[role] += 1
        if connection is not None:
            connection.requests += 1
            connection.since, connection.limit_s = self._clock(), ANSWER_S if reads else None
        try:
            # Only what reads takes turns: a socket stays, and an upload has a limit of its own.
            async with self._turns[role] if reads else contextlib.nullcontext():
                yield
        finally:
            self._requests[role] -= 1
            if connection is not None:
                connection.requests -= 1
                if not connection.requests:
                    connection.since, connection.limit_s = self._clock(), FIRST_REQUEST_S

    def close_overdue(self) -> None:
        """Close those that have waited, or been answered, for too long; call it every second."""
        self._forget_closed()
        now = self._clock()
        for connection in list(self._open.values()):
            if connection.limit_s is not None and now - connection.since > connection.limit_s:
                self._close(connection, "too slow")

    def _close(self, connection: _Connection, reason: str) -> None:
        log_event(_log, INFO, "closed", address=connection.peer[0], reason=reason)
        del self._open[connection.peer]
        # The event loop owns it, and closes it when it reads the end.
        with contextlib.suppress(OSError):
            connection.socket.shutdown(socket.SHUT_RDWR)

    def _forget_closed(self) -> None:
        self._open = {
            peer: connection
            for peer, connection in self._open.items()
            if connection.socket.fileno() >= 0
        }


class Listener(socket.socket):
    """A listening socket, and the connections that it has accepted."""

    def __init__(self, *args: Any, connections: Connections | None = None) -> None:
        """Like `socket.socket`, which takes `args`."""
        super().__init__(*args)
        self.connections = Connections() if connections is None else connections

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection."""
        connection, peer = super().accept()
        self.connections.add(connection, peer[:2])
        return connection, peer
