"""A player on a running server: sets controls, paints, waits, fetches pictures.

A picture or a loss counts for a setting only if its `rev` contains it.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from PIL import Image
from websockets.exceptions import ConnectionClosed

from styletune.client.address import DEFAULT_URL, Address
from styletune.client.connection import Connection, Message, reconnecting
from styletune.client.pictures import Frame, decode_picture, encode_upload
from styletune.client.types import Epoch, Painted, Picture, Pictures, Scene, State, Value
from styletune.convergence import TOLERANCE, PlateauDetector
from styletune.errors import WorkerError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

PATIENCE_S = 60.0  # for a server that restarts, or a network that is away
_RESTARTING = ("starting", "restarting")  # such a worker has lost its earlier runs
_MAX_ROLLBACKS = 20  # in one run: more, and it will not come to its end

OnEpoch = Callable[[Epoch], None]


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
    """A player, and the newest of everything that the server sends. Belongs to one event loop.

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
        self._connection = Connection(address, self._apply, patience_s=patience_s)
        self._patience_s = patience_s
        self._own_rev = 0  # what comes must contain it to be trusted
        self._foreign_changes = self._rollbacks = self._restarts = 0
        self._rejection = ""  # of a picture, by the worker

    async def open(self) -> None:
        """Join; `connect` does it. After this you must await `close`."""
        await self._connection.open()

    async def close(self) -> None:
        """Leave. May be repeated."""
        await self._connection.close()

    @property
    def connected(self) -> bool:
        """Whether the connection stands at this moment; while it does not, it is tried again."""
        return self._connection.connected

    @property
    def connections(self) -> int:
        """How many connections there have been: after the first, the server may have restarted."""
        return self._connection.count

    async def set(self, controls: Mapping[str, Value], *, gesture: str | None = None) -> int:
        """Move controls, all of them or none; returns the revision that contains them.

        Args:
            gesture: sets of the same gesture are one step of undo.
        """
        fields: dict[str, Any] = {} if gesture is None else {"gesture": gesture}
        changed = await self._connection.request("set", controls=dict(controls), **fields)
        self._own_rev = max(self._own_rev, changed["rev"])
        return int(changed["rev"])

    async def trigger(self, name: str) -> None:
        """Fire a trigger such as `reset` once."""
        await self._connection.request("trigger", idempotent=False, name=name)

    async def table(self) -> list[dict[str, Any]]:
        """The table of controls: name, kind, range, default, curve, unit, help of each."""
        return list((await self._get_json("/api/controls"))["controls"])

    # ------------------------------------------------ painting and waiting

    async def paint(
        self,
        steps: int,
        controls: Mapping[str, Value] | None = None,
        *,
        start: str = "reset",
        seed: int | None = None,
        settle: float | None = None,
        on_epoch: OnEpoch | None = None,
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
        options = {"seed": seed, "settle": settle}
        fields: dict[str, Any] = {k: value for k, value in options.items() if value is not None}
        fields |= {"steps": steps, "controls": dict(controls or {}), "start": start}
        self._rejection = ""
        while True:
            await self._connection.wait_for(self._is_ready)
            lifetime = self._run_lifetime
            painting = await self._connection.request("paint", **fields)
            self._own_rev = max(self._own_rev, painting["rev"])
            painted = await self._follow_run(painting, lifetime, on_epoch)
            if painted is not None:
                return painted

    @property
    def _run_lifetime(self) -> tuple[int, int]:
        """Changes when the worker or the server may have forgotten its runs."""
        return self._restarts, self.connections

    async def _follow_run(
        self, painting: Message, lifetime: tuple[int, int], on_epoch: OnEpoch | None
    ) -> Painted | None:
        """Wait for the end of a run; None: it was forgotten."""
        foreign_changes, rollbacks, seen = self._foreign_changes, self._rollbacks, -1

        def finished() -> Painted | bool | None:
            nonlocal seen
            if self._run_lifetime != lifetime or not self.connected:
                return False
            rolled_back = self._rollbacks - rollbacks
            self._raise_if_failed(rolled_back)
            epoch = self.epoch
            if epoch is None or "run" not in epoch or epoch["run"]["run"] != painting["run"]:
                return None
            if on_epoch is not None and epoch["epoch"] > seen:
                seen = epoch["epoch"]
                on_epoch(epoch)
            disturbed = self._foreign_changes != foreign_changes or epoch["rev"] != painting["rev"]
            step, done = epoch["run"]["step"], epoch["run"]["done"]
            return Painted(painting["run"], epoch, step, disturbed, rolled_back) if done else None

        end: Painted | bool = await self._connection.wait_for(finished)
        return end if isinstance(end, Painted) else None

    async def ready(self) -> None:
        """Wait until the server paints, or is paused: after its start it compiles for seconds."""
        await self._connection.wait_for(self._is_ready)
        await self._connection.wait_for(lambda: self.epoch)

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
        tolerance = TOLERANCE if settled is True else settled
        if epochs is None and steps is None and not settled:
            epochs = 1
        first: Epoch | None = None
        async for epoch in self.epochs():
            if first is None or epoch["epoch"] < first["epoch"]:  # the server has restarted
                first, plateau = epoch, PlateauDetector(tolerance)
            at_rest = bool(settled) and plateau.add(epoch["step"], epoch["total"])
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

        def newer() -> Epoch | None:
            self._raise_if_failed()
            epoch = self.epoch
            if epoch is None or not self.connected or epoch["rev"] < self._own_rev:
                return None
            return None if seen == (self.connections, epoch["epoch"]) else epoch

        while True:
            epoch = await self._connection.wait_for(newer)
            seen = (self.connections, epoch["epoch"])
            yield epoch

    # ------------------------------------------------------------ pictures

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Each newest picture, as JPEG, that contains what this client has set.

        A picture counts as drawn when the next one is requested; at most two are under way.
        """
        sockets = reconnecting(self.address, "/frames", patience_s=self._patience_s)
        async with aclosing(sockets):
            async for socket in sockets:
                with suppress(ConnectionClosed):
                    async for data in socket:
                        frame = Frame.parse(data if isinstance(data, bytes) else data.encode())
                        if frame.rev >= self._own_rev:
                            yield frame
                        await socket.send(json.dumps({"type": "ack", "epoch": frame.epoch}))

    async def picture(self, *, run: int | None = None) -> Image.Image:
        """The newest picture in full size, with its state in `info["styletune"]` (JSON).

        It contains what this client has set. `run`: the last picture of that `paint` instead.
        """
        if run is None:
            await anext(self.epochs())
        return decode_picture(await self.png(run=run), "PNG")

    async def array(self, *, run: int | None = None) -> "npt.NDArray[np.uint8]":
        """The same as uint8 (height, width, 3)."""
        import numpy as np

        return np.asarray(await self.picture(run=run))

    async def png(self, *, run: int | None = None) -> bytes:
        """The newest picture as the server's PNG file, whatever it contains."""
        query = "" if run is None else f"?run={run}"
        return await self._connection.request_http("GET", f"/api/image.png{query}")

    async def upload(
        self, place: str, picture: "str | Path | bytes | Image.Image", name: str = ""
    ) -> Picture:
        """Paint from another picture.

        Args:
            place: `content` or `style/1`, `style/2` ….
            picture: a file, its bytes, or a picture of Pillow's.
            name: shown on the page; default: that of the file.
        """
        data, name = await asyncio.to_thread(encode_upload, picture, name)
        self._rejection = ""
        answer = await self._connection.request_http(
            "PUT", f"/api/{place}", content=data, headers={"X-Filename": quote(name)}
        )
        return cast(Picture, json.loads(answer))

    # -------------------------------------------------------------- scenes

    async def store(self, scene: str) -> None:
        """Keep all present values under a name."""
        await self._connection.request("store", scene=scene)

    async def recall(self, scene: str, *, seconds: float = 0.0) -> None:
        """Go to a scene, at once and whole, or in so many seconds."""
        snapshot = await self._connection.request(
            "recall", idempotent=False, scene=scene, seconds=seconds
        )
        self._own_rev = max(self._own_rev, snapshot["rev"])

    async def scene(self, name: str) -> Scene:
        """The values of a stored scene."""
        return cast(Scene, await self._get_json(_scene_path(name)))

    async def put_scene(self, scene: Scene) -> None:
        """Store a scene made elsewhere; nothing moves until it is recalled."""
        await self._connection.request_http("PUT", _scene_path(scene["name"]), json=scene)

    async def delete_scene(self, name: str) -> None:
        """Delete a stored scene."""
        await self._connection.request_http("DELETE", _scene_path(name))

    # ------------------------------------------------- what the server sends

    async def _get_json(self, path: str) -> Any:
        return json.loads(await self._connection.request_http("GET", path))

    def _apply(self, message: Message) -> None:
        kind = message["type"]
        if kind == "snapshot":
            self._apply_snapshot(message)
        elif kind == "changed":
            self.rev = message["rev"]
            self.controls.update(message["controls"])
        elif kind == "epoch":
            self.epoch = message  # type: ignore[assignment]  # the server vouches for its fields
        elif kind == "state":
            self.state = message  # type: ignore[assignment]
            self._restarts += message["state"] in _RESTARTING
            self._rollbacks += message["state"] == "rolling back"
        elif kind == "triggered":
            self._foreign_changes += message["source"] != self.client
        elif kind == "pictures":
            self._foreign_changes += 1
            self.pictures = message  # type: ignore[assignment]
        elif kind == "scenes":
            self.scenes = _scene_names(message)
        elif kind == "error" and message["code"] == "refused":
            self._rejection = message["message"]

    def _apply_snapshot(self, message: Message) -> None:
        self.rev, self.controls = message["rev"], message["controls"]
        self.layers = tuple(message["layers"])
        self.state, self.pictures = message["state"], message["pictures"]
        self.scenes = _scene_names(message.get("scenes") or {})
        if not self.connected:
            self.client, self.epoch = message["client"], message["epoch"]
            if self.connections > 1:  # a server that has restarted counts anew
                self._own_rev = self.rev

    def _is_ready(self) -> bool | None:
        if not self.connected:
            return None
        self._raise_if_failed()
        return self.state["state"] in ("running", "paused", "rolling back") or None

    def _raise_if_failed(self, rollbacks: int = 0) -> None:
        """Raise what ends a run, or the waiting, before its time."""
        state = self.state
        if self._rejection:
            raise WorkerError(self._rejection)
        if state["state"] == "failed":
            raise WorkerError(f"the server's painting has failed: {state['message']}")
        if state["state"] == "paused" and state["message"] and not self.controls.get("paused"):
            raise WorkerError(f"the server has paused: {state['message']}")
        if rollbacks > _MAX_ROLLBACKS:
            raise WorkerError(
                f"the picture was not finite {rollbacks} times; {state['message'] or 'given up'}"
            )


def _scene_names(scenes: Message) -> tuple[str, ...]:
    return tuple(scene["name"] for scene in scenes.get("scenes", ()))


def _scene_path(name: str) -> str:
    return f"/api/scenes/{quote(name, safe='')}"
