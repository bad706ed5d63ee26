"""Session, hub, application and server of the web process, put together.

Apart from `serve`, which imports it late: that takes most of the start.
"""

import asyncio
import os
import sys
import textwrap
import threading
import webbrowser
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Executor
from functools import partial
from logging import INFO, getLogger
from pathlib import Path
from typing import Any

from styletune.config import SessionConfig
from styletune.ipc.commands import CAMERA_SOURCE, CONTENT_SOURCE
from styletune.logs import log_event
from styletune.midi import profile as midi_profile
from styletune.midi.profile_store import ProfileStore
from styletune.server.app import create_app
from styletune.server.auth.middleware import AuthMiddleware
from styletune.server.decoding import DecodedPicture
from styletune.server.frame_stream import FrameStream
from styletune.server.hub import Hub
from styletune.server.jobs.renders import LargeRender
from styletune.server.library import PictureLibrary
from styletune.server.lifecycle import ManagedWorker, Server, uvicorn_config
from styletune.server.looks.library import LookLibrary
from styletune.server.looks.training import LookTraining
from styletune.server.options import ServerOptions, format_host, login_url
from styletune.server.pictures import DecodedPictures
from styletune.server.runs import PictureRef, RunFolder, RunManifest
from styletune.server.signals import ShutdownFlag
from styletune.server.storage import Autosaver, SavedSession, SessionStore
from styletune.server.takes import TakeLibrary
from styletune.server.viewer_link import NOT_REACHABLE, ViewerLink, terminal_code
from styletune.session.scenes import SceneList
from styletune.session.session import Session

_log = getLogger(__name__)


def build_server(
    session: SessionConfig,
    run: RunFolder,
    options: ServerOptions,
    *,
    port: int,
    web: Path,
    pictures: Sequence[DecodedPicture],
    worker: ManagedWorker,
    memory_folder: Path | None,
    controllers_folder: Path | None,
    looks_folder: Path | None,
    takes_folder: Path | None,
    renders_folder: Path | None,
    decoding: Executor,
    encoding: Executor,
    open_browser: bool,
    shutdown: ShutdownFlag,
) -> Server:
    """Put everything together; nothing runs yet.

    Args:
        options: with a token.
        pictures: the content, then the styles.
        decoding: threads for uploads.
        encoding: threads for pictures on their way to viewers.

    The others are those of `serve`.

    Raises:
        ConfigError: an unknown or damaged controller profile.
    """
    assert options.token is not None  # the caller's to see to
    profiles = ProfileStore(controllers_folder)
    profile = session.midi.profile and midi_profile.load_named(session.midi.profile)
    store = None if memory_folder is None else SessionStore(memory_folder)
    saved = SavedSession() if store is None else store.load()
    frame_stream = FrameStream(encoding)
    live = Session(
        session.table(),
        session.positions(),
        profiles=profiles.profiles,
        profile=profile or None,
        scenes=SceneList(saved.scenes, a=saved.a, b=saved.b),
        thumbnail=frame_stream.thumbnail,
    )
    decoded = DecodedPictures(worker.sources, pictures)
    library = PictureLibrary(
        session.server.pictures,
        private=run.pictures,
        executor=decoding,
        max_pixels=session.pictures.max_pixels,
    )
    hub = Hub(live, decoded, library, worker, frame_stream)
    host = session.server.host
    base_url, public_url = options.base_url(host, port), options.public_url(host, port)
    viewers = options.view_token and ViewerLink(options.view_token, base_url, public_url)
    training, render = LookTraining(looks_folder), LargeRender(renders_folder)
    app = create_app(
        hub,
        web=web,
        folder=run.pictures,
        executor=decoding,
        config=session,
        viewers=viewers or None,
        looks=LookLibrary(looks_folder),
        training=training,
        takes=TakeLibrary(takes_folder, run.recent),
        render=render,
    )
    auth = AuthMiddleware(
        app,
        options.token,
        view_token=options.view_token,
        allowed_hosts=(*options.allowed_hosts, format_host(host)),
        public=options.public,
        root_path=options.root_path,
        refusals=hub.stats.refusals,
    )
    return Server(
        uvicorn_config(auth, options.tls),
        worker,
        hub,
        partial(_print_urls, auth, base_url, viewers or None, open_browser),
        shutdown,
        partial(
            _in_background,
            training.run,
            render.run,
            partial(_autosave, hub, run, store, profiles),
        ),
    )


