"""The pictures that are painted from: what hangs where, and what hung there before.

Prepared pictures come in; thumbnails for the page and entries for the messages go out.
Knows nothing about decoding, sockets and the worker.
"""

import hashlib
import os
import secrets
import shutil
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from styletune.server.decoding import DecodedPicture
from styletune.session import messages

# Former pictures kept: the supervisor goes back to one when the worker refuses a newer one.
MAX_FORMER = 8
CONTENT = 0  # place of the content picture; style n has place n


@dataclass(slots=True)
class _Slot:
    shown: DecodedPicture
    version: int = 1
    before: deque[DecodedPicture] = field(default_factory=deque)  # newest last

    def entry(self) -> messages.Picture:
        shown = self.shown
        return messages.Picture(
            name=shown.name, width=shown.width, height=shown.height, version=self.version
        )


class SourcePictures:
    """Content and styles, each in its place."""

    def __init__(self, content: DecodedPicture, styles: Sequence[DecodedPicture]) -> None:
        self._places = [_Slot(content), *map(_Slot, styles)]
        self._versions = 0
        self._gone: deque[Path] = deque()  # the worker may not have heard yet

    @property
    def styles(self) -> int:
        """How many style pictures there are."""
        return len(self._places) - 1

    @property
    def shown(self) -> tuple[DecodedPicture, ...]:
        """The pictures that hang there: content, then styles."""
        return tuple(spot.shown for spot in self._places)

    def put(self, place: int, picture: DecodedPicture) -> messages.Picture:
        """Replace the picture in a place; of the former ones `KEPT` stay on disk.

        The place after the last one is a new style.
        """
        if place == len(self._places):
            self._places.append(_Slot(picture, self._fresh()))
            return self._places[place].entry()
        spot = self._places[place]
        spot.before.append(spot.shown)
        spot.shown = picture
        if len(spot.before) > MAX_FORMER:
            spot.before.popleft().path.unlink(missing_ok=True)
        spot.version += 1
        return spot.entry()

    def remove(self, place: int) -> None:
        """Take a style away; those after it move up."""
        spot = self._places.pop(place)
        self._gone.extend(picture.path for picture in (*spot.before, spot.shown))
        while len(self._gone) > MAX_FORMER:
            self._gone.popleft().unlink(missing_ok=True)
        self._versions = max(self._versions, spot.version)
        for later in self._places[place:]:
            later.version = self._fresh()

    def _fresh(self) -> int:
        """A version that no place has had: its number now stands for another picture."""
        highest = max(spot.version for spot in self._places)
        self._versions = 1 + max(self._versions, highest)
        return self._versions

    def take_back(self, path: Path) -> bool:
        """Show the former picture where the worker refused that of `path`; False: not shown.

        A style that was added by it is taken away.
        """
        for number, spot in enumerate(self._places):
            if spot.shown.path == path and number > 1 and not spot.before:
                self.remove(number)
                return True
            if spot.shown.path == path and spot.before:
                spot.shown = spot.before.pop()
                spot.version += 1
                return True
            # Refused late, when the next one was already there: never go back to it.
            spot.before = deque(former for former in spot.before if former.path != path)
        return False

    def thumbnail(self, place: int) -> bytes:
        """JPEG of the picture in a place."""
        return self._places[place].shown.thumbnail

    def message(self) -> messages.PicturesMessage:
        """What hangs where, as clients see it."""
        content, *styles = (spot.entry() for spot in self._places)
        return messages.PicturesMessage(content=content, styles=tuple(styles))


# The pictures used last, to be used again: each once, newest first.
#
# Prepared pictures come in and go out. A picture is a link of its own to the file, so that it
# outlives its place in the gallery. Knows nothing about sockets and the worker.


MAX_RECENT = 12


class RecentPictures:
    """The last dozen pictures, whatever they were used for."""

    def __init__(self, pictures: Iterable[DecodedPicture] = ()) -> None:
        self._kept: dict[str, DecodedPicture] = {}  # oldest first
        for picture in pictures:
            self.add(picture)

    def add(self, picture: DecodedPicture) -> None:
        """Remember a picture that is used now."""
        name = fingerprint(picture)
        kept = self._kept.pop(name, None)
        self._kept[name] = kept or replace(picture, path=_hardlink(picture.path))
        if len(self._kept) > MAX_RECENT:
            oldest = self._kept.pop(next(iter(self._kept)))
            oldest.path.unlink(missing_ok=True)

    def take(self, name: str) -> DecodedPicture | None:
        """A picture to be used again, as a file of its own; None: it is not among them."""
        kept = self._kept.get(name)
        return None if kept is None else replace(kept, path=_hardlink(kept.path))

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


def fingerprint(picture: DecodedPicture) -> str:
    """The same for the same picture, however often it is uploaded."""
    seen = f"{picture.width}×{picture.height}".encode() + picture.thumbnail
    return hashlib.sha256(seen).hexdigest()[:16]


def _hardlink(path: Path) -> Path:
    link = path.with_name(f"{secrets.token_hex(8)}{path.suffix}")
    try:
        os.link(path, link)
    except OSError:  # a file system without links
        shutil.copyfile(path, link)
    return link
