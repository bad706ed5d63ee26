"""The routes of the pictures to choose from."""

from http import HTTPStatus

from fastapi import FastAPI, Response

from styletune.server.http_errors import response
from styletune.server.library import PictureLibrary

_NOT_STORED = {"cache-control": "no-store"}
# Clients name the version of the file with it.
_STORED = {"cache-control": "private, max-age=86400"}


def add_library_routes(app: FastAPI, library: PictureLibrary) -> None:
    """Add the routes of the pictures to choose from."""

    @app.get("/api/library")
    async def get_library() -> Response:
        """The pictures to choose from: `id`, `name`, `kind`, `origin` and `version` of each."""
        text = (await library.list()).text
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.get(
        "/api/library/{picture}.jpg",
        response_class=Response,
        responses=response("image/jpeg", HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY),
    )
    async def get_library_thumbnail(picture: str) -> Response:
        """One of them, small."""
        jpeg = await library.thumbnail(picture)
        return Response(jpeg, media_type="image/jpeg", headers=_STORED)
