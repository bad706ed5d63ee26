"""The pictures used last, to be used again: each once, newest first.

Prepared pictures come in and go out. A picture is a link of its own to the file, so that it
outlives its place in the gallery. Knows nothing about sockets and the worker.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from styletune.server.prepared import Prepared
from styletune.session import messages

KEPT = 12


class Recent:
    """The last dozen pictures, whatever they were used for."""

    def __init__(self, pictures: Iterable[Prepared] = ()) -> None:
        self._kept: dict[str, Prepared] = {}  # oldest first
        for picture in pictures:
            self.add(picture)

    def add(self, picture: Prepared) -> None:
        """Remember a picture that is used now."""
        name = identity(picture)
        kept = self._kept.pop(name, None)
        self._kept[name] = kept or replace(picture, path=_linked(picture.path))
        if len(self._kept) > KEPT:
            oldest = self._kept.pop(next(iter(self._kept)))
            oldest.path.unlink(missing_ok=True)

    def take(self, name: str) -> Prepared | None:
        """A picture to be used again, as a file of its own; None: it is not among them."""
        kept = self._kept.get(name)
        return None if kept is None else replace(kept, path=_linked(kept.path))

    def thumbnail(self, name: str) -> bytes | None:
        """JPEG of a picture; None: it is not among them."""
        kept = self._kept.get(name)
        return None if kept is None else kept.thumbnail

    def message(self) -> messages.RecentPicturesMessage:
        """All, newest first, as clients see them."""
        return messages.RecentPicturesMessage(
            recent=tuple(
                messages.RecentPicture(
                    id=name, name=kept.name, width=kept.width, height=kept.height
                )
                for name, kept in reversed(self._kept.items())
            )
        )


def identity(picture: Prepared) -> str:
    """The same for the same picture, however often it is uploaded."""
    seen = f"{picture.width}×{picture.height}".encode() + picture.thumbnail
    return hashlib.sha256(seen).hexdigest()[:16]


def _linked(path: Path) -> Path:
    link = path.with_name(f"{secrets.token_hex(8)}{path.suffix}")
    try:
        os.link(path, link)
    except OSError:  # a file system without links
        shutil.copyfile(path, link)
    return link
