"""The HTTP routes, over a real socket."""

import asyncio
import contextlib
import csv
import io
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from styletune.config import SessionConfig
from styletune.errors import PictureError
from styletune.ipc.commands import Report, State
from styletune.server import uploads
from styletune.supervisor.policy import SizeReduction, SupervisorTimeouts
from styletune.supervisor.supervisor import Supervisor
from tests.images.test_decode import png_header
from tests.support import standin_worker
from tests.support.standin_supervisor import REFUSED_WIDTH_PX
from tests.support.web_process import BEARER, WAIT_S, Running, receive, running, send, until

FADER = "content.block1_conv1"


def picture(width: int = 60, height: int = 40, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), (10, 200, 30)).save(file, kind, **options)
    return file.getvalue()


async def test_health_is_open_and_says_the_state(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        bare = httpx.AsyncClient(base_url=server.http.base_url, trust_env=False, timeout=WAIT_S)
        async with bare:
            answer = await bare.get("/healthz")
            assert (answer.status_code, answer.json()) == (200, {"state": "running"})
            for path in ("/", "/stage", "/api/state", "/web/main.js", "/openapi.json", "/nowhere"):
                assert (await bare.get(path)).status_code == 401


async def test_a_browser_gets_in_by_the_printed_address(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        browser = httpx.AsyncClient(
            base_url=server.http.base_url, trust_env=False, timeout=WAIT_S, follow_redirects=True
        )
        async with browser:
            page = await browser.get("/", params={"token": server.auth.token})
            assert page.status_code == 200
            assert page.url.path == "/"
            assert not page.url.query
            assert "the page" in page.text
            assert page.headers["cache-control"] == "no-cache"
            assert "default-src 'self'" in page.headers["content-security-policy"]
            stage = await browser.get("/stage")
            assert "the stage" in stage.text
            assert stage.headers["cache-control"] == "no-cache"
            script = await browser.get("/web/main.js")
            assert script.status_code == 200
            assert "javascript" in script.headers["content-type"]
            assert script.headers["cache-control"] == "no-cache"


@pytest.mark.checklist(15)
@pytest.mark.parametrize(
    "path",
    [
        "/web/../index.html", "/web/%2e%2e/%2e%2e/etc/passwd", "/web/..%2f..%2fetc%2fpasswd",
        "/web//etc/passwd", "/web/%00", "/web/", "/nowhere", "/api", "/api/style/1", "/docs",
    ],
)  # fmt: skip
async def test_there_is_nothing_else(tmp_path: Path, path: str) -> None:
    async with running(tmp_path) as server:
        url = httpx.URL(scheme="http", host="127.0.0.1", port=server.port, raw_path=path.encode())
        answer = await server.http.get(url)
        assert answer.status_code in (404, 405)
        assert answer.json()["code"] in ("not_found", "method_not_allowed")


async def test_the_table_of_controls_is_served(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        tables = (await server.http.get("/api/controls")).json()
        table = server.hub.session.state.table
        assert tables["controls"] == json.loads(json.dumps(table.rows()))
        assert [row["name"] for row in tables["terms"]] == ["content", "style", "smooth"]
        assert tables["layers"][2] == {"name": "block3_conv1", "field_px": 24, "effect": "strokes"}
        assert [row["name"] for row in tables["layers"]] == list(table.layers)


async def test_the_interface_is_described(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        paths = (await server.http.get("/openapi.json")).json()["paths"]
        assert {"/healthz", "/api/state", "/api/content", "/api/style/{number}"} <= paths.keys()


async def test_the_painting_is_served_in_full_with_its_state(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        early = await server.http.get("/api/image.png")
        assert early.status_code == 503
        assert early.json() == {"code": "no_picture", "message": "nothing has been painted yet"}
        server.painter.paint(90, 70)
        await until(lambda: server.hub.frame_stream.newest is not None)
        answer = await server.http.get("/api/image.png")
        with Image.open(io.BytesIO(answer.content), formats=("PNG",)) as image:
            assert image.size == (90, 70)
            assert image.getpixel((3, 3)) == (0, 0, 128)
            state = json.loads(image.info["styletune"])
        assert state["epoch"] == 0
        assert state["rev"] == state["controls_rev"] == 0
        assert state["controls"] == server.hub.session.state.controls()
        assert state["layers"] == list(server.hub.session.state.table.layers)
        assert (state["content"], state["styles"]) == ("navy", ["style0"])
        assert (state["network"], state["seed"]) == ("lite", 0)
        assert (state["width"], state["height"]) == (90, 70)
        assert 'filename="styletune-navy-style0-0.png"' in answer.headers["content-disposition"]


async def test_a_saved_picture_carries_the_values_it_was_painted_with(tmp_path: Path) -> None:
    async def saved() -> Any:
        png = (await server.http.get("/api/image.png")).content
        return json.loads(Image.open(io.BytesIO(png)).info["styletune"])

    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        await send(socket, {"type": "set", "controls": {FADER: 0.25}})
        await receive(socket, "changed")
        server.painter.paint()
        await receive(socket, "epoch")
        # The hand goes on; the picture does not know yet.
        await send(socket, {"type": "set", "controls": {FADER: 0.75, "color": "luminance"}})
        await receive(socket, "changed")
        state = await saved()
        assert (state["rev"], state["controls_rev"]) == (1, 1)
        assert (state["controls"][FADER], state["controls"]["color"]) == (0.25, "full")
        server.painter.paint()
        await receive(socket, "epoch")
        state = await saved()
        assert (state["rev"], state["controls_rev"]) == (2, 2)
        assert (state["controls"][FADER], state["controls"]["color"]) == (0.75, "luminance")


async def test_the_losses_are_served_as_a_table(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for _ in range(5):
            server.painter.paint()
        await until(lambda: len(server.hub.losses) == 5)
        answer = await server.http.get("/api/losses.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["epoch"] for row in rows] == ["0", "1", "2", "3", "4"]
        assert rows[3]["step"] == "30"
        assert float(rows[3]["style.block2_conv1.weighted"]) == 1.0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
async def test_an_uploaded_content_is_painted_and_told(tmp_path: Path, kind: str) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        answer = await server.http.put(
            "/api/content", content=picture(kind=kind), headers={"X-Filename": "my%20cat.jpg"}
        )
        assert answer.status_code == 200
        entry = {"name": "my cat.jpg", "width": 60, "height": 40, "version": 2}
        assert answer.json() == entry
        assert (await receive(socket, "pictures"))["content"] == entry
        with Image.open(server.painter.sources.content, formats=("PNG",)) as taken:
            assert (taken.size, taken.mode) == ((60, 40), "RGB")
        thumbnail = await server.http.get("/api/content.jpg")
        assert thumbnail.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(thumbnail.content), formats=("JPEG",)) as small:
            assert small.size == (60, 40)


async def test_an_uploaded_style_takes_its_place(tmp_path: Path) -> None:
    async with running(tmp_path, styles=2) as server:
        first = server.painter.sources.styles[0]
        answer = await server.http.put("/api/style/2", content=picture(1500, 500))
        assert answer.json() == {
            "name": "uploaded style 2", "width": 1500, "height": 500, "version": 2,
        }  # fmt: skip
        assert server.painter.sources.styles[0] == first
        with Image.open(server.painter.sources.styles[1]) as taken:
            assert taken.size == (1500, 500)
        for number, size in ((1, (32, 32)), (2, (1024, 341))):
            thumbnail = await server.http.get(f"/api/style/{number}.jpg")
            assert Image.open(io.BytesIO(thumbnail.content)).size == size


@pytest.mark.parametrize("number", ["0", "4", "-1", "x", "1.5", "9" * 50, "%D9%A1"])
async def test_a_style_that_is_not_there_is_refused(tmp_path: Path, number: str) -> None:
    async with running(tmp_path, styles=2) as server:
        for answer in (
            await server.http.put(f"/api/style/{number}", content=picture()),
            await server.http.get(f"/api/style/{number}.jpg"),
            await server.http.get("/api/style/3.jpg"),
        ):
            assert answer.status_code == 404
            assert answer.json()["code"] == "no_such_style"
            assert "there are styles 1 to 2, and at most 4" in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "content: is empty"),
        (b"no picture", "content: not a picture that can be read"),
        (picture()[:60], "content: the PNG is damaged or cut short"),
        (picture(4, 4), "content: both edges of a picture must have at least 16 px"),
        (picture(400, 20), "content: the longer edge of a picture is at most 8 times"),
    ],
)
async def test_a_bad_picture_is_refused_and_all_stays_as_it_was(
    tmp_path: Path, body: bytes, told: str
) -> None:
    async with running(tmp_path) as server:
        before, files = server.painter.sources.content, set(tmp_path.iterdir())
        answer = await server.http.put("/api/content", content=body)
        assert answer.status_code == 422
        assert answer.json()["code"] == "bad_picture"
        assert told in answer.json()["message"]
        assert server.painter.sources.content == before
        assert server.hub.pictures.message().content.version == 1
        assert set(tmp_path.iterdir()) == files


async def test_a_picture_that_the_worker_refuses_is_taken_back(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        await server.http.put("/api/content", content=picture(REFUSED_WIDTH_PX, 40))
        error = await receive(socket, "error")
        assert error["code"] == "refused"
        assert error["message"] == "content: I do not like it"
        content = (await receive(socket, "pictures"))["content"]
        assert (content["name"], content["version"]) == ("navy", 3)
        thumbnail = await server.http.get("/api/content.jpg")
        assert Image.open(io.BytesIO(thumbnail.content)).size == (64, 48)


@pytest.mark.checklist(16)
@pytest.mark.parametrize("declared", [True, False])
async def test_too_large_an_upload_is_refused_at_the_cap(
    tmp_path: Path, declared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_DRAIN_SECONDS", 60.0)

    async def endless() -> Any:
        for _ in range(21):
            yield bytes(1_000_000)

    async with running(tmp_path) as server:
        body = bytes(21_000_000) if declared else endless()
        answer = await server.http.put("/api/content", content=body)
        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
        assert "such a file has at most 21 MB" in answer.json()["message"]
        assert (await server.http.get("/healthz")).status_code == 200


@pytest.mark.checklist(16)
async def test_too_large_an_upload_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server, length=10**12))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
        assert b"413" in head.split(b"\r\n")[0]
        assert b"connection: close" in head.lower()
        writer.close()


@pytest.mark.checklist(16)
async def test_a_trickling_upload_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert uploads.BASE_TIMEOUT_S + uploads._DRAIN_SECONDS < 30
    monkeypatch.setattr(uploads, "BASE_TIMEOUT_S", 0.3)
    monkeypatch.setattr(uploads, "_DRAIN_SECONDS", 0.1)
    async with running(tmp_path) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server, length=1000))
        answer = asyncio.create_task(reader.readuntil(b"}"))
        while not answer.done():  # a byte at a time, as long as it is taken
            writer.write(b"x")
            await asyncio.wait([answer], timeout=0.02)
        assert b" 408 " in answer.result().split(b"\r\n")[0]
        assert b"too_slow" in answer.result()
        with contextlib.suppress(ConnectionResetError):  # what was sent after it is not read
            await asyncio.wait_for(reader.read(), 30)
        writer.close()


async def test_a_slow_upload_may_take_longer_as_long_as_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "BASE_TIMEOUT_S", 1.5)
    monkeypatch.setattr(uploads, "MIN_BYTES_PER_S", 10)  # so each piece gives seconds
    body = picture()
    pieces = [body[start : start + 20] for start in range(0, len(body), 20)]
    assert 0.3 * len(pieces[1:]) > uploads.BASE_TIMEOUT_S

    async def slowly() -> Any:
        yield pieces[0]
        for piece in pieces[1:]:
            await asyncio.sleep(0.3)
            yield piece

    async with running(tmp_path) as server:
        assert (await server.http.put("/api/content", content=slowly())).status_code == 200


