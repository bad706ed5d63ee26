"""The source pictures, content and styles, and those that were used before."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from styletune.errors import StorageError
from styletune.server.decoding import DecodedPicture
from styletune.session import outgoing
from styletune.supervisor.sources import Slot, SourcePictures

MAX_RECENT = 12


class DecodedPictures:
    """The decoded files behind the source pictures: names, sizes and thumbnails for clients."""

    def __init__(self, sources: SourcePictures, pictures: Iterable[DecodedPicture]) -> None:
        """Start with the pictures that `sources` names: content, then styles."""
        self._sources = sources
        self._by_path = {picture.path: picture for picture in pictures}

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The content's, then the styles'; a slot is the same one for as long as it is there."""
        return tuple(self._sources.slots)

    @property
    def style_count(self) -> int:
        """How many style pictures there are."""
        return len(self._sources.styles)

    @property
    def current(self) -> tuple[DecodedPicture, ...]:
        """The pictures that are painted from: content, then styles."""
        return tuple(self._by_path[slot.current] for slot in self._sources.slots)

    def add(self, picture: DecodedPicture) -> None:
        """Add a picture that a slot is about to get."""
        self._by_path[picture.path] = picture

    def delete_unused(self) -> None:
        """Delete the files that no slot will need again."""
        for path in self._by_path.keys() - self._sources.paths:
            del self._by_path[path]
            path.unlink(missing_ok=True)

    def thumbnail(self, number: int) -> bytes:
        """JPEG of the picture of a slot."""
        return self.current[number].thumbnail

    def message(self) -> outgoing.PicturesMessage:
        """All of them, as clients see them."""
        content, *styles = (
            outgoing.Picture(
                name=picture.name, width=picture.width, height=picture.height, version=slot.version
            )
            for picture, slot in zip(self.current, self._sources.slots, strict=True)
        )
        return outgoing.PicturesMessage(content=content, styles=tuple(styles))


class RecentPictures:
    """The last dozen pictures, content or style, each once.

    Each is a hard link of its own to the file, so that it outlives its slot.
    """

    def __init__(self, pictures: Iterable[DecodedPicture] = ()) -> None:
        self._pictures: dict[str, DecodedPicture] = {}  # by fingerprint, oldest first
        for picture in pictures:
            self.add(picture)

    def add(self, picture: DecodedPicture) -> None:
        """Add a picture that is used now; the oldest goes when there are too many."""
        name = fingerprint(picture)
        known = self._pictures.pop(name, None)
        self._pictures[name] = known or replace(picture, path=_hardlink(picture.path))
        if len(self._pictures) > MAX_RECENT:
            oldest = self._pictures.pop(next(iter(self._pictures)))
            oldest.path.unlink(missing_ok=True)

    def reuse(self, name: str) -> DecodedPicture | None:
        """A picture to be used again, as a file of its own; None: it is not among them."""
        known = self._pictures.get(name)
        return None if known is None else replace(known, path=_hardlink(known.path))

    def thumbnail(self, name: str) -> bytes | None:
        """JPEG of a picture; None: it is not among them."""
        known = self._pictures.get(name)
        return None if known is None else known.thumbnail

    def message(self) -> outgoing.RecentPicturesMessage:
        """All of them, newest first, as clients see them."""
        return outgoing.RecentPicturesMessage(
            recent=tuple(
                outgoing.RecentPicture(
                    id=name, name=picture.name, width=picture.width, height=picture.height
                )
                for name, picture in reversed(self._pictures.items())
            )
        )


def fingerprint(picture: DecodedPicture) -> str:
    """The same for the same picture, however often it is uploaded."""
    data = f"{picture.width}×{picture.height}".encode() + picture.thumbnail
    return hashlib.sha256(data).hexdigest()[:16]


def _hardlink(path: Path) -> Path:
    link = path.with_name(f"{secrets.token_hex(8)}{path.suffix}")
    try:
        os.link(path, link)
    except OSError:  # a file system without links, or a full one
        try:
            shutil.copyfile(path, link)
        except OSError as error:
            raise StorageError(f"the picture cannot be saved: {error.strerror}") from None
    return link
