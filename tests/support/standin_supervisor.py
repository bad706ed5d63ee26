"""A painter with known behaviour, in place of the supervisor and its worker.

It paints when told: a picture whose red tells the position of the first content fader, and
whose green the number of the epoch. It refuses pictures 33 px wide.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from PIL import Image

from styletune.config import SessionConfig
from styletune.ipc.commands import CommandRejected, Report, Run, SetLook, SetSource, State
from styletune.ipc.control_block import ControlState
from styletune.ipc.frame_block import Frame, Term
from styletune.supervisor.sources import SourcePictures

REFUSED_WIDTH_PX = 33


class StandInSupervisor:
    def __init__(
        self, session: SessionConfig, folder: Path, *, period_s: float | None = None
    ) -> None:
        """Paint every `period_s`, or only when `paint` is called."""
        self.layers = session.network.selected_layers
        self.folder = folder
        self.report = Report(State.STARTING)
        self.log: deque[str] = deque(["last words"], maxlen=30)
        self.retry_s: float | None = None
        self.standby_ready = False
        self.controls: ControlState | None = None
        self.sources = SourcePictures(
            Path(session.pictures.content), map(Path, session.pictures.styles)
        )
        self.drawn: list[str] = []  # layers
        self.drawing = b"a WebP"
        self.camera: list[bytes] = []
        self.runs: list[Run] = []
        self.epoch = -1
        self.stopped = 0
        self.restarts = 0
        self._period_s = period_s
        self._frames: list[asyncio.Queue[Frame | None]] = []
        self._reports: list[asyncio.Queue[Report | CommandRejected | None]] = []
        self._newest: Frame | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.tell(Report(State.RUNNING, device="stand-in", network="lite", width=48, height=32))
        if self._period_s is not None:
            self._task = asyncio.create_task(self._paint_on(self._period_s))

    async def stop(self) -> None:
        self.stopped += 1
        if self._task is not None:
            self._task.cancel()
        for queue in (*self._frames, *self._reports):
            queue.put_nowait(None)

    def restart(self) -> bool:
        if self.report.state is not State.FAILED:
            return False
        self.restarts += 1
        self.tell(Report(State.STARTING))
        return True

    def write(self, state: ControlState) -> None:
        self.controls = state

    def set_content(self, path: Path) -> None:
        self.sources.set_content(path)
        self._check("content", path)

    def set_style(self, index: int, path: Path) -> None:
        self.sources.set_style(index, path)
        self._check(f"style {index + 1}", path)

    def remove_style(self, index: int) -> None:
        self.sources.remove_style(index)

    def set_live(self, command: SetLook | SetSource) -> None:
        self.sources.set_live(command)

    async def show_camera(self, data: bytes) -> None:
        self.camera.append(data)

    async def draw_layer(self, layer: str) -> bytes:
        self.drawn.append(layer)
        return self.drawing

    def start_run(self, run: Run) -> None:
        self.runs.append(run)

    def tell(self, report: Report | CommandRejected) -> None:
        if isinstance(report, Report):
            self.report = report
        for queue in self._reports:
            queue.put_nowait(report)

    def paint(self, width: int = 48, height: int = 32, *, done: bool = False) -> Frame:
        """Paint one picture; `done`: it is the last one of the last run."""
        run = self.runs[-1] if done else Run(0, 0)
        self.epoch += 1
        assert self.controls is not None
        red = self.controls.positions[f"content.{self.layers[0]}"]
        picture = np.zeros((height, width, 3), np.uint8)
        picture[:] = round(255 * red), self.epoch % 256, 128
        share = 1 / (2 * len(self.layers))
        term = Term(raw=2.0, weight=0.5, weighted=1.0, share=share)
        self._newest = Frame(
            epoch=self.epoch,
            step=10 * self.epoch,
            rev=self.controls.rev,
            time=1_700_000_000.0 + self.epoch,
            steps_per_s=20.0,
            picture=picture,
            terms=dict.fromkeys(("content", "style"), (term,) * len(self.layers)),
            smooth=0.25,
            total=2.0 * len(self.layers),
            run=run.run,
            run_step=run.steps,
            run_done=done,
        )
        for queue in self._frames:
            queue.put_nowait(self._newest)
        return self._newest

    async def frames(self) -> AsyncIterator[Frame]:
        queue: asyncio.Queue[Frame | None] = asyncio.Queue()
        self._frames.append(queue)
        if self._newest is not None:
            yield self._newest
        while (frame := await queue.get()) is not None:
            yield frame

    async def reports(self) -> AsyncIterator[Report | CommandRejected]:
        queue: asyncio.Queue[Report | CommandRejected | None] = asyncio.Queue()
        self._reports.append(queue)
        yield self.report
        while (report := await queue.get()) is not None:
            yield report

    async def _paint_on(self, period_s: float) -> None:
        while True:
            self.paint()
            await asyncio.sleep(period_s)

    def _check(self, what: str, path: Path) -> None:
        """Reject a picture of that width a moment later, as a worker would."""
        with Image.open(path) as image:
            if image.width == REFUSED_WIDTH_PX:
                asyncio.get_running_loop().call_soon(self._reject, what, path)

    def _reject(self, what: str, path: Path) -> None:
        self.sources.revert(path)
        self.tell(CommandRejected(what, "I do not like it", str(path)))
