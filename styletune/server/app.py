"""The routes of the web process. Thin: each hands on to the room that does the thing.

No route checks who is asking; that is the guard's, round all of them. Knows nothing about
the worker's processes and the guard's tokens.
"""

import asyncio
import secrets
from concurrent.futures import Executor
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote

from fastapi import FastAPI, Query, Request, Response, WebSocket
from fastapi.responses import JSONResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from styletune import __version__
from styletune.controls import MAX_STYLES
from styletune.errors import PictureError
from styletune.images.png_metadata import encode_png, file_name
from styletune.ipc.commands import State
from styletune.server import websockets
from styletune.server.decoding import DecodedPicture, decode_in_subprocess
from styletune.server.history import MAX_EPOCHS
from styletune.server.hub import Hub
from styletune.server.metrics import MEDIA_TYPE, Metrics
from styletune.server.openapi import COMMON_ERRORS, UPLOAD_ERRORS, error_responses, response
from styletune.server.pictures import CONTENT
from styletune.server.routes import pictures
from styletune.server.routes.bindings import add_binding_routes
from styletune.server.routes.pictures import add_picture_routes, no_such_picture
from styletune.server.routes.scenes import add_scene_routes
from styletune.server.static import REVALIDATE, page_routes
from styletune.server.uploads import UploadError, UploadErrorResponse, UploadSlots, read_body
from styletune.session.roles import role_of

_NOT_STORED = {"cache-control": "no-store"}
MAX_NAME = 80


def create_app(hub: Hub, *, web: Path, folder: Path, executor: Executor, seed: int = 0) -> FastAPI:
    """Build the application, without its guard.

    Args:
        web: folder of the page.
        folder: private folder for uploaded pictures.
        executor: for decoding; its threads bound how many pictures are decoded at a time.
        seed: of the painting; saved pictures carry it.
    """
    # No docs page: it would load scripts from elsewhere.
    app = FastAPI(
        title="styletune",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        responses=COMMON_ERRORS,
    )
    app.router.routes.extend(page_routes(web))
    _add_reading(app, hub, executor, seed)
    _add_uploads(app, hub, folder, executor)
    add_picture_routes(app, hub)
    add_scene_routes(app, hub)
    _add_restart(app, hub)
    add_binding_routes(app, hub)

    @app.websocket("/ws")
    async def ws(websocket: WebSocket, only: Literal["hardware"] | None = None) -> None:
        await websockets.serve_controls(websocket, hub, only_hardware=only is not None)

    @app.websocket("/frames")
    async def frames(websocket: WebSocket) -> None:
        await websockets.serve_frames(websocket, hub)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        answer = _error(error.status_code, code, f"{request.method} {request.url.path}: {code}")
        answer.headers.update(error.headers or {})  # such as Allow
        return answer

    return app