async def test_an_upload_that_never_ends_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "BASE_TIMEOUT_S", 0.2)
    monkeypatch.setattr(uploads, "MAX_TIMEOUT_S", 0.4)
    monkeypatch.setattr(uploads, "MIN_BYTES_PER_S", 1)
    monkeypatch.setattr(uploads, "_DRAIN_SECONDS", 0.1)

    async with running(tmp_path) as server:
        for path in (b"/api/state", b"/api/content"):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request(server, length=10**7).replace(b"/api/content", path))
            answer = asyncio.create_task(reader.readuntil(b"}"))
            while not answer.done():  # fast enough, but for ever
                writer.write(bytes(1000))
                await asyncio.wait([answer], timeout=0.01)
            assert b" 408 " in answer.result().split(b"\r\n")[0]
            writer.close()


async def test_all_bodies_together_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_HELD_BYTES", 100_000)
    monkeypatch.setattr(uploads, "_DRAIN_SECONDS", 0.1)
    async with running(tmp_path) as server:
        budget = server.app.state.body_budget
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = request(server, length=10**6).replace(b"/api/content", b"/api/state")
        writer.write(head + bytes(80_000))
        await until(lambda: budget.held_bytes == 80_000)
        for path in ("/api/content", "/api/state", "/api/scenes", "/api/bindings/x"):
            busy = await server.http.put(path, content=bytes(30_000))
            assert (busy.status_code, busy.json()["code"]) == (429, "busy"), path
        writer.close()
        await writer.wait_closed()
        await until(lambda: budget.held_bytes == 0)
        bad = await server.http.put("/api/state", content=bytes(30_000))
        assert (bad.status_code, budget.held_bytes) == (422, 0)


