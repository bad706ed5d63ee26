"""The routes of controller profiles, out and in."""

import asyncio
from collections.abc import Callable, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from styletune.errors import ConfigError
from styletune.midi.profile import MAX_CHARS, Profile, dumps_checked, loads
from styletune.server.http_errors import UPLOAD_ERRORS, response
from styletune.server.uploads import read_body
from styletune.session.midi import MidiRouter
from styletune.session.outgoing import Outgoing

_BODY = {
    "requestBody": {
        "required": True,
        "content": {"text/plain": {"schema": {"type": "string"}}},
    }
}


def add_binding_routes(
    app: FastAPI, router: MidiRouter, send: Callable[[Sequence[Outgoing]], None]
) -> None:
    """Add the routes of controller profiles; `send` takes what clients are to be sent."""

    @app.get(
        "/api/bindings/{device:path}",
        response_class=Response,
        responses=response("application/toml", HTTPStatus.NOT_FOUND),
    )
    async def get_bindings(device: str) -> Response:
        """The profile of the controller of that name, as TOML."""
        text = router.export(device)
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
        """Use this profile for the controller of that name; the TOML is the body."""
        async with read_body(request, 4 * MAX_CHARS) as body:
            profile = await asyncio.to_thread(_read, body)
        send(router.import_(device, profile))
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _read(body: bytes) -> Profile:
    """Read a profile that somebody has sent, if it can be kept."""
    try:
        profile = loads(body.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(str(error)) from None
    dumps_checked(profile)
    return profile
