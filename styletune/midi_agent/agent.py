"""`styletune midi`: the controllers of this machine, played on a server here or anywhere.

Runs in a process of its own, on one event loop; rtmidi's threads only hand messages over.
Raw messages go to the server, which alone knows what they mean.
"""

import asyncio
import json
import math
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping
from contextlib import aclosing, suppress
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from styletune.client.address import Address
from styletune.client.connection import reconnecting
from styletune.errors import ConfigError, MessageError
from styletune.midi.message import decode
from styletune.midi_agent.ports import Port, Ports
from styletune.midi_agent.throttle import PERIOD_S, MessageThrottle, Raw, next_tick
from styletune.process_priority import use_batch_scheduling

PORTS_POLL_S = 0.5  # rtmidi does not announce devices that come and go
PING_S = 10.0  # a dead connection is noticed within twice that
_SOCKET_PATH = "/ws?only=hardware"  # no pictures and no epochs, which nobody here looks at
_DRAIN_S = PERIOD_S / 2  # between looks into the inbox while messages come; at each other we send
_STORM_HZ = 2000.0  # no hands send as many messages; then we look only when we send
_MAX_BATCH = 64  # messages of MIDI in one of ours, which may have 1,024 bytes
Print = Callable[[str], None]


class MidiAgent:
    """All controllers of this machine, played on one server.

    Args:
        ports: of the MIDI system.
        wanted: part of the names of the devices to play, in any case; "": all.
        report: takes a line for people at each change of state.
        monitor: takes a line for each message, or None.
    """

    def __init__(self, ports: Ports, wanted: str, report: Print, monitor: Print | None = None):
        self._ports = ports
        self._wanted = wanted.casefold()
        self._report = report
        self._monitor = monitor
        self._open: dict[str, Port] = {}
        self._throttles: dict[str, MessageThrottle] = {}
        self._failures: Counter[str] = Counter()  # to open a port, by its name
        self._reported_none = False
        self._reported_unbound: set[tuple[str, str, str | None]] = set()
        self._unreadable = self._reported_unreadable = 0
        self._connected = False
        self._learning = False
        self._dropped = 0  # messages that came without a server
        # Between rtmidi's threads and the loop.
        self._inbox: deque[tuple[str, Raw]] = deque()
        self._draining = False  # the loop looks into the inbox by itself
        self._drain_timer: asyncio.TimerHandle | None = None
        self._drain_s = _DRAIN_S
        self._received = 0  # messages since the last look
        # Between the loop and the server.
        self._announcements: list[dict[str, Any]] = []  # of devices
        self._sender_wakeup = asyncio.Event()
        self._sender_wakes_at = math.inf

    async def watch_ports(self) -> None:
        """Open devices as they come, close them as they go; until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                inputs = self._ports.inputs()
                wanted = {name: inputs[name] for name in inputs if self._wanted in name.casefold()}
                for name in list(self._open):
                    if wanted.get(name) != self._open[name].identity:
                        self._close_port(name, unplugged=name not in wanted)
                for name in wanted:
                    if name not in self._open:
                        self._open_port(name, loop)
                self._report_unreadable()
                if not self._open and not self._reported_none:
                    self._reported_none = True
                    part = f" with `{self._wanted}` in its name" if self._wanted else ""
                    self._report(f"no controller{part} is plugged in; waiting for one")
                await asyncio.sleep(PORTS_POLL_S)
        finally:
            for port in self._open.values():
                port.close()

    async def play(self, address: Address) -> None:
        """Play on a server, whenever it is there; until cancelled.

        Raises:
            RefusedError: it does not let the agent in.
        """
        url, reported = address.socket(_SOCKET_PATH), False

        def report_failure(error: Exception) -> None:
            nonlocal reported
            if not reported:
                reason = _first_line(error)
                self._report(f"no server at {url} ({reason}); trying again until there is one")
            reported = True

        sockets = reconnecting(
            address,
            _SOCKET_PATH,
            patience_s=math.inf,
            wait_for_server=True,
            on_failure=report_failure,
            proxy=None,
            ping_interval=PING_S,
            ping_timeout=PING_S,
        )
        async with aclosing(sockets):
            async for socket in sockets:
                reported = True
                self._report(f"connected to {url}")
                await self._serve(socket)
                self._report(f"the connection to {url} is gone; trying again until it is back")

    async def _serve(self, socket: ClientConnection) -> None:
        """Send and receive until the connection is lost."""
        self._connected = True
        if self._dropped:
            self._report(
                f"{self._dropped} presses and turns came while there was no server: dropped"
            )
            self._dropped = 0
        self._announcements = [{"type": "listen", "device": name} for name in self._open]
        self._sender_wakeup.set()
        try:
            with suppress(ConnectionClosed):
                await _run_until_first_ends(self._send(socket), self._receive(socket))
        finally:
            self._connected = False
            self._set_learning(False)

    async def _send(self, socket: ClientConnection) -> None:
        """Send what is due. While the network takes nothing, values wait and are merged."""
        loop = asyncio.get_running_loop()
        while True:
            self._sender_wakeup.clear()
            announcements, self._announcements = self._announcements, []
            for announcement in announcements:
                await socket.send(json.dumps(announcement))
            self._take_inbox()  # what goes out is the newest
            for name, throttle in list(self._throttles.items()):
                messages = throttle.pop_due(time.monotonic())
                for begin in range(0, len(messages), _MAX_BATCH):
                    data = [b for raw in messages[begin : begin + _MAX_BATCH] for b in raw]
                    await socket.send(json.dumps({"type": "midi", "device": name, "data": data}))
            self._sender_wakes_at = self._next_due
            # Not `asyncio.timeout`, which ends by an exception: that costs several times as much.
            timer = loop.call_at(self._sender_wakes_at, self._sender_wakeup.set)
            await self._sender_wakeup.wait()
            timer.cancel()

    async def _receive(self, socket: ClientConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            match message["type"]:
                case "feedback" if message["device"] in self._open:
                    for data in message["data"]:
                        self._open[message["device"]].send(tuple(data))
                case "bindings" if message["device"] in self._throttles:
                    self._throttles[message["device"]].set_bindings(message)
                case "unbound" if message["device"] in self._open:
                    self._report_unbound(message)
                case "learning":
                    self._set_learning(message["target"] is not None)
                case "error":
                    self._report(f"the server says: {message['message']}")

    def _report_unbound(self, message: Mapping[str, Any]) -> None:
        """Report each control once, and each hint: a fader sends a hundred events."""
        name, source, hint = message["device"], message["source"], message.get("hint")
        if (name, source, hint) in self._reported_unbound:
            return
        self._reported_unbound.add((name, source, hint))
        count = message["count"]
        self._report(
            f"nothing is bound to {source} of {name}; {count} such event{'s' * (count > 1)} so far"
            + (f". {hint}" if hint else "")
        )

    def _set_learning(self, learning: bool) -> None:
        self._learning = learning
        for throttle in self._throttles.values():
            throttle.learning = learning

    def _open_port(self, name: str, loop: asyncio.AbstractEventLoop) -> None:
        def on_message(data: Raw) -> None:  # on rtmidi's thread
            self._inbox.append((name, data))
            if not self._draining:
                self._draining = True
                loop.call_soon_threadsafe(self._drain, loop)

        port = self._ports.open(name, on_message)
        if port is None:
            self._failures[name] += 1
            if self._failures[name] == 2:  # at the first it may just have gone
                self._report(f"{name} cannot be opened; another program may have it. Trying on")
            return
        self._failures.pop(name, None)
        self._open[name] = port
        throttle = self._throttles[name] = MessageThrottle()
        throttle.learning = self._learning
        self._reported_none = False
        self._announce({"type": "listen", "device": name})
        self._report(f"{name} plays")

    def _close_port(self, name: str, unplugged: bool) -> None:
        """Close a port that has gone, or of which another of its name may have come or gone."""
        self._open.pop(name).close()
        del self._throttles[name]
        self._announce({"type": "unlisten", "device": name})
        if unplugged:
            self._report(f"{name} was unplugged; plug it in again and it plays on")

    def _report_unreadable(self) -> None:
        """Report once that ports are left out; at the first look they may just be going."""
        unreadable, before = self._ports.unreadable, self._unreadable
        self._unreadable = unreadable
        if unreadable == before > self._reported_unreadable:
            self._reported_unreadable = unreadable
            self._report(_left_out(unreadable))

    def _drain(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take what has come: the first after a rest at once, what follows many at a time.

        Waking the loop for a message costs more than the message does, and then the loop and
        rtmidi's thread take Python from each other.
        """
        if self._drain_timer is not None:
            self._drain_timer.cancel()
        self._take_inbox()
        received, self._received = self._received, 0
        if not received:
            self._draining = False
            if not self._inbox:
                return
            self._draining = True  # one has come just before that, and did not wake the loop
            self._take_inbox()
        storm = received > _STORM_HZ * self._drain_s
        periods = [throttle.period_s for throttle in self._throttles.values()]
        self._drain_s = max(periods, default=_DRAIN_S) if storm else _DRAIN_S
        self._drain_timer = loop.call_at(next_tick(loop.time(), self._drain_s), self._drain, loop)
        if not self._connected:
            self._dropped += sum(throttle.drop_late() for throttle in self._throttles.values())
        elif self._next_due < self._sender_wakes_at:
            self._sender_wakeup.set()

    def _take_inbox(self) -> None:
        now = time.monotonic()
        while self._inbox:
            name, data = self._inbox.popleft()
            self._received += 1
            throttle = self._throttles.get(name)
            if throttle is None:
                continue
            throttle.add(data, now)
            if self._monitor is not None:
                self._monitor(f"{name}: {_describe(data)}")

    @property
    def _next_due(self) -> float:
        """When the next message is to be sent."""
        times = [due for t in self._throttles.values() if (due := t.due) is not None]
        return min(times, default=math.inf)

    def _announce(self, message: dict[str, Any]) -> None:
        if self._connected:
            self._announcements.append(message)
            self._sender_wakeup.set()


