"""What somebody who got in may do: play, or only watch.

The guard writes the role into the ASGI scope and lets a viewer only read; what a viewer may
say on a socket is decided by the kind of message. Knows nothing about tokens.
"""

from enum import StrEnum

from starlette.types import Scope

# A socket that is added later is for players until it is named here.
VIEWER_SOCKETS = frozenset({"/ws", "/frames"})
SAFE_METHODS = frozenset({"GET", "HEAD"})
VIEW_ONLY = "view_only"  # code of the refusal
VIEW_ONLY_TEXT = "this token is for watching; the player's may also change things"


class Role(StrEnum):
    """What a token stands for."""

    PLAYER = "player"
    VIEWER = "viewer"


def role_of(scope: Scope) -> Role:
    """The role of whoever sent a request; without a guard nobody may play."""
    return Role(scope.get("role", Role.VIEWER))


def is_allowed(role: Role, scope: Scope, path: str) -> bool:
    """Whether a request or handshake for `path` is within the role."""
    if role is Role.PLAYER:
        return True
    if scope["type"] == "websocket":
        return path in VIEWER_SOCKETS
    return scope["method"] in SAFE_METHODS
