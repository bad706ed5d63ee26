"""The real server around another worker: one that pretends, or one that also measures."""

from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.config import SessionConfig
from styletune.ipc.commands import WorkerConfig
from styletune.ipc.control_block import ControlBlock
from styletune.ipc.frame_block import FrameBlock
from styletune.worker.process import Target

if TYPE_CHECKING:
    from styletune.worker.loop import PaintLoop


def sample_session(size_px: int = 256, port: int = 0) -> SessionConfig:
    """The defaults with the files of two samples, as `serve` takes them."""
    from styletune.images import samples

    pictures = {
        "content": str(samples.locate("harbour")),
        "styles": (str(samples.locate("strokes")),),
        "size": size_px,
    }
    return SessionConfig().with_overrides(pictures=pictures, server={"port": port})


def serve_with_worker(session: SessionConfig, target: Target) -> int:
    """Serve until a signal ends it; returns the exit code.

    Args:
        target: runs in the worker's process.
    """
    # Here: the worker, too, begins by importing this module.
    from styletune.server import options
    from styletune.server.options import ServerOptions
    from styletune.server.serve import serve
    from styletune.supervisor.supervisor import Supervisor

    def make_worker(session: SessionConfig, folder: Path) -> Supervisor:
        return Supervisor(session, folder=folder, target=target)

    return serve(
        session,
        open_browser=False,
        options=ServerOptions(options.resolve_token(None), options.viewer_token(wanted=False)),
        make_worker=make_worker,
    )


def run_loop(kind: "type[PaintLoop]", job: WorkerConfig, pipe: Connection) -> None:
    """Paint by a loop of that kind, in the worker; the device has been configured."""
    controls = ControlBlock.attach(job.control_block, job.session.table())
    frames = FrameBlock.attach(job.frame_block, job.session.network.selected_layers, job.size_px)
    kind(job, controls, frames, pipe).run()
