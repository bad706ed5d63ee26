"""The look that is chosen, and what it paints, over HTTP."""

import asyncio
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from styletune.ipc.commands import MAX_CAMERA_BYTES, CommandRejected
from styletune.looks import file as look_file
from tests.support.web_process import VIEWER, WAIT_S, receive, running


def rewritten(path: Path, out: Path, **changes: object) -> Path:
    """A copy of a look whose info says something else."""
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name == "look.json":
                data = json.dumps(json.loads(data) | changes).encode()
            target.writestr(name, data)
    return out


async def test_a_look_is_chosen_and_switched_off_again(
    tmp_path: Path, look_path: Path, monkeypatch
) -> None:
    other = {"network": {"name": "lite", "layers": ["block1_conv1"]}}
    looks = {
        "small": look_path,
        "old": rewritten(look_path, tmp_path / "old.keras", version=99),
        "few": rewritten(look_path, tmp_path / "few.keras", session=other),
        "gone": tmp_path / "gone.keras",
    }
    (tmp_path / "cut.keras").write_bytes(look_path.read_bytes()[:1000])
    monkeypatch.setattr(look_file, "shipped", lambda: looks | {"cut": tmp_path / "cut.keras"})
    films = tmp_path / "films"
    films.mkdir()
    (films / "walk.mp4").write_bytes(b"a film, or not: the worker finds out")
    (films / "notes.txt").write_text("none")
    async with (
        running(tmp_path, pictures=films) as server,
        server.socket("/ws") as socket,
    ):
        await receive(socket, "snapshot")

        async def put(body: object, path: str = "/api/look", **options) -> tuple[int, dict]:
            answer = await server.http.put(path, json=body, **options)
            return answer.status_code, answer.json()

        assert await put({"look": "small"}) == (200, {"look": "small"})
        changed = await receive(socket, "changed")
        assert changed["controls"] == {"look": True}
        assert server.painter.sources.look == str(look_path)
        for name, status, why in (
            ("nothing", 404, "no look `nothing`"),
            ("old", 422, "version 99"),
            ("few", 422, "taught the layers block1_conv1;"),
            ("gone", 422, "no such look"),
            ("cut", 422, "damaged"),
        ):
            code, answer = await put({"look": name})
            assert str(tmp_path) not in answer["message"]
            assert (code, why in answer["message"]) == (status, True), answer
        for body in ({}, {"look": 3}, [], {"look": "small", "more": 1}):
            assert (await put(body))[0] == 422
        assert server.painter.sources.look == str(look_path)
        code, answer = await put({"look": "small"}, headers=VIEWER)
        assert code == 403
        assert await put({"look": None}) == (200, {"look": "small"})
        assert (await receive(socket, "changed"))["controls"] == {"look": False}

        # One that the worker cannot play: its switch goes off, and everybody is told why.
        await put({"look": "small"})
        await receive(socket, "changed")
        server.painter.tell(CommandRejected("look", "it cannot be run"))
        assert (await receive(socket, "changed"))["controls"] == {"look": False}

        server.painter.sources.live = "camera"
        assert await put({"source": "content"}, "/api/source") == (200, {"source": "content"})
        assert server.painter.sources.live == "content"
        assert (await put({"source": "moon"}, "/api/source"))[0] == 422
        found = (await server.http.get("/api/films")).json()["films"]
        assert [film["name"] for film in found] == ["walk"]
        film = {"source": "film", "film": found[0]["id"]}
        assert await put(film, "/api/source") == (200, {"source": "film"})
        assert server.painter.sources.live == str(films / "walk.mp4")
        assert (await put({"source": "film", "film": "../x"}, "/api/source"))[0] == 404
        assert (await put({"source": "film"}, "/api/source"))[0] == 404


async def test_the_newest_camera_is_the_source_and_its_pictures_wait_to_be_taken(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server:
        painter = server.painter
        async with server.socket("/ws/camera") as first:
            await first.send(b"one")
            assert await receive(first, "taken")
            assert (painter.sources.live, painter.camera) == ("camera", [b"one"])
            async with server.socket("/ws/camera") as second:
                with pytest.raises(ConnectionClosed) as closed:
                    await first.recv()
                assert (closed.value.rcvd.code, "another page" in closed.value.rcvd.reason) == (
                    4409,
                    True,
                )
                await second.send(b"two")
                await receive(second, "taken")
                assert (painter.sources.live, painter.camera[1:]) == ("camera", [b"two"])
                await second.send(bytes(MAX_CAMERA_BYTES + 1))
                with pytest.raises(ConnectionClosed) as closed:
                    await second.recv()
                assert closed.value.rcvd.code == 4422
                assert "64 kB" in closed.value.rcvd.reason
        assert len(painter.camera) == 2
        await until(lambda: painter.sources.live == "content")
        with pytest.raises(InvalidStatus, match="403"):
            async with server.socket("/ws/camera", **VIEWER):
                pass
        assert painter.sources.live == "content"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)
