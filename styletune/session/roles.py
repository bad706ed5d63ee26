"""Roles: whether an authenticated client may play, or only watch.

`AuthMiddleware` writes the role into the ASGI scope and lets viewers only read; which messages a
viewer may send on a socket is an attribute of each message.
"""

from enum import StrEnum

from starlette.types import Scope

# Sockets that are added later are for players until they are named here.
VIEWER_SOCKETS = frozenset({"/ws", "/frames"})
SAFE_METHODS = frozenset({"GET", "HEAD"})
# A take names files of this machine.
PLAYERS_PATHS = ("/api/takes/",)  # and all below
VIEW_ONLY = "view_only"  # code of the error
VIEW_ONLY_TEXT = "this token is for watching; the player's may also change things"


class Role(StrEnum):
    """What a token stands for."""

    PLAYER = "player"
    VIEWER = "viewer"


def role_of(scope: Scope) -> Role:
    """The role of the sender of a request; without `AuthMiddleware` nobody may play."""
    return Role(scope.get("role", Role.VIEWER))


def is_allowed(role: Role, scope: Scope, path: str) -> bool:
    """Whether the role allows a request or handshake for `path`."""
    if role is Role.PLAYER:
        return True
    if scope["type"] == "websocket":
        return path in VIEWER_SOCKETS
    return scope["method"] in SAFE_METHODS and not path.startswith(PLAYERS_PATHS)
