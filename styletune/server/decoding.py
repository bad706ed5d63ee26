"""Decode uploads in a process of their own: `python -m styletune.server.decoding [SOURCE, PATH]`.

Decoding may take hundreds of megabytes, which the web process would never give back, and hostile
bytes meet nothing there that matters. Picture on stdin; JSON, newline, JPEG on stdout; only
ASCII on the command line, whatever the locale.
"""

import io
import json
import logging
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from styletune.errors import PictureError, StorageError
from styletune.files import printable
from styletune.images import decode
from styletune.images.formats import TITLE

# The longest edge that a live painting has: the page lays it over the painting, to compare.
THUMBNAIL_PX = 1024
SMALL_PX = 240  # of a picture that can be chosen
MAX_SECONDS = 60
MAX_CPU_SECONDS = 10  # the largest pictures take some 5 on a desktop

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A decoded picture, ready to be painted from.

    Attributes:
        path: the decoded RGB PNG.
        thumbnail: JPEG, longer edge at most `THUMBNAIL_PX`.
    """

    name: str
    path: Path
    width: int
    height: int
    thumbnail: bytes


def decode_picture(image: Image.Image, name: str, path: Path) -> DecodedPicture:
    """Write a decoded picture to `path` as PNG, and make its thumbnail."""
    info = PngInfo()
    info.add_itxt(TITLE, printable(name))
    # 1 instead of 6: the file lives on this machine only, and 6 takes five times as long.
    image.save(path, "PNG", compress_level=1, pnginfo=info)
    small = decode.fit(image, min(THUMBNAIL_PX, max(image.size)))
    return DecodedPicture(name, path, image.width, image.height, _jpeg(small))


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def decode_in_subprocess(
    data: bytes, name: str, path: Path, *, source: str, max_pixels: int = decode.MAX_PIXELS
) -> DecodedPicture:
    """Decode in a process of its own, and wait for it; see `images.decode.decode`.

    Raises:
        PictureError: see `images.decode.decode`; also when decoding takes too long or crashes.
        StorageError: `path` cannot be written.
    """
    try:
        answer, thumbnail = _run(data, source, name, str(path), max_pixels, THUMBNAIL_PX)
    except PictureError:
        path.unlink(missing_ok=True)
        raise
    if "unsaved" in answer:
        path.unlink(missing_ok=True)
        raise StorageError(f"{source}: the picture cannot be saved: {answer['unsaved']}")
    return DecodedPicture(name, path, answer["width"], answer["height"], thumbnail)


def small_jpeg_in_subprocess(
    data: bytes, *, source: str, max_pixels: int, edge_px: int = SMALL_PX
) -> bytes:
    """Decode in a process of its own, and return a JPEG, longer edge at most `edge_px`.

    Raises:
        PictureError: as `decode_in_subprocess`.
    """
    return _run(data, source, "", None, max_pixels, edge_px)[1]


def _run(
    data: bytes, source: str, name: str, path: str | None, max_pixels: int, edge_px: int
) -> tuple[dict[str, Any], bytes]:
    """Start the process, and return what it answers, and a JPEG; without a path it saves nothing.

    Args:
        name: that the saved PNG carries.
        edge_px: longer edge of the JPEG, at most, where nothing is saved.

    Raises:
        PictureError: it has refused the picture, taken too long or crashed.
    """
    try:
        done = subprocess.run(
            # -P: never import what happens to lie in the working directory.
            [sys.executable, "-P", "-m", __name__,
             json.dumps([source, name, path, max_pixels, edge_px])],
            input=data,
            capture_output=True,
            timeout=MAX_SECONDS,
            start_new_session=True,  # Ctrl-C is for the parent to handle
        )  # fmt: skip
        if done.stderr:  # such as a colour profile that is left out
            _log.warning("decoding: %s", done.stderr.decode(errors="replace").rstrip())
        head, _, thumbnail = done.stdout.partition(b"\n")
        answer = json.loads(head)
    except (subprocess.TimeoutExpired, ValueError):
        raise PictureError(f"{source}: the picture could not be decoded") from None
    if "refused" in answer:
        raise PictureError(answer["refused"])
    return answer, thumbnail


def main(arguments: str) -> int:
    """Run as the process that decodes; return its exit code."""
    source, name, path, max_pixels, edge_px = json.loads(arguments)
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    try:
        data = sys.stdin.buffer.read()
        if path is None:
            jpeg = _jpeg(
                decode.decode(data, source=source, max_pixels=max_pixels, max_edge_px=edge_px)
            )
            head = {}
        else:
            image = decode.decode(data, source=source, max_pixels=max_pixels)
            jpeg = decode_picture(image, name, Path(path)).thumbnail
            head = {"width": image.width, "height": image.height}
    except PictureError as error:
        print(json.dumps({"refused": str(error)}))
        return 0
    except OSError as error:
        print(json.dumps({"unsaved": error.strerror or str(error)}))
        return 0
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + jpeg)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
