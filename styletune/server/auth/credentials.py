"""Tokens and cookies, the role that each stands for, and the throttle on wrong ones."""

import hashlib
import hmac
import secrets
from collections import deque
from collections.abc import Callable, Iterable

from styletune.session.roles import Role

MAX_FAILURES, FAILURE_WINDOW_S = 10, 60.0
MAX_ADDRESSES = 1024  # remembered for their failures


class Credentials:
    """What opens the server, and for what."""

    def __init__(self, token: str, view_token: str | None = None) -> None:
        self._tokens = {Role.PLAYER: token} | ({Role.VIEWER: view_token} if view_token else {})
        # Not the token itself: what leaks from a browser must not serve a script.
        self._cookies = {
            role: hmac.new(token.encode(), b"styletune cookie", hashlib.sha256).hexdigest()
            for role, token in self._tokens.items()
        }
        self._one_time_tokens: set[str] = set()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log may show."""
        return (*self._tokens.values(), *self._cookies.values())

    def one_time_token(self) -> str:
        """Make a player's token for one login only."""
        token = secrets.token_urlsafe(32)
        self._one_time_tokens.add(token)
        return token

    def cookie(self, role: Role) -> str:
        """The value that a browser of that role keeps."""
        return self._cookies[role]

    def role_from_bearer(self, header: str) -> Role | None:
        """The role of an Authorization header."""
        scheme, _, token = header.partition(" ")
        return self._role_from_token(token.strip()) if scheme.lower() == "bearer" else None

    def role_from_login(self, token: str) -> Role | None:
        """The role of a token in the page's address; a one-time token is used up."""
        for one_time_token in self._one_time_tokens:
            if _equal(token, one_time_token):
                self._one_time_tokens.remove(one_time_token)
                return Role.PLAYER
        return self._role_from_token(token)

    def role_from_cookies(self, headers: Iterable[str], name: str) -> Role | None:
        """The role of the cookie `name` in Cookie headers; the player's if both are there."""
        pairs = [pair.strip().partition("=") for value in headers for pair in value.split(";")]
        values = [value for key, _, value in pairs if key == name]
        for role, cookie in self._cookies.items():
            if any(_equal(value, cookie) for value in values):
                return role
        return None

    def _role_from_token(self, token: str) -> Role | None:
        for role, wanted in self._tokens.items():
            if _equal(token, wanted):
                return role
        return None


class LoginThrottle:
    """Blocks addresses that have sent too many wrong tokens within the last minute."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}  # times by address

    def record(self, address: str) -> None:
        """Count a wrong token."""
        if address not in self._failures and len(self._failures) >= MAX_ADDRESSES:
            self._failures.pop(next(iter(self._failures)))
        times = self._failures.setdefault(address, deque(maxlen=MAX_FAILURES + 1))
        times.append(self._clock())

    def is_blocked(self, address: str) -> bool:
        """Whether the address has to wait."""
        times = self._failures.get(address, deque())
        while times and self._clock() - times[0] > FAILURE_WINDOW_S:
            times.popleft()
        return len(times) > MAX_FAILURES


def _equal(given: str, wanted: str) -> bool:
    """Compare in a time that does not depend on how much is right."""
    return hmac.compare_digest(given.encode(), wanted.encode())
