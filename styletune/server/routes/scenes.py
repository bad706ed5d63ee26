"""The routes of scenes, and of the state that a saved picture brings back.

Thin: bodies are bounded and checked here, all else is the session's. Knows nothing about who
is asking; that is the guard's.
"""

import time
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect

from styletune.errors import ControlError, PictureError, SceneError, explain_validation_error
from styletune.images import png_metadata
from styletune.server.hub import Hub
from styletune.server.openapi import UPLOAD_ERRORS, error_responses
from styletune.server.uploads import UploadError, UploadErrorResponse, read_body
from styletune.session.incoming import SceneName
from styletune.session.scenes import MAX_SCENES, ControlName, Scene, Value, validate

MAX_BYTES = 2 * 1024 * 1024  # 128 scenes of 500 controls
_NOT_STORED = {"cache-control": "no-store"}
_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}
_PNG = {"requestBody": {"required": True, "content": {"image/png": {}}}}


class SceneBody(BaseModel):
    """A scene as a client sends it: what is left out follows from the request."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    name: SceneName | None = None
    saved: Annotated[float, Field(ge=0)] | None = None
    controls: Annotated[dict[ControlName, Value], Field(max_length=500)]


class Exported(BaseModel):
    """All scenes of a session, as a file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    scenes: Annotated[tuple[Scene, ...], Field(max_length=MAX_SCENES, strict=False)]


_T = TypeVar("_T", bound=BaseModel)


def add_scene_routes(app: FastAPI, hub: Hub) -> None:
    """Add the routes of scenes to the application."""

    def put(*scenes: Scene) -> Response:
        skipped = sum(validate(scene, hub.session.state.table) for scene in scenes)
        hub.session.state.scenes.add(*scenes)
        hub.send([])
        return JSONResponse({"scenes": len(scenes), "skipped": skipped}, headers=_NOT_STORED)

    @app.get("/api/scenes")
    async def export_scenes() -> Response:
        """All scenes, as a file."""
        scenes = Exported(scenes=hub.session.state.scenes.all).model_dump_json(indent=1)
        named = {"content-disposition": 'attachment; filename="styletune-scenes.json"'}
        return Response(scenes, media_type="application/json", headers=_NOT_STORED | named)

    @app.put("/api/scenes", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def import_scenes(request: Request) -> Response:
        """Add the scenes of such a file; those of the same name are replaced. All or none."""

        async def work() -> Response:
            return put(*_parse(Exported, await read_body(request, MAX_BYTES)).scenes)

        return await _answer(work)

    @app.get("/api/scenes/{name:path}", responses=error_responses(HTTPStatus.NOT_FOUND))
    async def get_scene(name: str) -> Response:
        """One scene: name, when it was saved, its controls."""

        async def work() -> Response:
            scene = hub.session.state.scenes[name].model_dump_json()
            return Response(scene, media_type="application/json", headers=_NOT_STORED)

        return await _answer(work)

    @app.put("/api/scenes/{name:path}", openapi_extra=_BODY, responses=UPLOAD_ERRORS)
    async def put_scene(name: str, request: Request) -> Response:
        """Keep a scene under that name; it may hold some of the controls only."""

        async def work() -> Response:
            given = _parse(SceneBody, await read_body(request, MAX_BYTES))
            if given.name not in (None, name):
                raise SceneError(
                    f"the scene's name must be that of the address, `{name}`, or left out; "
                    f"received `{given.name}`",
                    code="bad_scene",
                )
            saved = time.time() if given.saved is None else given.saved
            try:
                return put(Scene(name=name, saved=saved, controls=given.controls))
            except ValidationError as error:
                raise _bad(error) from None

        return await _answer(work)

    @app.delete(
        "/api/scenes/{name:path}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=error_responses(HTTPStatus.NOT_FOUND),
    )
    async def delete_scene(name: str) -> Response:
        """Forget a scene."""

        async def work() -> Response:
            hub.session.state.scenes.delete(name)
            hub.send([])
            return Response(status_code=HTTPStatus.NO_CONTENT)

        return await _answer(work)

    @app.put("/api/state", openapi_extra=_PNG, responses=UPLOAD_ERRORS)
    async def put_state(request: Request) -> Response:
        """Bring back the controls embedded in a PNG that styletune saved; it can be undone."""

        async def work() -> Response:
            state = png_metadata.read_metadata(await read_body(request))
            changed, skipped = hub.session.state.restore(state.controls, "picture")
            hub.send([changed])
            told = {"rev": changed.rev, "changed": len(changed.controls), "skipped": skipped}
            return JSONResponse(told, headers=_NOT_STORED)

        return await _answer(work)


async def _answer(work: Any) -> Response:
    """What `work` answers, or why it could not."""
    try:
        answer: Response = await work()
    except UploadError as error:
        return UploadErrorResponse(error)
    except ClientDisconnect:
        return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody reads it
    except SceneError as error:
        missing = error.code == "unknown_scene"
        status = HTTPStatus.NOT_FOUND if missing else HTTPStatus.UNPROCESSABLE_ENTITY
        return JSONResponse({"code": error.code, "message": str(error)}, status_code=status)
    except (PictureError, ControlError) as error:
        told = {"code": "bad_state", "message": str(error)}
        return JSONResponse(told, status_code=HTTPStatus.UNPROCESSABLE_ENTITY)
    return answer


def _parse(kind: type[_T], body: bytes) -> _T:
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise _bad(error) from None


def _bad(error: ValidationError) -> SceneError:
    why = explain_validation_error(error)
    return SceneError(f"scenes are not understood: {why}", code="bad_scene")
