import asyncio
import contextlib
import errno
import json
import logging
import os
import threading
from pathlib import Path

import pytest

from styletune.errors import StorageError
from styletune.server.storage import Autosaver, SavedSession, SessionStore, session_dir
from styletune.session.scenes import Scene

DAWN = Scene(name="dawn", saved=12.5, controls={"smooth": 0.25, "average": True, "color": "full"})
DUSK = Scene(name="dusk / é", saved=13.5, controls={})
NIGHT = Scene(name="night", saved=14.0, controls={"smooth": 1.0})
SOME = SavedSession({"smooth": 0.5, "paused": False, "color": "full"}, (DAWN, DUSK), "dawn", None)


def save(folder: Path, *sessions: SavedSession) -> None:
    with contextlib.closing(SessionStore(folder)) as store:
        for one in sessions:
            store.save(one)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "down"
    assert SessionStore(folder).load() == SavedSession()
    save(folder, SOME)
    assert SessionStore(folder).load() == SOME
    assert SessionStore(folder).load().controls["paused"] is False
    assert sorted(path.name for path in folder.iterdir()) == ["lock", "scenes.json", "values.json"]


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    store.save(SOME)
    scenes = (tmp_path / "scenes.json").stat().st_ino
    values = (tmp_path / "values.json").stat().st_ino
    store.save(SavedSession({"smooth": 0.6}, SOME.scenes, SOME.a, SOME.b))
    assert (tmp_path / "scenes.json").stat().st_ino == scenes
    assert (tmp_path / "values.json").stat().st_ino != values
    store.close()


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"version":2}', b'{"scenes":[{"name":""}]}', b"\0" * 4096],
)
def test_a_damaged_file_is_set_aside_and_nothing_is_lost(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    save(tmp_path, SOME)
    (tmp_path / "scenes.json").write_bytes(damage)
    for number in (1, 2):
        store = SessionStore(tmp_path)
        loaded = store.load()
        assert loaded.scenes == ()
        assert loaded.controls == SOME.controls
        store.save(SOME)
        store.close()
        assert (tmp_path / "scenes.damaged-1.json").read_bytes() == damage
        if number == 1:
            (tmp_path / "scenes.json").write_bytes(b"{ again")
    assert (tmp_path / "scenes.damaged-2.json").read_bytes() == b"{ again"
    assert "scenes.json is damaged" in caplog.text
    assert "was set aside as scenes.damaged-1.json" in caplog.text


def test_a_second_process_saves_once_the_first_has_ended(tmp_path: Path) -> None:
    first, second = SessionStore(tmp_path), SessionStore(tmp_path)
    first.save(SOME)
    assert second.load() == SOME
    mine = SavedSession({"smooth": 1.0}, (DAWN, NIGHT))  # dusk was deleted here
    with pytest.raises(StorageError, match="another styletune plays this session"):
        second.save(mine)
    noon = Scene(name="noon", saved=15.0, controls={"smooth": 0.0})
    theirs = SavedSession(
        {"smooth": 0.0}, (*SOME.scenes, noon, NIGHT.model_copy(update={"saved": 1}))
    )
    first.save(theirs)
    assert SessionStore(tmp_path).load() == theirs
    first.close()
    second.save(mine)
    # What the first has stored meanwhile stays, but for a name that both have.
    kept = SavedSession(mine.controls, (DAWN, NIGHT, noon))
    assert SessionStore(tmp_path).load() == kept
    second.close()


def test_each_session_file_has_a_folder_and_none_has_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STYLETUNE_DATA", str(tmp_path))
    assert session_dir(None) == tmp_path / "sessions" / "default"
    one, other = session_dir("a/show.toml"), session_dir("b/show.toml")
    assert one != other
    assert one.name.startswith("show-")
    assert session_dir("a/../a/show.toml") == one
    assert session_dir(None, tmp_path / "x") == tmp_path / "x" / "sessions" / "default"


async def test_changes_are_saved_soon_and_at_the_end(tmp_path: Path) -> None:
    states, saved = [SavedSession()], list[SavedSession]()
    saver = Autosaver(
        lambda: states[-1], saved.append, saved=states[0], failure="", interval_s=0.01
    )
    task = asyncio.create_task(saver.run())
    await asyncio.sleep(0.05)
    assert saved == []
    states.append(SOME)
    async with asyncio.timeout(30):
        while not saved:
            await asyncio.sleep(0.01)
    states.append(SavedSession({"smooth": 1.0}))
    task.cancel()
    await asyncio.wait([task])
    assert saved == states[1:]


async def test_an_older_state_is_never_written_last() -> None:
    number, saved, go_on = [1], list[int](), threading.Event()

    def save(state: int) -> None:
        if state == 1:
            go_on.wait(30)
        saved.append(state)

    saver = Autosaver(lambda: number[-1], save, saved=0, failure="", interval_s=0.01)
    task = asyncio.create_task(saver.run())
    await asyncio.sleep(0.1)
    number.append(2)
    task.cancel()
    asyncio.get_running_loop().call_later(0.05, go_on.set)
    await asyncio.wait([task])
    assert saved == [1, 2]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ValueError("bug")])
