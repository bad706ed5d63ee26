"""What the server saves by itself, and what it lets clients know about that."""

import asyncio
import contextlib
import threading
import time
from pathlib import Path

import pytest

from styletune.midi.profile import find
from styletune.midi.profile_store import ProfileStore
from styletune.server.build import _autosave, address_block
from styletune.server.runs import RunFolder
from styletune.server.storage import SavedSession, SessionStore
from styletune.server.viewer_link import ViewerLink
from tests.support.web_process import BEARER, WAIT_S, receive, running, until

PROFILE = """
name = "mine"
devices = ["my box"]
[[controls]]
target = "smooth"
number = 7
"""


async def test_what_was_answered_while_the_disk_was_full_is_saved_once_there_is_room(
    tmp_path: Path,
) -> None:
    blocked = tmp_path / "disk"
    blocked.write_text("in the way of every folder")
    store, profiles = SessionStore(blocked / "session"), ProfileStore(blocked / "controllers")
    async with running(tmp_path) as server, server.socket("/ws", **BEARER) as socket:
        saving = asyncio.create_task(
            _autosave(server.hub, RunFolder(blocked / "run"), store, profiles)
        )
        await asyncio.sleep(0)  # it has begun
        put = await server.http.put("/api/scenes/dawn", json={"controls": {"smooth": 0.25}})
        assert put.status_code == 200
        put = await server.http.put("/api/bindings/my box", content=PROFILE)
        assert put.status_code == 204
        error = await receive(socket, "error")
        assert (error["code"], error["message"][-15:]) == ("not_kept", "Not a directory")
        failures = {
            "this run cannot be resumed as it is",
            "scenes and values cannot be kept",
            "controller profiles cannot be kept",
        }
        await until(lambda: len(server.hub.state().not_kept or ()) == 3)
        state = (await server.http.get("/api/state")).json()["state"]
        assert {text.split(":")[0] for text in state["not_kept"]} == failures
        blocked.unlink()
        (blocked / "run").mkdir(parents=True)
        await until(lambda: server.hub.state().not_kept is None)
        assert [scene.name for scene in SessionStore(blocked / "session").load().scenes] == ["dawn"]
        own = find("my box", ProfileStore(blocked / "controllers").profiles)
        assert own is not None
        assert own.name == "mine"
        assert (await receive(socket, "state"))["not_kept"]
        saving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await saving


def test_a_terminal_is_given_each_address_with_its_purpose() -> None:
    base = "http://127.0.0.1:8001/"
    block = address_block(base, "play-token", ViewerLink("view-token", base), "██ ▄▄█")
    rows = [line.split(maxsplit=1) for line in block.splitlines() if line]
    assert [row[0] for row in rows][:5] == ["play", "watch", "projector", "end", "██"]
    assert "Only browsers on this machine reach this address" in block
    assert rows[0][1] == f"{base}?token=play-token"
    assert rows[1][1].split() == ["only", f"{base}?token=view-token"]
    assert rows[2][1] == f"{base}stage?token=view-token"
    assert "--resume" in rows[3][1]
    alone = address_block(base, "play-token")
    assert "watch" not in alone
    assert f"{base}stage?token=play-token" in alone


async def test_the_end_waits_for_what_is_being_saved_and_saves_what_came_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, begun = SessionStore(tmp_path / "session"), threading.Event()
    save = store.save

    def save_slowly(session: SavedSession) -> None:
        begun.set()
        time.sleep(0.3)
        save(session)

    monkeypatch.setattr(store, "save", save_slowly)
    async with running(tmp_path) as server:
        run = RunFolder(tmp_path)
        saving = asyncio.create_task(_autosave(server.hub, run, store, ProfileStore(None)))
        await asyncio.sleep(0)
        await server.http.put("/api/scenes/early", json={"controls": {}})
        await asyncio.to_thread(begun.wait, WAIT_S)
        server.hub.session.state.store("late")
        saving.cancel()
        await asyncio.wait([saving])
    names = [scene.name for scene in SessionStore(tmp_path / "session").load().scenes]
    assert names == ["early", "late"]
