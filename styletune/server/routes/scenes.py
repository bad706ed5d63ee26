"""The routes of scenes: one by name, and all of them as a file."""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from styletune.controls import ControlTable
from styletune.errors import PictureError, SceneError, explain_validation_error
from styletune.images.thumbnail import decode_thumbnail
from styletune.server.http_errors import UPLOAD_ERRORS, ApiError, error_responses, response
from styletune.server.uploads import read_body
from styletune.session.incoming import SceneName
from styletune.session.outgoing import Outgoing
from styletune.session.scenes import (
    MAX_BYTES,
    MAX_SCENES,
    ControlName,
    Scene,
    SceneList,
    Thumbnail,
    Value,
    validate,
)

_NOT_STORED = {"cache-control": "no-store"}
# The address holds when the scene was saved: it always shows the same.
_IMMUTABLE = {"cache-control": "private, max-age=31536000, immutable"}
_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}


class SceneBody(BaseModel):
    """A scene as a client sends it: what is left out follows from the request."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: SceneName | None = None
    saved: Annotated[float, Field(ge=0)] | None = None
    controls: Annotated[dict[ControlName, Value], Field(max_length=500)]
    thumbnail: Thumbnail | None = None


class Exported(BaseModel):
    """All scenes of a session, as a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scenes: Annotated[tuple[Scene, ...], Field(max_length=MAX_SCENES, strict=False)]


_T = TypeVar("_T", bound=BaseModel)


def add_scene_routes(
    app: FastAPI,
    scenes: SceneList,
    table: ControlTable,
    send: Callable[[Sequence[Outgoing]], None],
) -> None:
    """Add the routes of scenes; `send` lets clients know that the list has changed."""

    def put(*new: Scene) -> Response:
        skipped = sum(validate(scene, table) for scene in new)
        for scene in new:
            _check_thumbnail(scene)
        scenes.add(*new)
        send([])
        return JSONResponse({"scenes": len(new), "skipped": skipped}, headers=_NOT_STORED)

    @app.get("/api/scenes")
    async def export_scenes() -> Response:
        """All scenes, as a file."""
        text = Exported(scenes=scenes.all).model_dump_json(indent=1)
        attachment = {"content-disposition": 'attachment; filename="styletune-scenes.json"'}
        headers = _NOT_STORED | attachment
        return Response(text, media_type="application/json", headers=headers)

    @app.put("/api/scenes", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def import_scenes(request: Request) -> Response:
        """Add the scenes of such a file; those of the same name are replaced. All or none."""
        async with read_body(request, MAX_BYTES) as body:
            return put(*_parse(Exported, body).scenes)

    @app.get(
        "/api/scenes.jpg",
        response_class=Response,
        responses=response("image/jpeg", HTTPStatus.NOT_FOUND),
    )
    async def get_scene_thumbnail(name: str, saved: float | None = None) -> Response:
        """What the painting looked like when scene `?name=` was stored, small.

        With `?saved=`, that of its entry in the list, a browser keeps it.
        """
        scene = scenes[name]
        if scene.thumbnail is None:
            raise ApiError(
                HTTPStatus.NOT_FOUND,
                "no_thumbnail",
                f"scene `{name}` was stored without a thumbnail; store it again",
            )
        headers = _IMMUTABLE if saved == scene.saved else _NOT_STORED
        jpeg = decode_thumbnail(scene.thumbnail)
        return Response(jpeg, media_type="image/jpeg", headers=headers)

    @app.get("/api/scenes/{name:path}", responses=error_responses(HTTPStatus.NOT_FOUND))
    async def get_scene(name: str) -> Response:
        """One scene: name, when it was saved, its controls."""
        text = scenes[name].model_dump_json()
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.put("/api/scenes/{name:path}", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def put_scene(name: str, request: Request) -> Response:
        """Store a scene under that name; it may hold some of the controls only."""
        async with read_body(request, MAX_BYTES) as body:
            sent = _parse(SceneBody, body)
        if sent.name not in (None, name):
            raise SceneError(
                f"the scene's name must be that of the address, `{name}`, or left out; "
                f"received `{sent.name}`",
                code="bad_scene",
            )
        saved = time.time() if sent.saved is None else sent.saved
        try:
            scene = Scene(name=name, saved=saved, controls=sent.controls, thumbnail=sent.thumbnail)
        except ValidationError as error:
            raise _invalid(error) from None
        return put(scene)

    @app.delete(
        "/api/scenes/{name:path}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=error_responses(HTTPStatus.NOT_FOUND),
    )
    async def delete_scene(name: str) -> Response:
        """Delete a scene."""
        scenes.delete(name)
        send([])
        return Response(status_code=HTTPStatus.NO_CONTENT)


def _check_thumbnail(scene: Scene) -> None:
    if scene.thumbnail is not None:
        try:
            decode_thumbnail(scene.thumbnail)
        except PictureError as error:
            raise SceneError(f"scene `{scene.name}`: {error}", code="bad_scene") from None


def _parse(kind: type[_T], body: bytes) -> _T:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> SceneError:
    why = explain_validation_error(error)
    return SceneError(f"scenes are not understood: {why}", code="bad_scene")
