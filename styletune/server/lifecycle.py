"""Start, end and signals of the web process.

uvicorn serves; when it starts and ends, in which order, and what Ctrl-C means is decided
here. Knows nothing about what is served.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp

from styletune.server.hub import Hub
from styletune.server.signals import ShutdownFlag
from styletune.session.incoming import MAX_BYTES
from styletune.supervisor.handle import WorkerHandle

# Of the 5 s for a clean end: for open answers; the worker ends at the same time.
_GRACE_S = 2

_log = logging.getLogger(__name__)


class ManagedWorker(WorkerHandle, Protocol):
    """A worker that can be started and stopped: the supervisor."""

    async def start(self) -> None: ...  # noqa: D102

    async def stop(self) -> None: ...  # noqa: D102


async def _nothing() -> None:
    pass


class Server(uvicorn.Server):
    """uvicorn's server, but the signals and the order of ending are ours.

    uvicorn raises a caught signal again when it ends, which would kill this process before
    the worker is stopped, and skips its lifespan after a second Ctrl-C.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        painter: ManagedWorker,
        hub: Hub,
        announce: Callable[[], None],
        told: ShutdownFlag,
        beside: Callable[[], Coroutine[Any, Any, None]] = _nothing,
    ) -> None:
        """Take what is served; `beside` runs as long as the worker does, and is then cancelled."""
        super().__init__(config)
        self._beside = beside
        self._told = told
        self._painter = painter
        self._hub = hub
        self._announce = announce
        self._stopping: asyncio.Task[None] | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone; see `told`."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end; asked every 100 ms."""
        # Not `should_exit`: the signal may come before there is a server.
        return await super().on_tick(counter) or self._told.to_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say where."""
        await super().startup(sockets)
        self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all sockets, and end the worker."""
        # At the same time: sockets are closed with 1012 while the worker ends.
        self._stopping = asyncio.create_task(self._painter.stop())
        await super().shutdown(sockets)

    async def run_until_told(self, listener: socket.socket) -> int:
        """Start the worker, serve, stop the worker; return the exit code."""
        passing: asyncio.Task[None] | None = None
        beside: asyncio.Task[None] | None = None
        try:
            await self._painter.start()
            beside = asyncio.create_task(self._beside())
            passing = asyncio.create_task(self._hub.run())
            passing.add_done_callback(self._end_with)
            await self.serve([listener])
        finally:
            await (self._stopping or self._painter.stop())
            if passing is not None:
                passing.cancel()
                await asyncio.wait([passing])
            if beside is not None:
                beside.cancel()
                await asyncio.wait([beside])
        failed = passing.done() and not passing.cancelled() and passing.exception() is not None
        return 1 if failed else 0

    def _end_with(self, passing: asyncio.Task[None]) -> None:
        """A page that no longer gets pictures must not pretend: end the server."""
        if not passing.cancelled() and (error := passing.exception()) is not None:
            _log.error("passing on pictures failed", exc_info=error)
            self.should_exit = True


def uvicorn_config(app: ASGIApp, tls: tuple[Path, Path] | None = None) -> uvicorn.Config:
    """How uvicorn serves; each setting that differs from its default is there on purpose.

    Args:
        tls: certificate and key; None: plain HTTP.
    """
    certificate, key = tls or (None, None)
    return uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=MAX_BYTES,
        ws_per_message_deflate=False,  # JPEG does not shrink; it took 72 % of a core
        ws_ping_interval=10.0,
        ws_ping_timeout=10.0,
        lifespan="off",
        ssl_certfile=certificate,
        ssl_keyfile=key,
        proxy_headers=False,
        server_header=False,
        access_log=False,  # query strings would be logged, and with them the token
        log_config=None,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_S,
    )
