"""The routes of pictures that are rendered large."""

import asyncio
from functools import partial
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from styletune.config import SessionConfig
from styletune.errors import StorageError, explain_validation_error
from styletune.images.png_metadata import file_name
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError, error_responses, response
from styletune.server.hub import Hub
from styletune.server.jobs.renders import SIZES_PX, LargeRender, Start
from styletune.server.routes.state import describe_frame
from styletune.server.uploads import read_body
from styletune.session.outgoing_renders import RendersMessage
from styletune.session.roles import Role, role_of

_MAX_BODY_BYTES = 1024
_NOT_STORED = {"cache-control": "no-store"}
_JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}


class RenderBody(BaseModel):
    """How large: the longer edge, px."""

    model_config = ConfigDict(extra="forbid", strict=True)

    size: int


def add_render_routes(app: FastAPI, hub: Hub, render: LargeRender, config: SessionConfig) -> None:
    """Add the routes of large pictures.

    Args:
        config: of the session.
    """

    async def renders(request: Request, status: HTTPStatus = HTTPStatus.OK) -> Response:
        message = RendersMessage(
            files=await asyncio.to_thread(render.files),
            job=await asyncio.to_thread(render.status),
            sizes=SIZES_PX,
            player=role_of(request.scope) is Role.PLAYER,
        )
        return Response(message.text, status, media_type="application/json", headers=_NOT_STORED)

    @app.get("/api/renders")
    async def get_renders(request: Request) -> Response:
        """The pictures that were rendered large, and the one that is being painted."""
        return await renders(request)

    @app.post("/api/renders", status_code=HTTPStatus.ACCEPTED, openapi_extra=_JSON_BODY,
              responses=UPLOAD_ERRORS | error_responses(
                  HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE))  # fmt: skip
    async def start_render(request: Request) -> Response:
        """Paint the picture of now on, at a longer edge of `size` px: 1024, 2048 or 4096."""
        async with read_body(request, _MAX_BODY_BYTES) as body:
            try:
                wanted = RenderBody.model_validate_json(body)
            except ValidationError as error:
                why = explain_validation_error(error)
                raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_size", why) from None
        await render.start(_start(hub, config), wanted.size)
        return await renders(request, HTTPStatus.ACCEPTED)

    @app.post("/api/renders/go-on", responses=error_responses(HTTPStatus.CONFLICT))
    async def resume_render(request: Request) -> Response:
        """Try again what has failed, from where it was."""
        render.go_on()
        return await renders(request)

    @app.delete(
        "/api/renders", responses=error_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
    )
    async def cancel_render(request: Request) -> Response:
        """Paint no more on the large picture, and forget it."""
        await render.cancel()
        return await renders(request)

    @app.get(
        "/api/renders/{name}",
        response_class=Response,
        responses=response("image/png", HTTPStatus.NOT_FOUND),
    )
    async def get_render(name: str) -> Response:
        """A picture that was rendered large, with its state in a text chunk."""
        path = await asyncio.to_thread(render.path, name)
        return FileResponse(path, media_type="image/png", filename=name, headers=_NOT_STORED)

    @app.delete("/api/renders/{name}", responses=error_responses(HTTPStatus.NOT_FOUND))
    async def delete_render(request: Request, name: str) -> Response:
        """Delete a picture that was rendered large."""
        path = await asyncio.to_thread(render.path, name)
        try:
            await asyncio.to_thread(partial(path.unlink, missing_ok=True))
        except OSError as error:
            raise StorageError(f"{name} cannot be deleted: {error.strerror}") from None
        return await renders(request)


def _start(hub: Hub, config: SessionConfig) -> Start:
    """The picture of now, and all that it was painted with."""
    frame = hub.frame_stream.newest
    if frame is None:
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "no_picture", "nothing has been painted yet")
    pictures = hub.pictures.current
    content, *styles = (str(picture.path) for picture in pictures)
    controls = {
        name: at
        for name, at in hub.session.state.controls().items()
        if name not in ("paused", "record", "size")
    }
    session = config.model_copy(update={"controls": controls}).with_overrides(
        pictures={"content": content, "styles": tuple(styles)}, engine={"device": "cpu"}
    )
    return Start(
        frame.picture,
        file_name((picture.name for picture in pictures), frame.step).removesuffix(".png"),
        describe_frame(hub, frame, config),
        session,
        (pictures[0].width, pictures[0].height),
    )
