"""The route of the laboratory: what a layer sees of the painting."""

from collections.abc import Sequence
from http import HTTPStatus

from fastapi import FastAPI, Response

from styletune.server.http_errors import ApiError, response
from styletune.server.layer_drawings import LayerDrawings


def add_layer_routes(app: FastAPI, drawings: LayerDrawings, layers: Sequence[str]) -> None:
    """Add the route of the session's layers."""

    @app.get(
        "/api/layers/{layer}.webp",
        response_class=Response,
        responses=response("image/webp", HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    async def get_layer(layer: str) -> Response:
        """What a layer sees of the painting, left, and of its style: feature maps, Gram matrices.

        At most a second old; drawn at most once a second for all clients together.
        """
        if layer not in layers:
            raise ApiError(
                HTTPStatus.NOT_FOUND,
                "no_such_layer",
                f"the session has no layer `{layer[:40]}`; it has {', '.join(layers)}",
            )
        drawing = await drawings.get(layer)
        if not drawing:
            raise ApiError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "not_drawn",
                "nothing paints now that could be looked into; try again once it does",
            )
        return Response(drawing, media_type="image/webp", headers={"cache-control": "no-store"})
