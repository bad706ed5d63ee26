"""The server of the web process: uvicorn, with the order in which everything starts and ends."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp

from styletune.server.connections import STATE_KEY, Connections, Listener
from styletune.server.hub import Hub
from styletune.server.signals import ShutdownFlag
from styletune.session.incoming import MAX_BYTES
from styletune.supervisor.handle import WorkerHandle

# Of the 5 s for a clean end, for answers under way; the worker ends at the same time.
_GRACE_S = 2

# Accepted in one turn of the event loop: fewer than may wait, so that who is in a flood is read
# from before others push it out.
_BACKLOG = 128

_log = logging.getLogger(__name__)


class ManagedWorker(WorkerHandle, Protocol):
    """A worker that can be started and stopped: the supervisor."""

    async def start(self) -> None: ...  # noqa: D102

    async def stop(self) -> None: ...  # noqa: D102


async def _nothing() -> None:
    pass


class Server(uvicorn.Server):
    """uvicorn's server, except for signals and the order of ending.

    uvicorn raises a caught signal again when it ends, which would kill this process before
    the worker is stopped, and skips its lifespan after a second Ctrl-C.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        worker: ManagedWorker,
        hub: Hub,
        on_listening: Callable[[], None],
        shutdown: ShutdownFlag,
        background: Callable[[], Coroutine[Any, Any, None]] = _nothing,
    ) -> None:
        """Nothing runs yet; see `run_until_shutdown`.

        Args:
            config: of `uvicorn_config`.
            worker: is started before and stopped with the server.
            hub: runs as long as the server does.
            on_listening: called once connections are accepted.
            shutdown: ends the server when it is set.
            background: runs as long as the worker does, and is then cancelled.
        """
        super().__init__(config)
        self._worker = worker
        self._hub = hub
        self._on_listening = on_listening
        self._shutdown_flag = shutdown
        self._background = background
        self._stopping: asyncio.Task[None] | None = None
        self._connections: Connections | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `install_signal_handlers`."""
        yield

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end; called every 100 ms."""
        if self._connections is not None and counter % 10 == 0:
            self._connections.close_overdue()
        # Not `should_exit`: the signal may come before there is a server.
        return await super().on_tick(counter) or self._shutdown_flag.requested

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, then call `on_listening`."""
        if self._connections is not None:
            self.lifespan.state[STATE_KEY] = self._connections
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all sockets, and stop the worker."""
        # At the same time: sockets are closed with 1012 while the worker ends.
        self._stopping = asyncio.create_task(self._worker.stop())
        await super().shutdown(sockets)

    async def run_until_shutdown(self, listener: Listener) -> int:
        """Start the worker, serve until shutdown, stop the worker; return the exit code."""
        hub: asyncio.Task[None] | None = None
        background: asyncio.Task[None] | None = None
        self._connections = listener.connections
        try:
            await self._worker.start()
            background = asyncio.create_task(self._background())
            background.add_done_callback(_log_failure)
            hub = asyncio.create_task(self._hub.run())
            hub.add_done_callback(self._exit_if_failed)
            await self.serve([listener])
        finally:
            await (self._stopping or self._worker.stop())
            for task in filter(None, (hub, background)):
                task.cancel()
                await asyncio.wait([task])
        failed = hub.done() and not hub.cancelled() and hub.exception() is not None
        return 1 if failed else 0

    def _exit_if_failed(self, hub: asyncio.Task[None]) -> None:
        """End the server: a page that no longer gets pictures must not pretend."""
        if not hub.cancelled() and (error := hub.exception()) is not None:
            _log.error("passing on pictures failed", exc_info=error)
            self.should_exit = True


def _log_failure(background: asyncio.Task[None]) -> None:
    """The show goes on without it, but not without a word."""
    if not background.cancelled() and (error := background.exception()) is not None:
        _log.error("nothing is saved any more: end styletune, and start it again", exc_info=error)


def uvicorn_config(app: ASGIApp, tls: tuple[Path, Path] | None = None) -> uvicorn.Config:
    """Return how uvicorn serves `app`.

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
        backlog=_BACKLOG,
    )
