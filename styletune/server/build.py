"""The house in which a session is played: hub, page, guard and server, put together.

Pictures, painter and who gets in come in; a server that is ready to run goes out. Importing
it takes most of the start of the web process. Knows nothing about the command line.
"""

import os
import sys
import threading
import webbrowser
from collections.abc import Sequence
from concurrent.futures import Executor
from functools import partial
from logging import INFO, getLogger
from pathlib import Path

from styletune.config import SessionConfig
from styletune.logs import log_event
from styletune.midi import profile as midi_profile
from styletune.midi.profile import ProfileStore
from styletune.server.app import create_app
from styletune.server.auth.middleware import AuthMiddleware
from styletune.server.decoding import DecodedPicture
from styletune.server.frame_stream import FrameStream
from styletune.server.hub import Hub
from styletune.server.lifecycle import ManagedWorker, Server, uvicorn_config
from styletune.server.options import ServerOptions, format_host, login_url
from styletune.server.pictures import SourcePictures
from styletune.server.runs import PictureRef, RunFolder, RunManifest, autosave
from styletune.server.signals import ShutdownFlag
from styletune.server.storage import SavedSession, SessionStore
from styletune.session.scenes import SceneList
from styletune.session.session import Session

_log = getLogger(__name__)


def build_server(
    session: SessionConfig,
    run: RunFolder,
    entrance: ServerOptions,
    *,
    port: int,
    web: Path,
    pictures: Sequence[DecodedPicture],
    painter: ManagedWorker,
    memory_folder: Path | None,
    controllers_folder: Path | None,
    loading: Executor,
    encoding: Executor,
    open_browser: bool,
    told: ShutdownFlag,
) -> Server:
    """Put everything together; nothing runs yet.

    Args:
        entrance: with a token.
        pictures: the content, then the styles.
        loading, encoding: threads for uploads, and for pictures on their way to viewers.

    The others are those of `serve`.

    Raises:
        ConfigError: an unknown or damaged controller profile.
    """
    assert entrance.token is not None  # the caller's to see to
    shelf = ProfileStore(controllers_folder)
    profile = session.midi.profile and midi_profile.named(session.midi.profile)
    memory = None if memory_folder is None else SessionStore(memory_folder)
    kept = SavedSession() if memory is None else memory.load()
    live = Session(
        session.table(),
        session.positions(),
        profiles=shelf.profiles,
        profile=profile or None,
        save_profile=shelf.keep,
        scenes=SceneList(kept.scenes, a=kept.a, b=kept.b),
    )
    content, *styles = pictures
    source_pictures = SourcePictures(content, styles)
    hub = Hub(live, source_pictures, painter, FrameStream(encoding), memory)
    folder, seed = run.pictures, session.painting.seed
    guard = AuthMiddleware(
        create_app(hub, web=web, folder=folder, executor=loading, seed=seed),
        entrance.token,
        view_token=entrance.view_token,
        allowed_hosts=(*entrance.allowed_hosts, format_host(session.server.host)),
        public=entrance.public,
        root_path=entrance.root_path,
        counts=hub.stats.refusals,
    )
    announce = partial(_print_urls, guard, entrance.base(session.server.host, port), open_browser)
    config = uvicorn_config(guard, entrance.tls)
    return Server(
        config, painter, hub, announce, told, partial(autosave, run, partial(_run_manifest, hub))
    )


def _run_manifest(hub: Hub) -> RunManifest:
    """Where the run stands."""
    hung = [PictureRef(file=shown.path.name, name=shown.name) for shown in hub.pictures.current]
    return RunManifest(controls=hub.session.state.controls(), pictures=hung)


def _print_urls(guard: AuthMiddleware, base: str, open_browser: bool) -> None:
    """Say where it listens."""
    log_event(_log, INFO, "listening", address=base)
    for token in filter(None, (guard.token, guard.view_token)):
        print(login_url(base, token), flush=True)
    if open_browser:
        # Not the token: it would stand in the browser's command line for all to read.
        _open_browser(login_url(base, guard.one_time_token()))


def _open_browser(url: str) -> None:
    """Open a browser in a thread, where there is a desktop: a text browser would take over."""
    on_desktop = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if on_desktop:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
