"""The client without asyncio: the same methods, each of which waits.

    from styletune.client.sync import connect

    with connect() as play:
        play.set({"smooth": 0.1})
        play.wait(epochs=5)
        play.picture().save("smooth.png")

The connection lives in a thread of its own and goes on between the calls.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from anyio.from_thread import start_blocking_portal
from PIL import Image

from styletune.client.address import DEFAULT_URL, Address
from styletune.client.client import PATIENCE_S, Client
from styletune.client.pictures import Frame
from styletune.client.types import Epoch, Painted, Picture, Scene, State, Value

T = TypeVar("T")


@contextmanager
def connect(
    url: str = DEFAULT_URL,
    *,
    token: str | None = None,
    token_file: str | Path | None = None,
    patience_s: float = PATIENCE_S,
) -> Iterator["SyncClient"]:
    """Join a running server; see `styletune.client.connect`."""
    address = Address.of(url, token=token, token_file=token_file)
    with start_blocking_portal(name="styletune client") as portal:
        client = SyncClient(portal.call(_running_loop), address, patience_s)
        client.call(client.player.open())
        try:
            yield client
        finally:
            client.call(client.player.close())


async def _running_loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


class SyncClient:
    """A player whose methods wait; `Client` describes each.

    Args:
        loop: of the client, running in another thread.

    Attributes:
        player: the client itself.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, address: Address, patience_s: float
    ) -> None:
        self._loop = loop
        self.player = Client(address, patience_s=patience_s)

    def call(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine of `player` in its thread, and wait for it."""
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result()
        except BaseException:  # Ctrl-C while waiting
            future.cancel()
            raise

    @property
    def controls(self) -> dict[str, Value]:
        """Newest value of each control."""
        return dict(self.player.controls)

    @property
    def layers(self) -> tuple[str, ...]:
        """Layers that are played."""
        return self.player.layers

    @property
    def state(self) -> State:
        """What the painting is doing."""
        return self.player.state

    @property
    def scenes(self) -> tuple[str, ...]:
        """Names of the stored scenes."""
        return self.player.scenes

    def set(self, controls: Mapping[str, Value], *, gesture: str | None = None) -> int:
        """Move controls, all of them or none."""
        return self.call(self.player.set(controls, gesture=gesture))

    def trigger(self, name: str) -> None:
        """Fire a trigger once."""
        self.call(self.player.trigger(name))

    def paint(
        self,
        steps: int,
        controls: Mapping[str, Value] | None = None,
        *,
        start: str = "reset",
        seed: int | None = None,
        settle: float | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
    ) -> Painted:
        """Paint exactly `steps` steps; `on_epoch` is called in the client's thread."""
        return self.call(
            self.player.paint(
                steps, controls, start=start, seed=seed, settle=settle, on_epoch=on_epoch
            )
        )

    def wait(
        self,
        *,
        epochs: int | None = None,
        steps: int | None = None,
        settled: bool | float = False,
    ) -> Epoch:
        """Wait on the live painting."""
        return self.call(self.player.wait(epochs=epochs, steps=steps, settled=settled))

    def epochs(self) -> Iterator[Epoch]:
        """Each newest epoch that contains what was set."""
        return self._each(self.player.epochs())

    def frames(self) -> Iterator[Frame]:
        """Each newest picture that contains what was set."""
        return self._each(self.player.frames())

    def picture(self, *, run: int | None = None) -> Image.Image:
        """The newest picture in full size."""
        return self.call(self.player.picture(run=run))

    def upload(
        self, place: str, picture: str | Path | bytes | Image.Image, name: str = ""
    ) -> Picture:
        """Paint from another picture."""
        return self.call(self.player.upload(place, picture, name))

    def store(self, scene: str) -> None:
        """Keep all present values under a name."""
        self.call(self.player.store(scene))

    def recall(self, scene: str, *, seconds: float = 0.0) -> None:
        """Go to a scene."""
        self.call(self.player.recall(scene, seconds=seconds))

    def scene(self, name: str) -> Scene:
        """The values of a stored scene."""
        return self.call(self.player.scene(name))

    def _each(self, items: AsyncGenerator[T, None]) -> Iterator[T]:
        async def next_item() -> T:
            return await anext(items)

        try:
            while True:
                yield self.call(next_item())
        finally:
            with suppress(RuntimeError):  # the loop is closed: `connect` was left before
                self.call(items.aclose())
