"""What clients and the log get about the session as a whole: its state and its snapshot."""

import asyncio
import logging
from logging import ERROR, INFO

from styletune import __version__
from styletune.ipc.commands import Report, State
from styletune.logs import log_event
from styletune.server.pictures import DecodedPictures
from styletune.server.send_queue import ClientRegistry
from styletune.session.outgoing import (
    EpochMessage,
    ErrorMessage,
    Outgoing,
    SnapshotMessage,
    StateMessage,
)
from styletune.session.roles import Role
from styletune.session.session import Session
from styletune.supervisor.handle import WorkerHandle

_log = logging.getLogger(__name__)


class Snapshots:
    """Makes the `state` and `snapshot` messages. Belongs to one event loop."""

    def __init__(
        self,
        session: Session,
        pictures: DecodedPictures,
        worker: WorkerHandle,
        clients: ClientRegistry,
    ) -> None:
        self._session = session
        self._pictures = pictures
        self._worker = worker
        self._clients = clients
        self._not_kept: dict[str, str] = {}  # what cannot be saved, and why
        self._snapshot: SnapshotMessage | None = None  # of this turn of the event loop

    @property
    def presence(self) -> tuple[int, tuple[str, ...]]:
        """Who plays: so many people or scripts, and the hardware of these names."""
        return self._clients.people, self._session.midi.open_names

    def state(self) -> StateMessage:
        """What the painting is doing."""
        report = self._worker.report
        log = tuple(self._worker.log) if report.state is State.FAILED else None
        not_kept = [f"{what}: {why}" for what, why in self._not_kept.items()]
        message = StateMessage.from_report(
            report, self._clients.viewers, self._worker.retry_s, log, not_kept
        )
        players, devices = self.presence
        return message.model_copy(update={"players": players, "devices": devices})

    def set_not_kept(self, what: str, why: str) -> list[Outgoing]:
        """Note what cannot be saved, or that it is (an empty `why`); return what to send all."""
        if self._not_kept.get(what, "") == why:
            return []
        if not why:
            del self._not_kept[what]
            return [self.state()]
        self._not_kept[what] = why
        return [ErrorMessage(code="not_kept", message=f"{what}: {why}"), self.state()]

    def snapshot(
        self, epoch: EpochMessage | None, client: str = "", role: Role = Role.VIEWER
    ) -> SnapshotMessage:
        """Everything at once, for `client`, or for somebody of that role."""
        state = self._session.state
        if self._snapshot is None or self._snapshot.rev != state.rev:
            self._snapshot = SnapshotMessage(
                rev=state.rev,
                controls=state.controls(),
                state=self.state(),
                layers=state.table.layers,
                epoch=epoch,
                pictures=self._pictures.message(),
                version=__version__,
                client="",
                clients=len(self._clients),
                players=self._clients.count(Role.PLAYER),
                scenes=state.scenes_message(),
            )
            # Made once for all who ask in this turn: it takes longer than most messages.
            asyncio.get_running_loop().call_soon(self.forget_snapshot)
        own = {"client": client, "role": self._clients.role(client, role).value}
        return self._snapshot.model_copy(update=own)

    def forget_snapshot(self) -> None:
        """Make the next snapshot anew: something that is in it has changed."""
        self._snapshot = None


def log_report(report: Report) -> None:
    """Log what the painting does; loudly where it cannot go on."""
    if report.state is State.FAILED:
        log_event(_log, ERROR, "failed", message=report.message)
    elif report.state is State.RUNNING and report.live:
        size = f"{report.width}×{report.height}"
        log_event(_log, INFO, "painting", size=size, look=report.look, backend=report.live)
    elif report.state is State.RUNNING:
        log_event(
            _log, INFO, "painting", size=f"{report.width}×{report.height}",
            network=report.network, weights=report.weights, device=report.device,
            backend=report.backend,
        )  # fmt: skip
    else:
        log_event(_log, INFO, "state", state=report.state.value, message=report.message)
