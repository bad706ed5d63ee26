"""The gallery over a real socket: the looks there are, pictures painted by them, one to learn."""

import io
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune.server.looks import library as library_module
from styletune.server.looks.library import LookLibrary
from styletune.server.looks.painting import LookPainter
from tests.server.test_app import picture
from tests.support.small_look import write_empty_look
from tests.support.web_process import VIEWER, Running, running


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg), formats=("JPEG",))


async def listed(server: Running, **headers: str) -> dict[str, str]:
    answer = (await server.http.get("/api/looks", headers=headers)).json()
    return {look["name"]: look["error"] for look in answer["looks"] if not look["shipped"]}


async def test_the_gallery_lists_looks_and_says_what_is_damaged(tmp_path: Path) -> None:
    looks = tmp_path / "looks"
    looks.mkdir()
    write_empty_look(looks / "..blot é%2F.keras")
    whole = write_empty_look(looks / "blot é.keras").read_bytes()
    (looks / "cut.keras").write_bytes(whole[: len(whole) // 2])
    with zipfile.ZipFile(looks / "other.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    (looks / "folder.keras").mkdir()
    async with running(tmp_path, looks=looks) as server:
        errors = await listed(server, **VIEWER)
        assert errors.keys() == {"blot é", "cut", "other"}
        assert errors["blot é"] == ""
        assert errors["cut"].startswith("cut: not a look, or damaged:")
        assert errors["other"].startswith("other: not a look, though a file of Keras;")
        sample = await server.http.get("/api/looks/blot é/sample.jpg", headers=VIEWER)
        assert opened(sample.content).size == (64, 48)
        for name in ("..", "%2e%2e%2fnavy", "folder", "..blot é%2F"):
            answer = await server.http.get(f"/api/looks/{name}/sample.jpg")
            assert answer.status_code == 404
        for path in ("cut/sample.jpg", "other/picture"):
            method = "POST" if path.endswith("picture") else "GET"
            answer = await server.http.request(method, f"/api/looks/{path}")
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_look")
        shutil.copyfile(looks / "blot é.keras", looks / "cut.keras")
        assert (await listed(server))["cut"] == ""  # mended meanwhile

        wrong = await server.http.post("/api/looks/blot é/picture", content=b"no picture")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_picture")
        answer = await server.http.post("/api/looks/blot é/picture", headers=VIEWER)
        assert answer.status_code == 403
        server.app.state.body_budget.held_bytes = 10**9
        answer = await server.http.post("/api/looks/blot é/picture", content=picture(64, 48))
        assert answer.status_code == 429


@pytest.mark.long  # ONNX Runtime in a process of its own, and a look that Keras makes
async def test_a_look_paints_uploads_samples_and_the_content(
    tmp_path: Path, look_path: Path
) -> None:
    looks = tmp_path / "looks"
    looks.mkdir()
    shutil.copyfile(look_path, looks / "small.keras")
    write_empty_look(looks / "empty.keras")
    async with running(tmp_path, looks=looks) as server:
        before = set(sys.modules)
        url = "/api/looks/small/picture"
        painted = await server.http.post(url, content=picture(1500, 750))
        assert opened(painted.content).size == (512, 256)
        large = await server.http.post(url, params={"large": 1}, content=picture(1500, 750))
        assert opened(large.content).size == (1024, 512)
        content = opened((await server.http.post(url)).content)
        assert content.size == (64, 48)
        assert np.abs(np.asarray(content, int) - (0, 0, 128)).max() > 8
        entries = (await server.http.get("/api/library")).json()["pictures"]
        sample = await server.http.post(url, headers={"X-Library": entries[0]["id"]})
        assert opened(sample.content).width == 512
        refused = await server.http.post("/api/looks/empty/picture")
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_look")
        assert refused.json()["message"].startswith("empty: ONNX Runtime cannot run it")
        assert not {"keras", "tensorflow", "onnxruntime"} & (set(sys.modules) - before)


async def test_a_style_of_the_session_is_learned(tmp_path: Path) -> None:
    looks = tmp_path / "looks"
    async with running(tmp_path, styles=2, looks=looks) as server:
        url = "/api/learning"
        assert (await server.http.get("/api/looks")).json()["learning"] is None
        for method, path in (("DELETE", url), ("POST", f"{url}/finish")):
            answer = await server.http.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_learning")
        for body, why in (
            ('{"minutes": "10"}', "`minutes`:"), ("no", "invalid JSON"),
            ('{"name": "../x"}', "a look"),
            ('{"style": 9}', "there are styles 1 to 2"),
        ):  # fmt: skip
            answer = await server.http.post(url, content=body)
            assert answer.json()["message"].startswith(why)
        assert (await server.http.post(url, headers=VIEWER)).status_code == 403
        answer = await server.http.post(url, json={"style": 2, "minutes": 10})
        assert answer.status_code == 202
        learning = answer.json()["learning"]
        assert (learning["name"], learning["styles"]) == ("style1", ["style1"])
        assert (learning["state"], learning["progress"]) == ("waiting", 0)
        assert (await server.http.post(url)).status_code == 409
        assert (await server.http.get(f"{url}/samples.png")).status_code == 404
        assert (await server.http.post(f"{url}/go-on")).status_code == 409
        assert (await server.http.delete(url)).json()["learning"] is None


async def test_without_onnx_runtime_the_remedy_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remedy = "painting by looks needs ONNX Runtime, which is not installed: pip install"
    monkeypatch.setattr(LookPainter, "missing", f"{remedy} 'styletune[look]', and start again")
    write_empty_look(tmp_path / "blot.keras")
    async with running(tmp_path, looks=tmp_path) as server:
        answer = await server.http.post("/api/looks/blot/picture")
        assert (answer.status_code, answer.json()["code"]) == (501, "no_onnx_runtime")
        reason = (await server.http.get("/api/looks")).json()["reason"]
        assert reason == answer.json()["message"]


async def test_the_newest_looks_are_listed_and_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "MAX_LOOKS", 2)
    for name in ("a", "b", "c"):
        write_empty_look(tmp_path / f"{name}.keras")
    looks = LookLibrary(tmp_path)
    own = [look for look in await looks.list() if not look.shipped]
    assert [look.name for look in own] == ["c", "b"]
    again = [look for look in await looks.list() if not look.shipped]
    assert all(before is after for before, after in zip(own, again, strict=True))
