"""What the OpenAPI document says of answers: their media types, and how refusals look.

A client or a fuzzer that reads it must find nothing else. Knows nothing about routes.
"""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

Answers = dict[int | str, dict[str, Any]]


class ErrorBody(BaseModel):
    """Why a request was not obeyed: `code` for programs, `message` for people."""

    code: str
    message: str


def error_responses(*statuses: HTTPStatus) -> Answers:
    """Refusals of these statuses."""
    return {int(status): {"model": ErrorBody, "description": status.phrase} for status in statuses}


def response(media_type: str, *statuses: HTTPStatus) -> Answers:
    """An answer of a media type, or one of these refusals."""
    return {200: {"content": {media_type: {}}, "description": "OK"}} | error_responses(*statuses)


# The guard's, and those of a request that is not even HTTP as we speak it.
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
)