async def test_the_painting_is_saved_while_pictures_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding, go_on = threading.Semaphore(0), threading.Event()

    def decode(*_: object, **__: object) -> None:
        decoding.release()
        assert go_on.wait(WAIT_S)
        raise PictureError("no picture")

    monkeypatch.setattr("styletune.server.routes.pictures.decode_in_subprocess", decode)
    async with running(tmp_path) as server:
        server.painter.paint()
        await until(lambda: server.hub.frame_stream.newest is not None)
        puts = [
            asyncio.create_task(server.http.put("/api/content", content=picture()))
            for _ in range(uploads.MAX_AT_ONCE)
        ]
        for _ in range(2):  # the threads that decode
            await asyncio.to_thread(decoding.acquire, timeout=WAIT_S)
        assert (await server.http.get("/api/image.png")).status_code == 200
        go_on.set()
        assert {(await put).status_code for put in puts} == {422}


async def test_only_so_many_uploads_are_held_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        writers = []
        for _ in range(uploads.MAX_AT_ONCE):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(request(server, length=1000) + b"x")
            writers.append(writer)
        while (busy := await server.http.put("/api/content", content=b"x")).status_code != 429:
            await asyncio.sleep(0.01)  # not all of them have been seen
        assert busy.json()["code"] == "busy"
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        await until(lambda: server.hub.stats.uploads["cut_off"] == uploads.MAX_AT_ONCE)
        assert (await server.http.put("/api/content", content=picture())).status_code == 200


