"""What the routes answer where they cannot do what was asked, and how OpenAPI describes it.

Every such answer is one JSON body of `code` and `message`; its status follows from the error.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from styletune.control import shorten
from styletune.errors import (
    ConfigError,
    ControlError,
    LookError,
    PictureError,
    SceneError,
    StorageError,
    StyletuneError,
)

_log = logging.getLogger(__name__)

Responses = dict[int | str, dict[str, Any]]
Handler = Callable[[Request, Exception], Awaitable[Response]]


class ErrorBody(BaseModel):
    """Why a request was refused: `code` for programs, `message` for people."""

    code: str
    message: str


class ApiError(StyletuneError):
    """A request that is refused.

    Attributes:
        status: of HTTP.
        code: short machine-readable reason.
    """

    def __init__(self, status: HTTPStatus, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code

    def response(self) -> Response:
        """Return the answer."""
        return _response(self.status, self.code, str(self))


def add_error_handlers(app: FastAPI) -> None:
    """Let every route answer an error by raising it."""

    def answer(status: HTTPStatus, code: str) -> Handler:
        async def handler(request: Request, error: Exception) -> Response:
            return _response(status, code, str(error))

        return handler

    unprocessable = HTTPStatus.UNPROCESSABLE_ENTITY
    app.add_exception_handler(ConfigError, answer(unprocessable, "bad_profile"))
    app.add_exception_handler(ControlError, answer(unprocessable, "bad_state"))
    app.add_exception_handler(LookError, answer(unprocessable, "bad_look"))
    app.add_exception_handler(PictureError, answer(unprocessable, "bad_picture"))
    app.add_exception_handler(StorageError, answer(HTTPStatus.INSUFFICIENT_STORAGE, "not_kept"))

    @app.exception_handler(OSError)
    async def answer_os_error(request: Request, error: OSError) -> Response:
        """Of the machine, not of the request: no descriptor, process or room is free."""
        _log.warning("%s failed: %s", request.method, error)
        why = f"the server cannot do this now ({error.strerror or error}); try again in a moment"
        return _response(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", why)

    @app.exception_handler(ApiError)
    async def answer_api_error(request: Request, error: ApiError) -> Response:
        return error.response()

    @app.exception_handler(SceneError)
    async def answer_scene_error(request: Request, error: SceneError) -> Response:
        missing = error.code == "unknown_scene"
        return _response(HTTPStatus.NOT_FOUND if missing else unprocessable, error.code, str(error))

    @app.exception_handler(HTTPException)
    async def answer_http_exception(request: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_")
        message = f"{request.method} {request.url.path}: {code}"
        response = _response(error.status_code, code, message)
        response.headers.update(error.headers or {})  # such as Allow
        return response

    @app.exception_handler(RequestValidationError)
    async def answer_invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"][1:]))
        why = f"{where}: {first['msg']}; received {shorten(first.get('input'))}"
        return _response(unprocessable, "bad_parameter", why)

    @app.exception_handler(ClientDisconnect)
    async def answer_nobody(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody reads it


def _response(status: int, code: str, message: str) -> Response:
    return JSONResponse({"code": code, "message": message}, status_code=status)


def error_responses(*statuses: HTTPStatus) -> Responses:
    """Describe errors of these statuses for OpenAPI."""
    return {int(status): {"model": ErrorBody, "description": status.phrase} for status in statuses}


def response(media_type: str, *statuses: HTTPStatus) -> Responses:
    """Describe an answer of a media type, or errors of these statuses, for OpenAPI."""
    return {200: {"content": {media_type: {}}, "description": "OK"}} | error_responses(*statuses)


# The middleware's, and those of a request that is no valid HTTP.
COMMON_ERRORS = error_responses(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.TOO_MANY_REQUESTS,
)
UPLOAD_ERRORS = error_responses(
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.INSUFFICIENT_STORAGE,
)
