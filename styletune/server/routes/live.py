"""The routes of painting live: the learned look that is chosen, and what it paints."""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune.config import SessionConfig
from styletune.errors import LookError, explain_validation_error
from styletune.ipc.commands import CONTENT_SOURCE
from styletune.looks import choice
from styletune.looks import file as look_file
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError
from styletune.server.library import PictureLibrary
from styletune.server.live import LiveControls
from styletune.server.uploads import read_body

_NOT_STORED = {"cache-control": "no-store"}
_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}
_MAX_BYTES = 2_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class LookBody(_Body):
    """The name of a look; null: steps are to paint again."""

    look: Annotated[str, Field(min_length=1, max_length=200)] | None


class SourceBody(_Body):
    """What looks are to paint."""

    source: Literal["content", "film"]
    film: Annotated[str, Field(max_length=100)] | None = None


_T = TypeVar("_T", bound=_Body)


def add_live_routes(
    app: FastAPI,
    live: LiveControls,
    library: PictureLibrary,
    config: SessionConfig,
    find_look: Callable[[str], Path | None],
) -> None:
    """Add the routes of painting live.

    Args:
        library: has the films.
        config: of the session, whose controls a look must have been taught.
        find_look: the file of the look of that name; None: there is none.
    """

    @app.put("/api/look", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def put_look(request: Request) -> Response:
        """Paint live by the look of this name, `{"look": name}`; null: the painter goes on.

        It goes on from the picture that the look has painted last, as with the control `look`.
        """
        name = (await _read(request, LookBody)).look
        if name is None:
            live.switch_look(on=False)
            return JSONResponse({"look": live.look_name}, headers=_NOT_STORED)
        path = live.look if name == live.look_name else find_look(name)
        if path is None:
            known = ", ".join(look_file.shipped()) or "none"
            raise ApiError(
                HTTPStatus.NOT_FOUND,
                "no_such_look",
                f"there is no look `{name[:40]}`; those that ship: {known}",
            )
        # Apart: it is unpacked and checked.
        try:
            await asyncio.to_thread(choice.read_for, config, path)
        except LookError as error:  # without our folders
            raise LookError(str(error).replace(str(path), path.name)) from None
        live.set_look(path)
        return JSONResponse({"look": path.stem}, headers=_NOT_STORED)

    @app.get("/api/films")
    async def get_films() -> Response:
        """The films to choose from: `id` and `name` of each."""
        text = (await library.films()).text
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.put("/api/source", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def put_source(request: Request) -> Response:
        """Let looks paint the content picture: `{"source": "content"}`.

        Or a film of the folder: `{"source": "film", "film": id}`. A camera is opened on /ws/camera.
        """
        body = await _read(request, SourceBody)
        if body.source == "film":
            live.set_source(str(await library.find_film(body.film or "")))
        else:
            live.set_source(CONTENT_SOURCE)
        return JSONResponse({"source": body.source}, headers=_NOT_STORED)


async def _read(request: Request, kind: type[_T]) -> _T:
    async with read_body(request, _MAX_BYTES) as body:
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            why = explain_validation_error(error)
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", why) from None
