"""Decode uploads in a process of their own: `python -m styletune.server.decoding [SOURCE, PATH]`.

Decoding may take hundreds of megabytes, which the web process would never give back, and hostile
bytes meet nothing there that matters. Picture on stdin; JSON, newline, thumbnail on stdout; only
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

from PIL import Image

from styletune.errors import PictureError, StorageError
from styletune.images import decode

# The longest edge that a live painting has: the page lays it over the painting, to compare.
THUMBNAIL_PX = 1024
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
    # 1 instead of 6: the file lives on this machine only, and 6 takes five times as long.
    image.save(path, "PNG", compress_level=1)
    small = decode.fit(image, min(THUMBNAIL_PX, max(image.size)))
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=85)
    return DecodedPicture(name, path, image.width, image.height, jpeg.getvalue())


def decode_in_subprocess(
    data: bytes, name: str, path: Path, *, source: str, max_pixels: int = decode.MAX_PIXELS
) -> DecodedPicture:
    """Decode in a process of its own, and wait for it; see `images.decode.decode`.

    Raises:
        PictureError: see `images.decode.decode`; also when decoding takes too long or crashes.
        StorageError: `path` cannot be written.
    """
    try:
        done = subprocess.run(
            # -P: never import what happens to lie in the working directory.
            [sys.executable, "-P", "-m", __name__, json.dumps([source, str(path), max_pixels])],
            input=data,
            capture_output=True,
            timeout=MAX_SECONDS,
            start_new_session=True,  # Ctrl-C is for the parent to handle
        )
        if done.stderr:  # such as a colour profile that is left out
            _log.warning("decoding: %s", done.stderr.decode(errors="replace").rstrip())
        head, _, thumbnail = done.stdout.partition(b"\n")
        answer = json.loads(head)
    except (subprocess.TimeoutExpired, ValueError):
        path.unlink(missing_ok=True)
        raise PictureError(f"{source}: the picture could not be decoded") from None
    if "refused" in answer:
        raise PictureError(answer["refused"])
    if "unsaved" in answer:
        path.unlink(missing_ok=True)
        raise StorageError(f"{source}: the picture cannot be saved: {answer['unsaved']}")
    return DecodedPicture(name, path, answer["width"], answer["height"], thumbnail)


def main(arguments: str) -> int:
    """Run as the process that decodes; return its exit code."""
    source, path, max_pixels = json.loads(arguments)
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    try:
        image = decode.decode(sys.stdin.buffer.read(), source=source, max_pixels=max_pixels)
        picture = decode_picture(image, source, Path(path))
    except PictureError as error:
        print(json.dumps({"refused": str(error)}))
        return 0
    except OSError as error:
        print(json.dumps({"unsaved": error.strerror or str(error)}))
        return 0
    head = json.dumps({"width": picture.width, "height": picture.height})
    sys.stdout.buffer.write(head.encode() + b"\n" + picture.thumbnail)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
