"""The supervisor: keeps one worker painting, and gives out what it paints.

In come control values, pictures and buttons; out go frames and reports. It starts the
worker, starts it again when it dies or hangs, and ends it. It runs in the web process, as
one task of its event loop, and is the only one there that touches shared memory. Knows
nothing about sockets, and never imports Keras.
"""

import asyncio
import contextlib
import math
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
    CommandRejected,
    FrameReady,
    RemoveStyle,
    Report,
    Run,
    SetContent,
    SetStyle,
    StandbyReady,
    State,
    WorkerConfig,
)
from styletune.ipc.control_block import ControlBlock, ControlState
from styletune.ipc.frame_block import Frame, FrameBlock
from styletune.ipc.seqlock import remove_stale_segments
from styletune.supervisor.commands import CommandQueue
from styletune.supervisor.frames import Broadcast, LatestFrame
from styletune.supervisor.memory_fallback import SizeReduction, reduce_size
from styletune.supervisor.policy import RestartPolicy, SupervisorTimeouts, Watchdog
from styletune.supervisor.process import (
    WorkerProcess,
    describe_exit,
    stop_hung_process,
    stop_process,
)
from styletune.supervisor.sources import SourcePictures
from styletune.supervisor.standby import StandbyWorker
from styletune.worker.process import Target, WarmUp, run_worker

LOG_LINES = 30
_REPORTS = 100  # for a reader that lags; states change a few times a minute


