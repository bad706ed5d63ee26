"""The application of the web process: its routes and its sockets.

Who may use them is decided by the middleware around it, in `auth`.
"""

from concurrent.futures import Executor
from pathlib import Path
from typing import Literal

from fastapi import FastAPI, WebSocket

from styletune import __version__
from styletune.config import SessionConfig
from styletune.server import websockets
from styletune.server.camera import CameraFeed
from styletune.server.http_errors import COMMON_ERRORS, add_error_handlers
from styletune.server.hub import Hub
from styletune.server.jobs.renders import LargeRender
from styletune.server.looks.library import LookLibrary
from styletune.server.looks.painting import LookPainter
from styletune.server.looks.training import LookTraining
from styletune.server.routes.bindings import add_binding_routes
from styletune.server.routes.layers import add_layer_routes
from styletune.server.routes.library import add_library_routes
from styletune.server.routes.live import add_live_routes
from styletune.server.routes.looks import add_learning_routes, add_look_routes
from styletune.server.routes.pictures import add_picture_routes
from styletune.server.routes.renders import add_render_routes
from styletune.server.routes.scenes import add_scene_routes
from styletune.server.routes.state import add_state_routes
from styletune.server.routes.takes import add_take_routes
from styletune.server.static import page_routes
from styletune.server.takes import TakeLibrary
from styletune.server.uploads import BodyBudget, UploadSlots
from styletune.server.viewer_link import ViewerLink


def create_app(
    hub: Hub,
    *,
    web: Path,
    folder: Path,
    executor: Executor,
    config: SessionConfig | None = None,
    viewers: ViewerLink | None = None,
    looks: LookLibrary | None = None,
    training: LookTraining | None = None,
    takes: TakeLibrary | None = None,
    render: LargeRender | None = None,
) -> FastAPI:
    """Build the application, without the middleware that authorizes.

    Args:
        web: folder of the page.
        folder: private folder for uploaded pictures.
        executor: for decoding; its threads bound how many pictures are decoded at a time.
        config: of the session, which saved pictures carry; None: the defaults.
        viewers: what lets them in; None: there are none.
        looks: to choose from; None: those that ship.
        training: of the look that is learned; None: nothing can be learned.
        takes: None: nothing is recorded.
        render: of pictures that are painted large; None: none is.
    """
    # No docs page: it would load scripts from elsewhere.
    app = FastAPI(
        title="styletune",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        responses=COMMON_ERRORS,
    )
    session, state = hub.session, hub.session.state
    app.router.routes.extend(page_routes(web))
    app.state.body_budget = BodyBudget()
    config = config or SessionConfig()
    add_state_routes(app, hub, state, config=config, viewers=viewers)
    add_library_routes(app, hub.library)
    slots = UploadSlots()
    max_pixels = config.pictures.max_pixels
    add_picture_routes(
        app,
        hub,
        hub.pictures,
        hub.recent,
        hub.library,
        slots=slots,
        folder=folder,
        executor=executor,
        max_pixels=max_pixels,
    )
    looks, painter = looks or LookLibrary(None), LookPainter()
    add_look_routes(
        app,
        looks,
        painter,
        pictures=hub.pictures,
        library=hub.library,
        slots=slots,
        executor=executor,
        max_pixels=max_pixels,
    )
    add_learning_routes(
        app,
        looks,
        painter,
        training or LookTraining(None),
        pictures=hub.pictures,
        config=config,
        session=state,
    )
    add_render_routes(app, hub, render or LargeRender(None), config)
    add_live_routes(app, hub.live, hub.library, config, looks.path)
    add_layer_routes(app, hub.layer_drawings, state.table.layers)
    add_scene_routes(app, state.scenes, state.table, hub.send)
    add_binding_routes(app, session.midi, hub.send)
    add_take_routes(app, takes or TakeLibrary(None, None))
    add_error_handlers(app)

    @app.websocket("/ws")
    async def ws(
        websocket: WebSocket,
        only: Literal["hardware"] | None = None,
        role: Literal["viewer"] | None = None,
    ) -> None:
        await websockets.serve_controls(
            websocket, hub, only_hardware=only is not None, watches=role is not None
        )

    @app.websocket("/frames")
    async def frames(websocket: WebSocket) -> None:
        await websockets.serve_frames(websocket, hub)

    camera = CameraFeed(hub.live)

    @app.websocket("/ws/camera")
    async def ws_camera(websocket: WebSocket) -> None:
        await camera.serve(websocket)

    return app
