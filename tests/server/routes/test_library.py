"""Pictures of the samples and of a folder, chosen over a real socket."""

import io
from pathlib import Path

from PIL import Image

from tests.server.test_app import picture
from tests.support.web_process import VIEWER, receive, running


async def test_a_picture_of_the_library_is_seen_small_and_painted(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    (folder / "styles").mkdir(parents=True)
    (folder / "styles" / "wave.png").write_bytes(picture(600, 300))
    (folder / "broken.jpg").write_bytes(b"no picture")
    async with running(tmp_path, pictures=folder) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        entries = (await server.http.get("/api/library", headers=VIEWER)).json()["pictures"]
        ids = {entry["name"]: entry["id"] for entry in entries}
        assert [(e["name"], e["kind"], e["origin"]) for e in entries[-3:]] == [
            ("mosaic", "style", "sample"), ("broken", None, "folder"), ("wave", "style", "folder"),
        ]  # fmt: skip
        small = await server.http.get(f"/api/library/{ids['wave']}.jpg", headers=VIEWER)
        assert Image.open(io.BytesIO(small.content), formats=("JPEG",)).size == (240, 120)

        wave, harbour = ({"X-Library": ids[name]} for name in ("wave", "harbour"))
        answer = await server.http.put("/api/style/2", headers=wave)
        assert answer.json().items() >= {"name": "wave", "width": 600, "height": 300}.items()
        assert (await receive(socket, "pictures"))["styles"][1]["name"] == "wave"
        assert (await server.http.put("/api/content", headers=harbour)).json()["name"] == "harbour"
        assert (await server.http.put("/api/content", headers=wave | VIEWER)).status_code == 403

        for answer in (
            await server.http.get(f"/api/library/{ids['broken']}.jpg"),
            await server.http.put("/api/content", headers={"X-Library": ids["broken"]}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (422, "bad_picture")
            assert answer.json()["message"].startswith("broken: not a picture that can be read")
        (folder / "styles" / "wave.png").unlink()
        answer = await server.http.put("/api/content", headers=wave)
        assert answer.json()["message"] == "wave: cannot be read any more: no such picture file"
        await server.http.get("/api/library")
        for gone in (ids["wave"], "..", "%2e%2e%2fnavy", "0" * 16):
            answer = await server.http.put("/api/style/1", headers={"X-Library": gone})
            assert (answer.status_code, answer.json()["code"]) == (404, "no_such_picture")
