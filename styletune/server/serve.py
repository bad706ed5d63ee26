"""`styletune serve`: prepares everything, listens, and ends it cleanly.

A session comes in; the exit code goes out. The URL with the token is the only line on
stdout, with the viewers' URL below it where one is asked for; all else goes to stderr. Runs
in the web process, on its main thread, which alone may handle signals.
"""

import asyncio
import contextlib
import logging
import math
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from styletune.config import SessionConfig
from styletune.files import web_folder
from styletune.images import decode
from styletune.ipc.seqlock import remove_stale_segments
from styletune.logs import configure_logging, log_event
from styletune.process_priority import use_batch_scheduling
from styletune.server import options as tokens
from styletune.server.auth.credentials import Credentials
from styletune.server.decoding import DecodedPicture, decode_in_subprocess
from styletune.server.options import ServerOptions, bind_socket, require_token_if_public
from styletune.server.runs import PictureRef, RunFolder, open_run, remove_stale_folders
from styletune.server.signals import install_signal_handlers
from styletune.supervisor.policy import SupervisorTimeouts
from styletune.worker.process import preload

if TYPE_CHECKING:
    from styletune.server.lifecycle import ManagedWorker
    from styletune.supervisor.supervisor import Supervisor

_log = logging.getLogger(__name__)


def serve(
    session: SessionConfig,
    *,
    open_browser: bool,
    entrance: ServerOptions,
    log_format: str = "key-value",
    memory_folder: Path | None = None,
    resume: bool = False,
    run: str | None = None,
    controllers_folder: Path | None = None,
    make_painter: "Callable[[SessionConfig, Path], ManagedWorker] | None" = None,
) -> int:
    """Serve a session until SIGINT or SIGTERM, and return the exit code.

    Args:
        session: its pictures are files, not names of samples.
        open_browser: open the page where there is a browser.
        entrance: who gets in, and how.
        log_format: one of `logs.FORMATS`.
        memory_folder: where scenes and values are kept; None: nowhere.
        resume: go on where the last run of the session was: picture, values, pictures, step.
        run: the name of the run to resume; None: the last one.
        controllers_folder: of a person's own controller profiles; None: there are none.
        make_painter: from session and folder; None: the supervisor of a real worker.

    Raises:
        CheckpointError: nothing to resume.
        ConfigError: an address without loopback and without a token, or one that cannot be
            listened on; an unknown MIDI profile; the page's files are missing.
        PortInUseError: another program listens there.
        PictureError: a picture of the session cannot be used.
        MemoryBlockError: no room in shared memory.
    """
    token = entrance.token or tokens.new_token()
    configure_logging(log_format, Credentials(token, entrance.view_token).secrets)
    runs_folder = None if memory_folder is None else memory_folder / "runs"
    with open_run(runs_folder, resume=resume, name=run) as played:
        session = played.session(session)
        host = session.server.host
        require_token_if_public(host, entrance.token, encrypted=entrance.tls is not None)
        web = web_folder()
        if swept := remove_stale_segments() + remove_stale_folders():
            log_event(_log, logging.WARNING, "swept", leftovers=swept, of="killed processes")
        listener = bind_socket(host, session.server.port)
        with (
            install_signal_handlers() as told,
            contextlib.closing(listener),
            ThreadPoolExecutor(1, "pictures") as loading,
            ThreadPoolExecutor(1, "jpeg") as encoding,
        ):
            paths, prepared = _prepare_all(session, played)
            # Here: the decoders run while most of what serves is imported …
            from styletune.server.build import build_server

            # … and the first worker imports its own while that is put together. Not earlier, or
            # the page would have to wait for it on a machine with few cores.
            hung = session.with_overrides(pictures=paths)
            make = make_painter or partial(_supervisor, checkpoints=played.checkpoints)
            painter = make(hung, played.pictures)
            server = build_server(
                session,
                played,
                replace(entrance, token=token),
                port=listener.getsockname()[1],
                web=web,
                pictures=list(prepared),
                painter=painter,
                memory_folder=memory_folder,
                controllers_folder=controllers_folder,
                loading=loading,
                encoding=encoding,
                open_browser=open_browser,
                told=told,
            )
            use_batch_scheduling(children=False)  # among them the painter
            return asyncio.run(server.run_until_told(listener))


def _supervisor(session: SessionConfig, folder: Path, *, checkpoints: Path) -> "Supervisor":
    from styletune.supervisor.supervisor import Supervisor

    limits = SupervisorTimeouts() if session.server.spare else SupervisorTimeouts(spare_s=math.inf)
    supervisor = Supervisor(
        session, folder=folder, checkpoints=checkpoints, warm_up=preload, limits=limits
    )
    supervisor.prepare()
    return supervisor


def _prepare_all(
    session: SessionConfig, run: RunFolder
) -> tuple[dict[str, str | tuple[str, ...]], Iterator[DecodedPicture]]:
    """Decode content and styles here, so that the worker only ever reads our own PNG.

    Returns:
        Where they will lie, as `[pictures]` of a session has them; and the pictures, which
        are waited for.
    """
    sources: Sequence[str] = (session.pictures.content, *session.pictures.styles)
    data = [decode.read_bytes(source) for source in sources]
    hung = run.note.pictures or [
        PictureRef(file=f"{secrets.token_hex(8)}.png", name=Path(source).stem) for source in sources
    ]
    paths = [run.pictures / one.file for one in hung]

    def prepare(source: str, data: bytes, hung: PictureRef, path: Path) -> DecodedPicture:
        return decode_in_subprocess(data, hung.name, path, source=source)

    executor = ThreadPoolExecutor(2, "decoding")
    prepared = executor.map(prepare, sources, data, hung, paths)
    executor.shutdown(wait=False)  # takes no more; what it has is done
    content, *styles = map(str, paths)
    return {"content": content, "styles": tuple(styles)}, prepared
