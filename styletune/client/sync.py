"""The client without asyncio: the same methods, each of which waits.

    from styletune.client.sync import connect

    with connect() as play:
        play.set({"smooth": 0.1})
        play.wait(epochs=5)
        play.picture().save("smooth.png")

The connection lives in a thread of its own and goes on between the calls.
"""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from styletune.client.address import DEFAULT_URL, Address
from styletune.client.client import Client, Scene
from styletune.client.mirror import PATIENCE_S
from styletune.client.runner import Painted
from styletune.client.types import Epoch, Frame, Picture, State, Value

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
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="styletune client", daemon=True)
    thread.start()
    try:
        client = SyncClient(loop, address, patience_s)
        client.call(client.player.open())
        try:
            yield client
        finally:
            client.call(client.player.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class SyncClient:
    """A player whose methods wait; see `Client` for what each does.

    Attributes:
        player: the client that does it, in its thread.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, address: Address, patience_s: float
    ) -> None:
        self._loop = loop
        self.player = self.call(_made(address, patience_s))

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
        """Let a trigger happen once."""
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
        async def following() -> T:
            return await anext(items)

        try:
            while True:
                yield self.call(following())
        finally:
            with suppress(RuntimeError):  # the loop has ended before
                self.call(items.aclose())


async def _made(address: Address, patience_s: float) -> Client:
    """Made within the loop to which it belongs."""
    return Client(address, patience_s=patience_s)
