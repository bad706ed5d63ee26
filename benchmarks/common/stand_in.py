"""The real server with a stand-in worker: pictures of known size, at a known rate.

The worker costs next to nothing, so that what is measured is the serving. Prints the URL.
Run as: python -m benchmarks.common.stand_in [--fps 20] [--size 512]
"""

import functools
import sys
import time
from multiprocessing.connection import Connection

import numpy as np
import numpy.typing as npt

from benchmarks.common.server import sample_session, serve_with_worker
from styletune.ipc import commands
from styletune.ipc.commands import FrameReady, Report, State, Stop, WorkerConfig
from styletune.ipc.control_block import ControlBlock
from styletune.ipc.frame_block import Frame, FrameBlock, Term

FPS = 20.0
SIZE_PX = 512
_GRAIN = 19.0  # makes a JPEG of 512 × 384 px about 60 KB
_VARIETY = 8
_POLL_INTERVAL_S = 0.001  # of the controls: what a step of no length would be
# After a picture that a moved control called for: a thousand moves are not a thousand pictures.
_STEP_S = 0.025


def pictures(width: int, height: int) -> list[npt.NDArray[np.uint8]]:
    """A few different pictures with grain, (height, width, 3) each."""
    rng = np.random.default_rng(0)
    waves = 128 + 90 * np.sin(np.indices((height, width)).sum(0) / 40)[:, :, None]
    grain = rng.normal(0, _GRAIN, (_VARIETY, height, width, 1))
    return list(np.clip(waves + grain + np.zeros(3), 0, 255).astype(np.uint8))


class StandInWorker:
    """A worker's side of shared memory, for pictures that nothing has painted.

    Attributes:
        controls: what the server writes.
        epoch, step: of the next picture.
    """

    def __init__(self, job: WorkerConfig, pipe: Connection) -> None:
        layers = job.session.network.selected_layers
        self.controls = ControlBlock.attach(job.control_block, job.session.table())
        self.epoch, self.step = job.first_epoch, job.first_step
        self._frames = FrameBlock.attach(job.frame_block, layers, job.size_px)
        rows = tuple(Term(1.0, 1.0, 1.0, 1 / 16) for _ in layers)
        self._terms = {"content": rows, "style": rows}
        self._pipe = pipe

    def publish(
        self,
        picture: npt.NDArray[np.uint8],
        rev: int,
        steps_per_s: float,
        *,
        smooth: float = 0.1,
        total: float = 17.0,
    ) -> None:
        """Publish a picture, (h, w, 3), as the next epoch of one step."""
        self._frames.publish(
            Frame(
                epoch=self.epoch,
                step=self.step,
                rev=rev,
                time=time.time(),
                steps_per_s=steps_per_s,
                picture=picture,
                terms=self._terms,
                smooth=smooth,
                total=total,
            )
        )
        commands.try_send(self._pipe, FrameReady())
        self.epoch += 1
        self.step += 1

    def heartbeat(self) -> None:
        """Show the supervisor that the worker is not hung."""
        self._frames.write_heartbeat(self.step)


def paint(job: WorkerConfig, pipe: Connection, *, fps: float = FPS) -> None:
    """Publish a picture at each tick, and at once when a control has moved."""
    worker, rev = StandInWorker(job, pipe), 0
    size = job.session.pictures.size  # there is room for more
    shown = pictures(size, size * 3 // 4)
    pipe.send(Report(State.RUNNING, device="stand-in", network="lite", width=size, height=size))
    tick = time.monotonic()
    while not (pipe.poll() and isinstance(pipe.recv(), Stop)):
        now = time.monotonic()
        if worker.controls.has_newer or now >= tick:
            state = worker.controls.read()
            rev = rev if state is None else state.rev
            worker.publish(shown[worker.epoch % _VARIETY], rev, fps)
            if now >= tick:
                tick = max(tick + 1 / fps, now)
            else:
                time.sleep(_STEP_S)
        worker.heartbeat()
        time.sleep(_POLL_INTERVAL_S)


def main() -> int:
    """Serve until a signal ends it."""
    # Here: the worker, too, begins by importing this module.
    from benchmarks.common.report import new_parser

    parser = new_parser("common.stand_in", __doc__)
    parser.add_argument("--fps", type=float, default=FPS)
    parser.add_argument("--size", type=int, default=SIZE_PX)
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    session = sample_session(arguments.size, arguments.port)
    return serve_with_worker(session, functools.partial(paint, fps=arguments.fps))


if __name__ == "__main__":
    sys.exit(main())
