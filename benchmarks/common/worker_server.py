"""The real server around a worker that also does what it is compared with.

Knows nothing about what is measured.
"""

from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.config import SessionConfig, load
from styletune.ipc.commands import WorkerConfig
from styletune.ipc.control_block import ControlBlock
from styletune.ipc.frame_block import FrameBlock
from styletune.worker.process import Target

if TYPE_CHECKING:
    from styletune.worker.loop import PaintLoop


def serve(session_file: str, target: Target) -> int:
    """Serve until told to end, on any free port.

    Args:
        target: runs in the worker's process.
    """
    from styletune.server import options
    from styletune.server.options import ServerOptions
    from styletune.server.serve import serve
    from styletune.supervisor.supervisor import Supervisor

    def make_painter(session: SessionConfig, folder: Path) -> Supervisor:
        return Supervisor(session, folder=folder, target=target)

    return serve(
        load(session_file).with_overrides(server={"port": 0}),
        open_browser=False,
        options=ServerOptions(token=options.resolve_token(None)),
        make_worker=make_painter,
    )


def work(kind: "type[PaintLoop]", job: WorkerConfig, pipe: Connection) -> None:
    """Do a worker's work by one of that kind; the device has been prepared."""
    controls = ControlBlock.attach(job.control_block, job.session.table())
    frames = FrameBlock.attach(job.frame_block, job.session.network.selected_layers, job.size_px)
    kind(job, controls, frames, pipe).run()
