"""The page as a browser gets it: its files without comments and indentation.

Both are for the code's authors, and a third of `web/`: they would travel through every visitor's
tunnel. Names and statements stay as they stand, so that a browser's debugger shows
code that one can read. There is no build: a changed file is served at the next reload.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from os import PathLike, stat_result
from pathlib import Path

from fastapi import Response
from fastapi.staticfiles import StaticFiles
from rjsmin import jsmin
from starlette.datastructures import Headers
from starlette.staticfiles import NotModifiedResponse
from starlette.types import Scope

# Ask each time whether it is still the same: a page of yesterday's version must not stay.
REVALIDATE = {"cache-control": "no-cache"}
# A space before a colon stays: there it may stand between two selectors.
_LOOSE = re.compile(r"\s*/\*.*?\*/\s*|(?<=[{};,:])\s+|\s+(?=[{};,])|^\s+|\s+$", re.DOTALL)
_TRIMS: dict[str, tuple[str, Callable[[str], str]]] = {
    ".html": ("text/html", lambda text: re.sub(r"\n\s+", "\n", text)),
    ".css": ("text/css", lambda text: _LOOSE.sub("", text)),
    ".js": ("text/javascript", jsmin),
}


class PageFiles(StaticFiles):
    """The files of the folder `web/`, trimmed."""

    def file_response(
        self,
        full_path: str | PathLike[str],
        stat_result: stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """Answer with a file, or with 304 where the browser has it already."""
        path = Path(full_path)
        if path.suffix not in _TRIMS:
            response = super().file_response(full_path, stat_result, scope, status_code)
        else:
            media_type, body, tag = _trimmed(path, stat_result.st_mtime_ns)
            response = Response(body, status_code, {"etag": tag}, media_type)
            if self.is_not_modified(response.headers, Headers(scope=scope)):
                response = NotModifiedResponse(response.headers)
        response.headers.update(REVALIDATE)
        return response


@lru_cache(maxsize=256)
def _trimmed(path: Path, _modified_ns: int) -> tuple[str, bytes, str]:
    """Media type, text and ETag of a file as it was at that time."""
    media_type, trim = _TRIMS[path.suffix]
    body = trim(path.read_text(encoding="utf-8")).encode()
    return media_type, body, f'"{sha256(body).hexdigest()[:32]}"'
