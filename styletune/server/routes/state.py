"""The routes of the painting as a whole: its state, its figures, its picture, its restart."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse, StreamingResponse

from styletune import __version__, terms
from styletune.config import SessionConfig
from styletune.errors import PictureError
from styletune.images.png_metadata import (
    describe_session,
    encode_png,
    file_name,
    read_metadata,
)
from styletune.ipc.commands import State
from styletune.ipc.frame_block import Frame
from styletune.networks import layer_rows
from styletune.server.history import MAX_EPOCHS
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError, error_responses, response
from styletune.server.hub import Hub
from styletune.server.metrics import MEDIA_TYPE, Metrics
from styletune.server.uploads import read_body
from styletune.server.viewer_link import ViewerLink
from styletune.session.roles import Role, role_of
from styletune.session.state import SessionState

_NOT_STORED = {"cache-control": "no-store"}
_PNG_BODY = {"requestBody": {"required": True, "content": {"image/png": {}}}}


def add_state_routes(
    app: FastAPI,
    hub: Hub,
    session: SessionState,
    *,
    config: SessionConfig,
    viewers: ViewerLink | None = None,
) -> None:
    """Add the routes of the painting as a whole.

    Args:
        config: of the session; saved pictures carry it.
        viewers: what lets them in; None: there are none.
    """
    # Not the threads of uploads, which may take long; and an audience does not delay the player.
    encoders = {role: ThreadPoolExecutor(1, f"png-{role}") for role in Role}

    @app.get("/healthz", responses=error_responses(HTTPStatus.SERVICE_UNAVAILABLE))
    async def get_health() -> Response:
        """What the painting is doing; 503 while nothing paints; needs no token."""
        state = hub.state().state
        down = state in (State.RESTARTING, State.FAILED)
        status = HTTPStatus.SERVICE_UNAVAILABLE if down else HTTPStatus.OK
        return JSONResponse({"state": state}, status, headers=_NOT_STORED)

    @app.get("/api/state")
    async def get_state(request: Request) -> Response:
        """The snapshot that /ws begins with."""
        text = hub.snapshot(role=role_of(request.scope)).text
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.put("/api/state", openapi_extra=_PNG_BODY, responses=UPLOAD_ERRORS)
    async def put_state(request: Request) -> Response:
        """Bring back the controls embedded in a PNG that styletune saved; it can be undone."""
        try:
            async with read_body(request) as body:
                # Apart: foreign text in it may take a while to decompress.
                state = await asyncio.to_thread(read_metadata, body)
        except PictureError as error:
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_state", str(error)) from None
        controls = state.controls_for(session.table)
        changed, skipped = session.restore(controls, "picture")
        skipped += len(state.controls) - len(controls)
        hub.send([changed])
        answer = {"rev": changed.rev, "changed": len(changed.controls), "skipped": skipped}
        return JSONResponse(answer, headers=_NOT_STORED)

    @app.post(
        "/api/restart",
        status_code=HTTPStatus.ACCEPTED,
        responses=error_responses(HTTPStatus.CONFLICT),
    )
    async def restart() -> Response:
        """Start a failed painting again, or the next try at once; then see the state."""
        state = hub.state().state
        if not hub.restart():
            if state == State.FAILED:
                raise ApiError(HTTPStatus.CONFLICT, "ended", hub.state().message)
            raise ApiError(
                HTTPStatus.CONFLICT,
                "not_failed",
                f"only a painting that has failed can be started again; it is {state}",
            )
        return JSONResponse({"state": state}, HTTPStatus.ACCEPTED, headers=_NOT_STORED)

    @app.get(
        "/api/image.png",
        response_class=Response,
        responses=response("image/png", HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def get_image(request: Request, run: int | None = None) -> Response:
        """The newest painted picture in full size, with its state in a text chunk.

        `?run=` selects the last picture of that run of a `paint`; the last two runs are kept.
        """
        frame = hub.frame_stream.newest
        if run is not None:
            frame = next((frame for frame in hub.finished_runs if frame.run == run), None)
            if frame is None:
                raise ApiError(
                    HTTPStatus.NOT_FOUND,
                    "no_such_run",
                    f"run {run} is not among the last two that have ended",
                )
        if frame is None:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE, "no_picture", "nothing has been painted yet"
            )
        state = describe_frame(hub, frame, config)
        name = file_name((picture.name for picture in hub.pictures.current), frame.step)
        loop = asyncio.get_running_loop()
        encoder = encoders[role_of(request.scope)]
        png = await loop.run_in_executor(encoder, encode_png, frame.picture, state)
        headers = {**_NOT_STORED, "content-disposition": f'inline; filename="{name}"'}
        return Response(png, media_type="image/png", headers=headers)

    @app.get("/api/controls")
    async def get_controls() -> Response:
        """The tables of controls, of loss terms, and of the layers with what each one sees."""
        tables = {
            "controls": session.table.rows(),
            "terms": terms.rows(),
            "layers": layer_rows(config.network.name, session.table.layers),
        }
        return JSONResponse(tables)

    @app.get("/api/viewer-link")
    async def get_viewer_link(request: Request) -> Response:
        """The address for viewers: `url`, its QR code as a data URL, and a `note` of caution.

        All are empty where there are no viewers, and for a viewer.
        """
        answer = {"url": "", "svg": "", "note": ""}
        if viewers and role_of(request.scope) is Role.PLAYER:
            answer = viewers.as_seen_from(str(request.base_url)).describe()
        return JSONResponse(answer, headers=_NOT_STORED)

    _add_figure_routes(app, hub)


def _add_figure_routes(app: FastAPI, hub: Hub) -> None:
    prometheus = Metrics(hub)

    @app.get("/metrics", response_class=Response, responses=response("text/plain"))
    async def get_metrics() -> Response:
        """Figures in Prometheus' text format; scrape with the token as Bearer."""
        return Response(prometheus.text(), media_type=MEDIA_TYPE, headers=_NOT_STORED)

    @app.get("/api/losses.csv", response_class=Response, responses=response("text/csv"))
    async def get_losses(
        last: Annotated[int, Query(ge=1, le=MAX_EPOCHS)] = MAX_EPOCHS,
    ) -> Response:
        """The losses of the last epochs; `?last=600` of so many."""
        return StreamingResponse(
            hub.losses.csv(last), media_type="text/csv; charset=utf-8", headers=_NOT_STORED
        )


def describe_frame(hub: Hub, frame: Frame, config: SessionConfig) -> Mapping[str, object]:
    """Return what made a picture: the values that it was painted with, the pictures, the network.

    `controls` are those of the revision `controls_rev`: the picture's own `rev`, unless thousands
    of changes have come since. The pictures are those of now, by name.
    """
    controls_rev, controls = hub.control_history.values_at(frame.rev)
    state = hub.state()
    content, *styles = (picture.name for picture in hub.pictures.current)
    height, width = frame.picture.shape[:2]
    return {
        "version": __version__,
        "epoch": frame.epoch,
        "step": frame.step,
        "rev": frame.rev,
        "time": frame.time,
        "total": frame.total,
        "run": frame.run,
        "run_step": frame.run_step,
        "width": width,
        "height": height,
        "controls_rev": controls_rev,
        "controls": controls,
        "layers": hub.session.state.table.layers,
        "network": state.network,
        "weights": state.weights,
        "backend": state.backend,
        "device": state.device,
        "seed": config.painting.seed,
        "content": content,
        "styles": styles,
        "session": describe_session(config, names=[content, *styles]),
    }
