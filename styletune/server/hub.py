"""What all clients share: the session, the source pictures, the worker and the send queues.

Messages of clients go to the session, its changes to the worker and to every queue; frames and
reports of the worker go to every queue and to the frame stream.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import replace
from logging import WARNING
from random import Random

from styletune.errors import PictureError, StorageError
from styletune.ipc.commands import CommandRejected, SetLook
from styletune.ipc.control_block import ControlState
from styletune.ipc.frame_block import Frame
from styletune.logs import log_event
from styletune.server.decoding import DecodedPicture
from styletune.server.frame_stream import FrameStream
from styletune.server.history import ControlHistory, LossHistory, ServerStats
from styletune.server.layer_drawings import LayerDrawings
from styletune.server.library import PictureLibrary
from styletune.server.live import LiveControls
from styletune.server.pictures import DecodedPictures
from styletune.server.send_queue import ClientRegistry, SendQueue
from styletune.server.snapshots import Snapshots, log_report
from styletune.server.source_changes import SourceChanges
from styletune.server.surprise import draw_surprise
from styletune.session.incoming import (
    Incoming,
    SetMessage,
    SnapshotRequestMessage,
    refuse_viewer,
)
from styletune.session.outgoing import (
    ChangedMessage,
    EpochMessage,
    ErrorMessage,
    Outgoing,
    PaintingMessage,
    Picture,
    PicturesMessage,
    SnapshotMessage,
    StateMessage,
    TriggeredMessage,
)
from styletune.session.roles import Role
from styletune.session.scenes import MORPH_RATE_HZ
from styletune.session.session import CheckedSet, Session
from styletune.supervisor.handle import WorkerHandle
from styletune.supervisor.policy import SIZE_CONTROL, SizeReduction
from styletune.supervisor.sources import CONTENT

_log = logging.getLogger(__name__)


class Hub:
    """One running session, shared by any number of clients. Belongs to one event loop.

    Attributes:
        session: values, revision, triggers.
        pictures: the source pictures, content and styles.
        recent: those that were used before.
        live: the learned look that is chosen, and what it paints.
        frame_stream: the painted pictures.
        losses: their history.
        stats: counts since the start.
        epoch: the message about the newest picture, or None.
        finished_runs: the last pictures of the last two runs that have ended: one may be fetched
            while the next is painted.
        control_history: the values that the newest pictures were painted with.
    """

    def __init__(
        self,
        session: Session,
        pictures: DecodedPictures,
        library: PictureLibrary,
        worker: WorkerHandle,
        frame_stream: FrameStream,
        random: Random | None = None,
    ) -> None:
        """Start with the session as it is; `random` draws surprises."""
        self.session = session
        self.pictures = pictures
        self.library = library
        self.frame_stream = frame_stream
        self.finished_runs: deque[Frame] = deque(maxlen=2)
        self.losses = LossHistory(session.state.table.layers)
        self._sources = SourceChanges(session.state, pictures, worker)
        self.recent = self._sources.recent
        self.live = LiveControls(session.state, worker, self.send)
        self.layer_drawings = LayerDrawings(worker.draw_layer)
        self.stats = ServerStats()
        self.control_history = ControlHistory(session.state.rev, session.state.controls())
        self.epoch: EpochMessage | None = None
        self._worker = worker
        self._clients = ClientRegistry()
        self._snapshots = Snapshots(session, pictures, worker, self._clients)
        self._random = random or Random()
        self._surprises: asyncio.Queue[str] = asyncio.Queue(maxsize=1)  # who wants one
        # Sets and changes of one turn of the event loop are applied and sent once, at its end.
        self._queued_sets: dict[Hashable, tuple[CheckedSet, str]] = {}  # newest last
        self._pending = SendQueue()
        self._flush_scheduled = False
        self._morph_started = asyncio.Event()
        self._midi_timer: asyncio.TimerHandle | None = None
        self._sent_scenes = session.state.scenes_message()
        self._sent_presence = self._snapshots.presence
        self._write_controls()

    async def run(self) -> None:
        """Forward what the worker paints and reports, until cancelled or the worker stops."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._forward_frames())
            tasks.create_task(self._forward_reports())
            tasks.create_task(self._run_morphs())
            tasks.create_task(self._run_surprises())

    # -------------------------------------------------------------- clients

    def add_client(
        self, role: Role, *, only_hardware: bool = False, watches: bool = False
    ) -> tuple[str, SendQueue] | None:
        """Add a client: its id, and its queue with a snapshot; see `ClientRegistry.add`."""
        self._snapshots.forget_snapshot()
        added = self._clients.add(role, only_hardware=only_hardware, watches=watches)
        if added is not None:
            self._send_snapshot(added[0])
            self._schedule_flush()  # the others see who has come
        return added

    def remove_client(self, client: str) -> None:
        """Remove a client that has disconnected."""
        self._snapshots.forget_snapshot()
        self._clients.remove(client)
        self.send(self.session.midi.remove_client(client))

    def count_clients(self, role: Role) -> int:
        """How many clients there are of a role."""
        return self._clients.count(role)

    def add_viewer(self, role: Role) -> bool:
        """Count one more viewer of pictures; False: there are too many of its role."""
        if not self._clients.add_viewer(role):
            return False
        self._broadcast(self.state())
        return True

    def remove_viewer(self, role: Role) -> None:
        """Count one viewer less."""
        self._clients.remove_viewer(role)
        self._broadcast(self.state())

    @property
    def viewers(self) -> int:
        """How many sockets receive pictures."""
        return self._clients.viewers

    # ------------------------------------------------------------- messages

    def receive(self, text: str | bytes, client: str) -> Incoming | ErrorMessage:
        """Handle a raw message of a client; answers go to its queue.

        A set is applied at the end of the turn, unless a newer one of the same client has moved the
        same controls by then, and is answered for both: of a storm only the newest values matter.

        Returns:
            What it was, or what was wrong with it.
        """
        self.stats.messages += 1
        message = self.session.parse(text)
        if self._clients.role(client, Role.VIEWER) is Role.VIEWER and (
            error := refuse_viewer(message)
        ):
            self._send_error(error, client)
        elif isinstance(message, SetMessage):
            checked = self.session.validate_set(message)
            if isinstance(checked, ErrorMessage):
                self._send_error(checked, client)
            else:
                self._queue_set(checked, client)
        else:
            self._apply_queued_sets()
            self.send(self.session.handle(message, client), client)
            if isinstance(message, SnapshotRequestMessage):
                self.flush()
                self._send_snapshot(client, message.seq)
        return message

    def send(self, messages: Sequence[Outgoing], client: str | None = None) -> None:
        """Send what the session answered: errors to `client`, most others to everybody."""
        for message in messages:
            if isinstance(message, ErrorMessage):
                self._send_error(message, client)
            elif message.broadcast:
                self._pending.put(message)
            else:
                self._clients.send(client, message)
            if isinstance(message, TriggeredMessage) and message.name == "surprise":
                with contextlib.suppress(asyncio.QueueFull):  # one is on its way
                    self._surprises.put_nowait(message.source)
        if self.session.state.is_morphing:
            self._morph_started.set()
        self._schedule_flush()

    def flush(self) -> None:
        """Write the controls if they have changed, and send everybody what has."""
        self._apply_queued_sets()
        if len(self._pending):
            self._write_controls()
        while (message := self._pending.pop()) is not None:
            if isinstance(message, PaintingMessage):  # after its controls, which it contains
                self._worker.start_run(message.command)
            self._broadcast(message)
        self._follow_undo()
        scenes = self.session.state.scenes_message()
        if scenes is not self._sent_scenes:
            self._sent_scenes = scenes
            self._broadcast(scenes)
        if self._snapshots.presence != self._sent_presence:
            self._sent_presence = self._snapshots.presence
            self._broadcast(self.state())
        self._send_midi_feedback()

    def _queue_set(self, checked: CheckedSet, client: str) -> None:
        key = (client, checked.gesture, *checked.positions)
        if older := self._queued_sets.pop(key, None):
            self.session.counts["set"] += 1
            if checked.seq is None:
                checked = replace(checked, seq=older[0].seq)
        self._queued_sets[key] = checked, client
        self._schedule_flush()

    def _apply_queued_sets(self) -> None:
        while self._queued_sets:
            checked, client = self._queued_sets.pop(next(iter(self._queued_sets)))
            self._pending.put(self.session.apply_set(checked, client))

    def _schedule_flush(self) -> None:
        if not self._flush_scheduled:
            self._flush_scheduled = True
            asyncio.get_running_loop().call_soon(self._flush_now)

    def _flush_now(self) -> None:
        self._flush_scheduled = False
        self.flush()

    def _broadcast(self, message: Outgoing) -> None:
        self._snapshots.forget_snapshot()
        if isinstance(message, ChangedMessage):
            self.control_history.add(message.rev, message.controls)
        self._clients.broadcast(message)

    def _send_error(self, error: ErrorMessage, client: str | None) -> None:
        """Send an error to the client, after what was sent to it before."""
        self.flush()
        self._clients.send(client, error)
        self.stats.bad[error.code] += 1
        log_event(_log, WARNING, "refused", client=client, code=error.code, message=error.message)

    def _send_snapshot(self, client: str, seq: int | None = None) -> None:
        self._clients.send(client, self.snapshot(client).model_copy(update={"seq": seq}))
        for bindings in self.session.midi.all_bindings():
            self._clients.send(client, bindings)

    def _send_midi_feedback(self) -> None:
        """Send hardware what has changed, and come back when there is more to send."""
        for client, message in self.session.midi_feedback():
            if client is None:
                self._broadcast(message)
            else:
                self._clients.send(client, message)
        if self._midi_timer is not None:
            self._midi_timer.cancel()
        due_s = self.session.midi_due_s
        self._midi_timer = None
        if due_s is not None:
            loop = asyncio.get_running_loop()
            self._midi_timer = loop.call_later(due_s, lambda: self.send(self.session.poll_midi()))

    # ---------------------------------------------------- pictures and worker

    def set_picture(self, slot: int, picture: DecodedPicture) -> Picture:
        """Paint from another picture: `CONTENT`, or the number of a style; the next adds one."""
        self.send(self._sources.set(slot, picture, {}, "pictures"))
        message = self._broadcast_pictures()
        return message.content if slot == CONTENT else message.styles[slot - 1]

    def remove_style(self, number: int) -> None:
        """Paint without a style, counted from 1; gains and scales of those after it move up."""
        self.send(self._sources.remove_style(number))
        self._broadcast_pictures()

    def _follow_undo(self) -> None:
        try:
            if self._sources.follow_undo():
                self._broadcast_pictures()
        except (PictureError, StorageError) as error:
            self._broadcast(ErrorMessage(code="refused", message=str(error)))

    def _broadcast_pictures(self) -> PicturesMessage:
        self.pictures.delete_unused()
        message = self.pictures.message()
        self._broadcast(message)
        return message

    def restart(self) -> bool:
        """Start a failed worker again; return whether there was one to start."""
        return self._worker.restart()

    @property
    def standby_ready(self) -> bool:
        """Whether a standby worker is ready."""
        return self._worker.standby_ready

    def state(self) -> StateMessage:
        """What the painting is doing."""
        return self._snapshots.state()

    def set_not_kept(self, what: str, why: str) -> None:
        """Let clients know what cannot be saved at present; an empty `why`: it is saved."""
        for message in self._snapshots.set_not_kept(what, why):
            self._broadcast(message)

    def snapshot(self, client: str = "", role: Role = Role.VIEWER) -> SnapshotMessage:
        """Everything at once, for `client`, or for somebody of that role."""
        return self._snapshots.snapshot(self.epoch, client, role)

    def _write_controls(self) -> None:
        state = self.session.state
        self._worker.write(
            ControlState(state.rev, dict(state.positions), dict(self.session.triggers))
        )

    # ------------------------------------------------------ background tasks

    async def _run_morphs(self) -> None:
        while True:
            await self._morph_started.wait()
            while self.session.state.is_morphing:
                changed: ChangedMessage | None = self.session.state.step_morph()
                self.send([] if changed is None else [changed])
                await asyncio.sleep(1 / MORPH_RATE_HZ)
            self._morph_started.clear()

    async def _run_surprises(self) -> None:
        while True:
            source = await self._surprises.get()
            styles = tuple(picture.name for picture in self.pictures.current[1:])
            try:
                drawn = await draw_surprise(self.library, styles, self.session.state, self._random)
                if drawn.picture is None:
                    self.send([self.session.state.move(drawn.positions, source)])
                    continue
                number = min(drawn.number, self.pictures.style_count)  # one may have gone
                self.send(self._sources.set(number, drawn.picture, drawn.positions, source))
            except (OSError, PictureError, StorageError) as error:  # such as a full disk
                self._broadcast(ErrorMessage(code="refused", message=f"no surprise: {error}"))
                continue
            self.flush()
            self._broadcast_pictures()

    async def _forward_frames(self) -> None:
        async for frame in self._worker.frames():
            self.frame_stream.put(frame)
            self.stats.record_frame(frame.epoch)
            self.control_history.discard_before(frame.rev)
            self.losses.add(frame)
            if frame.run_done:
                self.finished_runs.append(frame)
            self.epoch = EpochMessage.from_frame(frame, self.session.state.table.layers)
            self._broadcast(self.epoch)

    async def _forward_reports(self) -> None:
        async for report in self._worker.reports():
            if isinstance(report, CommandRejected):
                message = f"{report.label}: {report.message}"
                self._broadcast(ErrorMessage(code="refused", message=message))
                if report.label == SetLook.label:
                    self.live.switch_look(on=False)
                if report.path:  # the supervisor has gone back to the former picture
                    self._sources.accept_current()
                    self._broadcast_pictures()
            elif isinstance(report, SizeReduction):
                self._reduce_size(report)
            else:
                self.stats.record_state(report.state)
                self._broadcast(self.state())
                log_report(report)

    def _reduce_size(self, reduction: SizeReduction) -> None:
        checked = self.session.state.table.check({SIZE_CONTROL: reduction.position})
        self.send([self.session.state.move(checked, "memory", undoable=False)])
        self.flush()
        self._broadcast(ErrorMessage(code="out_of_memory", message=reduction.message))
