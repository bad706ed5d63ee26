"""The routes of the source pictures: content, styles, and those that were used before."""

import asyncio
import secrets
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from styletune.controls import MAX_STYLES
from styletune.errors import PictureError, StorageError
from styletune.server.decoding import DecodedPicture, decode_in_subprocess
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError, error_responses, response
from styletune.server.hub import Hub
from styletune.server.library import PictureLibrary
from styletune.server.pictures import DecodedPictures, RecentPictures
from styletune.server.static import REVALIDATE
from styletune.server.uploads import UploadSlots, read_body
from styletune.supervisor.sources import CONTENT, Slot

MAX_NAME = 80
_NOT_STORED = {"cache-control": "no-store"}
# The id is made from the picture: the same id is always the same picture.
_IMMUTABLE = {"cache-control": "private, max-age=31536000, immutable"}
_BODY = {"requestBody": {"required": True, "content": {"image/*": {}}}}


def add_picture_routes(
    app: FastAPI,
    hub: Hub,
    pictures: DecodedPictures,
    recent: RecentPictures,
    library: PictureLibrary,
    *,
    slots: UploadSlots,
    folder: Path,
    executor: Executor,
    max_pixels: int,
) -> None:
    """Add the routes of the source pictures.

    Args:
        slots: bound how many pictures are read and decoded at a time.
        folder: private folder for uploaded pictures.
        executor: for decoding; its threads bound how many pictures are decoded at a time.
        max_pixels: of an uploaded picture.
    """
    _add_thumbnail_routes(app, pictures, recent)

    async def upload(request: Request, slot: int, source: str) -> Response:
        if (known := request.headers.get("x-recent")) is not None:
            picture = recent.reuse(known)
            if picture is None:
                raise _unknown_picture(known)
        else:
            before = pictures.slots
            if (chosen := request.headers.get("x-library")) is not None:
                with slots.acquire():
                    picture = await library.decode(chosen)
            else:
                picture = await receive_picture(request, source)
            if not _still_there(slot, before, pictures.slots):
                picture.path.unlink(missing_ok=True)
                raise ApiError(
                    HTTPStatus.CONFLICT,
                    "styles_changed",
                    f"a style was removed while the picture of {source} was on its way; "
                    f"there are styles 1 to {pictures.style_count} now; send it again",
                )
        return JSONResponse(hub.set_picture(slot, picture).model_dump())

    async def receive_picture(request: Request, source: str) -> DecodedPicture:
        name = _clean_name(request.headers.get("x-filename", "")) or f"uploaded {source}"
        path = folder / f"{source.replace(' ', '-')}-{secrets.token_hex(8)}.png"
        outcomes = hub.stats.uploads
        try:
            with slots.acquire():
                async with read_body(request) as body:
                    decode = partial(
                        decode_in_subprocess, body, name, path, source=source, max_pixels=max_pixels
                    )
                    picture = await asyncio.get_running_loop().run_in_executor(executor, decode)
        except (ApiError, PictureError, StorageError, ClientDisconnect) as error:
            outcomes[_outcome(error)] += 1
            raise
        outcomes["taken"] += 1
        return picture

    @app.put("/api/content", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def put_content(request: Request) -> Response:
        """Paint this content picture; the raw file is the body, X-Filename its name.

        Or no body, and X-Recent the id of a picture that was used before, or X-Library that of one
        to choose from.
        """
        return await upload(request, CONTENT, "content")

    @app.put(
        "/api/style/{number}",
        openapi_extra=_BODY,
        responses=UPLOAD_ERRORS | error_responses(HTTPStatus.CONFLICT),
    )
    async def put_style(number: str, request: Request) -> Response:
        """Use this picture as style `number`, the next one adds it; see `PUT /api/content`."""
        slot = parse_style_slot(number, pictures.style_count, new=True)
        return await upload(request, slot, f"style {slot}")

    @app.delete(
        "/api/style/{number}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=error_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    )
    async def delete_style(number: str) -> Response:
        """Paint without this style; those after it, their gains and scales move up."""
        try:
            hub.remove_style(int(number) if number in ("1", "2", "3", "4") else 0)
        except PictureError as error:
            status = HTTPStatus.CONFLICT if number == "1" else HTTPStatus.NOT_FOUND
            raise ApiError(status, "no_such_style", str(error)) from None
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _add_thumbnail_routes(app: FastAPI, pictures: DecodedPictures, recent: RecentPictures) -> None:
    @app.get("/api/content.jpg", response_class=Response, responses=response("image/jpeg"))
    async def get_content_thumbnail() -> Response:
        """The content picture, small."""
        return _jpeg(pictures.thumbnail(CONTENT), REVALIDATE)

    @app.get(
        "/api/style/{number}.jpg",
        response_class=Response,
        responses=response("image/jpeg", HTTPStatus.NOT_FOUND),
    )
    async def get_style_thumbnail(number: str) -> Response:
        """A style picture, small; counted from 1."""
        slot = parse_style_slot(number, pictures.style_count)
        return _jpeg(pictures.thumbnail(slot), REVALIDATE)

    @app.get("/api/recent")
    async def get_recent() -> Response:
        """The pictures used last, newest first: `id`, `name`, `width`, `height` of each."""
        text = recent.message().text
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.get(
        "/api/recent/{name}.jpg",
        response_class=Response,
        responses=response("image/jpeg", HTTPStatus.NOT_FOUND),
    )
    async def get_recent_thumbnail(name: str) -> Response:
        """One of them, small."""
        thumbnail = recent.thumbnail(name)
        if thumbnail is None:
            raise _unknown_picture(name)
        return _jpeg(thumbnail, _IMMUTABLE)


def parse_style_slot(number: str, count: int, *, new: bool = False) -> int:
    """Return the slot that an address names, of `count` styles; `new` allows one more.

    Raises:
        ApiError: there is no such style (404).
    """
    last = min(MAX_STYLES, count + new)
    if number not in map(str, range(1, last + 1)):
        raise ApiError(
            HTTPStatus.NOT_FOUND,
            "no_such_style",
            f"there are styles 1 to {count}, and at most {MAX_STYLES}; received {number[:20]}",
        )
    return int(number)


def _still_there(slot: int, before: Sequence[Slot], now: Sequence[Slot]) -> bool:
    """Whether the number still stands for the place that it has stood for."""
    if slot < len(before):
        return slot < len(now) and now[slot] is before[slot]
    return slot <= len(now)  # a new one; another may have come first


def _outcome(error: Exception) -> str:
    if isinstance(error, ApiError):
        return error.code
    if isinstance(error, StorageError):
        return "not_kept"
    return "bad_picture" if isinstance(error, PictureError) else "cut_off"


def _unknown_picture(name: str) -> ApiError:
    return ApiError(
        HTTPStatus.NOT_FOUND,
        "no_such_picture",
        f"`{name[:40]}` is not among the recent pictures; upload it again",
    )


def _clean_name(name: str) -> str:
    """The last part of a percent-encoded file name that a client sent, fit to be shown."""
    last = unquote(name[:1000]).replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in last if letter.isprintable()).strip()[:MAX_NAME]


def _jpeg(data: bytes, headers: dict[str, str]) -> Response:
    return Response(data, media_type="image/jpeg", headers=headers)
