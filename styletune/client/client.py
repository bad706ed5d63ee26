"""One player on a running server: sets controls, paints, waits, sees.

`connect` gives a `Client`, which keeps the newest of everything that the server says. A picture
or a loss is trusted for a setting only if its `rev` contains it. Belongs to one event loop.
"""

import asyncio
import io
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict
from urllib.parse import quote

from PIL import Image
from websockets.exceptions import ConnectionClosed

from styletune.client import connection
from styletune.client.address import DEFAULT_URL, Address
from styletune.client.mirror import PATIENCE_S
from styletune.client.runner import Runner
from styletune.client.types import Frame, Picture, Value

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Scene(TypedDict):
    """A stored scene: values of controls under a name."""

    name: str
    saved: float
    controls: dict[str, Value]


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


class Client(Runner):
    """A player: see `Mirror` for what it knows.

    Every method that waits raises `UnreachableError` (the server was away for longer than
    `patience_s`), `RefusedError` (it refuses a message, or this client) or `WorkerError` (the
    painting has failed).
    """

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

    # ------------------------------------------------------------ pictures

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """Each newest picture, as JPEG, that contains what this client has set.

        A picture counts as drawn when the next one is asked for; at most two are under way.
        """
        socket = await connection.open_socket(self.address, "/frames")
        while True:
            try:
                async for message in socket:
                    frame = Frame.parse(message if isinstance(message, bytes) else message.encode())
                    if frame.rev >= self._own_rev:
                        yield frame
                    await socket.send(json.dumps({"type": "ack", "epoch": frame.epoch}))
            except ConnectionClosed as error:
                final = connection.ended(error)
                if final is not None:
                    raise final from None
            finally:
                await socket.close()
            socket = await connection.reopen_socket(
                self.address, "/frames", patience_s=self._patience_s
            )

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
        return await connection.request(self.address, "GET", f"/api/image.png{query}")

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
        answer = await connection.request(
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
        answer = await connection.request(
            self.address, "GET", f"/api/scenes/{quote(name, safe='')}"
        )
        scene: Scene = json.loads(answer)
        return scene

    async def put_scene(self, scene: Scene) -> None:
        """Store a scene made elsewhere; nothing moves until it is recalled."""
        path = f"/api/scenes/{quote(scene['name'], safe='')}"
        await connection.request(
            self.address, "PUT", path, json.dumps(scene).encode(), **{"Content-Type": _JSON}
        )

    async def delete_scene(self, name: str) -> None:
        """Forget a scene."""
        await connection.request(self.address, "DELETE", f"/api/scenes/{quote(name, safe='')}")

    async def table(self) -> list[dict[str, Any]]:
        """The table of controls: name, kind, range, default, curve, unit, help of each."""
        answer = await connection.request(self.address, "GET", "/api/controls")
        rows: list[dict[str, Any]] = json.loads(answer)["controls"]
        return rows


_JSON = "application/json"


def _bytes(path: Path) -> bytes:
    from styletune.images import decode, samples

    return decode.read_bytes(samples.locate(str(path)))


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
