"""The page: the files of `web/` as they are, compressed on their way to the browser.

There is no build: a changed file is served at the next reload.
"""

from os import PathLike, stat_result
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

# Ask each time whether it is still the same: a page of yesterday's version must not stay.
REVALIDATE = {"cache-control": "no-cache"}


class PageFiles(StaticFiles):
    """The files of a folder, which browsers keep and revalidate at each use."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file, or with 304 where the browser has it already."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(REVALIDATE)
        return response


def page_routes(web: Path) -> list[BaseRoute]:
    """Return the routes of the page, the stage, the gallery and all their files below /web.

    Args:
        web: folder with `index.html`, `stage.html` and `gallery.html`.
    """
    files = PageFiles(directory=web)

    def page(name: str) -> ASGIApp:
        async def send_page(scope: Scope, receive: Receive, send: Send) -> None:
            response = await files.get_response(name, scope)
            await response(scope, receive, send)

        return GZipMiddleware(send_page)

    return [
        Route("/", page("index.html"), methods=["GET"], include_in_schema=False),
        Route("/stage", page("stage.html"), methods=["GET"], include_in_schema=False),
        Route("/gallery", page("gallery.html"), methods=["GET"], include_in_schema=False),
        Mount("/web", GZipMiddleware(files), name="web"),
    ]
