"""Styles added and taken away, and pictures used again, over a real socket."""

import asyncio
import threading
from pathlib import Path

import pytest
from PIL import Image

from styletune.server.decoding import DecodedPicture, decode_picture
from tests.server.test_app import picture
from tests.support.web_process import WAIT_S, receive, running, send


async def test_styles_are_added_up_to_four_and_taken_away(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        for number in (2, 3, 4):
            answer = await server.http.put(
                f"/api/style/{number}",
                content=picture(40 + number),
                headers={"X-Filename": f"s{number}.png"},
            )
            assert answer.status_code == 200
            assert len((await receive(socket, "pictures"))["styles"]) == number
        assert len(server.painter.sources.styles) == 4
        controls = {"style_gain.2": 0.2, "style_gain.3": 0.3, "style_gain.4": 0.4}
        await send(socket, {"type": "set", "controls": controls | {"style_scale.4": 0.9}})
        await receive(socket, "changed")
        answer = await server.http.delete("/api/style/2")
        assert (answer.status_code, answer.content) == (204, b"")
        pictures = await receive(socket, "pictures")
        assert [style["name"] for style in pictures["styles"]] == ["style0", "s3.png", "s4.png"]
        values = (await server.http.get("/api/state")).json()["controls"]
        assert [values[f"style_gain.{n}"] for n in (1, 2, 3, 4)] == [1.0, 0.3, 0.4, 0.0]
        assert [values[f"style_scale.{n}"] for n in (1, 2, 3, 4)] == [0.5, 0.5, 0.9, 0.5]
        assert len(server.painter.sources.styles) == 3


@pytest.mark.parametrize(
    ("number", "removed", "styles"),
    [(3, (2,), 2), (3, (3,), 2), (3, (3, 2), 1), (2, (2,), 2), (4, (2,), 2), (4, (3, 2), 1)],
)
async def test_a_style_that_moves_while_its_picture_comes_is_left_alone(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    removed: tuple[int, ...],
    styles: int,
) -> None:
    decoding, go_on = threading.Event(), threading.Event()

    def decode(*_: object, **__: object) -> DecodedPicture:
        decoding.set()
        assert go_on.wait(WAIT_S)
        return decode_picture(Image.new("RGB", (40, 30)), "late", tmp_path / "late.png")

    monkeypatch.setattr("styletune.server.routes.pictures.decode_in_subprocess", decode)
    async with running(tmp_path, styles=3) as server:
        before = server.painter.sources.styles
        put = asyncio.create_task(server.http.put(f"/api/style/{number}", content=picture()))
        await asyncio.to_thread(decoding.wait, WAIT_S)
        for style in removed:
            assert (await server.http.delete(f"/api/style/{style}")).status_code == 204
        go_on.set()
        answer = await put
        assert (answer.status_code, answer.json()["code"]) == (409, "styles_changed")
        assert f"there are styles 1 to {styles} now" in answer.json()["message"]
        assert set(server.painter.sources.styles) < set(before)
        assert not (tmp_path / "late.png").exists()


async def test_the_first_style_stays_and_others_must_be_there(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for number, status in (("1", 409), ("2", 404), ("x", 404), ("9" * 50, 404)):
            answer = await server.http.delete(f"/api/style/{number}")
            assert (answer.status_code, answer.json()["code"]) == (status, "no_such_style")
        assert server.hub.session.state.rev == 0


async def test_a_picture_is_used_again_without_being_sent_again(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        sent = {"X-Filename": "cat.png"}
        await server.http.put("/api/content", content=picture(52, 40), headers=sent)
        recent = (await server.http.get("/api/recent")).json()["recent"]
        assert [known["name"] for known in recent] == ["cat.png", "style0", "navy"]
        again = {"X-Recent": recent[0]["id"]}
        answer = await server.http.put("/api/style/2", headers=again)
        assert (answer.status_code, answer.json()["name"]) == (200, "cat.png")
        assert server.painter.sources.styles[1] != server.painter.sources.content
        thumbnail = await server.http.get(f"/api/recent/{recent[0]['id']}.jpg")
        assert thumbnail.headers["content-type"] == "image/jpeg"
        gone = await server.http.put("/api/content", headers={"X-Recent": "0" * 16})
        assert (gone.status_code, gone.json()["code"]) == (404, "no_such_picture")
        assert (await server.http.get("/api/recent/nothing.jpg")).status_code == 404
