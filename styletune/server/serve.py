"""`styletune serve`: the web process from its start to its end, on the main thread.

The URL with the token is the only line on stdout, with the viewers' URL below it where there is
one; all else goes to stderr.
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

from styletune import memory
from styletune.config import SessionConfig
from styletune.files import make_private_folder, printable, remove_stale_temporaries, web_folder
from styletune.images import decode
from styletune.ipc.commands import TakeFolders
from styletune.ipc.segments import remove_stale_segments
from styletune.logs import configure_logging, log_event
from styletune.process_priority import use_batch_scheduling
from styletune.server.auth.credentials import Credentials
from styletune.server.decoding import DecodedPicture, decode_in_subprocess
from styletune.server.library import check_folder
from styletune.server.options import (
    ServerOptions,
    bind_socket,
    new_token,
    require_token_if_public,
)
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
    options: ServerOptions,
    log_format: str = "key-value",
    memory_folder: Path | None = None,
    resume: bool = False,
    run: str | None = None,
    controllers_folder: Path | None = None,
    looks_folder: Path | None = None,
    takes_folder: Path | None = None,
    renders_folder: Path | None = None,
    make_worker: "Callable[[SessionConfig, Path], ManagedWorker] | None" = None,
) -> int:
    """Serve a session until SIGINT or SIGTERM, and return the exit code.

    Args:
        session: its pictures are files, not names of samples.
        open_browser: open the page where there is a browser.
        options: who gets in, and how; without a token a new one is made.
        log_format: one of `logs.FORMATS`.
        memory_folder: where scenes and values are kept; None: nowhere.
        resume: go on where the last run of the session was: picture, values, pictures, step.
        run: the name of the run to resume; None: the last one.
        controllers_folder: of a person's own controller profiles; None: there are none.
        looks_folder: of a person's own looks; None: there are none, and none is learned.
        takes_folder: of a person's takes; None: nothing is recorded.
        renders_folder: of a person's large pictures; None: none is painted.
        make_worker: from the session and the folder of its pictures; None: the supervisor of a
            real worker.

    Raises:
        CheckpointError: there is no such run, or another process is painting it.
        ConfigError: an address without loopback and without a token, or one that cannot be
            listened on; an unknown MIDI profile; the folder of pictures cannot be read; the page's
            files are missing.
        PortInUseError: another program listens there.
        PictureError: a picture of the session cannot be used.
        MemoryBlockError: no room in shared memory.
    """
    token = options.token or new_token()
    configure_logging(log_format, Credentials(token, options.view_token).secrets)
    check_folder(session.server.pictures)
    runs_folder = None
    if memory_folder is not None:
        runs_folder = memory_folder / "runs"
        with contextlib.suppress(OSError):  # who writes there says so
            make_private_folder(memory_folder)
    with open_run(runs_folder, resume=resume, name=run) as run_folder:
        session, smaller = memory.fit_session(run_folder.configure(session))
        if smaller:
            _log.warning("%s", smaller)
        host = session.server.host
        require_token_if_public(host, options.token, encrypted=options.tls is not None)
        web = web_folder()
        removed = remove_stale_segments() + remove_stale_folders()
        kept = (memory_folder, controllers_folder, looks_folder, takes_folder, renders_folder)
        for folder in filter(None, kept):
            removed += remove_stale_temporaries(folder.rglob(".*"))
        if removed:
            log_event(_log, logging.WARNING, "swept", leftovers=removed, of="killed processes")
        listener = bind_socket(host, session.server.port)
        with (
            install_signal_handlers() as shutdown,
            contextlib.closing(listener),
            ThreadPoolExecutor(1, "pictures") as decoding,
            ThreadPoolExecutor(1, "jpeg") as encoding,
        ):
            paths, decoded = _decode_all(session, run_folder)
            # Here: the decoders run while most of what serves is imported …
            from styletune.server.build import build_server

            # … and the first worker imports its own while that is put together. Not earlier, or
            # the page would have to wait for it on a machine with few cores.
            recordings = None
            if takes_folder is not None:
                recordings = TakeFolders(str(run_folder.recent), str(takes_folder))
            make = make_worker or partial(
                _supervisor, checkpoints=run_folder.checkpoints, recordings=recordings
            )
            worker = make(session.with_overrides(pictures=paths), run_folder.pictures)
            server = build_server(
                session,
                run_folder,
                replace(options, token=token),
                port=listener.getsockname()[1],
                web=web,
                pictures=list(decoded),
                worker=worker,
                memory_folder=memory_folder,
                controllers_folder=controllers_folder,
                looks_folder=looks_folder,
                takes_folder=takes_folder,
                renders_folder=renders_folder,
                decoding=decoding,
                encoding=encoding,
                open_browser=open_browser,
                shutdown=shutdown,
            )
            use_batch_scheduling(children=False)  # among them the painter
            return asyncio.run(server.run_until_shutdown(listener))


def _supervisor(
    session: SessionConfig, folder: Path, *, checkpoints: Path, recordings: TakeFolders | None
) -> "Supervisor":
    from styletune.supervisor.supervisor import Supervisor

    timeouts = SupervisorTimeouts()
    if not session.server.spare:
        timeouts = replace(timeouts, standby_after_s=math.inf)
    supervisor = Supervisor(
        session, folder=folder, checkpoints=checkpoints, recordings=recordings,
        warm_up=preload, timeouts=timeouts,
    )  # fmt: skip
    supervisor.prestart()
    return supervisor


def _decode_all(
    session: SessionConfig, run: RunFolder
) -> tuple[dict[str, str | tuple[str, ...]], Iterator[DecodedPicture]]:
    """Decode content and styles here, so that the worker only ever reads our own PNG.

    Returns:
        Where they will lie, as `[pictures]` of a session has them; and the pictures, which
        are waited for.
    """
    sources: Sequence[str] = (session.pictures.content, *session.pictures.styles)
    data = [decode.read_bytes(source) for source in sources]
    refs = run.manifest.pictures or [
        PictureRef(file=f"{secrets.token_hex(8)}.png", name=printable(Path(source).stem))
        for source in sources
    ]
    paths = [run.pictures / ref.file for ref in refs]

    def decode_one(source: str, data: bytes, ref: PictureRef, path: Path) -> DecodedPicture:
        max_pixels = session.pictures.max_pixels
        return decode_in_subprocess(data, ref.name, path, source=source, max_pixels=max_pixels)

    executor = ThreadPoolExecutor(2, "decoding")
    decoded = executor.map(decode_one, sources, data, refs, paths)
    executor.shutdown(wait=False)  # takes no more; what it has is done
    content, *styles = map(str, paths)
    return {"content": content, "styles": tuple(styles)}, decoded
