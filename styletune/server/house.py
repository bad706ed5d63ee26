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
from styletune.server.address import shown
from styletune.server.app import create_app
from styletune.server.entrance import Entrance, with_token
from styletune.server.frames import PictureFeed
from styletune.server.gallery import Gallery
from styletune.server.guard import Guard
from styletune.server.hub import Hub
from styletune.server.lifecycle import Painter, Server, uvicorn_config
from styletune.server.memory import Memory, Remembered
from styletune.server.prepared import Prepared
from styletune.server.runs import Hung, Note, Run, keep
from styletune.server.told import Told
from styletune.session.scenes import SceneList
from styletune.session.session import Session

_log = getLogger(__name__)


def build(
    session: SessionConfig,
    run: Run,
    entrance: Entrance,
    *,
    port: int,
    web: Path,
    pictures: Sequence[Prepared],
    painter: Painter,
    memory_folder: Path | None,
    controllers_folder: Path | None,
    loading: Executor,
    encoding: Executor,
    open_browser: bool,
    told: Told,
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
    memory = None if memory_folder is None else Memory(memory_folder)
    kept = Remembered() if memory is None else memory.load()
    live = Session(
        session.table(),
        session.positions(),
        profiles=shelf.profiles,
        profile=profile or None,
        keep=shelf.keep,
        book=SceneList(kept.scenes, a=kept.a, b=kept.b),
    )
    content, *styles = pictures
    gallery = Gallery(content, styles)
    hub = Hub(live, gallery, painter, PictureFeed(encoding), memory)
    folder, seed = run.pictures, session.painting.seed
    guard = Guard(
        create_app(hub, web=web, folder=folder, executor=loading, seed=seed),
        entrance.token,
        view_token=entrance.view_token,
        allowed_hosts=(*entrance.allowed_hosts, shown(session.server.host)),
        public=entrance.public,
        root_path=entrance.root_path,
        counts=hub.tally.refusals,
    )
    announce = partial(_announce, guard, entrance.base(session.server.host, port), open_browser)
    config = uvicorn_config(guard, entrance.tls)
    return Server(config, painter, hub, announce, told, partial(keep, run, partial(_note, hub)))


def _note(hub: Hub) -> Note:
    """Where the run stands."""
    hung = [Hung(file=shown.path.name, name=shown.name) for shown in hub.gallery.shown]
    return Note(controls=hub.session.controls(), pictures=hung)


def _announce(guard: Guard, base: str, open_browser: bool) -> None:
    """Say where it listens."""
    log_event(_log, INFO, "listening", address=base)
    for token in filter(None, (guard.token, guard.view_token)):
        print(with_token(base, token), flush=True)
    if open_browser:
        # Not the token: it would stand in the browser's command line for all to read.
        _open_browser(with_token(base, guard.ticket()))


def _open_browser(url: str) -> None:
    """Open a browser in a thread, where there is a desktop: a text browser would take over."""
    on_desktop = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    if on_desktop:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
