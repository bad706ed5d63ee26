"""Surprise me, and undo of the pictures that are painted from, over a real socket."""

from pathlib import Path
from typing import Any

import pytest

from styletune.errors import StorageError
from styletune.server.pictures import MAX_RECENT
from tests.server.test_app import picture
from tests.support.web_process import receive, running, send


async def names(socket: Any) -> list[str]:
    """What is painted from, content and styles, once that has changed."""
    message = await receive(socket, "pictures")
    return [picture["name"] for picture in (message["content"], *message["styles"])]


async def test_surprise_paints_in_another_style_and_one_undo_takes_all_back(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        before = (await receive(socket, "snapshot"))["controls"]
        await send(socket, {"type": "trigger", "name": "surprise"})
        assert (await receive(socket, "triggered"))["name"] == "surprise"
        changed = await receive(socket, "changed")
        moved = {name for name, value in changed["controls"].items() if value != before[name]}
        assert any(name.startswith("style.") for name in moved)
        assert (await receive(socket, "scenes"))["undo"] == 1
        assert await names(socket) in (
            ["navy", "strokes"], ["navy", "woodcut"], ["navy", "mosaic"],
        )  # fmt: skip

        await send(socket, {"type": "trigger", "name": "undo"})
        back = (await receive(socket, "changed"))["controls"]
        assert back == {name: before[name] for name in back}
        assert set(back) >= moved
        assert await names(socket) == ["navy", "style0"]
        await send(socket, {"type": "trigger", "name": "redo"})
        assert (await receive(socket, "changed"))["controls"] == changed["controls"]
        assert (await names(socket))[1] != "style0"


async def test_a_swap_an_added_and_a_removed_style_are_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path, styles=2) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        await send(socket, {"type": "set", "controls": {"style_gain.2": 0.25}})
        await server.http.put("/api/content", content=picture(20, 20))
        assert await names(socket) == ["uploaded content", "style0", "style1"]
        await server.http.put("/api/style/3", content=picture(30, 20))
        assert await names(socket) == ["uploaded content", "style0", "style1", "uploaded style 3"]
        await server.http.delete("/api/style/2")
        assert await names(socket) == ["uploaded content", "style0", "uploaded style 3"]
        undone = []
        for _ in range(3):
            await send(socket, {"type": "trigger", "name": "undo"})
            undone.append(await names(socket))
        assert undone == [
            ["uploaded content", "style0", "style1", "uploaded style 3"],
            ["uploaded content", "style0", "style1"],
            ["navy", "style0", "style1"],
        ]
        state = (await server.http.get("/api/state")).json()
        assert state["controls"]["style_gain.2"] == 0.25


async def test_a_picture_that_is_gone_leaves_all_as_they_are(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        await server.http.put("/api/content", content=picture(20, 20))
        await names(socket)
        for path in [known.path for known in server.hub.recent._pictures.values()]:
            path.unlink()
        await send(socket, {"type": "trigger", "name": "undo"})
        error = await receive(socket, "error")
        assert "cannot be saved" in error["message"]
        assert server.hub.pictures.current[0].name == "uploaded content"


async def test_without_room_for_a_picture_the_knobs_are_drawn_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        monkeypatch.setattr(server.hub.library, "_private", tmp_path / "gone")
        await send(socket, {"type": "trigger", "name": "surprise"})
        assert len((await receive(socket, "changed"))["controls"]) > 10
        assert server.hub.pictures.current[1].name == "style0"
        # A picture that is there, but cannot be saved a second time: refused, and played on.
        monkeypatch.undo()
        monkeypatch.setattr(server.hub.recent, "add", refuse)
        await send(socket, {"type": "trigger", "name": "surprise"})
        assert "no surprise: no room" in (await receive(socket, "error"))["message"]
        await send(socket, {"type": "set", "controls": {"smooth": 0.9}})
        assert (await receive(socket, "changed"))["controls"] == {"smooth": 0.9}


def refuse(picture: object) -> None:
    raise StorageError("no room")


async def test_a_picture_of_before_the_last_dozen_is_named_as_gone(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        for width in range(20, 20 + MAX_RECENT):
            await server.http.put("/api/content", content=picture(width, 20))
        for _ in range(MAX_RECENT):
            await send(socket, {"type": "trigger", "name": "undo"})
        assert "not among the recent ones" in (await receive(socket, "error"))["message"]
        assert server.hub.pictures.current[0].name == "uploaded content"
