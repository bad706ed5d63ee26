"""Scenes and saved states over HTTP, over a real socket."""

import base64
import contextlib
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from styletune.errors import SceneError
from styletune.images.png_metadata import read_session
from styletune.server.routes.scenes import Exported
from styletune.session.scenes import MAX_BYTES, MAX_SCENES, Scene, SceneList
from tests.server.test_app import picture
from tests.support.web_process import receive, running, send, until


async def test_scenes_are_kept_given_and_forgotten(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        for name, path in (("dawn", "dawn"), ("a/b é?", "a%2Fb%20%C3%A9%3F")):
            scene = {"controls": {"smooth": 0.25, "average": True, "far.off": 0.5}}
            put = await server.http.put(f"/api/scenes/{path}", json=scene)
            assert (put.status_code, put.json()) == (200, {"scenes": 1, "skipped": 1})
            told = await receive(socket, "scenes")
            assert told["scenes"][-1]["name"] == name
            got = (await server.http.get(f"/api/scenes/{path}")).json()
            assert (got["name"], got["controls"]) == (name, scene["controls"])
            again = await server.http.put(f"/api/scenes/{path}", json=got)
            assert again.status_code == 200
            await receive(socket, "scenes")
        await send(socket, {"type": "recall", "scene": "a/b é?"})
        assert (await receive(socket, "changed"))["controls"] == {"smooth": 0.25, "average": True}
        gone = await server.http.delete("/api/scenes/dawn")
        assert (gone.status_code, gone.content) == (204, b"")
        missing = await server.http.get("/api/scenes/dawn")
        assert missing.status_code == 404
        assert missing.json() == {
            "code": "unknown_scene",
            "message": "there is no scene `dawn`; known are a/b é?",
        }
        assert (await server.http.delete("/api/scenes/dawn")).status_code == 404


async def test_all_scenes_are_exported_as_a_file_and_imported_again(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        for name in ("one", "two"):
            await send(socket, {"type": "store", "scene": name})
            await receive(socket, "scenes")
        file = await server.http.get("/api/scenes")
        assert file.headers["content-disposition"].endswith('filename="styletune-scenes.json"')
        await server.http.delete("/api/scenes/one")
        answer = await server.http.put("/api/scenes", content=file.content)
        assert (answer.status_code, answer.json()) == (200, {"scenes": 2, "skipped": 0})
        names = [scene.name for scene in server.hub.session.state.scenes.all]
        assert sorted(names) == ["one", "two"]


async def test_a_scene_shows_what_it_looked_like(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await send(socket, {"type": "store", "scene": "before"})
        assert not (await receive(socket, "scenes"))["scenes"][0]["thumbnail"]
        server.painter.paint(400, 300)
        await until(lambda: server.hub.frame_stream.newest)
        await send(socket, {"type": "store", "scene": "a/b é?.jpg"})
        entry = (await receive(socket, "scenes"))["scenes"][1]
        assert entry["thumbnail"]
        query = {"name": entry["name"], "saved": entry["saved"]}
        answer = await server.http.get("/api/scenes.jpg", params=query)
        assert "immutable" in answer.headers["cache-control"]
        with Image.open(io.BytesIO(answer.content)) as image:
            assert (image.format, image.size) == ("JPEG", (192, 144))
        older = await server.http.get("/api/scenes.jpg", params=query | {"saved": 1.5})
        assert older.headers["cache-control"] == "no-store"
        for name, code in (("before", "no_thumbnail"), ("other", "unknown_scene")):
            missing = await server.http.get("/api/scenes.jpg", params={"name": name})
            assert (missing.status_code, missing.json()["code"]) == (404, code)
        exported = (await server.http.get("/api/scenes")).content
        await server.http.delete("/api/scenes/" + quote(entry["name"], safe=""))
        assert (await server.http.put("/api/scenes", content=exported)).status_code == 200
        again = await server.http.get("/api/scenes.jpg", params=query)
        assert again.content == answer.content


def jpeg(edge: int) -> str:
    data = io.BytesIO()
    Image.new("RGB", (edge, 9)).save(data, "JPEG")
    return base64.b64encode(data.getvalue()).decode()


async def test_whatever_is_exported_can_be_imported(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        largest = {f"{n:03}{'猫' * 97}": "猫" * 40 for n in range(500)}
        kept = [
            (await server.http.put(f"/api/scenes/s{n}", json={"controls": largest})).status_code
            for n in range(32)
        ]
        assert kept == sorted(kept)
        assert set(kept) == {200, 422}
        file = await server.http.get("/api/scenes")
        assert len(file.content) > 1e6
        answer = await server.http.put("/api/scenes", content=file.content)
        assert (answer.status_code, answer.json()["scenes"]) == (200, kept.count(200))


def test_scenes_that_no_file_could_hold_are_refused_whole() -> None:
    controls = {f"{n:03}{'x' * 97}": "y" * 40 for n in range(500)}
    scenes = SceneList()
    with pytest.raises(SceneError, match="all scenes together have at most 4 MB"):
        scenes.add(*(Scene(name=f"s{n}", saved=0.0, controls=controls) for n in range(MAX_SCENES)))
    assert len(scenes) == 0
    for number in range(MAX_SCENES):
        with contextlib.suppress(SceneError):
            scenes.add(Scene(name=f"s{number}", saved=0.0, controls=controls))
            scenes.rename(f"s{number}", f"s{number}{'猫' * 50}")
    assert 3e6 < len(Exported(scenes=scenes.all).model_dump_json(indent=1).encode()) <= MAX_BYTES


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/api/scenes", "{", 422, "scenes are not understood"),
        ("/api/scenes", {"scenes": [{"name": "x", "saved": 1}]}, 422, "`scenes.0.controls`"),
        ("/api/scenes", {"scenes": [], "more": 1}, 422, "`more`"),
        ("/api/scenes", {"scenes": [{"name": "x", "saved": 1, "controls": {}}] * 200}, 422, "128"),
        ("/api/scenes", "x" * 4_300_000, 413, "such a file has at most 4 MB"),
        ("/api/scenes/x", {"controls": {"smooth": 1.5}}, 422, "`controls.smooth"),
        ("/api/scenes/x", {"controls": {"color": "blue"}}, 422, "must be one of full, luminance"),
        ("/api/scenes/x", {"controls": {"average": 0.5}}, 422, "must be true or false"),
        ("/api/scenes/x", {"controls": {}, "name": "y"}, 422, "that of the address, `x`"),
        ("/api/scenes/x", {"controls": {}, "thumbnail": "/9j/"}, 422, "must be a JPEG"),
        ("/api/scenes/x", {"controls": {}, "thumbnail": jpeg(400)}, 422, "received 400 × 9"),
        ("/api/scenes/x", {"controls": {}, "thumbnail": "A" * 16_388}, 422, "`thumbnail`"),
        ("/api/scenes/x%09y", {"controls": {}}, 422, "`name`"),
        ("/api/scenes/" + "x" * 61, {"controls": {}}, 422, "`name`"),
        ("/api/scenes/x", '{"controls":{"smooth":NaN}}', 422, "not understood"),
    ],
    ids=lambda value: str(value)[:30],
)
async def test_a_bad_scene_is_refused_and_nothing_is_kept(
    tmp_path: Path, path: str, body: Any, status: int, told: str
) -> None:
    async with running(tmp_path) as server:
        content = body if isinstance(body, str) else json.dumps(body)
        answer = await server.http.put(path, content=content)
        assert answer.status_code == status, answer.text
        assert told in answer.json()["message"]
        assert len(server.hub.session.state.scenes) == 0


async def test_a_saved_picture_brings_its_controls_back_and_undo_takes_them_away(
    tmp_path: Path,
) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        controls = {"smooth": 0.7, "color": "luminance", "average": True}
        await send(socket, {"type": "set", "controls": controls})
        await receive(socket, "changed")
        server.painter.paint()
        saved = (await server.http.get("/api/image.png")).content
        session = read_session(saved, "saved.png")
        assert {name: session.controls[name] for name in controls} == controls
        assert session.pictures.styles == ("style0",)
        await send(socket, {"type": "set", "controls": {"smooth": 0.1, "color": "full"}})
        rev = (await receive(socket, "changed"))["rev"]
        answer = await server.http.put("/api/state", content=saved)
        assert answer.json() == {"rev": rev + 1, "changed": 2, "skipped": 0}
        changed = await receive(socket, "changed")
        assert changed["controls"] == {"smooth": 0.7, "color": "luminance"}
        assert changed["source"] == "picture"
        await send(socket, {"type": "trigger", "name": "undo"})
        assert (await receive(socket, "changed"))["controls"] == {"smooth": 0.1, "color": "full"}


async def test_a_picture_without_a_state_brings_nothing_back(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for data in (picture(), b"nothing", picture(kind="JPEG")):
            answer = await server.http.put("/api/state", content=data)
            assert answer.status_code == 422
            assert answer.json()["code"] == "bad_state"
        blank = Image.new("RGB", (8, 8))
        text = PngInfo()
        text.add_text("styletune", '{"controls": {"smooth": 7}}')
        file = io.BytesIO()
        blank.save(file, "PNG", pnginfo=text)
        answer = await server.http.put("/api/state", content=file.getvalue())
        assert answer.json()["message"] == "control `smooth` must be in 0..1; received value=7"
        assert server.hub.session.state.rev == 0
