"""The source pictures, content and styles, and those that were used before."""

import hashlib
import os
import secrets
import shutil
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from styletune.server.decoding import DecodedPicture
from styletune.session import outgoing

# Former pictures of a slot that are kept, to go back to when the worker refuses a newer one.
MAX_HISTORY = 8
MAX_RECENT = 12
CONTENT = 0  # slot of the content picture; style n has slot n


@dataclass(slots=True)
class Slot:
    """The picture of one slot, and the former ones, newest last."""

    current: DecodedPicture
    version: int = 1
    history: deque[DecodedPicture] = field(default_factory=deque)

    def entry(self) -> outgoing.Picture:
        """The picture as clients see it."""
        current = self.current
        return outgoing.Picture(
            name=current.name, width=current.width, height=current.height, version=self.version
        )


class SourcePictures:
    """The content and the styles, each in its slot."""

    def __init__(self, content: DecodedPicture, styles: Sequence[DecodedPicture]) -> None:
        self._slots = [Slot(content), *map(Slot, styles)]
        self._highest_version = 0
        self._removed: deque[Path] = deque()  # the worker may still read them

    @property
    def style_count(self) -> int:
        """How many style pictures there are."""
        return len(self._slots) - 1

    @property
    def current(self) -> tuple[DecodedPicture, ...]:
        """The pictures that are painted from: content, then styles."""
        return tuple(slot.current for slot in self._slots)

    def set(self, number: int, picture: DecodedPicture) -> outgoing.Picture:
        """Replace the picture of a slot; of the former ones `MAX_HISTORY` stay on disk.

        The slot after the last one is a new style.
        """
        if number == len(self._slots):
            self._slots.append(Slot(picture, self._new_version()))
            return self._slots[number].entry()
        slot = self._slots[number]
        slot.history.append(slot.current)
        slot.current = picture
        if len(slot.history) > MAX_HISTORY:
            slot.history.popleft().path.unlink(missing_ok=True)
        slot.version += 1
        return slot.entry()

    def remove(self, number: int) -> None:
        """Remove a style; those after it move up."""
        slot = self._slots.pop(number)
        self._removed.extend(picture.path for picture in (*slot.history, slot.current))
        while len(self._removed) > MAX_HISTORY:
            self._removed.popleft().unlink(missing_ok=True)
        self._highest_version = max(self._highest_version, slot.version)
        for later in self._slots[number:]:
            later.version = self._new_version()

    def _new_version(self) -> int:
        """A version that no slot has had: its number now stands for another picture."""
        highest = max(slot.version for slot in self._slots)
        self._highest_version = 1 + max(self._highest_version, highest)
        return self._highest_version

    def revert(self, path: Path) -> bool:
        """Go back to the former picture where the worker refused `path`; False: not current.

        A style that was added by it is removed.
        """
        for number, slot in enumerate(self._slots):
            if slot.current.path == path and number > 1 and not slot.history:
                self.remove(number)
                return True
            if slot.current.path == path and slot.history:
                slot.current = slot.history.pop()
                slot.version += 1
                return True
            # Refused late, when the next one was already set: never go back to it.
            slot.history = deque(former for former in slot.history if former.path != path)
        return False

    def thumbnail(self, number: int) -> bytes:
        """JPEG of the picture of a slot."""
        return self._slots[number].current.thumbnail

    def message(self) -> outgoing.PicturesMessage:
        """All of them, as clients see them."""
        content, *styles = (slot.entry() for slot in self._slots)
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
    except OSError:  # a file system without links
        shutil.copyfile(path, link)
    return link