HOSTILE = {
    "FITS": b"SIMPLE  =                    T".ljust(80)
    + b"BITPIX  =                    8".ljust(2800),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\nshowpage\n",
    "PDF": b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "GIF": b"GIF89a" + bytes(100),
    "TIFF": b"II*\x00" + bytes(100),
    "BMP": picture(kind="BMP"),
    "PSD": b"8BPS\x00\x01" + bytes(100),
    "ICO": picture(32, 32, kind="ICO"),
}


@pytest.mark.checklist(17)
@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_renamed_file_is_refused_with_a_reason(tmp_path: Path, kind: str) -> None:
    async with running(tmp_path) as server:
        headers = {"X-Filename": "picture.png", "Content-Type": "image/png"}
        answer = await server.http.put("/api/content", content=HOSTILE[kind], headers=headers)
        assert answer.status_code == 422
        assert (
            "content: not a picture that can be read; JPEG, PNG and WebP pictures are"
            in (answer.json()["message"])
        )


@pytest.mark.checklist(17)
@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: png_header(30_000, 30_000), "received far more"),
        (lambda: png_header(8_000, 8_000), "at most 50 megapixels; received 8000 × 8000 px"),
        (lambda: picture(600, 400, "JPEG")[:1500], "the JPEG is damaged or cut short"),
        (lambda: picture(600, 400, "WEBP")[:100], "the WebP is damaged or cut short"),
    ],
    ids=["bomb", "too large", "cut JPEG", "cut WebP"],
)
async def test_a_bomb_or_a_cut_picture_is_refused_with_a_reason(
    tmp_path: Path, make: Callable[[], bytes], told: str
) -> None:
    async with running(tmp_path) as server:
        answer = await server.http.put("/api/content", content=make())
        assert answer.status_code == 422
        assert told in answer.json()["message"]
        assert (await server.http.get("/healthz")).status_code == 200


