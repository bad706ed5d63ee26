"""The hub: what all clients share. Session, gallery, worker and outboxes meet here.

Messages of clients go to the session, its changes to the worker and to every outbox; frames
and reports of the worker go to every outbox and to the picture feed. Lives on the event
loop of the web process. Knows nothing about HTTP and sockets.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Hashable, Sequence
from logging import ERROR, INFO, WARNING
from pathlib import Path

from styletune import __version__
from styletune.ipc.commands import CommandRejected, Report, State
from styletune.ipc.control_block import ControlState
from styletune.ipc.frame_block import Frame
from styletune.logs import log_event
from styletune.server.clients import ClientRegistry
from styletune.server.decoding import DecodedPicture
from styletune.server.frame_stream import FrameStream
from styletune.server.history import ControlHistory, LossHistory
from styletune.server.outbox import SendQueue
from styletune.server.pictures import CONTENT, RecentPictures, SourcePictures
from styletune.server.stats import ServerStats
from styletune.server.storage import Autosaver, SavedSession, SessionStore
from styletune.session.messages import (
    ChangedMessage,
    EpochMessage,
    ErrorMessage,
    Outgoing,
    PaintingMessage,
    Picture,
    SetMessage,
    SnapshotMessage,
    StateMessage,
    seq_of,
)
from styletune.session.roles import Role
from styletune.session.scenes import RATE_HZ
from styletune.session.session import Session
from styletune.supervisor.handle import WorkerHandle
from styletune.supervisor.memory_fallback import CONTROL, SizeReduction

_log = logging.getLogger(__name__)


class Hub:
    """One running performance, seen by any number of clients.

    Attributes:
        session: values, revision, triggers.
        gallery: the pictures that are painted from.
        recent: those that were used before.
        feed: the painted pictures.
        losses: their history.
        tally: what has happened since the start.
        epoch: what the newest picture's epoch says, or None.
        finished: the last pictures of the last two runs that came to their ends: one may be
            fetched while the next is painted.
        past: the values that the newest of them were painted with.
    """

    def __init__(
        self,
        session: Session,
        gallery: SourcePictures,
        worker: WorkerHandle,
        feed: FrameStream,
        memory: SessionStore | None = None,
    ) -> None:
        self.session = session
        self.gallery = gallery
        self.feed = feed
        self.finished: deque[Frame] = deque(maxlen=2)
        self.losses = LossHistory(session.table.layers)
        self.recent = RecentPictures(gallery.shown)
        self.tally = ServerStats()
        self.past = ControlHistory(session.rev, session.controls())
        self._worker = worker
        self._lobby = ClientRegistry()
        self.epoch: EpochMessage | None = None
        self._sets: dict[Hashable, tuple[SetMessage, str]] = {}  # of this turn, the newest last
        # What changes in one turn of the loop is told and written once, at its end.
        self._turn = SendQueue()
        self._turn_ends = False
        self._morphing = asyncio.Event()
        self._hands: asyncio.TimerHandle | None = None
        self._scenes = session.scenes()
        self._keeper = None if memory is None else Autosaver(memory, self._remembered)
        self._write_controls()

    async def run(self) -> None:
        """Pass on what the worker paints and reports, until it is stopped."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._pass_frames())
            tasks.create_task(self._pass_reports())
            tasks.create_task(self._morph())
            if self._keeper is not None:
                tasks.create_task(self._keeper.run())

    def join(self, role: Role, *, only_hardware: bool = False) -> tuple[str, SendQueue] | None:
        """Let a client in: its name, and its outbox with a snapshot; None: it is full."""
        joined = self._lobby.join(role, only_hardware=only_hardware)
        if joined is not None:
            self._welcome(joined[0])
        return joined

    def leave(self, client: str) -> None:
        """A client has gone."""
        self._lobby.leave(client)
        self.answer(self.session.controllers.leave(client))

    def receive(self, text: str | bytes, client: str) -> None:
        """Obey a raw message of a client; answers go to its outbox.

        A set is obeyed at the end of the turn, unless a newer one of the same client has moved the
        same controls by then, and is answered for both: of a storm only the newest values matter.
        """
        self.tally.messages += 1
        message = self.session.read(text)
        if isinstance(message, SetMessage):
            fault = self.session.fault(message)
            if fault is None:
                self._wait(message, client)
            else:
                self._refuse(fault, client)
            return
        self._obey_sets()
        answers = self.session.obey(message, client)
        if answers is not None:
            self.answer(answers, client)
            return
        self.flush()
        self._welcome(client, seq_of(text))
        self._end_turn_soon()

    def _wait(self, message: SetMessage, client: str) -> None:
        key = (client, message.gesture, *message.controls)
        if older := self._sets.pop(key, None):
            self.session.counts["set"] += 1
            if message.seq is None and (seq := older[0].seq) is not None:
                message = message.model_copy(update={"seq": seq})
        self._sets[key] = message, client
        self._end_turn_soon()

    def _obey_sets(self) -> None:
        while self._sets:
            message, client = self._sets.pop(next(iter(self._sets)))
            for answer in self.session.apply(message, client):
                self._turn.put(answer)

    def answer(self, answers: Sequence[Outgoing], client: str | None = None) -> None:
        """Pass on what the session answered: errors to `client`, the others to everybody."""
        for answer in answers:
            if isinstance(answer, ErrorMessage):
                self._refuse(answer, client)
            elif answer.for_all:
                self._turn.put(answer)
            else:
                self._lobby.put(client, answer)
        if self.session.morphing:
            self._morphing.set()
        self._end_turn_soon()

    def flush(self) -> None:
        """Write the controls if they have changed, and tell everybody what has."""
        self._obey_sets()
        if len(self._turn):
            self._write_controls()
            self._keep()
        while (message := self._turn.take()) is not None:
            if isinstance(message, PaintingMessage):  # after its controls, which it contains
                self._worker.start_run(message.order)
            self._to_all(message)
        scenes = self.session.scenes()
        if scenes is not self._scenes:
            self._scenes = scenes
            self._to_all(scenes)
            self._keep()
        self._tell_hands()

    def move(self, controls: dict[str, object], source: str) -> None:
        """Move controls on behalf of the server itself."""
        checked = self.session.table.check(controls)
        self.answer([self.session.move(checked, source, undoable=False)])
        self.flush()

    def restart(self) -> bool:
        """Start a failed worker again; whether there was one to start."""
        return self._worker.restart()

    def refuse(self, error: ErrorMessage, client: str) -> None:
        """Answer a message that the client's role does not allow."""
        self.tally.messages += 1
        self._refuse(error, client)

    def clients(self, role: Role) -> int:
        """How many clients there are of a role."""
        return self._lobby.count(role)

    @property
    def spare(self) -> bool:
        """Whether a spare worker is ready."""
        return self._worker.spare

    @property
    def viewers(self) -> int:
        """How many sockets take pictures."""
        return self._lobby.viewers

    def put_picture(self, place: int, picture: DecodedPicture) -> Picture:
        """Paint from another picture: `CONTENT`, or the number of a style; the next adds one."""
        self.recent.add(picture)
        entry = self.gallery.put(place, picture)
        if place == CONTENT:
            self._worker.set_content(picture.path)
        else:
            self._worker.set_style(place - 1, picture.path)
        self._to_all(self.gallery.message())
        return entry

    def remove_style(self, number: int) -> None:
        """Paint without a style, counted from 1; gains and scales of those after it move up."""
        count = self.gallery.styles
        self._worker.remove_style(number - 1)  # raises
        self.gallery.remove(number)
        positions, table = self.session.positions, self.session.table
        moved = {}
        for what in ("style_gain", "style_scale"):
            for place in range(number, count):
                moved[f"{what}.{place}"] = positions[f"{what}.{place + 1}"]
            moved[f"{what}.{count}"] = table[f"{what}.{count}"].default
        self.answer([self.session.move(moved, "pictures", undoable=False)])
        self._to_all(self.gallery.message())

    def add_viewer(self) -> bool:
        """Count one more viewer of pictures; False: it is full."""
        if not self._lobby.add_viewer():
            return False
        self._to_all(self.state())
        return True

    def remove_viewer(self) -> None:
        """A viewer has gone."""
        self._lobby.viewers -= 1
        self._to_all(self.state())

    def state(self) -> StateMessage:
        """What the painting is doing."""
        report = self._worker.report
        log = tuple(self._worker.log) if report.state is State.FAILED else None
        return StateMessage.of(report, self._lobby.viewers, self._worker.retry_s, log)

    def snapshot(self, client: str = "", role: Role = Role.VIEWER) -> SnapshotMessage:
        """Everything at once, for `client`, or for somebody of that role."""
        return SnapshotMessage(
            rev=self.session.rev,
            controls=self.session.controls(),
            state=self.state(),
            layers=self.session.table.layers,
            epoch=self.epoch,
            pictures=self.gallery.message(),
            version=__version__,
            client=client,
            clients=len(self._lobby),
            role=self._lobby.role(client, role).value,
            players=self.clients(Role.PLAYER),
            scenes=self.session.scenes(),
        )

    def _keep(self) -> None:
        if self._keeper is not None:
            self._keeper.changed()

    def _remembered(self) -> SavedSession:
        book = self.session.book
        return SavedSession(self.session.controls(), book.all, book.a, book.b)

    def _end_turn_soon(self) -> None:
        if not self._turn_ends:
            self._turn_ends = True
            asyncio.get_running_loop().call_soon(self._end_turn)

    def _end_turn(self) -> None:
        self._turn_ends = False
        self.flush()

    async def _morph(self) -> None:
        """Take the steps of morphs."""
        while True:
            await self._morphing.wait()
            while self.session.morphing:
                changed: ChangedMessage | None = self.session.step()
                self.answer([] if changed is None else [changed])
                await asyncio.sleep(1 / RATE_HZ)
            self._morphing.clear()

    def _welcome(self, client: str, seq: int | None = None) -> None:
        self._lobby.put(client, self.snapshot(client).model_copy(update={"seq": seq}))
        for bindings in self.session.controllers.all_bindings():
            self._lobby.put(client, bindings)

    def _tell_hands(self) -> None:
        """Tell hardware what has changed, and come back when there is more to tell."""
        for client, message in self.session.follow():
            if client is None:
                self._to_all(message)
            else:
                self._lobby.put(client, message)
        if self._hands is not None:
            self._hands.cancel()
        due_s = self.session.due_s
        self._hands = None
        if due_s is not None:
            loop = asyncio.get_running_loop()
            self._hands = loop.call_later(due_s, lambda: self.answer(self.session.late()))

    async def _pass_frames(self) -> None:
        async for frame in self._worker.frames():
            self.feed.put(frame)
            self.tally.frame(frame.epoch)
            self.past.painted(frame.rev)
            self.losses.add(frame)
            if frame.run_done:
                self.finished.append(frame)
            self.epoch = EpochMessage.of(frame, self.session.table.layers)
            self._to_all(self.epoch)

    async def _pass_reports(self) -> None:
        async for report in self._worker.reports():
            if isinstance(report, CommandRejected):
                self._to_all(
                    ErrorMessage(code="refused", message=f"{report.what}: {report.message}")
                )
                if report.path and self.gallery.take_back(Path(report.path)):
                    self._to_all(self.gallery.message())
            elif isinstance(report, SizeReduction):
                self.move({CONTROL: report.position}, "memory")
                self._to_all(ErrorMessage(code="out_of_memory", message=report.message))
            else:
                self.tally.report(report.state)
                self._to_all(self.state())
                _tell(report)

    def _write_controls(self) -> None:
        session = self.session
        self._worker.write(
            ControlState(session.rev, dict(session.positions), dict(session.triggers))
        )

    def _to_all(self, message: Outgoing) -> None:
        if isinstance(message, ChangedMessage):
            self.past.changed(message.rev, message.controls)
        self._lobby.put_all(message)

    def _refuse(self, error: ErrorMessage, client: str | None) -> None:
        """Say so to the client, after what it was told before."""
        self.flush()
        self._lobby.put(client, error)
        self.tally.bad[error.code] += 1
        log_event(_log, WARNING, "refused", client=client, code=error.code, message=error.message)


def _tell(report: Report) -> None:
    """Say on the terminal what the painting does, on what; loudly where it cannot go on."""
    if report.state is State.FAILED:
        log_event(_log, ERROR, "failed", message=report.message)
    elif report.state is State.RUNNING:
        log_event(
            _log, INFO, "painting", size=f"{report.width}×{report.height}",
            network=report.network, weights=report.weights, device=report.device,
            backend=report.backend,
        )  # fmt: skip
    else:
        log_event(_log, INFO, "state", state=report.state.value, message=report.message)
