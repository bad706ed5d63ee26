"""The routes of the takes: list, keep, download, rename, delete."""

from http import HTTPStatus
from typing import Literal, TypeVar
from urllib.parse import quote

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from styletune.errors import explain_validation_error
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError, error_responses, response
from styletune.server.takes import TakeLibrary
from styletune.server.uploads import read_body
from styletune.session.outgoing_message import OutgoingMessage
from styletune.session.outgoing_takes import TakesMessage
from styletune.session.roles import Role, role_of

_MAX_BODY_BYTES = 4096
_NOT_STORED = {"cache-control": "no-store"}
_JSON_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}
_ERRORS = UPLOAD_ERRORS | error_responses(HTTPStatus.CONFLICT)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class RenameBody(_Body):
    """What a take is to be called."""

    name: str


class KeepBody(_Body):
    """What is kept: what was played last; `name`: empty: by the time."""

    recent: Literal[True]
    name: str = ""


_T = TypeVar("_T", bound=_Body)


def add_take_routes(app: FastAPI, takes: TakeLibrary) -> None:
    """Add the routes of the takes."""

    @app.get("/api/takes")
    async def get_takes(request: Request) -> Response:
        """The takes there are, newest first, and how much of the last hour can be kept."""
        message = TakesMessage(
            takes=await takes.list(),
            recent_s=await takes.recent_s(),
            player=role_of(request.scope) is Role.PLAYER,
            reason=takes.reason,
        )
        return _answer(message)

    @app.post("/api/takes", status_code=HTTPStatus.CREATED, openapi_extra=_JSON_BODY,
              responses=_ERRORS)  # fmt: skip
    async def keep_recent(request: Request) -> Response:
        """Keep what was played in the last hour as a take: `recent`: true; `name`, or none."""
        body = await _read(request, KeepBody)
        return _answer(await takes.keep_recent(body.name), HTTPStatus.CREATED)

    @app.get("/api/takes/{name}.jsonl", response_class=Response,
             responses=response("application/x-ndjson", HTTPStatus.NOT_FOUND))  # fmt: skip
    async def get_take(name: str) -> Response:
        """A take as it stands, JSON lines; for players: it names files of this machine."""
        size, chunks = await takes.open(name)
        headers = _NOT_STORED | {
            "content-length": str(size),
            "content-disposition": f"attachment; filename*=UTF-8''{quote(name)}.jsonl",
        }
        return StreamingResponse(chunks, media_type="application/x-ndjson", headers=headers)

    @app.patch("/api/takes/{name}", openapi_extra=_JSON_BODY, responses=_ERRORS)
    async def rename_take(name: str, request: Request) -> Response:
        """Give a take another `name`."""
        body = await _read(request, RenameBody)
        return _answer(await takes.rename(name, body.name))

    @app.delete("/api/takes/{name}", status_code=HTTPStatus.NO_CONTENT,
                responses=error_responses(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))  # fmt: skip
    async def delete_take(name: str) -> Response:
        """Delete a take, and the pictures beside it that no other one needs."""
        await takes.delete(name)
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _answer(message: OutgoingMessage, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(message.text, status, media_type="application/json", headers=_NOT_STORED)


async def _read(request: Request, kind: type[_T]) -> _T:
    async with read_body(request, _MAX_BODY_BYTES) as body:
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            why = explain_validation_error(error)
            raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_take", why) from None