async def test_who_leaves_during_an_upload_leaves_no_trace(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(request(server, length=1000) + b"x" * 100)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        assert (await server.http.get("/healthz")).status_code == 200
        assert server.hub.pictures.message().content.version == 1
    assert "Traceback" not in capfd.readouterr().err


async def test_former_pictures_do_not_pile_up(tmp_path: Path) -> None:
    async with running(tmp_path) as server:
        for _ in range(15):
            await server.http.put("/api/content", content=picture())
        assert len(list(tmp_path.glob("content-*.png"))) <= 9
        assert server.painter.sources.content.exists()


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("cat.jpg", "cat.jpg"),
        ("K%C3%A4fer.png", "Käfer.png"),
        ("C%3A%5Cpictures%5Ccat.jpg", "cat.jpg"),
        ("../../etc/passwd", "passwd"),
        ("%00%0A%1B[31mred", "[31mred"),
        ("x" * 500, "x" * 80),
        ("%2F", "uploaded content"),
        ("%FF%FE", "��"),
    ],
)
async def test_a_name_is_made_fit_to_be_shown(tmp_path: Path, sent: str, name: str) -> None:
    async with running(tmp_path) as server:
        answer = await server.http.put(
            "/api/content", content=picture(), headers={"X-Filename": sent}
        )
        assert answer.json()["name"] == name


def request(server: Running, length: int) -> bytes:
    """The head of an upload that says how long it will be."""
    return (
        f"PUT /api/content HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
        f"Authorization: {BEARER['Authorization']}\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


async def test_a_failed_painting_is_started_again_by_a_button(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as server:
        refused = await server.http.post("/api/restart")
        assert refused.status_code == 409
        assert refused.json() == {
            "code": "not_failed",
            "message": "only a painting that has failed can be started again; it is running",
        }
        server.painter.tell(Report(State.FAILED, "no weights here"))
        answer = await server.http.post("/api/restart")
        assert (answer.status_code, answer.json()) == (202, {"state": "failed"})
        assert server.painter.restarts == 1
        # The supervisor is gone: nobody is there to do it.
        monkeypatch.setattr(server.painter, "restart", lambda: False)
        server.painter.tell(Report(State.FAILED, "the supervisor has ended"))
        answer = await server.http.post("/api/restart")
        assert answer.status_code == 409
        assert answer.json() == {"code": "ended", "message": "the supervisor has ended"}


async def test_what_the_machine_cannot_do_now_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("styletune.server.routes.pictures.decode_in_subprocess", decode)
    async with running(tmp_path) as server:
        answer = await server.http.put("/api/content", content=picture())
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "Too many open files" in answer.json()["message"]


async def test_one_size_down_moves_the_control_on_every_page_and_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as server, server.socket("/ws") as socket:
        await receive(socket, "snapshot")
        server.painter.tell(SizeReduction(0.25, "the painting ran out of memory"))
        changed = await receive(socket, "changed")
        assert (changed["controls"], changed["source"]) == ({"size": 0.25}, "memory")
        error = await receive(socket, "error")
        assert (error["code"], error["message"]) == (
            "out_of_memory",
            "the painting ran out of memory",
        )
        assert server.painter.controls.positions["size"] == 0.25


@pytest.mark.checklist(37)
async def test_after_six_crashes_in_a_row_it_has_failed_and_uploads_still_answer(
    tmp_path: Path,
) -> None:
    """Real workers that crash, a real supervisor, real sockets."""
    timeouts = SupervisorTimeouts(restart_delays_s=(0, 0.05), failures=6)

    def crashing(session: SessionConfig, folder: Path) -> Supervisor:
        return Supervisor(session, folder=folder, target=standin_worker.crash, timeouts=timeouts)

    async with running(tmp_path, make_painter=crashing) as server, server.socket("/ws") as socket:
        starts = 0
        while (state := await receive(socket, "state"))["state"] != "failed":
            starts += state["state"] == "starting"
        assert "ended with exit code 1; 6 failures in 300 s" in state["message"]
        assert starts <= 6
        assert state["log"][-1] == "RuntimeError: the stand-in failed as it was told"
        assert (await server.http.put("/api/content", content=picture())).status_code == 200
        assert (await server.http.get("/api/content.jpg")).status_code == 200
        await send(socket, {"type": "set", "controls": {FADER: 0.125}})
        assert (await receive(socket, "changed"))["controls"] == {FADER: 0.125}
        assert (await server.http.post("/api/restart")).status_code == 202
        while (await receive(socket, "state"))["state"] != "starting":
            pass
