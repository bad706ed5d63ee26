"""The routes of pictures that are there already: recent ones, and a style taken away.

Thin, like `app`. Knows nothing about who is asking; that is the guard's.
"""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse

from styletune import __version__
from styletune.errors import PictureError
from styletune.ipc.frame_block import Frame
from styletune.server.hub import Hub
from styletune.server.openapi import error_responses, response

_NOT_STORED = {"cache-control": "no-store"}
# The id is made from the picture: the same id is always the same picture.
_FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}


def add_picture_routes(app: FastAPI, hub: Hub) -> None:
    """Add them to the application."""

    @app.get("/api/recent")
    async def recent() -> Response:
        """The pictures used last, newest first: `id`, `name`, `width`, `height` of each."""
        text = hub.recent.message().text
        return Response(text, media_type="application/json", headers=_NOT_STORED)

    @app.get(
        "/api/recent/{name}.jpg",
        response_class=Response,
        responses=response("image/jpeg", HTTPStatus.NOT_FOUND),
    )
    async def recent_thumbnail(name: str) -> Response:
        """One of them, small."""
        thumbnail = hub.recent.thumbnail(name)
        if thumbnail is None:
            return no_such_picture(name)
        return Response(thumbnail, media_type="image/jpeg", headers=_FOR_EVER)

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
            return JSONResponse({"code": "no_such_style", "message": str(error)}, status)
        return Response(status_code=HTTPStatus.NO_CONTENT)


def no_such_picture(name: str) -> Response:
    """The answer to an id that is not, or no longer, among the recent pictures."""
    return JSONResponse(
        {
            "code": "no_such_picture",
            "message": f"`{name[:40]}` is not among the recent pictures; upload it again",
        },
        HTTPStatus.NOT_FOUND,
    )


def describe_frame(hub: Hub, frame: Frame, seed: int) -> Mapping[str, object]:
    """What made a picture: the values that it was painted with, the pictures, the network.

    `controls` are those of the revision `controls_rev`: the picture's own `rev`, unless thousands
    of changes have come since. The pictures are those of now, by name.
    """
    controls_rev, controls = hub.control_history.values_at(frame.rev)
    report, pictures = hub.state(), hub.pictures.message()
    height, width = frame.picture.shape[:2]
    return {
        "version": __version__,
        "epoch": frame.epoch,
        "step": frame.step,
        "rev": frame.rev,
        "time": frame.time,
        "total": frame.total,
        "run": frame.run,
        "run_step": frame.run_step,
        "width": width,
        "height": height,
        "controls_rev": controls_rev,
        "controls": controls,
        "layers": hub.session.state.table.layers,
        "network": report.network,
        "weights": report.weights,
        "backend": report.backend,
        "device": report.device,
        "seed": seed,
        "content": pictures.content.name,
        "styles": [style.name for style in pictures.styles],
    }
