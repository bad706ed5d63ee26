"""The ways in: sockets that are tried again, and plain HTTP requests.

What fails comes out as one of our errors, with the address and what to do. Knows nothing about
what is said.
"""

import asyncio
import json
import random
import time
import urllib.error
import urllib.request
from collections.abc import Callable

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from styletune.client.address import Address
from styletune.errors import ConfigError, RefusedError, UnreachableError

OPEN_S = 10.0  # ssh accepts a connection even when its far end is dead
FIRST_WAIT_S, LONGEST_WAIT_S = 0.25, 5.0
# Close codes after which trying again cannot help.
FINAL = {
    4401: ("unauthorized", "the server no longer takes this token"),
    4403: ("forbidden", "this token may watch but not play"),
    4426: ("version", "the server is of another version"),
}


async def open_socket(address: Address, path: str) -> ClientConnection:
    """Connect once.

    Raises:
        UnreachableError: nobody answers, or somebody else does.
        RefusedError: the server does not let us in.
    """
    try:
        return await websocket(
            address.socket(path),
            additional_headers=address.headers,
            open_timeout=OPEN_S,
            max_size=None,  # pictures
            compression=None,
            proxy=None if address.local else True,
        )
    except InvalidStatus as error:
        raise refusal(address, error.response.status_code) from None
    except (InvalidURI, ValueError) as error:
        raise ConfigError(f"{address.base} is no address of a server: {error}") from None
    except (OSError, TimeoutError) as error:
        raise unreachable(address, error) from None
    except WebSocketException:
        raise UnreachableError(
            f"what answers at {address.base} is not a styletune server"
        ) from None


async def reopen_socket(
    address: Address, path: str, *, patience_s: float, lost: Callable[[], object] = lambda: None
) -> ClientConnection:
    """Connect again and again, for as long as `patience_s`; see `open_socket`.

    Args:
        lost: called after each try that failed.
    """
    end = time.monotonic() + patience_s
    wait_s = FIRST_WAIT_S
    while True:
        try:
            return await open_socket(address, path)
        except UnreachableError:
            if time.monotonic() + wait_s > end:
                raise
        lost()
        await asyncio.sleep(wait_s * random.uniform(0.75, 1.25))  # not all clients at once
        wait_s = min(2 * wait_s, LONGEST_WAIT_S)


def ended(error: ConnectionClosed) -> RefusedError | None:
    """Why a closed socket must not be tried again; None: it may."""
    code = error.rcvd.code if error.rcvd else 1006
    if code not in FINAL:
        return None
    short, text = FINAL[code]
    return RefusedError(text, code=short)


async def request(
    address: Address, method: str, path: str, body: bytes | None = None, **headers: str
) -> bytes:
    """Make an HTTP request and return the answer's body.

    Raises:
        UnreachableError: nobody answers.
        RefusedError: the server refuses, for the reason that it gives.
    """
    return await asyncio.to_thread(_request, address, method, path, body, headers)


def _request(
    address: Address, method: str, path: str, body: bytes | None, headers: dict[str, str]
) -> bytes:
    request = urllib.request.Request(
        address.base + path, body, {**address.headers, **headers}, method=method
    )
    handlers = [urllib.request.ProxyHandler({})] if address.local else []
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=60) as answer:
            data: bytes = answer.read()
            return data
    except urllib.error.HTTPError as error:
        with error:
            raise _said(error.read(65_536)) or refusal(address, error.code) from None
    except (OSError, ValueError) as error:
        raise unreachable(address, getattr(error, "reason", error)) from None


def _said(body: bytes) -> RefusedError | None:
    """The reason that stands in an answer."""
    try:
        answer = json.loads(body)
        return RefusedError(str(answer["message"]), code=str(answer["code"]))
    except (ValueError, KeyError, TypeError):
        return None


def refusal(address: Address, status: int) -> RefusedError:
    """Why the server answered with this HTTP status, and what to do."""
    if status == 401:
        text = (
            f"the server at {address.base} does not know this token; set STYLETUNE_TOKEN to the "
            "one that it was started with, or name a file with --token-file"
        )
        return RefusedError(text, code="unauthorized")
    if status == 429:
        text = f"the server at {address.base} saw too many wrong tokens; wait a minute"
        return RefusedError(text, code="too_many_requests")
    return RefusedError(
        f"the server at {address.base} refuses, with HTTP status {status}", code=f"http_{status}"
    )


def unreachable(address: Address, error: object) -> UnreachableError:
    """Nobody answers."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return UnreachableError(
        f"no server answers at {address.base} ({reason}); start one with: styletune serve"
    )
