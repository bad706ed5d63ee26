"""`styletune serve`: builds everything, listens, and ends it cleanly.

A session comes in; the exit code goes out. The URL with the token is the only line on
stdout, with the viewers' URL below it where one is asked for; all else goes to stderr. Runs
in the web process, on its main thread, which alone may handle signals.
"""

import asyncio
import contextlib
import logging
import math
import os
import secrets
import sys
import threading
import webbrowser
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from styletune import pictures
from styletune.assets import web_folder
from styletune.config import Session
from styletune.entry import warm_up
from styletune.midi import profile as midi_profile
from styletune.midi.shelf import Shelf
from styletune.server import token as tokens
from styletune.server.address import check_exposure, listen, shown
from styletune.server.app import create_app
from styletune.server.credentials import Credentials
from styletune.server.entrance import Entrance, with_token
from styletune.server.frames import PictureFeed
from styletune.server.gallery import Gallery
from styletune.server.guard import Guard
from styletune.server.hub import Hub
from styletune.server.lifecycle import Painter, Server, signals, uvicorn_config
from styletune.server.limits import Limits
from styletune.server.log import event, set_up
from styletune.server.memory import Memory, Remembered
from styletune.server.prepared import Prepared, prepare_apart
from styletune.server.runs import Hung, Note, Run, keep, playing
from styletune.server.scenes import SceneBook
from styletune.server.scratch import sweep_scratch
from styletune.server.session import LiveSession
from styletune.server.supervisor import Supervisor
from styletune.shared.leftovers import sweep_leftovers

_log = logging.getLogger(__name__)


def serve(
    session: Session,
    *,
    open_browser: bool,
    entrance: Entrance,
    log_format: str = "key-value",
    memory_folder: Path | None = None,
    resume: bool = False,
    run: str | None = None,
    controllers_folder: Path | None = None,
    make_painter: Callable[[Session, Path], Painter] | None = None,
) -> int:
    """Serve a session until SIGINT or SIGTERM, and return the exit code.

    Args:
        session: its pictures are files, not names of samples.
        open_browser: open the page where there is a browser.
        entrance: who gets in, and how.
        log_format: see `log.FORMATS`.
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
    token = entrance.token or tokens.new()
    set_up(log_format, Credentials(token, entrance.view_token).secrets)
    runs_folder = None if memory_folder is None else memory_folder / "runs"
    with playing(runs_folder, resume=resume, name=run) as played:
        session = played.session(session)
        return _play(
            session,
            played,
            open_browser,
            entrance,
            token,
            memory_folder,
            Shelf(controllers_folder),
            make_painter,
        )


def _play(
    session: Session,
    run: Run,
    open_browser: bool,
    entrance: Entrance,
    token: str,
    memory_folder: Path | None,
    shelf: Shelf,
    make_painter: Callable[[Session, Path], Painter] | None,
) -> int:
    host = session.server.host
    check_exposure(host, entrance.token, encrypted=entrance.tls is not None)
    web = web_folder()
    profile = session.midi.profile and midi_profile.named(session.midi.profile)
    memory = None if memory_folder is None else Memory(memory_folder)
    kept = Remembered() if memory is None else memory.load()
    live = LiveSession(
        session.table(),
        session.positions(),
        profiles=shelf.profiles,
        profile=profile or None,
        keep=shelf.keep,
        book=SceneBook(kept.scenes, a=kept.a, b=kept.b),
    )
    if swept := sweep_leftovers() + sweep_scratch():
        event(_log, logging.WARNING, "swept", leftovers=swept, of="killed processes")
    listener = listen(host, session.server.port)
    port = listener.getsockname()[1]
    with (
        signals() as told,
        contextlib.closing(listener),
        ThreadPoolExecutor(1, "pictures") as loading,
        ThreadPoolExecutor(1, "jpeg") as encoding,
    ):
        folder = run.pictures
        content, *styles = _prepare_all(session, run)
        prepared = session.replaced(
            pictures={
                "content": str(content.path),
                "styles": tuple(str(style.path) for style in styles),
            }
        )
        painter = (
            Supervisor(
                prepared,
                folder=folder,
                checkpoints=run.checkpoints,
                warm_up=warm_up,
                limits=Limits() if session.server.spare else Limits(spare_s=math.inf),
            )
            if make_painter is None
            else make_painter(prepared, folder)
        )
        gallery = Gallery(content, styles)
        hub = Hub(live, gallery, painter, PictureFeed(encoding), memory)
        guard = Guard(
            create_app(hub, web=web, folder=folder, executor=loading, seed=session.painting.seed),
            token,
            view_token=entrance.view_token,
            allowed_hosts=(*entrance.allowed_hosts, shown(host)),
            public=entrance.public,
            root_path=entrance.root_path,
            counts=hub.tally.refusals,
        )
        base = entrance.base(host, port)

        def announce() -> None:
            event(_log, logging.INFO, "listening", address=base)
            for token in filter(None, (guard.token, guard.view_token)):
                print(with_token(base, token), flush=True)
            if open_browser:
                # Not the token: it would stand in the browser's command line for all to read.
                _open_browser(with_token(base, guard.ticket()))

        def note() -> Note:
            hung = [Hung(file=shown.path.name, name=shown.name) for shown in gallery.shown]
            return Note(controls=live.controls(), pictures=hung)

        config = uvicorn_config(guard, entrance.tls)
        server = Server(config, painter, hub, announce, told, partial(keep, run, note))
        return asyncio.run(server.run_until_told(listener))


def _prepare_all(session: Session, run: Run) -> list[Prepared]:
    """Decode content and styles here, so that the worker only ever reads our own PNG."""
    sources: Sequence[str] = (session.pictures.content, *session.pictures.styles)
    data = [pictures.read_bytes(source) for source in sources]
    hung = run.note.pictures or [
        Hung(file=f"{secrets.token_hex(8)}.png", name=Path(source).stem) for source in sources
    ]

    def prepare(source: str, data: bytes, hung: Hung) -> Prepared:
        return prepare_apart(data, hung.name, run.pictures / hung.file, source=source)

    with ThreadPoolExecutor(2) as executor:
        return list(executor.map(prepare, sources, data, hung))


def _open_browser(url: str) -> None:
    """Open a browser in a thread, where there is a desktop: a text browser would take over."""
    on_desktop = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if on_desktop:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
