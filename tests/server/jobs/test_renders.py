"""Large pictures, with a stand-in for the painting itself, and their routes over a real socket."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from styletune import memory
from styletune.config import SessionConfig, load
from styletune.server.http_errors import ApiError
from styletune.server.jobs import background
from styletune.server.jobs.renders import LargeRender, Start
from tests.support.web_process import VIEWER, running, until

COMMAND = (sys.executable, "-m", "tests.support.standin_render")
PIXELS = np.full((48, 64, 3), 77, np.uint8)


@asynccontextmanager
async def painting(folder: Path) -> AsyncIterator[LargeRender]:
    """As in a server that runs meanwhile."""
    render = LargeRender(folder, COMMAND)
    task = asyncio.create_task(render.run())
    try:
        yield render
    finally:
        process = render._process
        task.cancel()
        await asyncio.wait([task])
        if process is not None:  # left to itself
            await asyncio.to_thread(process.wait)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    monkeypatch.setattr(background, "LOOK_AGAIN_S", 0.1)
    path = tmp_path / "navy.png"
    Image.new("RGB", (64, 48), "navy").save(path)
    pictures = {"content": str(path), "styles": (str(path), str(path))}
    session = SessionConfig().with_overrides(pictures=pictures, controls={"smooth": 0.25})
    return Start(PIXELS, "styletune-navy-7", {"controls": {}}, session, (64, 48))


def state(render: LargeRender) -> str:
    status = render.status()
    return status.state if status else "none"


async def test_a_picture_is_painted_across_a_restart(tmp_path: Path, start: Start) -> None:
    folder = tmp_path / "renders"
    async with painting(folder) as render:
        await render.start(start, 2048)
        await until(lambda: state(render) == "painting")
        status = render.status()
        assert status is not None
        assert (status.width, status.height, status.seconds_left) == (2048, 1536, 60)
        session = load(folder / "painting/session.toml")
        assert session.controls == {"smooth": 0.25}
        assert session.pictures.content == str(folder / "painting/pictures/0.png")
        assert len(session.pictures.styles) == 2
        with pytest.raises(ApiError, match=r"only one at a time is"):
            await render.start(start, 1024)
    steps = (folder / "painting/kept.txt").read_text()
    assert state(LargeRender(folder, COMMAND)) == "waiting"
    async with painting(folder) as render:
        await until(lambda: state(render) == "none")
        (done,) = render.files()
    assert (folder / "starts.txt").read_text().split() == ["0", steps]
    assert done.name == "styletune-navy-7-2048.png"
    with Image.open(render.path(done.name)) as picture:
        assert np.array_equal(np.asarray(picture), PIXELS)
    assert not (folder / "painting").exists()


async def test_a_large_picture_is_cancelled_or_tried_again(tmp_path: Path, start: Start) -> None:
    folder = tmp_path / "renders"
    async with painting(folder) as render:
        await render.start(start, 1024)
        await until(lambda: state(render) == "painting")
        await render.cancel()
        assert state(render) == "none"
        with pytest.raises(ApiError, match=r"^no picture is painted large"):
            await render.cancel()
        (folder / "fail").touch()
        await render.start(start, 1024)
        await until(lambda: state(render) == "failed")
        status = render.status()
        assert status is not None
        assert status.error == "styletune: no room\n(exit code 1)"
        (folder / "fail").unlink()
        render.go_on()
        await until(lambda: state(render) == "none")
        assert [entry.name for entry in render.files()] == ["styletune-navy-7-1024.png"]


async def test_what_cannot_be_painted_large_is_refused(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = LargeRender(tmp_path / "renders", COMMAND)
    with pytest.raises(ApiError, match=r"^a large picture cannot be kept: this server has no"):
        await LargeRender(None).start(start, 1024)
    with pytest.raises(ApiError, match=r"^size must be one of 1024, 2048, 4096 px; received 77"):
        await render.start(start, 77)
    monkeypatch.setattr(memory, "available_bytes", lambda: 2_000_000_000)
    with pytest.raises(ApiError, match=r"^a painting of 4096 × 3072 px by lite .* fits is \d+ px"):
        await render.start(start, 4096)
    assert not (tmp_path / "renders").exists()


async def test_large_pictures_over_http(tmp_path: Path) -> None:
    folder, url = tmp_path / "renders", "/api/renders"
    async with running(tmp_path, renders=folder) as server:
        assert (await server.http.get(url)).json()["job"] is None
        refused = await server.http.post(url, json={"size": 1024})
        assert refused.json()["code"] == "no_picture"
        server.painter.paint(64, 48)
        await until(lambda: server.hub.frame_stream.newest is not None)
        for body, why in ((b"{}", "`size`:"), (b'{"size": 8}', "size must be one of")):
            answer = await server.http.post(url, content=body)
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_size")
            assert answer.json()["message"].startswith(why)
        assert (await server.http.post(url, headers=VIEWER)).status_code == 403
        answer = await server.http.post(url, json={"size": 1024})
        assert answer.status_code == 202
        assert answer.json()["sizes"] == [1024, 2048, 4096]
        job = answer.json()["job"]
        assert (job["width"], job["height"], job["state"]) == (1024, 768, "waiting")
        started = json.loads((folder / "painting/state.json").read_text())
        assert (started["step"], started["content"], started["styles"]) == (0, "navy", ["style0"])
        assert (await server.http.post(url, json={"size": 1024})).status_code == 409
        assert (await server.http.post(f"{url}/go-on")).status_code == 409
        assert (await server.http.delete(url)).json()["job"] is None
        assert (await server.http.delete(url)).status_code == 404
        (folder / "done é.png").write_bytes(b"png")
        (entry,) = (await server.http.get(url, headers=VIEWER)).json()["files"]
        assert (entry["name"], entry["bytes"]) == ("done é.png", 3)
        done = await server.http.get(f"{url}/done é.png", headers=VIEWER)
        assert done.content == b"png"
        assert done.headers["content-disposition"].startswith("attachment")
        for name in ("none.png", "..%2Fnavy.png", ".png"):
            assert (await server.http.get(f"{url}/{name}")).status_code == 404
        assert (await server.http.delete(f"{url}/done é.png", headers=VIEWER)).status_code == 403
        assert (await server.http.delete(f"{url}/done é.png")).json()["files"] == []
