"""A whole web process within a test: real uvicorn, real sockets, a stand-in painter."""

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx
from fastapi import FastAPI
from PIL import Image
from websockets.asyncio.client import ClientConnection, connect

from styletune.config import SessionConfig
from styletune.midi import profile
from styletune.server.app import create_app
from styletune.server.auth.middleware import AuthMiddleware
from styletune.server.connections import Connections
from styletune.server.decoding import decode_picture
from styletune.server.frame_stream import FrameStream
from styletune.server.hub import Hub
from styletune.server.jobs.renders import LargeRender
from styletune.server.library import PictureLibrary
from styletune.server.lifecycle import Server, uvicorn_config
from styletune.server.looks.library import LookLibrary
from styletune.server.looks.training import LookTraining
from styletune.server.options import bind_socket
from styletune.server.pictures import DecodedPictures
from styletune.server.signals import ShutdownFlag
from styletune.server.takes import TakeLibrary
from styletune.server.viewer_link import ViewerLink
from styletune.session.session import Session
from tests.support.standin_supervisor import StandInSupervisor

TOKEN, VIEW_TOKEN = "token-for-tests", "token-to-watch"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
VIEWER = {"Authorization": f"Bearer {VIEW_TOKEN}"}
WAIT_S = 60  # for what comes at once, on a busy machine too


@dataclass
class Running:
    port: int
    hub: Hub
    painter: StandInSupervisor
    folder: Path
    app: FastAPI
    auth: AuthMiddleware
    connections: Connections
    shutdown: ShutdownFlag
    task: "asyncio.Task[int]"
    http: httpx.AsyncClient = field(init=False)

    def socket(self, path: str, **headers: str) -> connect:
        return connect(
            f"ws://127.0.0.1:{self.port}{path}",
            additional_headers={**BEARER, **headers},
            proxy=None,
            open_timeout=WAIT_S,
            max_queue=None,  # a full one would hold up the close for `close_timeout`
        )


_profiles = cache(profile.load_shipped)


@asynccontextmanager
async def running(
    folder: Path,
    *,
    styles: int = 1,
    pictures: Path | None = None,
    looks: Path | None = None,
    takes: TakeLibrary | None = None,
    renders: Path | None = None,
    make_painter: Callable[[SessionConfig, Path], Any] = StandInSupervisor,
) -> AsyncIterator[Running]:
    session = SessionConfig()
    content = decode_picture(Image.new("RGB", (64, 48), "navy"), "navy", folder / "navy.png")
    style_pictures = [
        decode_picture(
            Image.new("RGB", (32, 32), (200, 50 * n, 0)), f"style{n}", folder / f"style{n}.png"
        )
        for n in range(styles)
    ]
    session = session.with_overrides(
        pictures={
            "content": str(content.path),
            "styles": tuple(str(style.path) for style in style_pictures),
        }
    )
    web = folder / "web"
    web.mkdir()
    (web / "index.html").write_text("<!doctype html><title>the page</title>")
    (web / "stage.html").write_text("<!doctype html><title>the stage</title>")
    (web / "gallery.html").write_text("<!doctype html><title>the gallery</title>")
    (web / "main.js").write_text("export {};")
    painter = make_painter(session, folder)
    with ThreadPoolExecutor(2) as executor:
        frames = FrameStream(executor)
        live = Session(
            session.table(),
            session.positions(),
            profiles=_profiles(),
            thumbnail=frames.thumbnail,
        )
        decoded = DecodedPictures(painter.sources, [content, *style_pictures])
        config = SessionConfig().with_overrides(server={"pictures": pictures and str(pictures)})
        library = PictureLibrary(
            config.server.pictures,
            private=folder,
            executor=executor,
            max_pixels=config.pictures.max_pixels,
        )
        hub = Hub(live, decoded, library, painter, frames, Random(1))
        viewers = ViewerLink(VIEW_TOKEN, "http://127.0.0.1/")
        app = create_app(
            hub,
            web=web,
            folder=folder,
            executor=executor,
            config=config,
            viewers=viewers,
            looks=LookLibrary(looks),
            training=LookTraining(looks),  # what it is told to learn waits: nothing runs it
            takes=takes,
            render=LargeRender(renders),
        )
        auth = AuthMiddleware(app, TOKEN, view_token=VIEW_TOKEN, refusals=hub.stats.refusals)
        listener = bind_socket("127.0.0.1", 0)
        listening = asyncio.Event()
        shutdown = ShutdownFlag()
        server = Server(uvicorn_config(auth), painter, hub, listening.set, shutdown)
        task = asyncio.create_task(server.run_until_shutdown(listener))
        await asyncio.wait_for(listening.wait(), WAIT_S)
        port = listener.getsockname()[1]
        connections = listener.connections
        this = Running(port, hub, painter, folder, app, auth, connections, shutdown, task)
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers=BEARER,
            timeout=WAIT_S,
            trust_env=False,
            verify=False,  # nor are certificates read, which is a third of a server's start
        ) as this.http:
            try:
                yield this
            finally:
                shutdown.requested = True
                await asyncio.wait_for(task, WAIT_S)
                listener.close()


async def send(socket: ClientConnection, message: object) -> None:
    await socket.send(message if isinstance(message, str | bytes) else json.dumps(message))


async def receive(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a type; those of other types are passed over."""
    async with asyncio.timeout(WAIT_S):
        while True:
            message = json.loads(await socket.recv())
            if message["type"] == kind:
                return dict(message)


async def receive_frame(socket: ClientConnection) -> tuple[dict[str, Any], bytes]:
    """The next picture: its head and its JPEG."""
    async with asyncio.timeout(WAIT_S):
        data = await socket.recv()
    assert isinstance(data, bytes)
    (size,) = struct.unpack("<I", data[:4])
    return json.loads(data[4 : 4 + size]), data[4 + size :]


async def until(condition: Any) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)
