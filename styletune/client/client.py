"""One player on a running server: sets controls, paints, waits, sees.

`connect` gives a `Client`, which keeps the newest of everything that the server says. A picture
or a loss is trusted for a setting only if its `rev` contains it. Belongs to one event loop.
"""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from PIL import Image
from websockets.exceptions import ConnectionClosed

from styletune.client import doors
from styletune.client.address import DEFAULT_URL, Address
from styletune.client.frames import Frame
from styletune.client.link import Link, Message
from styletune.client.messages import Epoch, Picture, Pictures, State, Value
from styletune.errors import WorkerError
from styletune.settling import TOLERANCE, Settling

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PATIENCE_S = 60.0  # for a server that restarts, or a network that is away
_BEGINS_ANEW = ("starting", "restarting")  # such a worker knows nothing of a run
_MAX_ROLLBACKS = 20  # in one run: it will not come to its end


class Scene(TypedDict):
    """A stored scene: values of controls under a name."""

    name: str
    saved: float
    controls: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Painted:
    """The end of a `Client.paint`.

    Attributes:
        run: its number, for `Client.picture`.
        epoch: the message of its last picture, with all losses.
        steps: taken.
        disturbed: somebody else moved a control, a trigger or a picture meanwhile.
        rollbacks: how often the picture was not finite and was taken back.
    """

    run: int
    epoch: Epoch
    steps: int
    disturbed: bool
    rollbacks: int