async def _in_background(*work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async with asyncio.TaskGroup() as tasks:
        for run in work:
            tasks.create_task(run())


async def _autosave(
    hub: Hub, run: RunFolder, store: SessionStore | None, profiles: ProfileStore
) -> None:
    """Save the run, the session and the profiles until cancelled."""
    hub.set_not_kept("this run cannot be resumed later", run.not_kept)
    savers: list[Autosaver[Any]] = [
        Autosaver(
            partial(_run_manifest, hub), run.write,
            saved=run.manifest, failure="this run cannot be resumed as it is",
            report=hub.set_not_kept,
        ),
        Autosaver(
            lambda: dict(hub.session.midi.changed_profiles), profiles.save_all,
            saved={}, failure="controller profiles cannot be kept", report=hub.set_not_kept,
        ),
    ]  # fmt: skip
    if store is not None:
        session = partial(_saved_session, hub)
        failure = "scenes and values cannot be kept"
        savers.append(
            Autosaver(
                session, store.save, saved=session(), failure=failure, report=hub.set_not_kept
            )
        )
    try:
        # A group, as it waits for all of them at the end, too.
        async with asyncio.TaskGroup() as tasks:
            for saver in savers:
                tasks.create_task(saver.run())
    finally:
        if store is not None:
            store.close()


def _saved_session(hub: Hub) -> SavedSession:
    state = hub.session.state
    scenes = state.scenes
    return SavedSession(state.controls(), scenes.all, scenes.a, scenes.b)


def _run_manifest(hub: Hub) -> RunManifest:
    pictures = [PictureRef(file=shown.path.name, name=shown.name) for shown in hub.pictures.current]
    return RunManifest(
        controls=hub.session.state.controls(),
        pictures=pictures,
        look="" if hub.live.look is None else str(hub.live.look.absolute()),
        source=CONTENT_SOURCE if hub.live.source == CAMERA_SOURCE else hub.live.source,
    )


def _print_urls(
    auth: AuthMiddleware, base_url: str, viewers: ViewerLink | None, open_browser: bool
) -> None:
    """Print where it listens, and open a browser if that is wanted."""
    log_event(_log, INFO, "listening", address=base_url)
    if sys.stdout.isatty():
        code = terminal_code(viewers.url) if viewers else ""
        print(address_block(base_url, auth.token, viewers, code), flush=True)
    else:  # a program reads them: one a line, the player's first
        for token in filter(None, (auth.token, auth.view_token)):
            print(login_url(base_url, token), flush=True)
    if open_browser:
        # Not the token: it would stand in the browser's command line for all to read.
        _open_browser(login_url(base_url, auth.one_time_token()))


def address_block(
    base_url: str, token: str, viewers: ViewerLink | None = None, code: str = ""
) -> str:
    """What a person at a terminal has to know: what to open, for whom, and how it ends.

    Args:
        code: the viewers' address as a QR code; empty: there is none.
    """
    lines = {
        "play": login_url(base_url, token),
        "watch only": viewers.url if viewers else "",
        "projector": login_url(base_url + "stage", viewers.token if viewers else token),
        "end": "Ctrl-C; the same command with --resume goes on where it was",
    }
    rows = [f"  {label:<11} {text}" for label, text in lines.items() if text]
    if code:
        rows += ["", code, "  watch only: point a phone's camera at it"]
    if viewers and not viewers.public_url:
        rows += ["", *textwrap.wrap(NOT_REACHABLE, 76, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join(["", *rows, ""])


def _open_browser(url: str) -> None:
    """Open a browser in a thread, where there is a desktop: a text browser would take over."""
    on_desktop = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if on_desktop:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