def _add_reading(app: FastAPI, hub: Hub, executor: Executor, seed: int) -> None:
    figures = Metrics(hub)

    @app.get("/healthz", responses=error_responses(HTTPStatus.SERVICE_UNAVAILABLE))
    async def healthz() -> Response:
        """What the painting is doing; 503 while nothing paints; needs no token."""
        state = hub.state().state
        down = state in (State.RESTARTING, State.FAILED)
        status = HTTPStatus.SERVICE_UNAVAILABLE if down else HTTPStatus.OK
        return JSONResponse({"state": state}, status, headers=_NOT_STORED)

    @app.get("/metrics", response_class=Response, responses=response("text/plain"))
    async def metrics() -> Response:
        """Figures in Prometheus' text format; scrape with the token as Bearer."""
        return Response(figures.text(), media_type=MEDIA_TYPE, headers=_NOT_STORED)

    @app.get("/api/state")
    async def state(request: Request) -> Response:
        """The snapshot that /ws begins with."""
        text = hub.snapshot(role=role_of(request.scope)).text
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.get("/api/controls")
    async def controls() -> Response:
        """The table of controls."""
        return JSONResponse({"controls": hub.session.state.table.rows()})

    @app.get("/api/content.jpg", response_class=Response, responses=response("image/jpeg"))
    async def content() -> Response:
        """The content picture, small."""
        return _jpeg(hub.pictures.thumbnail(CONTENT))

    @app.get(
        "/api/style/{number}.jpg",
        response_class=Response,
        responses=response("image/jpeg", HTTPStatus.NOT_FOUND),
    )
    async def style(number: str) -> Response:
        """A style picture, small; counted from 1."""
        slot = _style_place(hub, number)
        if slot is None:
            return _no_such_style(hub, number)
        return _jpeg(hub.pictures.thumbnail(slot))

    @app.get(
        "/api/image.png",
        response_class=Response,
        responses=response("image/png", HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def image(run: int | None = None) -> Response:
        """The newest painted picture in full size, with its state in a text chunk.

        `?run=` asks for the last picture of that run of a `paint`; the last two runs are kept.
        """
        frame = hub.frame_stream.newest
        if run is not None:
            frame = next((frame for frame in hub.finished_runs if frame.run == run), None)
            if frame is None:
                told = f"run {run} is not among the last two that have ended"
                return _error(HTTPStatus.NOT_FOUND, "no_such_run", told)
        if frame is None:
            return _error(
                HTTPStatus.SERVICE_UNAVAILABLE, "no_picture", "nothing has been painted yet"
            )
        state = pictures.describe_frame(hub, frame, seed)
        names = (picture.name for picture in hub.pictures.current)
        name = f'inline; filename="{file_name(names, frame.step)}"'
        loop = asyncio.get_running_loop()
        png = await loop.run_in_executor(executor, encode_png, frame.picture, state)
        headers = {**_NOT_STORED, "content-disposition": name}
        return Response(png, media_type="image/png", headers=headers)

    @app.get("/api/losses.csv", response_class=Response, responses=response("text/csv"))
    async def losses(
        last: Annotated[int, Query(ge=1, le=MAX_EPOCHS)] = MAX_EPOCHS,
    ) -> Response:
        """The losses of the last epochs; `?last=600` of so many."""
        return StreamingResponse(
            hub.losses.csv(last), media_type="text/csv; charset=utf-8", headers=_NOT_STORED
        )


def _add_uploads(app: FastAPI, hub: Hub, folder: Path, executor: Executor) -> None:
    turns = UploadSlots()

    async def upload(request: Request, slot: int, what: str) -> Response:
        name = _clean_name(request.headers.get("x-filename", "")) or f"uploaded {what}"
        path = folder / f"{what.replace(' ', '-')}-{secrets.token_hex(8)}.png"
        outcomes = hub.stats.uploads
        if (known := request.headers.get("x-recent")) is not None:
            again = hub.recent.reuse(known)
            if again is None:
                return no_such_picture(known)
            return JSONResponse(hub.set_picture(slot, again).model_dump())
        try:
            with turns.turn():
                body = await read_body(request)
                loop = asyncio.get_running_loop()
                picture = await loop.run_in_executor(executor, _decode, body, what, name, path)
        except UploadError as error:
            outcomes[error.code] += 1
            return UploadErrorResponse(error)
        except PictureError as error:
            outcomes["bad_picture"] += 1
            return _error(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_picture", str(error))
        except ClientDisconnect:
            outcomes["cut_off"] += 1
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody reads it
        outcomes["taken"] += 1
        return JSONResponse(hub.set_picture(slot, picture).model_dump())

    body = {"requestBody": {"required": True, "content": {"image/*": {}}}}

    @app.put("/api/content", openapi_extra=body, responses=UPLOAD_ERRORS)
    async def put_content(request: Request) -> Response:
        """Paint this content picture; the raw file is the body, X-Filename its name.

        Or no body, and X-Recent the id of a picture that was used before.
        """
        return await upload(request, CONTENT, "content")

    @app.put("/api/style/{number}", openapi_extra=body, responses=UPLOAD_ERRORS)
    async def put_style(number: str, request: Request) -> Response:
        """Use this picture as style `number`, the next one adds it; see `PUT /api/content`."""
        slot = _style_place(hub, number, new=True)
        if slot is None:
            return _no_such_style(hub, number)
        return await upload(request, slot, f"style {slot}")


def _add_restart(app: FastAPI, hub: Hub) -> None:
    @app.post(
        "/api/restart",
        status_code=HTTPStatus.ACCEPTED,
        responses=error_responses(HTTPStatus.CONFLICT),
    )
    async def restart() -> Response:
        """Start a failed painting again, or the next try at once; the state then tells."""
        state = hub.state().state
        if not hub.restart():
            return _error(
                HTTPStatus.CONFLICT,
                "not_failed",
                f"only a painting that has failed can be started again; it is {state}",
            )
        return JSONResponse({"state": state}, HTTPStatus.ACCEPTED, headers=_NOT_STORED)


def _style_place(hub: Hub, number: str, *, new: bool = False) -> int | None:
    last = min(MAX_STYLES, hub.pictures.style_count + new)
    return int(number) if number in map(str, range(1, last + 1)) else None


def _no_such_style(hub: Hub, number: str) -> Response:
    return _error(
        HTTPStatus.NOT_FOUND,
        "no_such_style",
        f"there are styles 1 to {hub.pictures.style_count}, and at most {MAX_STYLES}; "
        f"received {number[:20]}",
    )


def _decode(body: bytes, what: str, name: str, path: Path) -> DecodedPicture:
    return decode_in_subprocess(body, name, path, source=what)


def _clean_name(name: str) -> str:
    """The last part of a percent-encoded file name that a client sent, fit to be shown."""
    last = unquote(name[:1000]).replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:MAX_NAME]


def _jpeg(data: bytes) -> Response:
    return Response(data, media_type="image/jpeg", headers=REVALIDATE)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status_code=status)