@asynccontextmanager
async def connect(
    url: str = DEFAULT_URL,
    *,
    token: str | None = None,
    token_file: str | Path | None = None,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator["Client"]:
    """Join a running server.

    Args:
        url: the printed address, with or without its `?token=`.
        token: default: that of the file, of the URL, else `STYLETUNE_TOKEN`.
        token_file: a file of mode 0600 that holds it.
        patience_s: how long a lost server is waited for.

    Raises:
        UnreachableError: no server answers there.
        RefusedError: it does not know the token.
        ConfigError: the address or the token file is not valid.
    """
    client = Client(Address.of(url, token=token, token_file=token_file), patience_s=patience_s)
    await client.open()
    try:
        yield client
    finally:
        await client.close()


class Client:
    """A player.

    Every method that waits raises `UnreachableError` (the server was away for longer than
    `patience_s`), `RefusedError` (it refuses a message, or this client) or `WorkerError` (the
    painting has failed).

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

    # ------------------------------------------------------------- playing

    async def set(self, controls: Mapping[str, Value], *, gesture: str | None = None) -> int:
        """Move controls, all of them or none; returns the revision that contains them.

        Args:
            gesture: sets of the same gesture are one step of undo.
        """
        fields: dict[str, Any] = {} if gesture is None else {"gesture": gesture}
        changed = await self._link.ask("set", controls=dict(controls), **fields)
        self._own_rev = max(self._own_rev, changed["rev"])
        return int(changed["rev"])

    async def trigger(self, name: str) -> None:
        """Let a trigger such as `reset` happen once."""
        await self._link.ask("trigger", again=False, name=name)

    async def paint(
        self,
        steps: int,
        controls: Mapping[str, Value] | None = None,
        *,
        start: str = "reset",
        seed: int | None = None,
        settle: float | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Painted:
        """Paint exactly `steps` steps with these controls.

        The picture then stands still for some seconds: the next `paint` from the `last` picture
        begins exactly there.

        Args:
            start: `reset` (the first picture) or `last`.
            seed: of the reset; None: the session's.
            settle: end earlier, once the loss falls by less than this part of itself.
            on_epoch: called for each epoch of this run.
        """
        fields: dict[str, Any] = {"steps": steps, "controls": dict(controls or {}), "start": start}
        fields |= {"seed": seed} if seed is not None else {}
        fields |= {"settle": settle} if settle is not None else {}
        self._refused = ""
        while True:
            await self._link.until(self._painting_or_paused)
            since = self._memory
            painting = await self._link.ask("paint", **fields)
            self._own_rev = max(self._own_rev, painting["rev"])
            painted = await self._run_end(painting, since, on_epoch)
            if painted is not None:
                return painted

    @property
    def _memory(self) -> tuple[int, int]:
        """Changes when the worker or the server may have forgotten a run."""
        return self._begun_anew, self._link.connections

    async def _run_end(
        self,
        painting: Message,
        since: tuple[int, int],
        on_epoch: Callable[[Epoch], None] | None,
    ) -> Painted | None:
        """Follow a run to its end; None: it has been forgotten."""
        strange, rollbacks, seen = self._strange, self._rollbacks, -1

        def look() -> Painted | bool | None:
            nonlocal seen
            if self._memory != since or not self.connected:
                return False
            rolled_back = self._rollbacks - rollbacks
            self._complain(rolled_back)
            epoch = self.epoch
            if epoch is None or "run" not in epoch or epoch["run"]["run"] != painting["run"]:
                return None
            if on_epoch is not None and epoch["epoch"] > seen:
                seen = epoch["epoch"]
                on_epoch(epoch)
            disturbed = self._strange != strange or epoch["rev"] != painting["rev"]
            step, done = epoch["run"]["step"], epoch["run"]["done"]
            return Painted(painting["run"], epoch, step, disturbed, rolled_back) if done else None

        found: Painted | bool = await self._link.until(look)
        return found if isinstance(found, Painted) else None

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

    # ------------------------------------------------------------- waiting

    async def ready(self) -> None:
        """Wait until the server paints, or is paused: after its start it compiles for seconds."""
        await self._link.until(self._painting_or_paused)
        await self._link.until(lambda: self.epoch)

    async def wait(
        self,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        settled: bool | float = False,
    ) -> Epoch:
        """Wait on the live painting, counted from the first epoch that contains what was set.

        Args:
            epochs: so many epochs; without any argument: 1.
            steps: so many optimisation steps, rounded up to whole epochs.
            settled: until the loss falls by less than this part of itself (True: a hundredth)
                within fifty steps.

        Returns:
            The newest epoch then.
        """
        settling = Settling(TOLERANCE if settled is True else settled)
        if epochs is None and steps is None and not settled:
            epochs = 1
        first: Epoch | None = None
        async for epoch in self.epochs():
            if first is None or epoch["epoch"] < first["epoch"]:  # the server began anew
                first, settling = epoch, Settling(TOLERANCE if settled is True else settled)
            at_rest = bool(settled) and settling.add(epoch["step"], epoch["total"])
            if (
                (epochs is not None and epoch["epoch"] - first["epoch"] + 1 >= epochs)
                or (steps is not None and epoch["step"] - first["step"] >= steps)
                or at_rest
            ):
                return epoch
        raise AssertionError("epochs() does not end")

    async def epochs(self) -> AsyncGenerator[Epoch, None]:
        """Each newest epoch that contains what this client has set; a slow reader skips some."""
        seen: tuple[int, int] | None = None

        def look() -> Epoch | None:
            self._complain(0)
            epoch = self.epoch
            if epoch is None or not self.connected or epoch["rev"] < self._own_rev:
                return None
            return None if seen == (self._link.connections, epoch["epoch"]) else epoch

        while True:
            epoch = await self._link.until(look)
            seen = (self._link.connections, epoch["epoch"])
            yield epoch

    # ------------------------------------------------------------ pictures

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Each newest picture, as JPEG, that contains what this client has set.

        A picture counts as drawn when the next one is asked for; at most two are under way.
        """
        socket = await doors.open_socket(self.address, "/frames")
        while True:
            try:
                async for message in socket:
                    frame = Frame.parse(message if isinstance(message, bytes) else message.encode())
                    if frame.rev >= self._own_rev:
                        yield frame
                    await socket.send(json.dumps({"type": "ack", "epoch": frame.epoch}))
            except ConnectionClosed as error:
                final = doors.ended(error)
                if final is not None:
                    raise final from None
            finally:
                await socket.close()
            socket = await doors.reopen_socket(self.address, "/frames", patience_s=self._patience_s)

    async def picture(self, *, run: int | None = None) -> Image.Image:
        """The newest picture in full size, with its state in `info["styletune"]` (JSON).

        It contains what this client has set. `run`: the last picture of that `paint` instead.
        """
        if run is None:
            await anext(self.epochs())
        data = await self.png(run=run)
        image = Image.open(io.BytesIO(data), formats=("PNG",))
        image.load()
        return image

    async def array(self, *, run: int | None = None) -> "npt.NDArray[np.uint8]":
        """The same as uint8 (height, width, 3)."""
        import numpy as np

        return np.asarray(await self.picture(run=run))

    async def png(self, *, run: int | None = None) -> bytes:
        """The newest picture as the server's PNG file, whatever it contains."""
        query = "" if run is None else f"?run={run}"
        return await doors.request(self.address, "GET", f"/api/image.png{query}")

    async def upload(
        self, place: str, picture: "str | Path | bytes | Image.Image", name: str = ""
    ) -> Picture:
        """Paint from another picture.

        Args:
            place: `content` or `style/1`, `style/2` ….
            picture: a file, its bytes, or a picture of Pillow's.
            name: shown on the page; default: that of the file.
        """
        if isinstance(picture, str | Path):
            name, data = name or Path(picture).name, await asyncio.to_thread(_bytes, Path(picture))
        elif isinstance(picture, bytes):
            data = picture
        else:
            data = await asyncio.to_thread(_png, picture)
        self._refused = ""
        answer = await doors.request(
            self.address, "PUT", f"/api/{place}", data, **{"X-Filename": quote(name)}
        )
        put: Picture = json.loads(answer)
        return put

    # -------------------------------------------------------------- scenes

    async def store(self, scene: str) -> None:
        """Keep all present values under a name."""
        await self._link.ask("store", scene=scene)

    async def recall(self, scene: str, *, seconds: float = 0.0) -> None:
        """Go to a scene, at once and whole, or in so many seconds."""
        snapshot = await self._link.ask("recall", again=False, scene=scene, seconds=seconds)
        self._own_rev = max(self._own_rev, snapshot["rev"])

    async def scene(self, name: str) -> Scene:
        """The values of a stored scene."""
        answer = await doors.request(self.address, "GET", f"/api/scenes/{quote(name, safe='')}")
        scene: Scene = json.loads(answer)
        return scene

    async def put_scene(self, scene: Scene) -> None:
        """Store a scene made elsewhere; nothing moves until it is recalled."""
        path = f"/api/scenes/{quote(scene['name'], safe='')}"
        await doors.request(
            self.address, "PUT", path, json.dumps(scene).encode(), **{"Content-Type": _JSON}
        )

    async def delete_scene(self, name: str) -> None:
        """Forget a scene."""
        await doors.request(self.address, "DELETE", f"/api/scenes/{quote(name, safe='')}")

    async def table(self) -> list[dict[str, Any]]:
        """The table of controls: name, kind, range, default, curve, unit, help of each."""
        answer = await doors.request(self.address, "GET", "/api/controls")
        rows: list[dict[str, Any]] = json.loads(answer)["controls"]
        return rows

    # ------------------------------------------------------------- hearing

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


_JSON = "application/json"


def _names(scenes: Message) -> tuple[str, ...]:
    return tuple(scene["name"] for scene in scenes.get("scenes", ()))


def _bytes(path: Path) -> bytes:
    from styletune import pictures, samples

    return pictures.read_bytes(samples.locate(str(path)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
