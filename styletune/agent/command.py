"""`styletune midi`, from checked options to an exit code. Runs in a process of its own."""

import asyncio
import sys

from styletune.agent.link import socket_url
from styletune.agent.player import Player
from styletune.agent.ports import Ports
from styletune.process_priority import use_batch_scheduling


def list_ports(api: str | None) -> int:
    """Print the names of the controllers, one a line, on stdout."""
    ports = Ports(api)
    for name in ports.names():
        print(name)
    ports.close()
    return 0


def play(url: str, token: str | None, wanted: str, api: str | None) -> int:
    """Play all controllers with `wanted` in their names on the server at `url`, without end.

    Raises:
        ConfigError: the address is none, or there is no MIDI system.
        RefusedError: the server does not let the agent in.
    """
    target = socket_url(url)
    use_batch_scheduling(children=True)  # rtmidi's thread

    async def run() -> None:
        player = Player(Ports(api), wanted, _say)
        watching = asyncio.create_task(player.watch())
        playing = asyncio.create_task(player.play(target, token))
        await _first(watching, playing)

    asyncio.run(run())
    return 0


def monitor(wanted: str, api: str | None) -> int:
    """Print what the controllers send, in words, on stdout; no server is needed."""

    async def run() -> None:
        await Player(Ports(api), wanted, _say, lambda line: print(line, flush=True)).watch()

    asyncio.run(run())
    return 0


async def _first(*tasks: asyncio.Task[None]) -> None:
    """Wait for the first that ends, which is by an error, and end the others."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _say(line: str) -> None:
    print(f"styletune midi: {line}", file=sys.stderr, flush=True)