class Supervisor:
    """Starts the worker, starts it again when it dies or hangs, and passes on its pictures.

    After `start` you must await `stop`; there is no second start. All methods belong to
    the thread of one event loop.

    Args:
        session: what the worker paints, until pictures are set.
        clock: seconds that only rise.
        folder: where decoded pictures lie; made by `start`.
        target: what the worker runs, given another in tests.
        warm_up: what a worker can do before it has its job; None: nothing, and there is no spare.
        limits: how long to wait for what.
        checkpoints: folder for what is painted, from which later workers go on; None: none.

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
        limits: SupervisorTimeouts | None = None,
        checkpoints: Path | None = None,
    ) -> None:
        self.folder = folder
        self.sources = SourcePictures(
            Path(session.pictures.content), map(Path, session.pictures.styles)
        )
        self.report = Report(State.STARTING, network=session.network.name)
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._session = session
        self._clock = clock
        self._start_child = partial(WorkerProcess, target, self.log)
        self._limits = limits or SupervisorTimeouts()
        self._spare = StandbyWorker(
            warm_up and partial(self._start_child, warm_up), self._limits.spare_s
        )
        self._checkpoints = "" if checkpoints is None else str(checkpoints)
        self._backoff = RestartPolicy(self._limits)
        table = session.table()
        self._table = table
        self._room_px = math.ceil(table["size"].high)  # of a frame: the largest that may come
        self._state = ControlState(0, session.positions(), dict.fromkeys(table.triggers, 0))
        self._orders = CommandQueue()
        self._controls: ControlBlock | None = None
        self._block: FrameBlock | None = None
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._again = asyncio.Event()
        self._stirred = asyncio.Event()
        self._newest = LatestFrame()
        self._retry_at: float | None = None
        self._reports: Broadcast[Report | CommandRejected | SizeReduction] = Broadcast(
            depth=_REPORTS
        )

    def prepare(self) -> None:
        """Start the first worker's process now, before `start`: it warms up meanwhile."""
        with contextlib.suppress(OSError):  # `start` will tell
            self._spare.make_first()

    async def start(self) -> None:
        """Make the blocks and start the worker; return at once.

        Raises:
            MemoryBlockError: no room in shared memory.
        """
        remove_stale_segments()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._controls = ControlBlock.create(self._table)
        try:
            # The first is made here, for the caller to learn of too little memory.
            self._block = self._new_block()
        except MemoryBlockError:
            self._close_controls()
            raise
        self._controls.write(self._state)
        self._task = asyncio.create_task(self._supervise(), name="supervisor")

    async def stop(self) -> None:
        """End the worker within 5 s and remove the blocks; iterators end. May be repeated."""
        self._stopping = True
        self._again.set()
        self._stirred.set()
        self._spare.end()
        if self._task is not None:
            await asyncio.wait({self._task})
            if not self._task.cancelled():
                self._task.result()  # raises what went wrong in it, if anything did

    def write(self, state: ControlState) -> None:
        """Give the worker the newest control values; before `start`, keep them for it.

        Raises:
            MemoryBlockError: the names are not those of the session's table.
        """
        self._state = state
        if self._controls is not None:
            self._controls.write(state)

    def set_content(self, path: Path) -> None:
        """Paint this picture from now on, also after restarts, unless it is refused."""
        self.sources.set_content(path)
        self._order(SetContent(str(path)))

    def set_style(self, index: int, path: Path) -> None:
        """Use this picture as style `index`, counted from 0, likewise; the next index adds one.

        Raises:
            PictureError: there are fewer styles, or four already.
        """
        self.sources.set_style(index, path)
        self._order(SetStyle(index, str(path)))

    def remove_style(self, index: int) -> None:
        """Paint without this style from now on; those after it move up.

        Raises:
            PictureError: there is none of that index, or it is the first.
        """
        self._order(RemoveStyle(str(self.sources.remove_style(index))))

    def start_run(self, run: Run) -> None:
        """Paint exactly this far; a worker that ends meanwhile takes the run with it."""
        self._order(run)

    def _order(self, order: SetContent | SetStyle | RemoveStyle | Run) -> None:
        self._orders.put(order)
        self._stirred.set()

    def restart(self) -> bool:
        """Start again now, when failed or in the wait for the next try; else do nothing.

        Returns:
            Whether there was something to restart.
        """
        if self.report.state not in (State.FAILED, State.RESTARTING):
            return False
        self._again.set()
        return True

    @property
    def retry_s(self) -> float | None:
        """Seconds until the next try while `report.state` is `RESTARTING`, else None."""
        if self._retry_at is None:
            return None
        return max(0.0, self._retry_at - self._clock())

    @property
    def frame(self) -> Frame | None:
        """The newest picture; a crash does not lose it. None before the first."""
        return self._newest.frame

    @property
    def spare(self) -> bool:
        """Whether another worker waits, all imported, for this one to end."""
        return self._spare.ready

    def frames(self) -> AsyncGenerator[Frame, None]:
        """The newest picture at once if there is one, then each newest; slow readers skip.

        Epochs and steps only rise, across restarts too. Any number of readers.
        """
        return self._newest.items()

    def reports(self) -> AsyncGenerator[Report | CommandRejected | SizeReduction, None]:
        """The report of now at once, then each as it comes. Any number of readers.

        After `SizeReduction` the reader has to `write` the control `size` that it names: values are
        the web process's own.
        """
        return self._reports.items(self.report)

    # ------------------------------------------------------------- the task

    async def _supervise(self) -> None:
        """One worker after the other, until `stop`."""
        why = ""
        try:
            while not self._stopping:
                self._again.clear()
                # Why once more: the first restart follows at once, too soon for anybody to read.
                self._say(State.STARTING, why)
                why = await self._live()
                if not self._stopping:
                    await self._mourn(why)
        except Exception as error:
            self._say(State.FAILED, f"the supervisor failed: {error!r}")
            raise
        finally:
            self._close_controls()
            if self._block is not None:
                _remove(self._block)
            self._spare.end()
            self._newest.end()
            self._reports.end()

    async def _live(self) -> str:
        """One worker from its start to its end, and why it ended."""
        try:
            block, self._block = self._block or self._new_block(), None
        except MemoryBlockError as error:
            return str(error)
        try:
            try:
                child = self._spare.take(self._clock()) or self._start_child()
            except OSError as error:
                return f"the painting process cannot be started: {error}"
            child.give(self._job(block))
            self._orders.clear()  # the job names the newest pictures
            try:
                with ThreadPoolExecutor(1, thread_name_prefix="frames") as copier:
                    return await self._watch(child, block, copier)
            finally:
                child.kill()  # has ended already, unless this task was cancelled
                child.close()
        finally:
            _remove(block)

    async def _watch(
        self, child: WorkerProcess, block: FrameBlock, copier: ThreadPoolExecutor
    ) -> str:
        """Pass orders, reports and frames on until the worker ends or must be ended."""
        watchdog = Watchdog(self._limits, self._clock())
        while True:
            ended = child.exitcode  # before the last look, so that no last word is missed
            self._hear(child, watchdog)
            if await self._newest.look(block, copier):
                self._backoff.painted(self._clock())
            if ended is not None:
                return self._why(child, ended)
            if self._stopping:
                await stop_process(child, self._limits)
                return "stopped"
            if self.report.state is State.FAILED:
                message = self.report.message
                await stop_process(child, self._limits)
                return message
            if hung := watchdog.look(block.heartbeat(), self._clock(), child.is_stopped):
                await stop_hung_process(child, self._limits)
                return f"the painting process {hung}"
            self._orders.send(child.send)
            if self.report.state not in (State.RUNNING, State.PAUSED):
                self._spare.disturb(self._clock())
            self._spare.look(self._clock())
            with child.waking(self._stirred.set):
                await self._wait()

    async def _wait(self) -> None:
        """Until there is something to hear or to pass on, or it is time for a look."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stirred.wait(), self._limits.look_s)
        self._stirred.clear()

    def _why(self, child: WorkerProcess, code: int) -> str:
        """Why a worker ended; one whose memory did not suffice is followed by a smaller one."""
        end = child.end
        why = describe_exit(code, end)
        if end is None:
            return why
        step = reduce_size(self._table, self._state.positions, why)
        if step is None:
            return f"{why} at the smallest size"
        self._reports.put(step)
        return step.message

    def _hear(self, child: WorkerProcess, watchdog: Watchdog) -> None:
        child.listen()
        for message in child.receive():
            if isinstance(message, FrameReady | StandbyReady):
                continue  # `_newest` looks; a spare had no time to say that it was ready
            if isinstance(message, Report):
                watchdog.report(message.state)
                self.report = message
                self._spare.disturb(self._clock())  # such as another size in the making
            else:
                self.sources.revert(Path(message.path))
            self._reports.put(message)

    async def _mourn(self, why: str) -> None:
        """Wait as long as it takes until the next worker may start."""
        given_up = self.report.state is State.FAILED  # by the worker: it knows better
        wait_s = self._backoff.failed(self._clock())
        if given_up or wait_s is None:
            if not given_up:
                why += f"; {self._backoff.count} failures in {self._limits.window_s:.0f} s"
                self._say(State.FAILED, why)
            await self._again.wait()
            self._backoff.reset()
            return
        self._retry_at = self._clock() + wait_s
        self._say(State.RESTARTING, f"{why} (failure {self._backoff.count})")
        try:
            await asyncio.wait_for(self._again.wait(), wait_s)
        except TimeoutError:
            pass
        finally:
            self._retry_at = None

    # ------------------------------------------------------------- its parts

    def _new_block(self) -> FrameBlock:
        return FrameBlock.create(self._table.layers, self._room_px)

    def _job(self, block: FrameBlock) -> WorkerConfig:
        assert self._controls is not None  # made by `start`
        pictures = {
            "content": str(self.sources.content),
            "styles": tuple(map(str, self.sources.styles)),
        }
        return WorkerConfig(
            session=self._session.with_overrides(pictures=pictures),
            control_block=self._controls.name,
            frame_block=block.name,
            size_px=self._room_px,
            first_epoch=0 if self.frame is None else self.frame.epoch + 1,
            first_step=0 if self.frame is None else self.frame.step + 1,
            checkpoints=self._checkpoints,
        )

    def _say(self, state: State, message: str = "") -> None:
        self.report = replace(self.report, state=state, message=message)
        self._reports.put(self.report)

    def _close_controls(self) -> None:
        if self._controls is not None:
            self._controls.close()
            self._controls.unlink()
            self._controls = None


def _remove(block: FrameBlock) -> None:
    block.close()
    block.unlink()
