"""Painting live: the learned look that is chosen, its switch, and what it paints."""

from collections.abc import Callable, Sequence
from pathlib import Path

from styletune.ipc.commands import SetLook, SetSource
from styletune.session.outgoing import Outgoing
from styletune.session.state import SessionState
from styletune.supervisor.handle import WorkerHandle

SWITCH = "look"  # a control


class LiveControls:
    """Brings look and source from hands to the worker.

    Args:
        send: takes what clients are to be sent.
    """

    def __init__(
        self,
        state: SessionState,
        worker: WorkerHandle,
        send: Callable[[Sequence[Outgoing]], None],
    ) -> None:
        self._state = state
        self._worker = worker
        self._send = send

    @property
    def look(self) -> Path | None:
        """File of the look that is chosen; None: there is none."""
        found = self._worker.sources.look
        return Path(found) if found else None

    @property
    def look_name(self) -> str:
        """Its name; empty: there is none."""
        return "" if self.look is None else self.look.stem

    def set_look(self, path: Path) -> None:
        """Paint by this look at once."""
        self._worker.set_live(SetLook(str(path)))
        self.switch_look(on=True)

    def switch_look(self, *, on: bool) -> None:
        """Let the look paint, or the painter go on from what the look has painted."""
        if bool(self._state.positions[SWITCH]) != on:
            self._send([self._state.move({SWITCH: float(on)}, SWITCH)])

    @property
    def source(self) -> str:
        """What looks paint; see `ipc.commands.SetSource`."""
        return self._worker.sources.live

    async def show_camera(self, data: bytes) -> None:
        """Hand over a camera's picture, and wait until it is taken, or for a second."""
        await self._worker.show_camera(data)

    def set_source(self, source: str) -> None:
        """Let looks paint this; see `ipc.commands.SetSource`."""
        self._worker.set_live(SetSource(source))
