"""Tokens, tickets and cookies, and the role that each stands for; failures by address.

Bytes that a client sent come in; a role or None comes out. Knows nothing about requests.
"""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable

from styletune.session.roles import Role

MAX_FAILURES, FAILURE_WINDOW_S = 10, 60.0
MAX_ADDRESSES = 1024  # remembered for their failures


class Credentials:
    """What opens the server, and for what."""

    def __init__(self, token: str, view_token: str | None = None) -> None:
        tokens = {Role.PLAYER: token} | ({Role.VIEWER: view_token} if view_token else {})
        self._tokens = {role: text.encode("ascii") for role, text in tokens.items()}
        # Not the token itself: what leaks from a browser must not serve a script.
        self._cookies = {
            role: hmac.new(token, b"styletune cookie", hashlib.sha256).hexdigest()
            for role, token in self._tokens.items()
        }
        self._tickets: set[bytes] = set()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may show."""
        tokens = [token.decode("ascii") for token in self._tokens.values()]
        return (*tokens, *self._cookies.values())

    def ticket(self) -> str:
        """A player's token for one login only."""
        ticket = secrets.token_urlsafe(32)
        self._tickets.add(ticket.encode())
        return ticket

    def cookie(self, role: Role) -> str:
        """The value that a browser of that role keeps."""
        return self._cookies[role]

    def of_bearer(self, header: bytes) -> Role | None:
        """The role of an Authorization header."""
        kind, _, value = header.partition(b" ")
        return self._of_token(value.strip()) if kind.lower() == b"bearer" else None

    def of_login(self, token: bytes) -> Role | None:
        """The role of a token in the page's address; a ticket is used up."""
        for ticket in self._tickets:
            if _equal(token, ticket):
                self._tickets.remove(ticket)
                return Role.PLAYER
        return self._of_token(token)

    def of_cookies(self, headers: list[bytes], name: str) -> Role | None:
        """The role of the cookie `name` in Cookie headers; the player's if both are there."""
        prefix = name.encode() + b"="
        pairs = [pair.strip() for value in headers for pair in value.split(b";")]
        values = [pair.removeprefix(prefix) for pair in pairs if pair.startswith(prefix)]
        for role, cookie in self._cookies.items():
            if any(_equal(value, cookie.encode()) for value in values):
                return role
        return None

    def _of_token(self, token: bytes) -> Role | None:
        for role, wanted in self._tokens.items():
            if _equal(token, wanted):
                return role
        return None


class LoginThrottle:
    """Wrong credentials of the last minute, by address."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._times: dict[str, deque[float]] = {}

    def add(self, address: str) -> None:
        """Count one."""
        if address not in self._times and len(self._times) >= MAX_ADDRESSES:
            self._times.pop(next(iter(self._times)))
        times = self._times.setdefault(address, deque(maxlen=MAX_FAILURES + 1))
        times.append(self._clock())

    def too_many(self, address: str) -> bool:
        """Whether the address has to wait."""
        times = self._times.get(address, deque())
        while times and self._clock() - times[0] > FAILURE_WINDOW_S:
            times.popleft()
        return len(times) > MAX_FAILURES


def _equal(given: bytes, wanted: bytes) -> bool:
    """Compare in a time that tells nothing about how much was right."""
    return hmac.compare_digest(given, wanted)