@pytest.mark.parametrize("room", ["soon", "at the end", ""])
async def test_what_could_not_be_saved_is_tried_again_and_at_the_end(
    error: Exception, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    saved, reports, faults = list[int](), list[str](), [error]

    def save(state: int) -> None:
        for fault in faults:
            raise fault
        saved.append(state)

    saver = Autosaver(
        lambda: 1, save, saved=0, failure="not kept", interval_s=0.01,
        report=lambda _, why: reports.append(why),
    )  # fmt: skip
    task = asyncio.create_task(saver.run())
    async with asyncio.timeout(30):
        while len(reports) < 3:
            await asyncio.sleep(0.01)
    assert set(reports) == {"No space left on device" if isinstance(error, OSError) else "bug"}
    if room == "soon":
        faults.clear()
        async with asyncio.timeout(30):
            while reports[-1]:
                await asyncio.sleep(0.01)
    task.cancel()
    if room:
        asyncio.get_running_loop().call_later(0.005, faults.clear)
    await asyncio.wait([task])
    assert saved == ([1] if room else [])
    assert ("lost with the end of this server: not kept" in caplog.text) is (not room)


async def test_a_folder_that_cannot_be_written_is_logged_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    store = SessionStore(tmp_path / "file" / "folder")
    saver = Autosaver(
        lambda: SOME, store.save, saved=SavedSession(), interval_s=0.001,
        failure="scenes and values cannot be kept",
    )  # fmt: skip
    caplog.set_level(logging.WARNING)
    task = asyncio.create_task(saver.run())
    await asyncio.sleep(0.1)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])
    assert caplog.text.count("scenes and values cannot be kept") == 2  # and at the end


def test_the_files_are_plain_json(tmp_path: Path) -> None:
    save(tmp_path, SOME)
    scenes = json.loads((tmp_path / "scenes.json").read_text())
    assert scenes["scenes"][0] == {
        "name": "dawn", "saved": 12.5,
        "controls": {"smooth": 0.25, "average": True, "color": "full"},
    }  # fmt: skip
    assert (scenes["a"], scenes["b"], scenes["version"]) == ("dawn", None, 1)


def test_what_cannot_be_read_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "values.json").write_bytes(b"somebody else's")

    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with contextlib.closing(SessionStore(tmp_path)) as store:
        with monkeypatch.context() as patch:  # root may read everything
            patch.setattr(Path, "read_bytes", refuse)
            assert store.load() == SavedSession()
        with pytest.raises(StorageError, match="cannot be read: Permission denied"):
            store.save(SavedSession({"smooth": 0.5}))
    assert (tmp_path / "values.json").read_bytes() == b"somebody else's"
