"""Changes which pictures are painted from, in such a way that undo takes them back."""

from collections.abc import Mapping

from styletune.errors import PictureError
from styletune.server.decoding import DecodedPicture
from styletune.server.pictures import DecodedPictures, RecentPictures, fingerprint
from styletune.session.outgoing import ChangedMessage
from styletune.session.state import SessionState
from styletune.supervisor.handle import WorkerHandle
from styletune.supervisor.sources import CONTENT


class SourceChanges:
    """Brings the source pictures from hands to the worker, and from undo.

    Attributes:
        pictures: the source pictures, content and styles.
        recent: those that were used before.
    """

    def __init__(
        self, state: SessionState, pictures: DecodedPictures, worker: WorkerHandle
    ) -> None:
        self.pictures = pictures
        self.recent = RecentPictures(pictures.current)
        self._state = state
        self._worker = worker
        self.accept_current()

    def accept_current(self) -> None:
        """Take over what the worker paints from: it went back to it by itself."""
        self._painted = self._state.pictures = self._ids()

    def set(
        self, slot: int, picture: DecodedPicture, positions: Mapping[str, float], source: str
    ) -> list[ChangedMessage]:
        """Paint from a picture: `CONTENT`, or the number of a style; the next adds one.

        Args:
            positions: of controls that move along.
            source: who does it.

        Returns:
            What clients are to know beside the pictures.

        Raises:
            PictureError: no such slot.
        """
        self._put(slot, picture)
        return self._record(positions, source)

    def remove_style(self, number: int) -> list[ChangedMessage]:
        """Paint without a style, counted from 1; gains and scales of those after it move up.

        Raises:
            PictureError: there is none of that number, or it is the only one.
        """
        count = self.pictures.style_count
        self._worker.remove_style(number - 1)
        positions, table = self._state.positions, self._state.table
        moved = {}
        for control in ("style_gain", "style_scale"):
            for index in range(number, count):
                moved[f"{control}.{index}"] = positions[f"{control}.{index + 1}"]
            moved[f"{control}.{count}"] = table[f"{control}.{count}"].default
        return self._record(moved, "pictures")

    def follow_undo(self) -> bool:
        """Paint from the pictures that the state names since undo or redo.

        Returns:
            Whether they were others.

        Raises:
            PictureError: one is not among the recent ones any more; all pictures stay.
            StorageError: one cannot be saved; those after it stay.
        """
        wanted, painted = self._state.pictures, self._painted
        if wanted == painted:
            return False
        self._state.pictures = painted  # until all are there
        others = {
            slot: self._reuse(name)
            for slot, name in enumerate(wanted)
            if painted[slot : slot + 1] != (name,)
        }
        try:
            for slot in range(len(painted) - 1, len(wanted) - 1, -1):
                self._worker.remove_style(slot - 1)
            for slot, picture in others.items():
                self._put(slot, picture)
        finally:
            self.accept_current()
        return True

    def _reuse(self, name: str) -> DecodedPicture:
        picture = self.recent.reuse(name)
        if picture is None:
            raise PictureError(
                "the picture of before is not among the recent ones any more: only the controls "
                "went back; choose it again"
            )
        return picture

    def _put(self, slot: int, picture: DecodedPicture) -> None:
        self.recent.add(picture)
        self.pictures.add(picture)
        if slot == CONTENT:
            self._worker.set_content(picture.path)
        else:
            self._worker.set_style(slot - 1, picture.path)

    def _record(self, positions: Mapping[str, float], source: str) -> list[ChangedMessage]:
        self._painted = self._ids()
        changed = self._state.change_pictures(self._painted, positions, source)
        return [] if changed is None else [changed]

    def _ids(self) -> tuple[str, ...]:
        return tuple(fingerprint(picture) for picture in self.pictures.current)
