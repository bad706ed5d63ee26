"""The pictures that are painted from: what hangs where, and what hung there before.

Prepared pictures come in; thumbnails for the page and entries for the messages go out.
Knows nothing about decoding, sockets and the worker.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from styletune.server import messages
from styletune.server.prepared import Prepared

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

    @property
    def styles(self) -> int:
        """How many style pictures there are."""
        return len(self._places) - 1

    def put(self, place: int, picture: Prepared) -> messages.Picture:
        """Replace the picture in a place; of the former ones `KEPT` stay on disk."""
        spot = self._places[place]
        spot.before.append(spot.shown)
        spot.shown = picture
        if len(spot.before) > KEPT:
            spot.before.popleft().path.unlink(missing_ok=True)
        spot.version += 1
        return spot.entry()

    def take_back(self, path: Path) -> bool:
        """Show the former picture where the worker refused that of `path`; False: not shown."""
        for spot in self._places:
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

    def message(self) -> messages.Pictures:
        """What hangs where, as clients see it."""
        content, *styles = (spot.entry() for spot in self._places)
        return messages.Pictures(content=content, styles=tuple(styles))
