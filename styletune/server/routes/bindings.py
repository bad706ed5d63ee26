"""The routes of controller profiles, out and in. Thin: what they mean is `controllers`' own.

Knows nothing about who is asking; that is the guard's.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect

from styletune.errors import ConfigError
from styletune.midi.profile import MAX_CHARS
from styletune.server.hub import Hub
from styletune.server.openapi import UPLOAD_ERRORS, response
from styletune.server.uploads import UploadError, UploadErrorResponse, read_body

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


def add_binding_routes(app: FastAPI, hub: Hub) -> None:
    """Add the routes of controller profiles to the application."""

    @app.get(
        "/api/bindings/{device:path}",
        response_class=Response,
        responses=response("application/toml", HTTPStatus.NOT_FOUND),
    )
    async def get_bindings(device: str) -> Response:
        """The profile of the controller of that name, as TOML."""
        text = hub.session.midi.export(device)
        headers = {"cache-control": "no-store"}
        return Response(text, media_type="application/toml; charset=utf-8", headers=headers)

    @app.put(
        "/api/bindings/{device:path}",
        status_code=HTTPStatus.NO_CONTENT,
        response_class=Response,
        openapi_extra=_BODY,
        responses=UPLOAD_ERRORS,
    )
    async def put_bindings(device: str, request: Request) -> Response:
        """Let the controller of that name play this profile; the TOML is the body."""
        try:
            body = await read_body(request, 4 * MAX_CHARS)
            told = hub.session.midi.import_(device, body.decode())
        except UploadError as error:
            return UploadErrorResponse(error)
        except (ConfigError, UnicodeDecodeError) as error:
            content = {"code": "bad_profile", "message": str(error)}
            return JSONResponse(content, HTTPStatus.UNPROCESSABLE_ENTITY)
        except ClientDisconnect:
            return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody reads it
        hub.send(told)
        return Response(status_code=HTTPStatus.NO_CONTENT)