def _describe(data: Raw) -> str:
    try:
        event = decode(data)
    except MessageError:
        return f"no MIDI message: {data[:8]}"
    return str(event) if event else f"{data[:8]}, which moves nothing"


def _left_out(unreadable: int) -> str:
    return f"{unreadable} of the inputs have no name that can be read: left out"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__


async def _run_until_first_ends(*coroutines: Coroutine[Any, Any, None]) -> None:
    """Run all until one ends, cancel the others, and raise its error if it has one."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


# -------------------------------------------------------------- the command


def list_ports(api: str | None) -> int:
    """Print the names of the controllers, one a line, on stdout."""
    ports = Ports(api)
    for name in ports.names():
        print(name)
    if ports.unreadable:
        _print_status(_left_out(ports.unreadable))
    ports.close()
    return 0


def play(url: str, token: str | None, wanted: str, api: str | None) -> int:
    """Play all controllers with `wanted` in their names on the server at `url`, without end.

    Raises:
        ConfigError: the address is not valid, or there is no MIDI system.
        RefusedError: the server does not let the agent in.
    """
    address = server_address(url, token)
    use_batch_scheduling(children=True)  # rtmidi's thread

    async def run() -> None:
        agent = MidiAgent(Ports(api), wanted, _print_status)
        await _run_until_first_ends(agent.watch_ports(), agent.play(address))

    asyncio.run(run())
    return 0


def monitor(wanted: str, api: str | None) -> int:
    """Print what the controllers send, in words, on stdout; no server is needed."""

    async def run() -> None:
        ports = Ports(api)
        await MidiAgent(
            ports, wanted, _print_status, lambda line: print(line, flush=True)
        ).watch_ports()

    asyncio.run(run())
    return 0


def server_address(url: str, token: str | None) -> Address:
    """Parse `--url`.

    Raises:
        ConfigError: the address is not valid, or has a token in it.
    """
    parts = urlsplit(url if "//" in url else f"http://{url}")
    if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
        raise ConfigError(f"--url must be like http://localhost:8018; received {parts.scheme}://…")
    if "token=" in parts.query:
        raise ConfigError(
            "a token does not belong on the command line, where others can read it; "
            "set STYLETUNE_TOKEN or use --token-file, and give the address up to the ?"
        )
    base = parts._replace(path=parts.path.rstrip("/").removesuffix("/ws"), query="", fragment="")
    return Address.of(base.geturl(), token=token, environment={})


def _print_status(line: str) -> None:
    print(f"styletune midi: {line}", file=sys.stderr, flush=True)
