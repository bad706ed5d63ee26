"""The supervisor: keeps one worker painting, and broadcasts its frames and reports.

One task of the web process's event loop, and the only one there that touches shared memory.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from styletune.config import SessionConfig
from styletune.errors import MemoryBlockError
from styletune.ipc.commands import (
    CONTENT_SOURCE,
    CameraFrame,
    CameraTaken,
    CommandRejected,
    DrawLayer,
    FrameReady,
    LayerDrawn,
    LookCommand,
    RemoveStyle,
    Report,
    Run,
    SetContent,
    SetLook,
    SetSource,
    SetStyle,
    SourceCommand,
    StandbyReady,
    State,
    TakeFolders,
    WorkerConfig,
)
from styletune.ipc.control_block import ControlState
from styletune.ipc.exit_codes import FatalCause
from styletune.ipc.frame_block import Frame, FrameBlock
from styletune.supervisor.blocks import SharedBlocks, remove_block
from styletune.supervisor.commands import CommandQueue
from styletune.supervisor.frames import Broadcast, LatestFrame
from styletune.supervisor.policy import (
    RestartPolicy,
    SizeReduction,
    SupervisorTimeouts,
    Watchdog,
    reduce_size,
)
from styletune.supervisor.process import (
    WorkerProcess,
    describe_exit,
    stop_hung_process,
    stop_process,
)
from styletune.supervisor.sources import SourcePictures
from styletune.supervisor.standby import StandbyWorker
from styletune.worker.process import Target, WarmUp, run_worker

_log = logging.getLogger(__name__)

LOG_LINES = 30
_CAMERA_S = 1.0  # a worker that compiles takes no picture; nor one that has ended
_LAYER_S = 3.0  # likewise; drawing takes a fraction of a second, a large step may take longer
_REPORTS = 100  # for a reader that lags; states change a few times a minute


class Supervisor:
    """Starts the worker, restarts it when it dies or hangs, and broadcasts what it paints.

    After `start` you must await `stop`; there is no second start. All methods belong to
    the thread of one event loop.

    Args:
        session: what the worker paints, until pictures are set.
        clock: seconds that only rise.
        folder: of decoded pictures; made by `start`.
        target: what the worker runs; tests give another one.
        warm_up: what a worker does before it has its job; None: nothing, and there is no standby.
        timeouts: how long to wait for what.
        checkpoints: folder from which later workers continue the painting; None: none.
        recordings: where workers record what is played; None: nowhere.

    Attributes:
        report: the newest report, the worker's or the supervisor's own.
        log: the last 30 lines that workers wrote, across restarts.
        folder: as given.
        sources: the pictures that this worker and the next one paint from.
    """

    def __init__(
        self,
        session: SessionConfig,
        *,
        clock: Callable[[], float] = time.monotonic,
        folder: Path,
        target: Target = run_worker,
        warm_up: WarmUp | None = None,
        timeouts: SupervisorTimeouts | None = None,
        checkpoints: Path | None = None,
        recordings: TakeFolders | None = None,
    ) -> None:
        self.folder = folder
        self.sources = SourcePictures(
            Path(session.pictures.content),
            map(Path, session.pictures.styles),
            look=session.look.file or "",
            live=session.look.source,
        )
        self.report = Report(State.STARTING, network=session.network.name)
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._session = session
        self._clock = clock
        self._start_worker = partial(WorkerProcess, target, self.log)
        self._timeouts = timeouts or SupervisorTimeouts()
        self._standby = StandbyWorker(
            warm_up and partial(self._start_worker, warm_up), self._timeouts.standby_after_s
        )
        self._recordings = recordings
        self._checkpoints = "" if checkpoints is None else str(checkpoints)
        self._restart_policy = RestartPolicy(self._timeouts)
        table = session.table()
        self._table = table
        self._blocks = SharedBlocks(table)
        self._state = ControlState(0, session.positions(), dict.fromkeys(table.triggers, 0))
        self._commands = CommandQueue()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._restart_requested = asyncio.Event()
        self._wakeup = asyncio.Event()
        self._camera_taken = asyncio.Event()
        self._layer_drawn: asyncio.Future[LayerDrawn] | None = None
        self._latest_frame = LatestFrame()
        self._retry_at: float | None = None
        self._reports: Broadcast[Report | CommandRejected | SizeReduction] = Broadcast(
            depth=_REPORTS
        )

    def prestart(self) -> None:
        """Start the first worker's process now, before `start`, so that it warms up meanwhile."""
        with contextlib.suppress(OSError):  # `start` tries again, and reports it
            self._standby.prestart()

    async def start(self) -> None:
        """Create the blocks and start the worker; return at once.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._blocks.create(self._state)
        self._task = asyncio.create_task(self._run(), name="supervisor")

    async def stop(self) -> None:
        """Stop the worker within 5 s and remove the blocks; iterators end. May be repeated."""
        self._stopping = True
        self._restart_requested.set()
        self._wakeup.set()
        self._standby.close()
        if self._task is not None:
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()  # raises its error, if there was one

    def write(self, state: ControlState) -> None:
        """Write the newest control values for the worker; before `start`, hold them for it.

        Raises:
            MemoryBlockError: the names are not those of the session's table.
        """
        self._state = state
        self._blocks.write(state)

    def set_content(self, path: Path) -> None:
        """Paint this picture from now on, also after restarts, unless the worker rejects it."""
        self.sources.set_content(path)
        self._send_command(SetContent(str(path)))

    def set_style(self, index: int, path: Path) -> None:
        """Use this picture as style `index`, counted from 0, likewise; the next index adds one.

        Raises:
            PictureError: there are fewer styles, or four already.
        """
        self.sources.set_style(index, path)
        self._send_command(SetStyle(index, str(path)))

    def remove_style(self, index: int) -> None:
        """Paint without this style from now on; those after it move up.

        Raises:
            PictureError: there is none of that index, or it is the first.
        """
        self._send_command(RemoveStyle(str(self.sources.remove_style(index))))

    def set_live(self, command: SetLook | SetSource) -> None:
        """Paint live by another look, or another source, also after restarts."""
        self.sources.set_live(command)
        self._send_command(command)

    async def show_camera(self, data: bytes) -> None:
        """Hand over the camera's newest picture, and wait until it is taken, or for a second.

        Args:
            data: an encoded picture, at most `MAX_CAMERA_BYTES`.
        """
        self._camera_taken.clear()
        self._send_command(CameraFrame(data))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._camera_taken.wait(), _CAMERA_S)

    async def draw_layer(self, layer: str) -> bytes:
        """What a layer sees of the painting now and of its style, as a WebP.

        One caller at a time. Empty where the worker has not drawn it within three seconds.
        """
        self._layer_drawn = asyncio.get_running_loop().create_future()
        self._send_command(DrawLayer(layer))
        try:
            return (await asyncio.wait_for(self._layer_drawn, _LAYER_S)).data
        except TimeoutError:
            return b""

    def start_run(self, run: Run) -> None:
        """Paint exactly this far; a worker that ends meanwhile takes the run with it."""
        self._send_command(run)

    def _send_command(self, command: SourceCommand | LookCommand | DrawLayer | Run) -> None:
        self._commands.add(command)
        self._wakeup.set()

    def restart(self) -> bool:
        """Restart now, when failed or waiting for the next restart; else do nothing.

        Returns:
            Whether there was something to restart, and somebody to do it.
        """
        ended = self._task is None or self._task.done()
        if ended or self.report.state not in (State.FAILED, State.RESTARTING):
            return False
        self._restart_requested.set()
        return True

    @property
    def retry_s(self) -> float | None:
        """Seconds until the next restart while `report.state` is `RESTARTING`, else None."""
        if self._retry_at is None:
            return None
        return max(0.0, self._retry_at - self._clock())

    @property
    def frame(self) -> Frame | None:
        """The newest picture of any worker; None before the first."""
        return self._latest_frame.frame

    @property
    def standby_ready(self) -> bool:
        """Whether a standby waits, with everything imported."""
        return self._standby.ready

    def frames(self) -> AsyncGenerator[Frame, None]:
        """The newest picture at once if there is one, then each newest; slow readers skip.

        Epochs and steps only rise, across restarts too. Any number of readers.
        """
        return self._latest_frame.subscribe()

    def reports(self) -> AsyncGenerator[Report | CommandRejected | SizeReduction, None]:
        """The current report at once, then each as it comes. Any number of readers.

        After a `SizeReduction` the reader must `write` the control `size` that it names: values
        belong to the web process.
        """
        return self._reports.subscribe(self.report)

    # ------------------------------------------------------------- the task

    async def _run(self) -> None:
        """Run one worker after the other, until `stop`."""
        reason = ""
        try:
            while not self._stopping:
                self._restart_requested.clear()
                # The reason again: the first restart follows at once, too soon to read it.
                self._set_state(State.STARTING, reason)
                try:
                    reason = await self._run_worker()
                except Exception as error:  # such as no free descriptor: the next life may have one
                    _log.exception("a painting process was lost")
                    reason = f"the painting process was lost: {error}"
                if not self._stopping:
                    await self._wait_before_restart(reason)
        except BaseException as error:
            why = f"the supervisor has ended: {error!r}; end styletune, and start it again"
            self._set_state(State.FAILED, why)
            raise
        finally:
            self._blocks.close()
            self._standby.close()
            self._latest_frame.close()
            self._reports.close()

    async def _run_worker(self) -> str:
        """Run one worker from its start to its exit; return the reason of the exit."""
        try:
            block = self._blocks.claim_frame_block()
        except MemoryBlockError as error:
            return str(error)
        try:
            try:
                worker = self._standby.claim(self._clock()) or self._start_worker()
            except OSError as error:
                return f"the painting process cannot be started: {error}"
            worker.assign_job(self._worker_config(block))
            self._commands.clear()  # the job has the newest pictures
            try:
                with ThreadPoolExecutor(1, thread_name_prefix="frames") as copier:
                    return await self._monitor(worker, block, copier)
            finally:
                worker.kill()  # has exited already, unless this task was cancelled
                worker.close()
        finally:
            remove_block(block)

    async def _monitor(
        self, worker: WorkerProcess, block: FrameBlock, copier: ThreadPoolExecutor
    ) -> str:
        """Forward commands, reports and frames until the worker exits or must be stopped."""
        watchdog = Watchdog(self._timeouts, self._clock())
        while True:
            exitcode = worker.exitcode  # before reading, so that its last messages are read, too
            self._read_messages(worker, watchdog)
            if await self._latest_frame.poll(block, copier):
                self._restart_policy.record_success(self._clock())
            if exitcode is not None:
                return self._exit_reason(worker, exitcode)
            if self._stopping:
                await stop_process(worker, self._timeouts)
                return "stopped"
            if self.report.state is State.FAILED:
                message = self.report.message
                await stop_process(worker, self._timeouts)
                return message
            if hung := watchdog.check(block.read_heartbeat(), self._clock(), worker.is_stopped):
                await stop_hung_process(worker, self._timeouts)
                return f"the painting process {hung}"
            self._commands.send_to(worker.send)
            if self.report.state not in (State.RUNNING, State.PAUSED):
                self._standby.restart_idle_timer(self._clock())
            self._standby.poll(self._clock())
            with worker.wake_on_readable(self._wakeup.set):
                await self._wait_for_wakeup()

    async def _wait_for_wakeup(self) -> None:
        """Wait until there is something to read or to send, or for the poll interval."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wakeup.wait(), self._timeouts.poll_interval_s)
        self._wakeup.clear()

    def _exit_reason(self, worker: WorkerProcess, code: int) -> str:
        """Why a worker exited; after a lack of memory, ask for a smaller size."""
        cause = worker.exit_cause
        reason = describe_exit(code, cause)
        if cause is FatalCause.PROCESSOR_UNSUPPORTED:
            self._set_state(State.FAILED, reason)
        if cause in (None, FatalCause.PROCESSOR_UNSUPPORTED):
            return reason
        reduction = reduce_size(self._table, self._state.positions, reason)
        if reduction is None:
            return f"{reason} at the smallest size"
        self._reports.publish(reduction)
        return reduction.message

    def _read_messages(self, worker: WorkerProcess, watchdog: Watchdog) -> None:
        worker.forward_output()
        for message in worker.read_messages():
            if isinstance(message, CameraTaken):
                self._camera_taken.set()
                continue
            if isinstance(message, LayerDrawn):
                if self._layer_drawn is not None and not self._layer_drawn.done():
                    self._layer_drawn.set_result(message)
                continue
            if isinstance(message, FrameReady | StandbyReady):
                continue  # frames are polled; the job came before a standby was ready
            if isinstance(message, Report):
                watchdog.note_state(message.state)
                self.report = message
                self._standby.restart_idle_timer(self._clock())  # such as for another size
            elif message.label == SetSource.label:
                self.sources.set_live(SetSource(CONTENT_SOURCE))
            else:
                self.sources.revert(Path(message.path))
            self._reports.publish(message)

    async def _wait_before_restart(self, reason: str) -> None:
        """Wait until the next worker may start: for the delay, or for a person's `restart`."""
        worker_failed = self.report.state is State.FAILED  # a restart would not help
        policy = self._restart_policy
        delay_s = policy.record_failure(self._clock())
        if worker_failed or delay_s is None:
            if not worker_failed:
                reason += f"; {policy.failure_count} failures in {self._timeouts.window_s:.0f} s"
                self._set_state(State.FAILED, reason)
            await self._restart_requested.wait()
            policy.reset()
            return
        self._retry_at = self._clock() + delay_s
        self._set_state(State.RESTARTING, f"{reason} (failure {policy.failure_count})")
        try:
            await asyncio.wait_for(self._restart_requested.wait(), delay_s)
        except TimeoutError:
            pass
        finally:
            self._retry_at = None

    # ---------------------------------------------------------------- helpers

    def _worker_config(self, block: FrameBlock) -> WorkerConfig:
        pictures = {
            "content": str(self.sources.content),
            "styles": tuple(map(str, self.sources.styles)),
        }
        return WorkerConfig(
            session=self._session.with_overrides(
                pictures=pictures,
                look={"file": self.sources.look or None, "source": self.sources.live},
            ),
            control_block=self._blocks.control_block_name,
            frame_block=block.name,
            size_px=self._blocks.max_size_px,
            first_epoch=0 if self.frame is None else self.frame.epoch + 1,
            first_step=0 if self.frame is None else self.frame.step + 1,
            checkpoints=self._checkpoints,
            recordings=self._recordings,
        )

    def _set_state(self, state: State, message: str = "") -> None:
        self.report = replace(self.report, state=state, message=message)
        self._reports.publish(self.report)
