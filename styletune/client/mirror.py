"""The newest of everything that the server says, and what ends a wait before its time.

Messages come in from the link. Belongs to one event loop.
"""

from styletune.client.address import Address
from styletune.client.connection import Link, Message
from styletune.client.types import Epoch, Pictures, State, Value
from styletune.errors import WorkerError

PATIENCE_S = 60.0  # for a server that restarts, or a network that is away
_BEGINS_ANEW = ("starting", "restarting")  # such a worker knows nothing of a run
_MAX_ROLLBACKS = 20  # in one run: it will not come to its end


class Mirror:
    """What a client of the server knows.

    Attributes:
        address: of the server.
        client: its name among the server's clients.
        rev: newest revision of the controls.
        controls: newest value of each, by name.
        layers: that are played, in network order.
        state: what the painting is doing.
        pictures: that are painted from.
        epoch: newest that was painted; None before the first.
        scenes: names of the stored scenes.
    """

    def __init__(self, address: Address, *, patience_s: float = PATIENCE_S) -> None:
        self.address = address
        self.client = ""
        self.rev = 0
        self.controls: dict[str, Value] = {}
        self.layers: tuple[str, ...] = ()
        self.state: State
        self.pictures: Pictures
        self.epoch: Epoch | None = None
        self.scenes: tuple[str, ...] = ()
        self._link = Link(address, self._hear, patience_s=patience_s)
        self._patience_s = patience_s
        self._own_rev = 0  # a picture must contain it to be trusted
        self._strange = self._rollbacks = self._begun_anew = 0
        self._refused = ""

    async def open(self) -> None:
        """Join; `connect` does it. After this you must await `close`."""
        await self._link.open()

    async def close(self) -> None:
        """Leave. May be repeated."""
        await self._link.close()

    @property
    def connected(self) -> bool:
        """Whether the connection stands at this moment; while it does not, it is tried again."""
        return self._link.connected

    @property
    def connections(self) -> int:
        """How many connections there have been: after the first, the server may have restarted."""
        return self._link.connections

    def _painting_or_paused(self) -> bool | None:
        if not self.connected:
            return None
        self._complain(0)
        return self.state["state"] in ("running", "paused", "rolling back") or None

    def _complain(self, rollbacks: int) -> None:
        """Raise what ends a run before its time."""
        state = self.state
        if self._refused:
            raise WorkerError(self._refused)
        if state["state"] == "failed":
            raise WorkerError(f"the server's painting has failed: {state['message']}")
        if state["state"] == "paused" and state["message"] and not self.controls.get("paused"):
            raise WorkerError(f"the server has paused: {state['message']}")
        if rollbacks > _MAX_ROLLBACKS:
            raise WorkerError(
                f"the picture was not finite {rollbacks} times; {state['message'] or 'given up'}"
            )

    def _hear(self, message: Message) -> None:
        kind = message["type"]
        if kind == "snapshot":
            self._hear_snapshot(message)
        elif kind == "changed":
            self.rev = message["rev"]
            self.controls.update(message["controls"])
        elif kind == "epoch":
            self.epoch = message  # type: ignore[assignment]  # what it holds is the server's word
        elif kind == "state":
            self.state = message  # type: ignore[assignment]
            self._begun_anew += message["state"] in _BEGINS_ANEW
            self._rollbacks += message["state"] == "rolling back"
        elif kind == "triggered":
            self._strange += message["source"] != self.client
        elif kind == "pictures":
            self._strange += 1
            self.pictures = message  # type: ignore[assignment]
        elif kind == "scenes":
            self.scenes = _names(message)
        elif kind == "error" and message["code"] == "refused":
            self._refused = message["message"]

    def _hear_snapshot(self, message: Message) -> None:
        self.rev, self.controls = message["rev"], message["controls"]
        self.layers = tuple(message["layers"])
        self.state, self.pictures = message["state"], message["pictures"]
        self.scenes = _names(message.get("scenes") or {})
        if not self.connected:
            self.client, self.epoch = message["client"], message["epoch"]
            if self._link.connections > 1:
                self._own_rev = self.rev  # a server that began anew counts anew


def _names(scenes: Message) -> tuple[str, ...]:
    return tuple(scene["name"] for scene in scenes.get("scenes", ()))
