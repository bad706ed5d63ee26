"""The agent: ports on one side, the server on the other, and what happens in between.

Runs in a process of its own, on one event loop; rtmidi's thread only hands messages over.
People read one line for each state. Decides nothing about controls: raw messages go to the
server, which alone knows what they mean.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from styletune.errors import MessageError
from styletune.midi.message import decode
from styletune.midi_agent.connection import connections, message, socket_url
from styletune.midi_agent.ports import Port, Ports
from styletune.midi_agent.throttle import PERIOD_S, MessageThrottle, Raw, tick
from styletune.process_priority import use_batch_scheduling

LOOK_S = 0.5  # between looks for devices that come and go; rtmidi does not tell
_LATER_S = PERIOD_S / 2  # between looks for messages while they come; at each other one we send
_STORM_HZ = 2000.0  # no hands send as many messages; then we look only when we send
_TOGETHER = 64  # messages of MIDI in one of ours, which may have 1,024 bytes
Say = Callable[[str], None]


class MidiAgent:
    """All devices of this machine, played on one server.

    Args:
        ports: of the MIDI system.
        wanted: part of the name of the devices to play; case does not matter; "": all.
        say: takes a line for people at each change of state.
        monitor: takes each message in words, or None.
    """

    def __init__(self, ports: Ports, wanted: str, say: Say, monitor: Say | None = None) -> None:
        self._ports = ports
        self._wanted = wanted.casefold()
        self._say = say
        self._monitor = monitor
        self._open: dict[str, Port] = {}
        self._thinners: dict[str, MessageThrottle] = {}
        self._said: set[str] = set()
        self._news: list[dict[str, Any]] = []
        self._wake = asyncio.Event()
        self._linked = False
        self._learning = False
        self._planned = float("inf")  # when the writer wakes by itself
        self._dropped = 0
        self._inbox: deque[tuple[str, Raw]] = deque()
        self._called = False  # the loop knows that messages come
        self._came = 0  # messages since the last look
        self._pause_s = _LATER_S  # until the next
        self._again: asyncio.TimerHandle | None = None

    async def watch(self) -> None:
        """Open devices as they come, close them as they go; until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                names = [n for n in self._ports.names() if self._wanted in n.casefold()]
                for name in [name for name in self._open if name not in names]:
                    self._open.pop(name).close()
                    del self._thinners[name]
                    self._tell({"type": "unlisten", "device": name})
                    self._say(f"{name} was unplugged; plug it in again and it plays on")
                for name in names:
                    if name not in self._open:
                        self._plug(name, loop)
                if not self._open and "none" not in self._said:
                    self._said.add("none")
                    what = (
                        f"no controller with `{self._wanted}` in its name" if self._wanted else ""
                    )
                    self._say(f"{what or 'no controller'} is plugged in; waiting for one")
                await asyncio.sleep(LOOK_S)
        finally:
            for port in self._open.values():
                port.close()

    async def play(self, url: str, token: str | None) -> None:
        """Play on the server at `url`, whenever it is there; until cancelled.

        Raises:
            RefusedError: it does not let the agent in.
        """
        said = ""
        async for connection in connections(url, token):
            if isinstance(connection, Exception):
                why = f"no server at {url} ({_short(connection)}); trying again until there is one"
                if said != "gone":
                    self._say(why)
                said = "gone"
            else:
                self._say(f"connected to {url}")
                said = "connected"
                await self._serve(connection)
                said = "gone"
                self._say(f"the connection to {url} is gone; trying again until it is back")

    async def _serve(self, connection: ClientConnection) -> None:
        self._linked = True
        if self._dropped:
            self._say(f"{self._dropped} presses and turns came while there was no server: dropped")
            self._dropped = 0
        self._news = [{"type": "listen", "device": name} for name in self._open]
        self._wake.set()
        tasks = [
            asyncio.create_task(self._write(connection)),
            asyncio.create_task(self._read(connection)),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._linked = self._learning = False
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            for thinner in self._thinners.values():
                thinner.learning = False
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, ConnectionClosed):
                raise result

    async def _write(self, connection: ClientConnection) -> None:
        """Send what is due. While the network takes nothing, values wait and are merged."""
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            news, self._news = self._news, []
            for said in news:
                await connection.send(json.dumps(said))
            self._feed()  # what goes out is the newest
            for name, thinner in list(self._thinners.items()):
                messages = thinner.take(time.monotonic())
                for begin in range(0, len(messages), _TOGETHER):
                    data = [b for raw in messages[begin : begin + _TOGETHER] for b in raw]
                    told = {"type": "midi", "device": name, "data": data}
                    await connection.send(json.dumps(told))
            self._planned = min(self._dues(), default=float("inf"))
            # Not `asyncio.timeout`, which ends by an exception: that costs several times as much.
            alarm = loop.call_at(self._planned, self._wake.set)
            await self._wake.wait()
            alarm.cancel()

    async def _read(self, connection: ClientConnection) -> None:
        async for text in connection:
            said = message(text)
            match said["type"]:
                case "feedback":
                    port = self._open.get(said["device"])
                    for data in said["data"] if port else ():
                        port.send(tuple(data))  # type: ignore[union-attr]
                case "bindings" if said["device"] in self._thinners:
                    self._thinners[said["device"]].know(said)
                case "learning":
                    self._learning = said["target"] is not None
                    for thinner in self._thinners.values():
                        thinner.learning = self._learning
                case "error":
                    self._say(f"the server says: {said['message']}")

    def _plug(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        def heard(data: Raw) -> None:  # on rtmidi's thread
            self._inbox.append((name, data))
            if not self._called:
                self._called = True
                loop.call_soon_threadsafe(self._hear, loop)

        port = self._ports.open(name, heard)
        if port is None:
            return
        self._open[name] = port
        thinner = self._thinners[name] = MessageThrottle()
        thinner.learning = self._learning
        self._said.discard("none")
        self._tell({"type": "listen", "device": name})
        self._say(f"{name} plays")

    def _hear(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take what has come: the first after a rest at once, what follows many at a time.

        Waking the loop for a message costs more than the message does, and then the loop and
        rtmidi's thread take Python from each other.
        """
        if self._again is not None:
            self._again.cancel()
        self._feed()
        came, self._came = self._came, 0
        if not came:
            self._called = False
            if not self._inbox:
                return
            self._called = True  # one has come just before that, and did not call
            self._feed()
        stormy = came > _STORM_HZ * self._pause_s
        periods = [thinner.period_s for thinner in self._thinners.values()]
        self._pause_s = max(periods, default=_LATER_S) if stormy else _LATER_S
        self._again = loop.call_at(tick(loop.time(), self._pause_s), self._hear, loop)
        if not self._linked:
            self._dropped += sum(thinner.drop_late() for thinner in self._thinners.values())
        elif min(self._dues(), default=float("inf")) < self._planned:
            self._wake.set()

    def _feed(self) -> None:
        now = time.monotonic()
        while self._inbox:
            name, data = self._inbox.popleft()
            self._came += 1
            thinner = self._thinners.get(name)
            if thinner is None:
                continue
            thinner.feed(data, now)
            if self._monitor is not None:
                self._monitor(f"{name}: {_words(data)}")

    def _dues(self) -> list[float]:
        return [due for t in self._thinners.values() if (due := t.due) is not None]

    def _tell(self, said: dict[str, Any]) -> None:
        if self._linked:
            self._news.append(said)
            self._wake.set()


def _words(data: Raw) -> str:
    try:
        event = decode(data)
    except MessageError:
        return f"no MIDI message: {data[:8]}"
    return str(event) if event else f"{data[:8]}, which moves nothing"


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__


# `styletune midi`, from checked options to an exit code. Runs in a process of its own.


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
        player = MidiAgent(Ports(api), wanted, _print_status)
        watching = asyncio.create_task(player.watch())
        playing = asyncio.create_task(player.play(target, token))
        await _run_until_first_ends(watching, playing)

    asyncio.run(run())
    return 0


def monitor(wanted: str, api: str | None) -> int:
    """Print what the controllers send, in words, on stdout; no server is needed."""

    async def run() -> None:
        await MidiAgent(
            Ports(api), wanted, _print_status, lambda line: print(line, flush=True)
        ).watch()

    asyncio.run(run())
    return 0


async def _run_until_first_ends(*tasks: asyncio.Task[None]) -> None:
    """Wait for the first that ends, which is by an error, and end the others."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


def _print_status(line: str) -> None:
    print(f"styletune midi: {line}", file=sys.stderr, flush=True)
