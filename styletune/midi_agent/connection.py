"""The agent's socket to the server: it comes back by itself.

A URL and a token come in; messages go both ways while there is a connection. Thin; what is
said is `player`'s. Knows nothing about MIDI.
"""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from styletune.errors import ConfigError, StyletuneError

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 5.0
_CONNECT_S = 5.0  # ssh accepts even when its far end is dead
_STOPS = {4401: "the token does not open this server", 4403: "the token may watch but not play",
          4426: "the server is of another version"}  # fmt: skip


class RefusedError(StyletuneError):
    """The server does not let the agent in; trying again cannot help."""


def socket_url(url: str) -> str:
    """Where /ws of the server at `url` is, for one that plays hardware and shows nothing.

    Raises:
        ConfigError: no http or https address, or one with a token in it.
    """
    parts = urlsplit(url if "//" in url else f"http://{url}")
    scheme = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ConfigError(f"--url must be like http://localhost:8018; received {parts.scheme}://…")
    if "token=" in parts.query:
        raise ConfigError(
            "a token does not belong on the command line, where others can read it; "
            "set STYLETUNE_TOKEN or use --token-file, and give the address up to the ?"
        )
    path = parts.path.rstrip("/").removesuffix("/ws")
    return urlunsplit((scheme, parts.netloc, f"{path}/ws", "only=hardware", ""))


def wait_s(attempt: int, chance: float) -> float:
    """How long to wait before the next attempt: 0.5 s × 2ⁿ ± 25 %, at most 5 s.

    Args:
        attempt: from 0.
        chance: 0..1.
    """
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(attempt, 8)) * (0.75 + 0.5 * chance)


async def connections(url: str, token: str | None) -> AsyncIterator[ClientConnection | Exception]:
    """Yield each connection once it stands, and why the last attempt failed in between.

    Raises:
        RefusedError: the server does not let the agent in.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    attempt = 0
    while True:
        try:
            async with connect(
                url,
                additional_headers=headers,
                open_timeout=_CONNECT_S,
                ping_interval=10,
                ping_timeout=10,
                compression=None,
                max_size=2**24,
                proxy=None,
            ) as connection:
                attempt = 0
                yield connection
                _check_close(connection)
        except InvalidStatus as error:
            status = error.response.status_code
            if status in (401, 403):
                raise RefusedError(
                    f"the server refuses ({status}): set STYLETUNE_TOKEN, or use --token-file, "
                    "to the token that it was started with or has printed"
                ) from None
            yield error
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            yield error
        await asyncio.sleep(wait_s(attempt, random.random()))
        attempt += 1


def _check_close(connection: ClientConnection) -> None:
    why = _STOPS.get(connection.close_code or 0)
    if why is not None:
        raise RefusedError(f"{why}: {connection.close_reason or connection.close_code}")


def message(text: str | bytes) -> dict[str, Any]:
    """A message of the server."""
    return dict(json.loads(text))
