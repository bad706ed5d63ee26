"""The pictures that are painted from: what hangs where, and what hung there before.

Prepared pictures come in; thumbnails for the page and entries for the messages go out.
Knows nothing about decoding, sockets and the worker.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from styletune.server.prepared import Prepared
from styletune.session import messages

# Former pictures kept: the supervisor goes back to one when the worker refuses a newer one.
KEPT = 8
CONTENT = 0  # place of the content picture; style n has place n


@dataclass(slots=True)
class _Place:
    shown: Prepared
    version: int = 1
    before: deque[Prepared] = field(default_factory=deque)  # newest last

    def entry(self) -> messages.Picture:
        shown = self.shown
        return messages.Picture(
            name=shown.name, width=shown.width, height=shown.height, version=self.version
        )


class Gallery:
    """Content and styles, each in its place."""

    def __init__(self, content: Prepared, styles: Sequence[Prepared]) -> None:
        self._places = [_Place(content), *map(_Place, styles)]
        self._versions = 0
        self._gone: deque[Path] = deque()  # the worker may not have heard yet

    @property
    def styles(self) -> int:
        """How many style pictures there are."""
        return len(self._places) - 1

    @property
    def shown(self) -> tuple[Prepared, ...]:
        """The pictures that hang there: content, then styles."""
        return tuple(spot.shown for spot in self._places)

    def put(self, place: int, picture: Prepared) -> messages.Picture:
        """Replace the picture in a place; of the former ones `KEPT` stay on disk.

        The place after the last one is a new style.
        """
        if place == len(self._places):
            self._places.append(_Place(picture, self._fresh()))
            return self._places[place].entry()
        spot = self._places[place]
        spot.before.append(spot.shown)
        spot.shown = picture
        if len(spot.before) > KEPT:
            spot.before.popleft().path.unlink(missing_ok=True)
        spot.version += 1
        return spot.entry()

    def remove(self, place: int) -> None:
        """Take a style away; those after it move up."""
        spot = self._places.pop(place)
        self._gone.extend(picture.path for picture in (*spot.before, spot.shown))
        while len(self._gone) > KEPT:
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
