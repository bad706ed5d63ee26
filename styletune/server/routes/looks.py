"""The routes of the gallery: the looks, pictures painted by them, and the look that is learned."""

import asyncio
from concurrent.futures import Executor
from functools import partial
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from styletune.config import SessionConfig
from styletune.errors import explain_validation_error
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError, error_responses, response
from styletune.server.library import PictureLibrary
from styletune.server.looks.library import LookLibrary
from styletune.server.looks.painting import SIZES_PX, LookPainter, SmallPictures
from styletune.server.looks.training import LookTraining
from styletune.server.pictures import DecodedPictures
from styletune.server.routes.pictures import parse_style_slot
from styletune.server.uploads import UploadSlots, read_body
from styletune.session.outgoing_looks import LooksMessage
from styletune.session.roles import Role, role_of
from styletune.session.state import SessionState
from styletune.supervisor.sources import CONTENT

_MAX_BODY_BYTES = 4096  # what to learn
_NOT_STORED = {"cache-control": "no-store"}
# Clients name the version of the file with it.
_STORED = {"cache-control": "private, max-age=86400"}
_PICTURE_BODY = {"requestBody": {"required": False, "content": {"image/*": {}}}}
_JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}


class LearnBody(BaseModel):
    """What to learn.

    `name`: empty: made of the styles' names. `minutes`: 10, 20 or 40, on two quiet cores. `near`:
    only what is near the desk as it stands, which is quicker learned well. `style`: one of the
    session's, counted from 1; 0: all of them.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = ""
    minutes: int = 20
    near: bool = False
    style: int = 0


def add_look_routes(
    app: FastAPI,
    looks: LookLibrary,
    painter: LookPainter,
    *,
    pictures: DecodedPictures,
    library: PictureLibrary,
    slots: UploadSlots,
    executor: Executor,
    max_pixels: int,
) -> None:
    """Add the routes of the looks.

    Args:
        slots, executor, max_pixels: those of uploads.
    """

    small = SmallPictures(max_pixels)

    @app.get("/api/looks/{name}/sample.jpg", response_class=Response,
             responses=response("image/jpeg", HTTPStatus.NOT_FOUND,
                                HTTPStatus.UNPROCESSABLE_ENTITY))  # fmt: skip
    async def get_look_sample(name: str) -> Response:
        """A picture painted by the look."""
        look = await looks.find(name)
        return Response(look.sample, media_type="image/jpeg", headers=_STORED)

    @app.post("/api/looks/{name}/picture", openapi_extra=_PICTURE_BODY, response_class=Response,
              responses=response("image/jpeg", HTTPStatus.SERVICE_UNAVAILABLE,
                                 HTTPStatus.NOT_IMPLEMENTED) | UPLOAD_ERRORS)  # fmt: skip
    async def paint_by_look(name: str, request: Request, large: bool = False) -> Response:
        """A picture painted by the look, its longer edge at most 512 px, or 1024 with `?large=1`.

        The raw file is the body; or no body, and X-Library the id of a picture to choose from;
        without either it is the session's content.
        """
        look = await looks.find(name)
        size_px = SIZES_PX[large]
        with slots.acquire():
            if (chosen := request.headers.get("x-library")) is not None:
                picture = await library.use(chosen, partial(small.decode, size_px=size_px))
            else:
                async with read_body(request) as body:
                    if body:
                        loop = asyncio.get_running_loop()
                        picture = await loop.run_in_executor(executor, small.decode, body, size_px)
                    else:
                        picture = pictures.thumbnail(CONTENT)
            painted = await painter.paint(look, picture, size_px)
        return Response(painted, media_type="image/jpeg", headers=_NOT_STORED)


def add_learning_routes(
    app: FastAPI,
    looks: LookLibrary,
    painter: LookPainter,
    training: LookTraining,
    *,
    pictures: DecodedPictures,
    config: SessionConfig,
    session: SessionState,
) -> None:
    """Add the list of looks, and the routes of the one that is learned."""

    async def gallery(request: Request, status: HTTPStatus = HTTPStatus.OK) -> Response:
        message = LooksMessage(
            looks=tuple(look.entry() for look in await looks.list()),
            learning=await asyncio.to_thread(training.status),
            player=role_of(request.scope) is Role.PLAYER,
            reason=painter.missing,
        )
        return Response(message.text, status, media_type="application/json", headers=_NOT_STORED)

    @app.get("/api/looks")
    async def get_looks(request: Request) -> Response:
        """The looks there are, those that ship first, and the one that is being learned."""
        return await gallery(request)

    @app.post("/api/learning", status_code=HTTPStatus.ACCEPTED, openapi_extra=_JSON_BODY,
              responses=UPLOAD_ERRORS | error_responses(
                  HTTPStatus.CONFLICT, HTTPStatus.SERVICE_UNAVAILABLE,
                  HTTPStatus.NOT_IMPLEMENTED))  # fmt: skip
    async def start_learning(request: Request) -> Response:
        """Learn a look of the session's styles; answers with the gallery.

        All fields may be left out: `name`; `minutes`, 10, 20 or 40 of two quiet cores; `near`:
        only what is near the desk as it stands, which is quicker learned well; `style`: one of
        the styles, counted from 1, not all of them.
        """
        async with read_body(request, _MAX_BODY_BYTES) as body:
            try:
                wanted = LearnBody.model_validate_json(body or b"{}")
            except ValidationError as error:
                why = explain_validation_error(error)
                raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_look", why) from None
        styles = pictures.current[1:]
        if wanted.style:
            styles = (pictures.current[parse_style_slot(str(wanted.style), len(styles))],)
        controls = {
            name: at
            for name, at in session.controls().items()
            if not (wanted.style and session.table[name].style)
        }
        training.start(
            wanted.name,
            [(style.name, style.path) for style in styles],
            wanted.minutes,
            config.with_overrides(controls=controls),
            near=wanted.near,
        )
        return await gallery(request, HTTPStatus.ACCEPTED)

    @app.post("/api/learning/go-on", responses=error_responses(HTTPStatus.CONFLICT))
    async def resume_learning(request: Request) -> Response:
        """Try again what has failed, from where it was."""
        training.go_on()
        return await gallery(request)

    @app.post(
        "/api/learning/finish",
        responses=error_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    async def finish_learning(request: Request) -> Response:
        """Learn no more: what has been learned so far becomes a look, within a minute."""
        await training.stop(keep=True)
        return await gallery(request)

    @app.delete(
        "/api/learning", responses=error_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
    )
    async def cancel_learning(request: Request) -> Response:
        """Learn no more, and forget what has been learned."""
        await training.stop(keep=False)
        return await gallery(request)

    @app.get(
        "/api/learning/samples.png",
        response_class=Response,
        responses=response("image/png", HTTPStatus.NOT_FOUND),
    )
    async def get_learning_samples() -> Response:
        """What it paints by now: each row a picture as it is, then painted, with knobs moved."""
        png = await asyncio.to_thread(training.samples)
        return Response(png, media_type="image/png", headers=_NOT_STORED)
