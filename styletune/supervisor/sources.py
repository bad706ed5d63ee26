"""Which picture is painted from in which slot: the content, the styles, and the former ones;
and by which learned look, from what, a live picture is painted.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from styletune.controls import MAX_STYLES
from styletune.errors import PictureError
from styletune.ipc.commands import CONTENT_SOURCE, SetLook, SetSource

CONTENT = 0  # slot of the content picture; style n has slot n
# Former pictures of a slot, to go back to when the worker rejects a newer one.
MAX_HISTORY = 8


def _history() -> deque[Path]:
    return deque(maxlen=MAX_HISTORY)


@dataclass(slots=True)
class Slot:
    """The picture of one slot, and the former ones, newest last.

    Attributes:
        version: another number for every picture that a slot of this number has shown.
    """

    current: Path
    version: int = 1
    history: deque[Path] = field(default_factory=_history)

    def set(self, path: Path) -> None:
        """Replace the picture."""
        self.history.append(self.current)
        self.current = path
        self.version += 1


class SourcePictures:
    """One content and one to four styles, each in its slot.

    The supervisor's job for the next worker and what the page shows both come from here.

    Attributes:
        slots: the content's, then the styles'.
        look: file of the learned look that paints while its switch is on; empty: none.
        live: what the look paints, see `ipc.commands.SetSource`.
    """

    def __init__(
        self,
        content: Path,
        styles: Iterable[Path],
        *,
        look: str = "",
        live: str = CONTENT_SOURCE,
    ) -> None:
        self.look = look
        self.live = live
        self.slots = [Slot(content), *map(Slot, styles)]
        self._removed = _history()  # the worker may still read them
        self._highest_version = 0

    @property
    def content(self) -> Path:
        """The content picture."""
        return self.slots[CONTENT].current

    @property
    def styles(self) -> tuple[Path, ...]:
        """The style pictures."""
        return tuple(slot.current for slot in self.slots[1:])

    @property
    def paths(self) -> set[Path]:
        """All pictures that may still be needed: current, former and just removed."""
        of_slots = (path for slot in self.slots for path in (slot.current, *slot.history))
        return {*of_slots, *self._removed}

    def set_content(self, path: Path) -> None:
        """Paint this picture from now on."""
        self.slots[CONTENT].set(path)

    def set_style(self, index: int, path: Path) -> None:
        """Use this picture as style `index`, counted from 0; the next index adds one.

        Raises:
            PictureError: there are fewer styles, or four already.
        """
        count = len(self.styles)
        if not 0 <= index <= count or index >= MAX_STYLES:
            raise PictureError(
                f"there are {count} style pictures, and at most {MAX_STYLES}; received style "
                f"{index + 1}"
            )
        if index == count:
            self.slots.append(Slot(path, self._new_version()))
        else:
            self.slots[index + 1].set(path)

    def remove_style(self, index: int) -> Path:
        """Remove a style and return its picture; those after it move up.

        Raises:
            PictureError: there is none of that index, or it is the first.
        """
        count = len(self.styles)
        if not 1 <= index < count:
            raise PictureError(f"styles 2 to {count} can be removed; received {index + 1}")
        return self._remove(index + 1)

    def set_live(self, command: SetLook | SetSource) -> None:
        """Paint live by another look, or another source."""
        if isinstance(command, SetLook):
            self.look = command.path
        else:
            self.live = command.source

    def revert(self, path: Path) -> bool:
        """Go back to what was there before `path`, which the worker has rejected.

        A style that was added by it is removed; the first picture of the other slots stays.

        Returns:
            Whether `path` was current.
        """
        for number, slot in enumerate(self.slots):
            if slot.current != path:
                # Rejected late, when the next one was already set: never go back to it.
                slot.history = deque((p for p in slot.history if p != path), MAX_HISTORY)
            elif slot.history:
                self._removed.append(slot.current)
                slot.current = slot.history.pop()
                slot.version += 1
                return True
            elif number > 1:
                self._remove(number)
                return True
        return False

    def _remove(self, number: int) -> Path:
        slot = self.slots.pop(number)
        self._removed.extend((*slot.history, slot.current))
        self._highest_version = max(self._highest_version, slot.version)
        for later in self.slots[number:]:
            later.version = self._new_version()
        return slot.current

    def _new_version(self) -> int:
        """A version that no slot has had: its number now stands for another picture."""
        highest = max(slot.version for slot in self.slots)
        self._highest_version = 1 + max(self._highest_version, highest)
        return self._highest_version
